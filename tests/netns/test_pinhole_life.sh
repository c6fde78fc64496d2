# SPDX-License-Identifier: GPL-2.0-only
# How a pinhole ends: its time is up, its listener closes, its control connection closes; and a static range, which has none.
TEST=pinhole_life
source "$(dirname "$0")/lib.sh"

happened() { # KIND PORT
	pst_json events | "$PYTHON" -c '
import json, sys
kind, port = sys.argv[1], int(sys.argv[2])
sys.exit(not any(e["kind"] == kind and e["port"] == port for e in map(json.loads, sys.stdin)))' "$1" "$2"
}

passive_port() {
	local line
	line=$(ask client passive)
	echo "${line#port }"
}

got_file() { equal "$(ask client get file.bin)" "got 200000 $(sum_of "$WORK/ftp/file.bin")"; }

world
start_vsftpd
TTL=$SLOW write_policy "$WORK/policy.yaml"
check "a policy with a short ttl" pst apply "$WORK/policy.yaml"
check "a session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4

port=$(passive_port)
check "the pinhole is open" equal "$(pinhole_ports)" "$port"
check "its time is up within 3 s" wait_for 3 none_of pinholes
check "an event says so" happened pinhole-expired "$port"
check "the server still listens there" listens srv "$port"
check "but its client gets no answer" no_answer a $SRV4 "$port"
check "the next one serves" passive_port
check "a transfer in the same session" got_file

# A data connection outlives the ttl that its pinhole had.
passive_port >/dev/null
check "a transfer begins" equal "$(ask client begin big.bin)" begun
used_for_longer() { test "$(pst_json flows | json 'max(f["since_ms"] for f in d if f["state"] == "open")')" -gt $((2500 * SLOW)); }
check "it is older than the ttl" wait_for 5 used_for_longer
check "and goes on" equal "$(ask client finish)" "got $BIG_SIZE $(sum_of "$WORK/ftp/big.bin")"

write_policy "$WORK/policy.yaml"
check "the usual ttl" pst apply "$WORK/policy.yaml"
first=$(passive_port)
second=$(passive_port)
if [[ $first == "$second" ]]; then second=$(passive_port); fi
check "a second PASV closes the first one's pinhole" equal "$(pinhole_ports)" "$second"
check "an event says so" happened pinhole-closed "$first"
check "the second one serves" got_file

port=$(passive_port)
close_session client
check "the end of the session closes its pinhole" wait_for 3 none_of pinholes
check "an event says so" happened pinhole-closed "$port"

# Two clients at once: each has its own.
check "A's session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4
check "B's session" open_session other b "$PYTHON" "$HELPERS/ftps.py" $SRV6 --implicit
a_port=$(passive_port)
b_port=$(ask other passive)
b_port=${b_port#port }
check "two pinholes, one for each" equal \
	"$(pst_json pinholes | json 'sorted((p["client"], p["port"]) for p in d)')" "[('$A4', $a_port), ('$B6', $b_port)]"
check "A does not reach B's" no_answer a $SRV6 "$b_port"
check "B does not reach A's" no_answer b $SRV4 "$a_port"
check "A's transfer works" got_file
check "B's transfer works" equal "$(ask other get file.bin)" "got 200000 $(sum_of "$WORK/ftp/file.bin")"

# The range is open to whoever the control services admit.
write_policy "$WORK/static.yaml"
echo "    pinholes: static" >>"$WORK/static.yaml"
check "a policy with a static range" pst apply "$WORK/static.yaml"
port=$(passive_port)
check "no pinhole opens" none_of pinholes
check "another client reaches the port" connects b $SRV4 "$port"
check "a transfer works" fetch_explicit
finish
