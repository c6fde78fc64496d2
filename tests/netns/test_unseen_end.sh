# SPDX-License-Identifier: GPL-2.0-only
# Data connections that no program saw begin, and that end before anything was said: their FIN makes up for it. The programs
# that see it are taken away here.
TEST=unseen_end
source "$(dirname "$0")/lib.sh"
SOCKETS=/sys/fs/bpf/postern/$INSTANCE/sockets

login() { # NAME HOST
	open_session "$1" "$2" "$PYTHON" -B "$HELPERS/ftps.py" --clear $SRV4
}

clients_of() { # PORT
	pst_json pinholes | json "' '.join(sorted(p['client'] for p in d if p['port'] == $1))"
}

is() { equal "$(status_field "[\"pinholes\"][\"$1\"]")" "$2"; } # FIELD N

serve() { # LINE of the server...
	write_policy "$WORK/policy.yaml"
	sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
	printf '    %s\n' "$@" >>"$WORK/policy.yaml"
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
	start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MAX
	SERVER=$LAST_PID
}

# From now on connections are not seen; listeners are.
take_states_away() { # OTHER-PROGRAM...
	start_helper srv listens "$PYTHON" "$HELPERS/listens.py" "/sys/fs/bpf/postern/$INSTANCE/listen_programs"
	LISTENS=$LAST_PID
	take_away "$SOCKETS/state_1" "$SOCKETS/state_2" "${@/#/$SOCKETS/}" || die "cannot take the programs away"
}

close_all() {
	stop "$SERVER"
	stop "$LISTENS"
	pst down >"$WORK/down.log" || die "down failed"
}

no_socket_at() { equal "$(on srv ss -Htn state connected exclude time-wait "sport = :$1")" ""; } # PORT

world
make_files || die "cannot make the files"

# The server rejects B, as the session is A's, and listens on.
serve "pinholes: clients" "watch: [socket]"
check "A logs in" login one a
check "and B" login two b
take_states_away destroy_1 destroy_2
port=$(port_of one epsv)
check "the port is open for A and B" equal "$(clients_of "$port")" "$A4 $B4"
check "B connects, and nobody sees it" connects b $SRV4 "$port"
check "no pinhole is left" wait_for 5 none_open
check "one is used" wait_for 5 is used 1
check "as it was made up for" wait_for 5 is repaired 1
flow_is() { equal "$(pst_json flows | json "[f['state'] for f in d if f['local_port'] == $port]")" "['$1']"; } # STATE
check "the flow ends, though nobody sees its close" wait_for 5 flow_is closing
check "B gets no answer any more" no_answer b $SRV4 "$port"
check "nor A" no_answer a $SRV4 "$port"
close_session one
close_session two
close_all

# The server closes its listener when it takes the connection, which the client closes at once.
serve "watch: [socket]"
check "A logs in again" login one a
take_states_away
port=$(port_of one epsv)
check "the next port is open for A" equal "$(clients_of "$port")" "$A4"
check "A connects, and closes" connects a $SRV4 "$port"
check "its pinhole is gone" wait_for 5 none_open
check "and was used" wait_for 5 is used 1
check "as that was made up for" wait_for 5 is repaired 1
check "the host keeps no socket of it" wait_for 10 no_socket_at "$port"
close_session one
close_all
finish
