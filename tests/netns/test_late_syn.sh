# SPDX-License-Identifier: GPL-2.0-only
# SYNs that leave beside their socket's close, or without a TCP socket that could tell of one: what they open ends nevertheless.
TEST=late_syn
source "$(dirname "$0")/lib.sh"

ROOT=$(dirname "$0")/../..
HELPER=$ROOT/build/tests/helpers/late_syn
ROUNDS=${ROUNDS:-30000}
FIRST=20000 N=8192 # local ports
NOBODY=10.99.0.50

world
make -s -C "$ROOT" build/tests/helpers/late_syn >"$WORK/make.log" 2>&1 || die "cannot build the helper: $(cat "$WORK/make.log")"
cat >"$WORK/policy.yaml" <<-END
	interfaces: [eth0]
	services:
	  own: {tcp: 4321}
	  dns: {tcp: 53}
	inbound:
	  - {service: own, from: any}
	outbound:
	  - {service: dns, to: any}
END
# Connections from a port with a rule are flows.
sed "s/own: .*/own: {tcp: $FIRST-$((FIRST + N - 1))}/" "$WORK/policy.yaml" >"$WORK/flows.yaml"

used() { pst_json status | json "d['limits']['$1']['used']"; }
open_flows() { pst_json flows | json 'sum(f["state"] == "open" for f in d)'; }
closes() { on srv "$HELPER" eth0 $NOBODY 53 $FIRST $N "$ROUNDS"; }
sockets_left() { on srv ss -Htan state syn-sent | wc -l; }
nothing_open() { equal "$(sockets_left) $(used connections) $(open_flows)" "0 0 0"; }

check "a policy" pst apply "$WORK/policy.yaml"
check "sockets are closed while their SYN leaves" closes
check "no connection is left" wait_for 5 nothing_open
check "all is taken down" pst down

check "a policy with a rule for their ports" pst apply "$WORK/flows.yaml"
check "sockets are closed while their SYN leaves" closes
check "no flow is open" wait_for 5 nothing_open
check "each user is charged for what lingers" equal "$("$PYTHON" "$HELPERS/charges.py" "/sys/fs/bpf/postern/$INSTANCE")" same
check "all is taken down" pst down

# Its kernel socket has TCP's protocol number, which is its local port too, and a close that nothing tells.
check "a policy once more" pst apply "$WORK/policy.yaml"
check "raw sockets send SYNs" on srv "$PYTHON" "$HELPERS/raw_syn.py" $B4 53 6 7777
check "what they opened lingers" wait_for 5 nothing_open
check "there were as many" equal "$(pst_json flows | json 'sum(f["state"] == "closing" for f in d)')" 2
finish
