# SPDX-License-Identifier: GPL-2.0-only
# `deny: reject`: who is denied is told at once, inward and outward, in native and generic mode.
TEST=reject
source "$(dirname "$0")/lib.sh"
AT_ONCE_MS=$((1500 * SLOW))

attempt() { # HOST udp|connect ADDRESS PORT EXPECTED: at once
	local begin
	begin=$(now_ms)
	equal "$(on "$1" "$PYTHON" "$HELPERS/ask.py" "$2" "$3" "$4" 3 2>&1)" "$5" && test $(($(now_ms) - begin)) -le "$AT_ONCE_MS"
}

world
start_vsftpd
start_helper b echo "$PYTHON" "$HELPERS/serve.py" tcp:7000 udp:7000
# A veth takes what its peer's XDP program sends back only where it runs one itself.
xdp_pass() { # NAMESPACE INTERFACE
	printf '%s\n' 'int pass(void *ctx) { return 2; }' >"$WORK/pass.c"
	sed -i 's/^int/__attribute__((section("xdp"), used)) int/' "$WORK/pass.c"
	clang -O2 -g -target bpf -c "$WORK/pass.c" -o "$WORK/pass.o" && ip -n "$1" link set "$2" xdpdrv obj "$WORK/pass.o" sec xdp
}
xdp_pass "$SWITCH" srv-eth0 >"$WORK/pass.log" 2>&1 || die "cannot attach XDP to the switch: $(cat "$WORK/pass.log")"
cat >"$WORK/policy.yaml" <<-END
	interfaces: [eth0]
	services:
	  ftps: {tcp: 21}
	  relay: {tcp: 7000, udp: 7000}
	inbound:
	  - {service: ftps, from: any}
	outbound:
	  - {service: relay, to: [$B4, $B6]}
	ftp:
	  vsftpd: {control: [ftps], passive: $PASSIVE_MIN-$PASSIVE_MAX}
	deny: {inbound: reject, outbound: reject}
END
for mode in native generic; do
	pst down >/dev/null 2>&1
	check "$mode: applied" pst apply "$WORK/policy.yaml" --xdp $mode
	for family in "$SRV4 $B4 $A4" "$SRV6 $B6 $A6"; do
		read -r srv b a <<<"$family"
		check "$mode: $srv: a closed TCP port is refused" attempt a connect "$srv" 8080 refused
		check "$mode: $srv: a passive port without a pinhole too" attempt a connect "$srv" $PASSIVE_MIN refused
		check "$mode: $srv: a closed UDP port too" attempt a udp "$srv" 8080 refused
		check "$mode: $srv: what is allowed is answered" attempt a connect "$srv" 21 answered
		check "$mode: $b: an outbound connection that is allowed works" attempt srv tcp "$b" 7000 answered
		check "$mode: $b: another port is refused at once" attempt srv connect "$b" 7001 refused
		check "$mode: $a: another host too" attempt srv connect "$a" 7000 refused
		check "$mode: $a: over UDP too" attempt srv udp "$a" 7000 refused
	done
	check "$mode: transfers work" fetch_explicit
done
check "what was refused is counted as denied" test "$(pst_json counters | json 'd["inbound"]["denied"]["port"]')" -ge 4
finish
