# SPDX-License-Identifier: GPL-2.0-only
# Outbound services reach the peers that the policy names, their replies come back, and nothing else comes in with them.
TEST=outbound
source "$(dirname "$0")/lib.sh"

ask_from_server() { # PROTOCOL ADDRESS PORT [TIMEOUT [LOCAL-PORT]]
	on srv "$PYTHON" "$HELPERS/ask.py" "$@"
}

reply_counter() { pst_json counters | json "$1"; }
received() { grep -q "^from" "$WORK/server-udp.log"; }

world
start_helper a echo-a "$PYTHON" "$HELPERS/serve.py" udp:53 tcp:53
start_helper b echo-b "$PYTHON" "$HELPERS/serve.py" udp:53-54 tcp:53-54
start_helper srv server-udp "$PYTHON" "$HELPERS/serve.py" udp:5353
check "without postern the server reaches A" ask_from_server udp $A4 53
check "without postern B reaches the server" on b "$PYTHON" "$HELPERS/ask.py" udp $SRV4 5353
: >"$WORK/server-udp.log"
cat >"$WORK/policy.yaml" <<-END
	interfaces: [eth0]
	zones:
	  resolvers: [$B4, $B6]
	services:
	  unused: {tcp: 4321}
	  dns: {udp: 53, tcp: 53}
	inbound:
	  - {service: unused, from: any}
	outbound:
	  - {service: dns, to: resolvers}
END
pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"

for family in 4 6; do
	a=A$family b=B$family srv=SRV$family
	a=${!a} b=${!b} srv=${!srv}
	for protocol in udp tcp; do
		check "IPv$family, $protocol: B answers" ask_from_server $protocol "$b" 53
		check_not "IPv$family, $protocol: A is not reached" ask_from_server $protocol "$a" 53
		check_not "IPv$family, $protocol: another port of B is not reached" ask_from_server $protocol "$b" 54
	done

	# While a flow from the server's port 4000 to B's port 53 lives.
	check "IPv$family: a flow from port 4000" ask_from_server udp "$b" 53 1 4000
	check_not "IPv$family: B's port 53 does not reach another port of the server" \
		on b "$PYTHON" "$HELPERS/ask.py" udp "$srv" 5353 0.5 53
	check_not "IPv$family: A gets in nowhere" on a "$PYTHON" "$HELPERS/ask.py" udp "$srv" 5353 0.5
	check_not "IPv$family: B opens no TCP connection to the server from port 53" \
		on b "$PYTHON" "$HELPERS/ask.py" connect "$srv" 5353 0.5 53
done
check_not "nothing unsolicited reached the server's program" received

check "the flows are listed" test "$(pst_json flows | json 'len(d)')" -ge 2
check "packets are counted under the service" test "$(reply_counter 'd["outbound"]["services"]["dns"]["packets"]')" -ge 8
check "its bytes too" test "$(reply_counter 'd["outbound"]["services"]["dns"]["bytes"]')" -ge 400
check "the denied peers are counted" test "$(reply_counter 'd["outbound"]["denied"].get("peer", 0)')" -ge 4
names_process() { # the denied attempt from the server's side names the program that made it
	pst events --json --kind deny >"$WORK/denied.json"
	"$PYTHON" - "$WORK/denied.json" <<-'END'
		import json, sys
		denied = [json.loads(line) for line in open(sys.argv[1])]
		sys.exit(not any(e["direction"] == "outbound" and e.get("process", e.get("comm")) == "python3" and e["pid"] for e in denied))
	END
}
for family in "$SRV4" "$SRV6" "$ALIAS4"; do
	check "nobody sends from the server's own $family" \
		equal "$(pst_json explain inbound tcp/4321 --from "$family" | json 'd["verdict"], d["reason"]')" "('deny', 'source')"
done
check "the event of a denied connection names the process" names_process
check "the denied ports are counted" test "$(reply_counter 'd["outbound"]["denied"].get("port", 0)')" -ge 4
finish
