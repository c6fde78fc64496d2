# SPDX-License-Identifier: GPL-2.0-only
# Connecting to every TCP port finds what the policy allows and nothing else, inward and outward.
# alone: it sends as fast as it can.
TEST=scan
source "$(dirname "$0")/lib.sh"

DENIED=(1 22 23 25 80 111 139 443 445 1433 3306 5432 8080 8443 9000 30000 30010 40000 50000 65535)

scan() { # HOST ADDRESS
	on "$1" "$PYTHON" "$HELPERS/scan.py" "$2"
}

line_of() { # KIND TEXT
	sed -n "s/^$1: *//p" <<<"$2"
}

world
start_vsftpd
start_helper srv listeners "$PYTHON" "$HELPERS/serve.py" "${DENIED[@]/#/tcp:}"
start_helper b targets "$PYTHON" "$HELPERS/serve.py" tcp:25 tcp:53 tcp:443 tcp:1000-1100 tcp:65535
all=$(printf '%s\n' 21 990 "${DENIED[@]}" | sort -n | xargs)
out_all="25 53 443 $(seq -s ' ' 1000 1100) 65535"

# Without a filter the scan sees every one of them: what follows can fail.
found=$(scan a $SRV4)
check "without postern the scan finds every listener" equal "$(line_of open "$found")" "$all"
check "and a refusal from every other port" equal "$(line_of refused "$found" | cut -d' ' -f1)" $((65535 - 22))
found=$(scan srv $B4)
check "without postern the server reaches every listener of B" equal "$(line_of open "$found")" "$out_all"

apply_usual '  - {service: closed, from: any}' "  - {service: mail, to: [$B4, '$B6']}" \
	$'  closed: {tcp: 999}\n  mail: {tcp: [25, 1001]}'
for address in $SRV4 $SRV6; do
	found=$(scan a $address)
	check "$address: the allowed ports are open" equal "$(line_of open "$found")" "21 990"
	check "$address: the allowed port without a listener refuses, no other" equal "$(line_of refused "$found")" "1 999"
	check "$address: nothing else is heard" equal "$(line_of other "$found" | cut -d' ' -f1)" 0
done
for address in $B4 $B6; do
	found=$(scan srv $address)
	check "the server reaches the allowed ports of $address" equal "$(line_of open "$found")" "25 1001"
	check "no other port of $address answers" equal "$(line_of refused "$found")" 0
done
found=$(scan srv $A4)
check "the server reaches nothing on a host that no rule names" equal \
	"$(line_of open "$found")/$(line_of refused "$found")" "/0"
check "the scans left no pinhole and no session" none_of pinholes
check "a transfer works after them" fetch_explicit
finish
