# SPDX-License-Identifier: GPL-2.0-only
# Thousands of data connections on several CPUs while another process listens and closes without pause: none fails, none is late.
TEST=stress_rps
source "$(dirname "$0")/lib.sh"
CONNECTIONS=${STRESS_CONNECTIONS:-5000}
CLIENTS=4
# A flow outlives its socket, so that the peer's last FIN passes.
LINGER=75

no_data_flows() {
	equal "$(pst_json flows | json 'len(d)')" 0
}

world
start_vsftpd
apply_usual
check "RPS is on" equal "$(on srv unshare -m --propagation private sh -c \
	'mount -t sysfs sysfs /sys && cat /sys/class/net/eth0/queues/rx-0/rps_cpus')" "$(printf '%x' $(((1 << $(nproc)) - 1)))"
start_helper srv hammer "$PYTHON" "$HELPERS/hammer.py" $PASSIVE_MIN $PASSIVE_MAX 127.0.0.1 $ALIAS4
hammer=$LAST_PID

sum=$(sum_of "$WORK/ftp/small.bin")
each=$((CONNECTIONS / CLIENTS))
pids=()
for ((client = 0; client < CLIENTS; client++)); do
	case $client in
	0) options=("$SRV4") ;;
	1) options=("$SRV6") ;;
	2) options=("$SRV4" --implicit) ;;
	*) options=("$SRV6" --implicit) ;;
	esac
	start a "client$client" "$PYTHON" "$HELPERS/ftps.py" "${options[@]}" --count $each small.bin "$sum"
	pids+=("$LAST_PID")
done
wait "${pids[@]}"
for ((client = 0; client < CLIENTS; client++)); do
	check "client $client: $each data connections, none failed" grep -q "^done $each failed 0 " "$WORK/client$client.log"
done
kill -TERM "$hammer"
wait "$hammer" 2>/dev/null
say "hammer: $(grep loops "$WORK/hammer.log"), slowest transfer $(sed -n 's/^done.*slowest //p' "$WORK"/client?.log | sort -n | tail -1) ms"
check "the other process listened all the while" test "$(sed -n 's/^loops //p' "$WORK/hammer.log")" -gt $((2 * CONNECTIONS))

check "none was late: no SYN was sent twice" equal "$(counter_of a TcpExtTCPSynRetrans)" 0
check "each had a pinhole" test "$(status_field '["pinholes"]["opened"]')" -ge $((each * CLIENTS))
check "each pinhole was used" wait_for 5 equal_fields '["pinholes"]["used"]' '["pinholes"]["opened"]'
check "no pinhole is left" wait_for 5 none_of pinholes
check "no session is left" wait_for 5 none_of sessions
check "no flow is left after the linger" wait_for $LINGER no_data_flows
finish
