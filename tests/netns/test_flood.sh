# SPDX-License-Identifier: GPL-2.0-only
# A flood of SYNs from everywhere, to open and closed ports, costs no connection and no transfer anything, and fills no map.
# alone: it sends as fast as it can.
# Full size: FLOOD_PACKETS=27000000 TIME_LIMIT=900, of which some 20 million are judged: the veth drops what it has no room for,
# whosever it is. They come in at the other end of the server's own veth; the way from a client's, over the bridge, is slower.
TEST=flood
source "$(dirname "$0")/lib.sh"
FLOOD_PACKETS=${FLOOD_PACKETS:-2000000}
CONNECTIONS=${FLOOD_CONNECTIONS:-1000} # a quarter from A over each family, half from the server to B
TRANSFERS=${FLOOD_TRANSFERS:-100}
PASSIVE_MAX=30249
BIG_SIZE=6000000
RATE=10000 # bytes a second of each transfer: it lasts longer than the flood
ROOT=$(dirname "$0")/../..
FLOOD=$ROOT/build/tests/helpers/flood
# A flow outlives its socket by 60 s, so that the peer's last FIN passes, and is swept some seconds after.
LINGER=90
# A socket outlives its close() where a FIN is lost: after the flood, TCP may wait for tens of seconds to send it again.
LAST_FINS=120

outward() { pst_json status | json 'd["limits"]["connections"]["used"] + d["limits"]["flows"]["used"]'; }
counts() {
	echo "$(on srv "$PYTHON" "$HELPERS/map_counts.py" "/sys/fs/bpf/postern/$INSTANCE") outward=$(outward)"
}

# Inbound: what was admitted and denied, and what became of pinholes.
figures() {
	pst_json status | json '"%d %d %s" % (d["inbound"]["allowed"], d["inbound"]["denied"], d["pinholes"])'
}

# The server's sockets of connections that are not closed yet.
open_sockets() { on srv ss -Htano state connected exclude time-wait; }
no_open_sockets() {
	local found
	found=$(open_sockets) && [[ -z $found ]] || { echo "$found" && return 1; }
}

as_before() { equal "$(counts)" "$1"; }
# `attempts` and `users` remember what this host itself has done, for reports and limits.
all_gone() { ! counts | sed -E 's/(attempts|users)=[0-9]+//g' | grep '=[1-9]'; }

# Whatever answers the spoofed sources leaves by the server's default route, and ends at A.
route_back() {
	ip -n "$ID-srv" route add default via $A4 && ip -n "$ID-srv" -6 route add default via $A6 &&
		on srv sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
}

field() { # NAME TEXT
	sed -n "s/.*\<$1 \([0-9.]*\).*/\1/p" <<<"$2"
}

make -s -C "$ROOT" build/tests/helpers/flood >"$WORK/make.log" 2>&1 || die "cannot build the flood: $(cat "$WORK/make.log")"
world
route_back || die "cannot route the answers"
start_vsftpd
start_helper srv echo "$PYTHON" "$HELPERS/serve.py" tcp:7000
start_helper b echo-b "$PYTHON" "$HELPERS/serve.py" tcp:7100
apply_usual '  - {service: echo, from: any}' "  - {service: relay, to: [$B4, '$B6']}" $'  echo: {tcp: 7000}\n  relay: {tcp: 7100}'
say "maps when nothing runs: $(counts)"
check "nothing is in them" all_gone

half=$((CONNECTIONS / 4))
check "connections from A" open_session inward a "$PYTHON" "$HELPERS/many.py" $half $SRV4 7000 $SRV6 7000
check "connections from the server" open_session outward srv "$PYTHON" "$HELPERS/many.py" $half $B4 7100 $B6 7100
check "all of A's work" equal "$(ask inward round)" "same $((2 * half)) of $((2 * half))"
check "all of the server's work" equal "$(ask outward round)" "same $((2 * half)) of $((2 * half))"
open_session transfers a "$PYTHON" -B "$HELPERS/transfers.py" "$TRANSFERS" big.bin "$(sum_of "$WORK/ftp/big.bin")" $RATE $SRV4 $SRV6 >/dev/null
check "$TRANSFERS transfers run" equal "$(ask transfers begin)" "running $TRANSFERS"
check "no pinhole is left of them" wait_for 5 none_of pinholes
check "the connections talk" equal "$(ask inward talk 1) $(ask outward talk 1)" "talking talking"

before=$(counts) resets=$(counter_of a TcpEstabResets)
read -r admitted denied pinholes < <(figures)
say "maps before: $before"
check "there are so many sessions, data connections and flows" grep -q \
	"\<data_flows=$TRANSFERS .*\<sessions=$TRANSFERS\>.* outward=$((2 * half))" <<<"$before"
start sw flood "$FLOOD" srv-eth0 "$(ip -n "$ID-srv" -br link show eth0 | awk '{ print $3 }')" $SRV4 $SRV6 $A4 $A6 "$FLOOD_PACKETS" \
	$PASSIVE_MIN $PASSIVE_MAX 21 990 7000 7000
flood=$LAST_PID samples=0 differed=0
while kill -0 "$flood" 2>/dev/null; do
	during=$(counts)
	kill -0 "$flood" 2>/dev/null || break
	samples=$((samples + 1))
	[[ $during == "$before" ]] && continue
	differed=$((differed + 1))
	say "maps during: $during"
done
wait "$flood"
check "the flood was sent" grep -q "^sent $FLOOD_PACKETS " "$WORK/flood.log"
flood=$(cat "$WORK/flood.log")
say "flood: $flood: $(awk "BEGIN { printf \"%.2f\", $FLOOD_PACKETS / $(field seconds "$flood") / 1e6 }") million a second"
check "the maps were looked at meanwhile" test $samples -ge 1
check "and were as full as before, all $samples times" test $differed = 0
check "and are after it" as_before "$before"

inward=$(ask inward report) outward=$(ask outward report)
for name in inward outward; do
	say "$name connections: ${!name}"
	check "$name: none was broken, nothing came wrong" grep -q ' wrong 0 broken 0$' <<<"${!name}"
	check "$name: each sent and got data" test "$(field least "${!name}")" -ge 1
	check "$name: none waited for 10 s" test "$(field slowest "${!name}")" -lt 10000
done
check "none was reset" equal "$(counter_of a TcpEstabResets)" "$resets"
read -r admitted_after denied_after pinholes_after < <(figures)
say "postern admitted $((admitted_after - admitted)) and denied $((denied_after - denied)) packets meanwhile"
say "the host's TCP answered $(counter_of srv TcpExtSyncookiesSent) of them with cookies"
check "and took them for what they seem: no checksum was wrong" equal "$(counter_of srv TcpInCsumErrors)" 0
check "SYNs to open ports came to postern and passed" test $((admitted_after - admitted)) -ge $(($(field open "$flood") / 2))
check "SYNs to other ports came to postern and did not" test $((denied_after - denied)) -ge $(($(field other "$flood") / 2))
check "no pinhole was opened, used, expired or refused" equal "$pinholes_after" "$pinholes"
check "every transfer is whole, and was running all the while" equal "$(ask transfers finish)" "whole $TRANSFERS running till then $TRANSFERS"
check "the connections work" equal "$(ask inward round) $(ask outward round)" \
	"same $((2 * half)) of $((2 * half)) same $((2 * half)) of $((2 * half))"
check "their sessions can go on: all of them transfer again" equal "$(ask transfers begin) $(ask transfers finish)" \
	"running $TRANSFERS whole $TRANSFERS running till then $TRANSFERS"
cat "$WORK"/{inward,outward,transfers}.err | sort | uniq -c | head -n 20 | sed 's/^/#   /'

close_session inward
close_session outward
close_session transfers
check "the last socket is closed" wait_for $LAST_FINS no_open_sockets
check "when all is over, so are its entries" wait_for $LINGER all_gone
say "maps when all is over: $(counts)"
finish
