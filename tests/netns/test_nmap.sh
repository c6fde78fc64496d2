# SPDX-License-Identifier: GPL-2.0-only
# nmap finds what the policy allows and nothing else: flags, fragments, IP options, extension headers, source ports, UDP, protocols.
# Full size: NMAP_PORTS=1-65535 TIME_LIMIT=2400. By default each technique tries some 300 TCP ports.
TEST=nmap
source "$(dirname "$0")/lib.sh"
NMAP_PORTS=${NMAP_PORTS:-1-60,80,111,139,443,445,990,993,999,2000-2199,5432,8080,30000,30010,65535}

# What listens on the host and the policy does not allow.
LISTENERS=22,23,25,53,80,111,139,443,445,993,2000-2199,5432,8080,30010,65535 N_LISTENERS=214
UDP_LISTENERS=53,123,161,2000-2019 N_UDP_LISTENERS=23
# What it allows: of each, the last has no listener.
ALLOWED=21,990,999 ALLOWED_UDP=69,777 ALLOWED_PROTOCOL=112

# OPTIONS;FAMILIES;a listener, without postern;then: ports 21 and 990;port 999;every denied port
# Fragments, flags that TCP does not have, and source port 0 are denied whatever the port.
TECHNIQUES=(
	"-sS;4 6;open;open;closed;filtered"
	"-sF;4 6;open|filtered;open|filtered;open|filtered;open|filtered"
	"-sN;4 6;open|filtered;open|filtered;open|filtered;open|filtered"
	"-sX;4 6;open|filtered;open|filtered;open|filtered;open|filtered"
	"-sA;4 6;unfiltered;unfiltered;unfiltered;filtered"
	"-sW;4 6;closed;closed;closed;filtered"
	"-sM;4 6;closed;closed;closed;open|filtered"
	"-sS -f;4;open;filtered;filtered;filtered"
	"-sS --mtu 8;4;open;filtered;filtered;filtered"
	"-sS --mtu 16;4;open;filtered;filtered;filtered"
	"-sS --mtu 24;4;open;open;closed;filtered" # the SYN fits in one
	"-sS --mtu 24 --data-length 60;4;open;filtered;filtered;filtered"
	"-sA -f;4;unfiltered;filtered;filtered;filtered"
	"-sS --ip-options R;4;open;open;closed;filtered"
	"-sS --ip-options T;4;open;open;closed;filtered"
	"-sS --ip-options U;4;open;open;closed;filtered"
	"-sS --ip-options \\x01\\x01\\x01\\x00;4;open;open;closed;filtered"
	"-sS --source-port 20;4 6;open;open;closed;filtered"
	"-sS --source-port 53;4 6;open;open;closed;filtered"
	"-sS --source-port 990;4 6;open;open;closed;filtered"
	"-sS --source-port 0;4 6;open;filtered;filtered;filtered"
	"-sA --source-port 53;4 6;unfiltered;unfiltered;unfiltered;filtered"
	"-sS --badsum;4 6;filtered;filtered;filtered;filtered" # the host's own stack drops it
	"-sS --scanflags SYNFIN;4 6;filtered;filtered;filtered;filtered"
	"-sS --scanflags SYNRST;4 6;filtered;filtered;filtered;filtered"
	"-sS --scanflags SYNACK;4 6;closed;closed;closed;filtered"
	"-sS --scanflags SYNURGPSHECECWR;4 6;open;open;closed;filtered"
	"-sS --data-length 100;4 6;open;open;closed;filtered"
)
UDP_TECHNIQUES=("-sU" "-sU --source-port 53" "-sU --source-port 69" "-sU --data-length 300")
UDP_PORTS=1-68,123,161,2000-2019,5000

# Behind which extension headers the host itself takes a SYN, and with postern too: more of them than postern looks
# through, headers behind a fragment header, and what is really in fragments are denied.
CHAINS="none hop dst hop+dst dst+dst routing atomic hop+dst+atomic atomic+dst dst*5 dst*12 data-in-second"
CHAINS_ADMITTED="none hop dst hop+dst dst+dst routing atomic hop+dst+atomic dst*5"

target() { if [[ $1 == 6 ]]; then echo "-6 $SRV6"; else echo $SRV4; fi; }

# Prints a line `STATE NUMBER: PORTS` for each state, sorted.
scan() { # FAMILY PORTS OPTION...
	local family=$1 ports=$2 xml=$WORK/nmap$1.xml
	shift 2
	# shellcheck disable=SC2046
	on a nmap -n -Pn --send-ip --max-retries 1 --min-rate 10000 -T5 -oX "$xml" -p "$ports" "$@" $(target "$family") >"$WORK/nmap$family.log" 2>&1 &&
		"$PYTHON" "$HELPERS/nmap_states.py" "$xml" || cat "$WORK/nmap$family.log"
}

# Both families at once, each into a file of its own.
scans() { # "FAMILIES" PORTS OPTION...
	local family pids=()
	for family in $1; do
		scan "$family" "${@:2}" >"$WORK/states$family" &
		pids+=($!)
	done
	wait "${pids[@]}"
}

states() { cat "$WORK/states$1"; }

# What has come as far as the host's own sockets, or to where it puts fragments together.
taken() {
	on srv nstat -asz | awk '$1 ~ /^(TcpInSegs|Udp6?(InDatagrams|NoPorts|InErrors)|Ip6?(ReasmReqds|InUnknownProtos))$/ { n += $2 }
		END { print n + 0 }'
}

# How many packets were denied, and admitted to services: not those that the link and neighbour discovery need.
judged() {
	pst_json counters | json '"%d %d" % (sum(d["inbound"]["denied"].values()),
		sum(s["packets"] for name, s in d["inbound"]["services"].items() if name not in ("link", "icmp")))'
}

# The denied ports are all in the one state; none of the probes was admitted, or came to a socket.
check_denied() { # NAME "FAMILIES" STATE COUNT PORTS OPTION...
	local name=$1 families=$2 state=$3 count=$4 ports=$5 family taken_before denied admitted denied_before admitted_before
	shift 5
	taken_before=$(taken)
	read -r denied_before admitted_before < <(judged)
	scans "$families" "$ports" --initial-rtt-timeout 100ms --max-rtt-timeout 100ms "$@"
	read -r denied admitted < <(judged)
	denied=$((denied - denied_before))
	for family in $families; do
		check "IPv$family $name: all $count denied are $state" equal "$(states "$family")" "$state $count: -"
	done
	check "$name: none was admitted" equal "$admitted" "$admitted_before"
	check "$name: none came to a socket" equal "$(taken)" "$taken_before"
	check "$name: every probe was denied ($denied)" test "$denied" -ge $((count * $(wc -w <<<"$families")))
}

# The denied TCP ports, and how many there are.
denied_ports() {
	"$PYTHON" - "$NMAP_PORTS" "$ALLOWED" <<-'END'
		import sys
		ranges = [part.partition("-") for part in sys.argv[1].split(",")]
		ports = {port for low, _, high in ranges for port in range(int(low), int(high or low) + 1)}
		ports = sorted(ports - {int(port) for port in sys.argv[2].split(",")})
		first = [port for port in ports if port - 1 not in ports]
		last = [port for port in ports if port + 1 not in ports]
		print(",".join(f"{low}-{high}" for low, high in zip(first, last)), len(ports))
	END
}

chains_open() { # FILE PORTS
	awk -v ports="$2" '$3 == ports { print $1 }' "$1" | xargs
}

world
command -v nmap >/dev/null || die "nmap is not installed: tests/install-deps test"
start_vsftpd
# Else it answers but a few of the closed ports.
on srv sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
# shellcheck disable=SC2046
start_helper srv listeners "$PYTHON" "$HELPERS/serve.py" $(sed 's/^/tcp:/; s/,/ tcp:/g' <<<$LISTENERS) udp:69 \
	$(sed 's/^/udp:/; s/,/ udp:/g' <<<$UDP_LISTENERS)
read -r DENIED N_DENIED < <(denied_ports)
say "$N_DENIED denied TCP ports, $N_LISTENERS of them with a listener"

# Without postern every technique sees the listeners, or is one that the host itself drops: what follows can fail.
for technique in "${TECHNIQUES[@]}"; do
	IFS=';' read -r options families bare _ <<<"$technique"
	# shellcheck disable=SC2086
	scans "$families" $LISTENERS $options
	for family in $families; do
		check "IPv$family $options: without postern every listener is $bare" equal "$(states "$family")" "$bare $N_LISTENERS: -"
	done
done
scans "4 6" $UDP_LISTENERS -sU
check "IPv4 -sU: without postern every listener is open" equal "$(states 4)" "open $N_UDP_LISTENERS: -"
check "IPv6 -sU: without postern every listener is open" equal "$(states 6)" "open $N_UDP_LISTENERS: -"
scans "4" 0-255 -sO
say "protocols without postern: $(states 4 | paste -sd' ')"
check "IPv4 -sO: without postern protocols answer" grep -q '^open [2-9]' "$WORK/states4"
on a "$PYTHON" "$HELPERS/extensions.py" $A6 $SRV6 21 22 80 8080 >"$WORK/chains"
check "extension headers: without postern the host takes these" equal "$(chains_open "$WORK/chains" 21,22,80,8080)" "$CHAINS"

write_policy "$WORK/policy.yaml" '  - {service: more, from: any}' "" "  more: {tcp: 999, udp: [${ALLOWED_UDP//,/, }], ip: $ALLOWED_PROTOCOL}"
check "the policy is applied" pst apply "$WORK/policy.yaml"
for technique in "${TECHNIQUES[@]}"; do
	IFS=';' read -r options families _ open closed denied <<<"$technique"
	# shellcheck disable=SC2086
	check_denied "$options" "$families" "$denied" "$N_DENIED" "$DENIED" $options
	if [[ $open == "$closed" ]]; then expected="$open 3: $ALLOWED"; else expected="$closed 1: 999"$'\n'"$open 2: 21,990"; fi
	# shellcheck disable=SC2086
	scans "$families" $ALLOWED $options
	for family in $families; do
		check "IPv$family $options: the allowed ports are as expected ($open, $closed)" equal "$(states "$family")" "$expected"
	done
done

n_udp=$((68 + 2 + 20 + 1))
for options in "${UDP_TECHNIQUES[@]}"; do
	# shellcheck disable=SC2086
	check_denied "$options" "4 6" "open|filtered" $n_udp $UDP_PORTS $options
	# shellcheck disable=SC2086
	scans "4 6" $ALLOWED_UDP $options
	for family in 4 6; do
		check "IPv$family $options: the allowed ports are open and closed" equal "$(states $family)" $'closed 1: 777\nopen 1: 69'
	done
done

check_denied "-sO" "4 6" "open|filtered" 255 0-$((ALLOWED_PROTOCOL - 1)),$((ALLOWED_PROTOCOL + 1))-255 -sO
read -r _ before < <(judged)
scans "4 6" $ALLOWED_PROTOCOL -sO
read -r _ after < <(judged)
check "-sO: the allowed protocol passes" test "$after" -ge $((before + 2))

before=$(taken)
on a "$PYTHON" "$HELPERS/extensions.py" $A6 $SRV6 22 80 8080 65535 >"$WORK/chains"
check "extension headers: no denied port answers" equal "$(grep -vc 'open - closed - silent 22,80,8080,65535$' "$WORK/chains")" 0
check "extension headers: none came to a socket" equal "$(taken)" "$before"
on a "$PYTHON" "$HELPERS/extensions.py" $A6 $SRV6 21 990 >"$WORK/chains"
check "extension headers: the allowed ports are found behind these" equal "$(chains_open "$WORK/chains" 21,990)" "$CHAINS_ADMITTED"

say "denied and admitted: $(judged); $(pst_json counters | json '", ".join(f"{k} {v}" for k, v in d["inbound"]["denied"].items() if v)')"
check "the scans left no session" wait_for 5 none_of sessions
check "nor a pinhole" none_of pinholes
check "a transfer works after them" fetch_explicit
finish
