# SPDX-License-Identifier: GPL-2.0-only
# A server with all its clients in one process: its replies say whose port each is, and nothing else does.
TEST=replies
source "$(dirname "$0")/lib.sh"
PASVS=${PASVS:-2000}

apply_watch() { # WAYS
	write_policy "$WORK/policy.yaml"
	sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
	echo "    watch: [$1]" >>"$WORK/policy.yaml"
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
}

start_server() { # PYFTPD-OPTION...
	start_helper srv "pyftpd$#" "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MAX "$@"
	SERVER=$LAST_PID
}

login() { # NAME HOST ADDRESS
	open_session "$1" "$2" "$PYTHON" -B "$HELPERS/ftps.py" --clear "$3"
}

login_again() { # NAME HOST
	close_session "$1" >/dev/null
	login "$1" "$2" $SRV4
}

refusals() { # REASON
	pst_json events --kind pinhole-refused | grep -c "\"reason\":\"$1\""
}

world
make_files || die "cannot make the files"
start_server
login early a $SRV4 >/dev/null
apply_watch socket,reply

for verb in epsv pasv; do
	for family in 4 6; do
		[[ $verb$family != pasv6 ]] || continue
		server=SRV$family a=A$family b=B$family
		check "$verb, IPv$family: A and B log in" login one a "${!server}"
		check "and B" login two b "${!server}"
		port_a=$(port_of one $verb) port_b=$(port_of two $verb)
		check "A's port is A's, by the reply" open_for "${!a}" "$port_a" reply
		check "B's is B's" open_for "${!b}" "$port_b" reply
		check "B gets no answer at A's" no_answer b "${!server}" "$port_a"
		check "nor A at B's" no_answer a "${!server}" "$port_b"
		check "A's transfer" got "$(ask one get file.bin)"
		check "B's transfer" got "$(ask two get file.bin)"
		check "no pinhole is left" wait_for 5 none_open
		close_session one
		close_session two
	done
done

# Whichever comes last in the process's file table, it has several clients.
check "A, B and A again: A logs in" login one a $SRV4
check "then B" login two b $SRV4
check "then A" login three a $SRV4
port_b=$(port_of two epsv)
check "B's port is B's" open_for $B4 "$port_b" reply
check "A gets no answer there" no_answer a $SRV4 "$port_b"
check "B's transfer" got "$(ask two get file.bin)"
for name in one two three; do close_session $name; done

check "A and B again" login one a $SRV4
check "and B" login two b $SRV4
port=$(port_of early epsv)
check "a session from before the policy cannot be read: no pinhole" none_open
check "its port gives no answer" no_answer a $SRV4 "$port"
close_session early

# Two commands in one segment, while B talks.
ask one send 'NOOP\nPASV\nNOOP' >/dev/null
check "pipelined commands: the first answer" equal "$(ask one reply)" "200 I successfully did nothing'."
line=$(ask one reply)
check "B asks meanwhile" equal "$(ask two send NOOP)" sent
numbers=${line##*(}
numbers=${numbers%%)*}
IFS=, read -r _ _ _ _ high low <<<"$numbers"
port=$((high * 256 + low))
check "the 227 among them opens for A" open_for $A4 $port reply
check "and the other answers come" equal "$(ask one reply) $(ask two reply)" "200 I successfully did nothing'. 200 I successfully did nothing'."
check "B gets no answer there" no_answer b $SRV4 $port

check "A logs in once more" login_again one a

# Text that looks like a reply. B's listener waits, A would take it.
lie() { # WHAT TEXT
	check "$1: answered" equal "$(ask one send "SITE SAY $2")" sent
	ask one reply >"$WORK/lie"
	check "$1: opens nothing for A" none_for_a
}
outsider=$((PASSIVE_MAX - 1))
start_helper srv outsider "$PYTHON" "$HELPERS/serve.py" tcp:$outsider
lie "a line of several" "211-Status~229 x (|||$PASSIVE_MIN|)~211 End"
lie "the first line of several" "229-x (|||$PASSIVE_MIN|)~229 End"
lie "the text of an error" "500 229 x (|||$PASSIVE_MIN|)"
lie "a port of another service" "229 x (|||990|)"
lie "a port below 1024" "227 x (10,99,0,1,3,255)"
lie "a port outside of the range" "229 x (|||$((PASSIVE_MAX + 1))|)"
lie "a port of a process without sessions" "229 x (|||$outsider|)"
lie "an octet above 255" "227 x (10,99,0,1,117,999)"
check "a port where nobody listens: refused" equal "$(ask one send "SITE SAY 229 x (|||$PASSIVE_MAX|)")" sent
ask one reply >/dev/null
check "and reported" wait_for 3 test "$(refusals listener)" -ge 1
silent=$((PASSIVE_MAX - 2))
check "a listener of the server's own that nobody has asked for" equal "$(ask two send "SITE WAIT $silent")" sent
check "which waits" equal "$(ask two reply)" "200 It waits"
lie "a port that the client has not asked for" "229 x (|||$silent|)"
check "which is reported" equal "$(refusals unasked)" 1
check "a command that asks for none in its answer" equal "$(ask two send "epsv all")" sent
ask two reply >/dev/null
check "counts as asked" equal "$(ask two send "SITE SAY 229 x (|||$silent|)")" sent
ask two reply >/dev/null
check "and the port is B's, who has" open_for $B4 $silent reply
check "B logs in once more" login_again two b
check "and its port is closed" wait_for 5 none_open

port_b=$(port_of two epsv)
check "B's port is B's" open_for $B4 "$port_b" reply
check "a server that names it to A, too" equal "$(ask one send "SITE SAY 229 x (|||$port_b|)")" sent
ask one reply >/dev/null
check "opens nothing for A" none_for_a
check "which is reported" test "$(refusals claimed)" -ge 1
check "B's transfer works" got "$(ask two get file.bin)"

# A port for each PASV, and no connection: what is left over is closed.
line=$(ask two passives "$PASVS")
check "after $PASVS times PASV one pinhole is open" equal "$(pinhole_ports)" "${line#port }"
check "which is B's" open_for $B4 "${line#port }" reply
check "and its transfer works" got "$(ask two get file.bin)"
check "none was refused for want of room" equal "$(refusals full)" 0

check "what is no reply" equal "$(ask one send "SITE SAY hello")" sent
check "ends the reading of that session" equal "$(ask one send EPSV)" sent
check "no pinhole for it" none_for_a
close_session two

stop "$SERVER"
close_session one
start_server --shred
check "replies that leave byte by byte: A" login one a $SRV4
check "and B" login two b $SRV4
port_a=$(port_of one epsv) port_b=$(port_of two pasv)
check "A's port is A's" open_for $A4 "$port_a" reply
check "B's is B's" open_for $B4 "$port_b" reply
check "A's transfer" got "$(ask one get file.bin)"
check "B's transfer" got "$(ask two get file.bin)"

# So many files that listen() does not look through them all: its sessions come behind them.
close_session one
close_session two
stop "$SERVER"
start_server --files 600 --banner many
check "a process with many files: A" login one a $SRV4
check "and B" login two b $SRV6
port_a=$(port_of one epsv) port_b=$(port_of two epsv)
check "A's port is A's" open_for $A4 "$port_a" reply
check "B's is B's" open_for $B6 "$port_b" reply
check "B gets no answer at A's" no_answer b $SRV4 "$port_a"
check "A's transfer" got "$(ask one get file.bin)"
check "B's transfer" got "$(ask two get file.bin)"

# Not watched by replies, it is as before.
apply_watch socket
ask one send EPSV >/dev/null
are_refused() { test "$(refusals files)" -ge 1; }
check "without reply: refused" wait_for 5 are_refused
check "no pinhole" none_open
finish
