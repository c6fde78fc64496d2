# SPDX-License-Identifier: GPL-2.0-only
# Rules with `on` and `at` on a server with two interfaces and two addresses: real connections and FTPS transfers at
# the right place, none elsewhere, and what a change of policy does to them.
TEST=narrowed
source "$(dirname "$0")/lib.sh"

AT4=10.99.1.1 # the server's address on its second interface
world
# Client B gets a link of its own to the server's eth1.
plug srv eth1 && ip -n "$SWITCH" link add br1 type bridge mcast_snooping 0 forward_delay 0 &&
	ip -n "$SWITCH" link set br1 up && ip -n "$SWITCH" link set srv-eth1 master br1 &&
	ip -n "$SWITCH" link set b-eth0 master br1 && ip -n "$ID-srv" addr add $AT4/24 dev eth1 &&
	ip -n "$ID-b" addr flush dev eth0 && ip -n "$ID-b" addr add 10.99.1.3/24 dev eth0 &&
	ip -n "$ID-b" route add 10.99.0.0/24 via $AT4 || die "cannot make the second link"
start_vsftpd
start_helper srv web "$PYTHON" "$HELPERS/serve.py" tcp:8080 tcp:8081
start_helper a echo-a "$PYTHON" "$HELPERS/serve.py" tcp:7000
start_helper b echo-b "$PYTHON" "$HELPERS/serve.py" tcp:7000

policy() { # FILE FTP-SCOPE
	cat >"$1" <<-END
		interfaces: [eth0, eth1]
		services:
		  ftps: {tcp: 21}
		  alias: {tcp: 8080}
		  inner: {tcp: 8081}
		  relay: {tcp: 7000}
		inbound:
		  - {service: ftps, from: any$2}
		  - {service: alias, from: any, at: $ALIAS4}
		  - {service: inner, from: any, on: eth1, at: $AT4}
		outbound:
		  - {service: relay, to: any, on: eth1}
		ftp:
		  vsftpd: {control: ftps, passive: $PASSIVE_MIN-$PASSIVE_MAX}
	END
}
policy "$WORK/one.yaml" ", on: eth0, at: $SRV4"
policy "$WORK/same.yaml" ", on: eth0"
policy "$WORK/two.yaml" ", on: eth1"
check "a policy whose rules are narrowed is applied" pst apply "$WORK/one.yaml"
warnings() { pst_json apply "$@" --dry-run 2>/dev/null | json 'sum("the address 10.99.9.9" in w for w in d["warnings"])'; }
check "nothing is said of the addresses that are there" equal "$(warnings "$WORK/one.yaml")" 0
policy "$WORK/elsewhere.yaml" ", at: 10.99.9.9"
check "of one that no interface has, a warning is" equal "$(warnings "$WORK/elsewhere.yaml")" 1
check "show has the places" grep -q "on eth1 at $AT4" <(pst show)

check "A reaches the second address" connects a $ALIAS4 8080
check "not the first one" no_answer a $SRV4 8080
check "B reaches the second address from the other side, too" connects b $ALIAS4 8080
check "B reaches what is at eth1" connects b $AT4 8081
check "not under another address there" no_answer b $SRV4 8081
check "A does not reach it" no_answer a $SRV4 8081
check "the server calls out by eth1" connects srv 10.99.1.3 7000
check_not "and not by eth0" connects srv $A4 7000

check "A's FTPS transfer passes where its service is" fetch_explicit
check_not "not at another address" fetch a "ftp://$ALIAS4" small.bin --max-time 3
check_not "nor at another interface" fetch b "ftp://$AT4" small.bin --max-time 3

explain() { pst_json explain "$@" | json '" ".join([d["verdict"], *d["depends"]])'; }
check "explain knows the interface" equal "$(explain inbound tcp/8081 --from 10.99.1.3 --on eth1 --at $AT4)" allow
check "and the other one" equal "$(explain inbound tcp/8081 --from 10.99.1.3 --on eth0 --at $AT4)" deny
check "and says what it was not told" equal "$(explain inbound tcp/8081 --from $A4)" "deny on at"
check_not "an interface that is not filtered is refused" pst explain inbound tcp/8081 --from $A4 --on eth7

# A passive port is open at the place of its control connection.
check "A opens a session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4
port=$(ask client passive)
port=${port#port }
check "its pinhole is open there" equal "$(explain inbound "tcp/$port" --from $A4 --on eth0 --at $SRV4)" allow
check "not at the other interface" equal "$(explain inbound "tcp/$port" --from $A4 --on eth1 --at $SRV4)" deny
check "its transfer begins" equal "$(ask client begin big.bin)" begun
check "an outbound connection" open_session relay srv "$PYTHON" "$HELPERS/talk.py" 10.99.1.3 7000
check "the same place in another policy" pst apply "$WORK/same.yaml"
check "the transfer goes on" equal "$(ask client finish)" "got 32000000 $(sum_of "$WORK/ftp/big.bin")"
check "the outbound connection goes on" equal "$(ask relay one)" same
check "a transfer begins" test "$(ask client passive; ask client begin big.bin)"
check "the service moves to the other interface" pst apply "$WORK/two.yaml"
check_not "the transfer is cut" equal "$(ask client finish)" "got 32000000 $(sum_of "$WORK/ftp/big.bin")"
check "B's transfers pass there" fetch b "ftp://$AT4" small.bin
check "A's no longer do" no_answer a $SRV4 21
finish
