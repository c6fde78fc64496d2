# SPDX-License-Identifier: GPL-2.0-only
# Echo requests by `ping`, blocked zones, audit mode and protocols without ports, between real hosts.
TEST=options
source "$(dirname "$0")/lib.sh"

echoes() { # HOST ADDRESS COUNT EXPECTED
	equal "$(on "$1" "$PYTHON" "$HELPERS/ping.py" "$2" "$3" 2>&1)" "$4 of $3"
}

apply_with() { # EXTRA-LINES
	cat >"$WORK/policy.yaml" <<-END
		interfaces: [eth0]
		services:
		  ftps: {tcp: 21}
		  relay: {tcp: 7000}
		  vrrp: {ip: 112}
		inbound:
		  - {service: ftps, from: any}
		  - {service: vrrp, from: [$A4]}
		outbound:
		  - {service: relay, to: [$A4, $B4]}
		ftp:
		  vsftpd: {control: [ftps], passive: $PASSIVE_MIN-$PASSIVE_MAX}
		$1
	END
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
}

# Sends one packet of IP protocol 112; it is counted where it is admitted.
send_vrrp() { # HOST
	on "$1" "$PYTHON" -c "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112); s.sendto(b'x' * 20, ('$SRV4', 0))"
}
admitted_of() { pst_json counters | json "d['inbound']['services'].get('$1', {'packets': 0})['packets']"; }
denied_of() { pst_json counters | json "d['$1']['denied'].get('$2', 0)"; }

world
start_vsftpd
start_helper a echo "$PYTHON" "$HELPERS/serve.py" tcp:7000
start_helper srv other "$PYTHON" "$HELPERS/serve.py" tcp:8080

apply_with ""
check "without ping nobody is answered" echoes a $SRV4 1 0
check "nor can the server ask" fails echoes srv $A4 1 1
check "a protocol of a rule is admitted" send_vrrp a
check "and counted" wait_for 2 test "$(admitted_of vrrp)" = 1
check "from another host it is not" send_vrrp b
check "but counted as denied" test "$(denied_of inbound peer)" -ge 1

apply_with "ping: {from: [$A4, $A6], to: [$B4, $B6]}"
for family in "$SRV4 $A4 $B4" "$SRV6 $A6 $B6"; do
	read -r srv a b <<<"$family"
	check "$srv: A may ask" echoes a "$srv" 3 3
	check "$srv: B may not" echoes b "$srv" 3 0
	check "$srv: the server may ask B" echoes srv "$b" 3 3
	check "$srv: it may not ask A" fails echoes srv "$a" 1 1
done
check "a flood of requests is answered in part" fails echoes a $SRV4 3000 3000
check "the rest is denied by rate" test "$(denied_of inbound rate)" -ge 100

apply_with ""
check "an outbound connection to A" open_session relay srv "$PYTHON" "$HELPERS/talk.py" $A4 7000
check "works" equal "$(ask relay one)" same
check "a transfer of A works" fetch_explicit
apply_with "block: [$A4]"
check "A is blocked inward" no_answer a $SRV4 21
check "B is not" connects b $SRV4 21
check "the connection to A is cut" equal "$(ask relay two)" "no answer"
check "with its reason" test "$(denied_of inbound blocked)" -ge 1

apply_with "mode: audit"
check "audit: what no rule names is reached" connects b $SRV4 8080
check "audit: and counted as denied" test "$(denied_of inbound port)" -ge 1
check "audit: status says so" equal "$(status_field '["mode"]')" audit
check "audit: its event says that it passed" grep -q " -> $SRV4:8080 on eth0: port (audit: it passed)" <(pst events --kind deny)
check "audit: explain says so" grep -q '^note: mode audit: ' <(pst explain inbound tcp/8080 --from $B4)
check "audit: in JSON, too" equal "$(pst_json explain inbound tcp/8080 --from $B4 | json 'd["verdict"], d["audit"]')" "('deny', True)"
apply_with ""
check "enforce: it is not" no_answer b $SRV4 8080
check "enforce: status says so" equal "$(status_field '["mode"]')" enforce
check "enforce: explain has no such note" fails grep -q audit <(pst explain inbound tcp/8080 --from $B4)
finish
