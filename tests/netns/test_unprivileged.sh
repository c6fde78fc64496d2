# SPDX-License-Identifier: GPL-2.0-only
# A process without root opens nothing and closes nothing, wherever it listens.
TEST=unprivileged
source "$(dirname "$0")/lib.sh"

NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups)

opened() { status_field '["pinholes"]["opened"]'; }

got_file() { # SESSION
	equal "$(ask "$1" get file.bin)" "got 200000 $(sum_of "$WORK/ftp/file.bin")"
}

world
start_vsftpd
apply_usual

# In the server's namespace, without any session.
before=$(opened)
start_helper srv listener "${NOBODY[@]}" "$PYTHON" "$HELPERS/serve.py" tcp:$PASSIVE_MIN-$PASSIVE_MAX
check "a listener without a session gets no pinhole" none_of pinholes
check "none was opened and closed either" equal "$(opened)" "$before"
check "nobody reaches it" no_answer a $SRV4 $PASSIVE_MIN
check "nobody reaches it over IPv6" no_answer a $SRV6 $PASSIVE_MIN
stop "$LAST_PID"

# In namespaces of its own, where it may have port 21 and a client of its choice.
if "${NOBODY[@]}" unshare -Urn true 2>"$WORK/unshare.log"; then
	start_helper srv faked "${NOBODY[@]}" unshare -Urn "$PYTHON" "$HELPERS/fake_session.py" $PASSIVE_MIN $PASSIVE_MAX
	check "a faked control connection makes no session" none_of sessions
	check "a faked control connection makes no pinhole" none_of pinholes
	check "none was opened and closed by it either" equal "$(opened)" "$before"
	check "A gets no answer on the faked port" no_answer a $SRV4 $PASSIVE_MIN
	stop "$LAST_PID"
else
	skip "a faked control connection" "unprivileged user namespaces are off: $(cat "$WORK/unshare.log")"
fi

# Beside a pinhole that is open.
check "A opens a session" open_session victim a "$PYTHON" "$HELPERS/ftps.py" $SRV4
check "a squatter without root starts" open_session squatter srv "${NOBODY[@]}" "$PYTHON" "$HELPERS/squat.py"
port=$(ask victim passive)
port=${port#port }
check "A has its pinhole" equal "$(pinhole_ports)" "$port"
ask squatter bind $ALIAS4 "$port" "$port" >/dev/null
check "the squatter listens on that port at another address" equal "$(ask squatter listen)" 1
check "the pinhole does not lead A there" no_answer a $ALIAS4 "$port"
check "nor B" no_answer b $ALIAS4 "$port"
check "the pinhole stays open" equal "$(pinhole_ports)" "$port"
ask squatter close >/dev/null
check "the squatter's close leaves it open" equal "$(pinhole_ports)" "$port"
check "A's transfer works" got_file victim

# Bound before the server picks its port: the server's listen() wins, the squatter's fails and is undone.
check "the squatter binds the range first" equal "$(ask squatter bind $SRV4 $PASSIVE_MIN $PASSIVE_MAX)" \
	$((PASSIVE_MAX - PASSIVE_MIN + 1))
port=$(ask victim passive)
if [[ $port == port* ]]; then
	port=${port#port }
	check "A's pinhole opens all the same" equal "$(pinhole_ports)" "$port"
	check "the squatter's listen() on it fails, the others do not" equal "$(ask squatter listen)" \
		$((PASSIVE_MAX - PASSIVE_MIN))
	check "the failed listen() closes nothing" equal "$(pinhole_ports)" "$port"
	ask squatter close >/dev/null
	check "nor does its close" equal "$(pinhole_ports)" "$port"
	check "A's transfer works after it" got_file victim
else
	not_ok "vsftpd finds no port where the squatter only bound: $port"
fi
finish
