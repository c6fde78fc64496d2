# SPDX-License-Identifier: GPL-2.0-only
# Who a client is: with `pinholes: clients` each that is logged in, with `peer` a prefix, with `sockets` one behind a redirect; and
# how many pinholes one may have.
TEST=clients
source "$(dirname "$0")/lib.sh"
C4=10.99.0.4 # a third client's, on host B
CONTROL=921  # where the server listens behind a redirect

apply_ftp() { # LINE of the server...
	write_policy "$WORK/policy.yaml"
	sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
	printf '    %s\n' "$@" >>"$WORK/policy.yaml"
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
}

start_server() { # PYFTPD-OPTION...
	start_helper srv "pyftpd$*" "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MAX "$@"
	SERVER=$LAST_PID
}

login() { # NAME HOST ADDRESS [OPTION...]
	open_session "$1" "$2" "$PYTHON" -B "$HELPERS/ftps.py" --clear "${@:3}"
}

asks_from() { # ADDRESS PORT, on host B
	on b "$PYTHON" "$HELPERS/ask.py" connect $SRV4 "$2" 1 0 "$1"
}

clients_of() { # PORT
	pst_json pinholes | json "' '.join(sorted(p['client'] for p in d if p['port'] == $1))"
}

events_of() { # KIND PORT
	pst_json events --kind "$1" | "$PYTHON" -c "import json, sys; print(sum(json.loads(l)['port'] == $2 for l in sys.stdin))"
}

refusals() { # REASON
	pst_json events --kind pinhole-refused | grep -c "\"reason\":\"$1\""
}

clients_told() { # KIND PORT, the newest last
	pst_json events --kind "$1" | "$PYTHON" -c "import json, sys; print(*[e['client'] for e in map(json.loads, sys.stdin) if e['port'] == $2])"
}

equal_count() { equal "$(count_of pinholes)" "$1"; }

world
ip -n "$ID-b" addr add $C4/24 dev eth0 || die "cannot add $C4"
make_files || die "cannot make the files"

# ---- pinholes: clients ----

apply_ftp "pinholes: clients" "watch: [socket]"
start_server
check "clients: A logs in" login one a $SRV4
check "and B" login two b $SRV4
check "and A again" login three a $SRV4
check "and B over IPv6" login four b $SRV6
port=$(port_of one epsv)
check "A's port is open for all that can reach it" equal "$(clients_of "$port")" "$A4 $B4"
check "by the socket" open_for $A4 "$port" socket
check "each is reported" equal "$(events_of pinhole-opened "$port")" 2
check "who is not logged in gets no answer" equal "$(asks_from $C4 "$port" 2>&1)" "no answer"
check "A's transfer" got "$(ask one get file.bin)"
check "which uses up the others" wait_for 5 none_open
check "as their own events tell" equal "$(events_of pinhole-used "$port") $(events_of pinhole-closed "$port")" "1 1"
check "B gets no answer any more" no_answer b $SRV4 "$port"
port=$(port_of four epsv)
check "over IPv6 it is B's alone" equal "$(clients_of "$port")" "$B6"
close_session four
check "and closes with that session" wait_for 5 none_open
port=$(port_of one pasv)
check "A's next port is open for both" equal "$(clients_of "$port")" "$A4 $B4"
close_session two
are_clients() { equal "$(clients_of "$1")" "$2"; }
check "without B's session for A alone" wait_for 5 are_clients "$port" "$A4"
close_session one
close_session three
check "without A's for nobody" wait_for 5 none_open
stop "$SERVER"
start_server --files 600
check "a process with many files: A" login one a $SRV4
check "and B" login two b $SRV4
port=$(port_of one epsv)
check "its clients are found behind them" equal "$(clients_of "$port")" "$A4 $B4"
check "B's own" connects b $SRV4 "$port"
check "B may take it, as the policy says" wait_for 5 none_open
close_session one
close_session two
stop "$SERVER"

# Of two servers in one process, a listener may be either's.
apply_ftp "pinholes: clients" "watch: [socket]"
sed -i "s/control: .*/control: ftps-explicit/" "$WORK/policy.yaml"
echo "  strict: {control: ftps-implicit, tls: none, passive: $PASSIVE_MIN-$PASSIVE_MAX, watch: [socket]}" >>"$WORK/policy.yaml"
check "clients, and a server that is not so" pst apply "$WORK/policy.yaml"
start_server --port 21 --port 990
check "A logs in at one" login one a $SRV4
check "B at the other" login two b $SRV4 --port 990
port=$(port_of two epsv)
check "B's port does not open for A" none_open
close_session two
check "B at the first, too" login three b $SRV4
port=$(port_of three epsv)
check "whose clients each may have it" equal "$(clients_of "$port")" "$A4 $B4"
close_session one
close_session three
stop "$SERVER"

# ---- peer ----

apply_ftp "peer: {v4: 31, v6: 127}" "watch: [socket]"
start_server --foreign
check "peer: A and B are one client: A logs in" login one a $SRV4
check "and B" login two b $SRV4
port=$(port_of one epsv)
check "the port opens for their prefix" equal "$(clients_of "$port")" "10.99.0.2/31"
check "who is outside of it gets no answer" equal "$(asks_from $C4 "$port" 2>&1)" "no answer"
check "A's transfer" got "$(ask one get file.bin)"
port=$(port_of one pasv)
check "B's address will do" connects b $SRV4 "$port"
check "and uses it up" wait_for 5 none_open
told=$(clients_told pinhole-used "$port") # the port may have been used before
check "the event says who came" equal "${told##* }" $B4
check "one connection only" no_answer a $SRV4 "$port"
close_session one
close_session two
check "IPv6: B logs in" login four b $SRV6
port=$(port_of four epsv)
check "its prefix" equal "$(clients_of "$port")" "fd00:99::2/127"
check "A's address will do" connects a $SRV6 "$port"
close_session four
check "A logs in once more" login one a $SRV4
port=$(port_of one epsv)
check "its port is its prefix's" equal "$(clients_of "$port")" "10.99.0.2/31"
apply_ftp "watch: [socket]"
check "under a policy without peer B gets no answer there" no_answer b $SRV4 "$port"
check "nor A: it was not opened for A alone" no_answer a $SRV4 "$port"
close_session one
stop "$SERVER"

# ---- sockets ----

apply_ftp "sockets: [$CONTROL]"
on srv nft -f - <<-END || die "cannot redirect"
	table ip $ID {
		chain prerouting {
			type nat hook prerouting priority dstnat
			tcp dport { 21, 990 } redirect to :$CONTROL
		}
	}
END
start_server --port $CONTROL
check "sockets: A logs in through a redirect" login one a $SRV4
check "its session has both ports" equal "$(pst_json sessions | json "[(s['control_port'], s['socket_port'], s['server']) for s in d]")" "[(21, $CONTROL, 'vsftpd')]"
check "the socket's own port gives no answer" no_answer b $SRV4 $CONTROL
port=$(port_of one epsv)
check "A's port is A's" open_for $A4 "$port" socket
check "B gets no answer there" no_answer b $SRV4 "$port"
check "A's transfer" got "$(ask one get file.bin)"
check "B logs in" login two b $SRV4
port=$(port_of two pasv)
check "the replies are read behind it" open_for $B4 "$port" reply
check "A gets no answer there" no_answer a $SRV4 "$port"
check "B's transfer" got "$(ask two get file.bin)"
pst down >"$WORK/down.log" 2>&1 || die "down failed"
apply_ftp "sockets: [$CONTROL]"
check "a session from before the policy" equal "$(count_of sessions)" 2
close_session two
port=$(port_of one epsv)
check "its port is A's" open_for $A4 "$port" socket
check "its transfer" got "$(ask one get file.bin)"
close_session one

# Two control services of which the socket tells nothing: the client's is the one that admits it.
pst down >"$WORK/down.log" 2>&1 || die "down failed"
write_policy "$WORK/two.yaml"
sed -i -e "s/tls: required/tls: none/" -e "s/^services:/zones: {b: [$B4], a: [$A4]}\n&/" -e "s/ftps-explicit, from: any/ftps-explicit, from: b/" \
	-e "s/ftps-implicit, from: any/ftps-implicit, from: a/" "$WORK/two.yaml"
echo "    sockets: [$CONTROL]" >>"$WORK/two.yaml"
check "without a policy A logs in" login one a $SRV4 --port 990
port_of one epsv >/dev/null
check "and begins a transfer" equal "$(ask one begin big.bin)" begun
check "the first policy, whose second control service admits A" pst apply "$WORK/two.yaml"
check "A's session is that service's" equal "$(pst_json sessions | json "[s['control_port'] for s in d]")" "[990]"
check "its transfer goes on, and is whole" equal "$(ask one finish)" "got $BIG_SIZE $(sum_of "$WORK/ftp/big.bin")"
check "nothing of A's was cut" equal "$(pst_json counters | json 'd["inbound"]["denied"].get("cut", 0) + d["outbound"]["denied"].get("cut", 0)')" 0
close_session one
stop "$SERVER"
on srv nft delete table ip "$ID"

# ---- how many for one client ----

PASSIVE_MAX=$((PASSIVE_MIN + 699))
apply_ftp "watch: [socket]"
limit=512 each=100 processes=7
refused() { status_field '["pinholes"]["refused"]'; }
before=$(refused)
start_helper srv hoard "$PYTHON" "$HELPERS/hoard.py" $SRV4 $PASSIVE_MIN $each $processes
check "many listeners: A connects" open_session talk a "$PYTHON" "$HELPERS/talk.py" $SRV4 21
check "A has as many pinholes as one client may" wait_for 20 equal_count $limit
check "the rest are refused" wait_for 5 test "$(refusals client-full)" -ge 1
all_refused() { equal "$(refused)" $((before + each * processes - limit)); }
check "all of them" wait_for 20 all_refused
finish
