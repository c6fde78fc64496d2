# SPDX-License-Identifier: GPL-2.0-only
# Thousands of data connections on several CPUs while another process listens and closes without pause: none fails, none is late.
# alone: it uses every CPU.
# The full size: TIME_LIMIT=900 STRESS_CONNECTIONS=10000 STRESS_CLIENTS=50.
TEST=stress_rps
source "$(dirname "$0")/lib.sh"
source "$NETNS_DIR/trace.sh"
CONNECTIONS=${STRESS_CONNECTIONS:-5000}
CLIENTS=${STRESS_CLIENTS:-4}
# vsftpd takes ports at random, and ends a session that has found nine of them taken.
PASSIVE_MAX=$((PASSIVE_MIN + ${STRESS_PORTS:-$((20 * CLIENTS))} - 1))
# A flow outlives its socket, so that the peer's last FIN passes.
LINGER=75
EXIT_OF_LISTEN=syscalls/sys_exit_listen

pinholes() { status_field "[\"pinholes\"][\"$1\"]"; }
all_used() { equal "$(pinholes used)" $((each * CLIENTS)); }

# With SO_REUSEADDR two sessions can bind one port, and the later listen() fails; vsftpd then tries another. The kernel tells of
# a listener before it looks at the port, so such a one gets a pinhole, and loses it at once; or is refused one, while the
# other's is open.
closed_by_failed_listens() {
	local failed=$1 closed refused
	closed=$(pinholes closed) refused=$(pinholes refused)
	echo "$failed failed, $closed closed, $refused refused"
	((failed == closed + refused))
}

client_is_done() { grep "^done $each failed 0 " "$WORK/client$1.log" || fails cat "$WORK/client$1.log"; }

world
start_vsftpd
if can_trace $EXIT_OF_LISTEN; then
	trace_begin $EXIT_OF_LISTEN "ret == -98" "${PIDS[@]}" || die "cannot trace listen()" # EADDRINUSE
fi
apply_usual
check "RPS is on" equal "$(on srv unshare -m --propagation private sh -c \
	'mount -t sysfs sysfs /sys && cat /sys/class/net/eth0/queues/rx-0/rps_cpus')" "$(printf '%x' $(((1 << $(nproc)) - 1)))"
start_helper srv hammer "$PYTHON" "$HELPERS/hammer.py" $PASSIVE_MIN $PASSIVE_MAX 127.0.0.1 $ALIAS4
hammer=$LAST_PID

sum=$(sum_of "$WORK/ftp/small.bin")
each=$((CONNECTIONS / CLIENTS))
pids=() began=$(now_ms)
for ((client = 0; client < CLIENTS; client++)); do
	case $((client % 4)) in
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
	check "client $client: $each data connections, none failed" client_is_done $client
done
kill -TERM "$hammer"
wait "$hammer" 2>/dev/null
say "hammer: $(grep loops "$WORK/hammer.log"), slowest transfer $(sed -n 's/^done.*slowest //p' "$WORK"/client*.log | sort -n | tail -n 1) ms"
say "$((each * CLIENTS)) transfers, $CLIENTS at a time, took $((($(now_ms) - began) / 1000)) s"
say "events that a program missed as it was at work on the same CPU: $("$PYTHON" "$HELPERS/recursion_misses.py" "$INSTANCE")"
check "the other process listened all the while" test "$(sed -n 's/^loops //p' "$WORK/hammer.log")" -gt $((2 * CONNECTIONS))

check "none was late: no SYN was sent twice" equal "$(counter_of a TcpExtTCPSynRetrans)" 0
check "each went through a pinhole of its own" wait_for 5 all_used
check "no pinhole is left" wait_for 5 none_of pinholes
check "none expired" equal "$(pinholes expired)" 0
check "all others were closed" equal "$(pinholes opened)" $(($(pinholes used) + $(pinholes closed)))
if can_trace $EXIT_OF_LISTEN; then
	failed=$(trace_lines | wc -l)
	say "listen() of the servers failed $failed times; pinholes that this closed: $(pinholes closed)"
	check "because their listen() failed" closed_by_failed_listens "$failed"
else
	skip "failed listen()" "the kernel does not trace system calls"
fi
check "no session is left" wait_for 5 none_of sessions
check "no flow is left after the linger" wait_for $LINGER none_of flows
finish
