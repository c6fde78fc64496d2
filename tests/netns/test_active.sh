# SPDX-License-Identifier: GPL-2.0-only
# Active FTP with vsftpd under TLS: the server connects to the client that asked, and to nobody else.
TEST=active
source "$(dirname "$0")/lib.sh"
# vsftpd would refuse the bounces itself.
VSFTPD_MORE="port_promiscuous=YES
connect_timeout=2
force_anon_data_ssl=NO
force_anon_logins_ssl=NO"
ALIAS_B=10.99.0.8 # another address of B
PARALLEL=${ACTIVE_PARALLEL:-20}

apply_active() { # on|off
	write_policy "$WORK/policy.yaml"
	echo "    active: $1" >>"$WORK/policy.yaml"
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
}

# In clear: Debian 12's curl does not begin TLS on a connection that it accepts.
with_curl() { # URL-BASE CURL-OPTION...
	on a curl -sS --max-time $((15 * SLOW)) --ftp-port - -o "$WORK/got/a.bin" "${@:2}" "$1/file.bin" &&
		cmp "$WORK/got/a.bin" "$WORK/ftp/file.bin"
}

under_tls() { # SERVER [--implicit]
	on a "$PYTHON" -B "$HELPERS/active.py" "$@" --get file.bin "$(sum_of "$WORK/ftp/file.bin")"
}

bounce() { # SERVER EXPECTED ADDRESS PORT: what vsftpd answers to PORT or EPRT and LIST
	equal "$(on a "$PYTHON" -B "$HELPERS/active.py" "$1" --to "$3" "$4")" "$2"
}

refused_events() { # REASON CLIENT TO PORT
	pst_json events --kind pinhole-refused | grep -c "\"client\":\"$2\",\"to\":\"$3\",\"port\":$4,\"reason\":\"$1\""
}

opened_by_peers() { counter_of b TcpPassiveOpens; }

world
ip -n "$ID-b" addr add $ALIAS_B/24 dev eth0
start_vsftpd
VSFTPD_IMPLICIT=$LAST_PID
check "without postern the server connects to its client" under_tls $SRV4
check "and to curl" with_curl "ftp://$SRV4"
start_helper b victim "$PYTHON" "$HELPERS/serve.py" tcp:7000
before=$(opened_by_peers)
check "and to anybody that a client names" bounce $SRV4 "200 150" $B4 7000
check "which reaches the victim" test "$(opened_by_peers)" -gt "$before"

apply_active off
check "off: it cannot connect to its client" bounce $SRV4 "200 425" $A4 7001
check "which is denied by its port" test "$(pst_json counters | json 'd["outbound"]["denied"]["port"]')" -gt 0

apply_active on
syns=$(counter_of srv TcpExtTCPSynRetrans)
for server in $SRV4 $SRV6; do
	check "on: explicit, $server" under_tls $server
	check "on: implicit, $server" under_tls $server --implicit
done
check "on: curl, EPRT" with_curl "ftp://$SRV4"
check "on: curl, EPRT, IPv6" with_curl "ftp://[$SRV6]"
check "on: curl, PORT" with_curl "ftp://$SRV4" --disable-eprt
check "on: an upload" on a curl -sS --max-time $((15 * SLOW)) --ftp-port - \
	-T "$WORK/ftp/file.bin" "ftp://$SRV4/upload/active.bin"
check "which is whole" wait_for 5 cmp "$WORK/ftp/upload/active.bin" "$WORK/ftp/file.bin"

pids=()
for ((number = 0; number < PARALLEL; number++)); do
	under_tls $SRV4 >"$WORK/parallel$number.log" 2>&1 &
	pids+=($!)
done
PIDS+=("${pids[@]}")
failed=0
for number in "${!pids[@]}"; do wait "${pids[number]}" || failed=$((failed + 1)); done
check "on: $PARALLEL clients at once" equal $failed 0
check "no SYN of the server was sent twice" equal "$(counter_of srv TcpExtTCPSynRetrans)" "$syns"

before=$(opened_by_peers)
check "a bounce to a third party fails" bounce $SRV4 "200 425" $B4 7000
check "it is reported with the client that asked" test "$(refused_events bounce $A4 $B4 7000)" -eq 1
check "and over IPv6" bounce $SRV6 "200 425" $B6 7000
check "which is reported too" test "$(refused_events bounce $A6 $B6 7000)" -eq 1
check "the victim saw nothing" equal "$(opened_by_peers)" "$before"

# vsftpd ends a session that names a port below 1024, so another server: one process for all its clients.
stop $VSFTPD_IMPLICIT
start_helper srv connector "$PYTHON" "$HELPERS/connector.py" 990
start_helper a targets "$PYTHON" "$HELPERS/serve.py" tcp:700 tcp:7001
check "A's session with the other server" open_session one a "$PYTHON" "$HELPERS/lines.py" $SRV4 990
check "which connects to A" equal "$(ask one $A4 7001)" connected
check "but not to a port below 1024" equal "$(ask one $A4 700)" "no answer"
check "which is reported" test "$(refused_events low-port $A4 $A4 700)" -eq 1
check "nor to B" equal "$(ask one $B4 7000)" "no answer"
check "B's session with it" open_session two b "$PYTHON" "$HELPERS/lines.py" $SRV4 990
check "lets it connect to B" equal "$(ask two $B4 7000)" connected
check "and nowhere else" equal "$(ask two $ALIAS_B 7000)" "no answer"
check "which is reported, without a client: it has two" test "$(pst_json events --kind pinhole-refused |
	grep -c "\"kind\":\"pinhole-refused\",\"to\":\"$ALIAS_B\",\"port\":7000,\"reason\":\"bounce\"")" -eq 1
close_session two
close_session one

# Who is logged in does not matter to other processes.
check "a session of A's stays" open_session a a "$PYTHON" "$HELPERS/ftps.py" $SRV4
start_helper a hidden "$PYTHON" "$HELPERS/serve.py" tcp:7002
check "another process cannot connect to A" no_answer srv $A4 7002
close_session a

# A policy without it cuts what goes on.
on a "$PYTHON" -B "$HELPERS/active.py" $SRV4 --rate 400000 --get big.bin 0 >"$WORK/big.log" 2>&1 &
big=$!
PIDS+=("$big")
size() { tail -n 1 "$WORK/big.log"; }
grows() { test "$(size)" -gt "$1"; }
cuts() { pst_json counters | json 'd["outbound"]["denied"].get("cut", 0) + d["inbound"]["denied"].get("cut", 0)'; }
is_cut() { test "$(cuts)" -gt 0; }
check "a long transfer begins" wait_for 10 grows 100000
check "it is a flow of the server's" equal \
	"$(pst_json flows | json 'sum(f["service"] == "ftp:vsftpd" and f["state"] == "open" for f in d)')" 1
write_policy "$WORK/policy.yaml" '' "  - {service: relay, to: $B4}" '  relay: {tcp: 7000}'
echo "    active: on" >>"$WORK/policy.yaml"
check "another policy with active FTP" pst apply "$WORK/policy.yaml"
check "lets it go on" wait_for 20 grows "$(($(size) + 1000000))"
check "and cuts nothing" equal "$(cuts)" 0
apply_active off
check "one without cuts it" wait_for 20 is_cut
stop $big
finish
