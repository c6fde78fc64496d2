# SPDX-License-Identifier: GPL-2.0-only
# A pinhole serves the client it was opened for: nobody else gets an answer through it, nor can rob it by a forged SYN.
TEST=theft
source "$(dirname "$0")/lib.sh"

world
start_vsftpd

got_file() { # SESSION
	equal "$(ask "$1" get file.bin)" "got 200000 $(sum_of "$WORK/ftp/file.bin")"
}

passive_port() { # SESSION
	local line
	line=$(ask "$1" passive)
	echo "${line#port }"
}

# Sends a SYN from B in A's name; A's host, which knows nothing of it, answers the server's SYN-ACK with a RST.
forge() { # A-ADDRESS SERVER-ADDRESS PORT
	local before
	before=$(counter_of a TcpOutRsts)
	on b "$PYTHON" "$HELPERS/syn.py" "$1" 44444 "$2" "$3" &&
		wait_for 3 rsts_above "$before"
}

rsts_above() { test "$(counter_of a TcpOutRsts)" -gt "$1"; }

# Without a filter the thief is answered: what follows can fail.
open_session unguarded a "$PYTHON" "$HELPERS/ftps.py" $SRV4 >/dev/null
check "without postern B reaches A's port" connects b $SRV4 "$(passive_port unguarded)"
close_session unguarded

apply_usual
for family in 4 6; do
	server=SRV$family client=A$family name=session$family
	server=${!server} client=${!client}
	check "A opens a session over IPv$family" open_session $name a "$PYTHON" "$HELPERS/ftps.py" $server

	port=$(passive_port $name)
	check "IPv$family: the pinhole is A's" equal \
		"$(pst_json pinholes | json '[(p["client"], p["port"], p["origin"]) for p in d]')" "[('$client', $port, 'socket')]"
	check "IPv$family: B's SYN gets no answer" no_answer b $server "$port"
	check "IPv$family: A's transfer works after it" got_file $name

	port=$(passive_port $name)
	check "IPv$family: a SYN that B forges reaches the listener" forge $client $server "$port"
	check "IPv$family: the pinhole is still open" equal "$(pinhole_ports)" "$port"
	check "IPv$family: B gets no answer after the forged SYN" no_answer b $server "$port"
	check "IPv$family: A's transfer works after the forged SYN" got_file $name
	check "IPv$family: the pinhole is used up" wait_for 5 none_of pinholes
	close_session $name
done
check "the denied SYNs are counted" test "$(pst_json counters | json 'd["inbound"]["denied"].get("no-pinhole", 0)')" -ge 4
finish
