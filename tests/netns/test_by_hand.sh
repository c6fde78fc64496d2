# SPDX-License-Identifier: GPL-2.0-only
# Pinholes that an administrator adds: for one client, one connection, one listener, one time; and why there is none.
TEST=by_hand
source "$(dirname "$0")/lib.sh"

add() { pst pinhole add "$@"; }       # --from ADDR --port N [--for DURATION]
del() { pst pinhole del "$@"; }       # --from ADDR --port N
manual_is() { equal "$(status_field '["pinholes"]["manual"]')" "$1"; }
state_of() { # what a refused command must leave as it is
	pst_json status | json '[d["pinholes"][k] for k in ("open", "manual", "opened", "closed", "expired", "refused")]'
	pst_json pinholes | json 'sorted((p["client"], p["port"], p["origin"]) for p in d)'
}

refuses() { # STATUS TEXT COMMAND...
	local status=$1 text=$2 got before
	shift 2
	before=$(state_of)
	"$@" >"$WORK/refused.out" 2>"$WORK/refused.err"
	got=$?
	cat "$WORK/refused.out" "$WORK/refused.err"
	equal "$got" "$status" && [[ ! -s $WORK/refused.out ]] && grep -qF -- "$text" "$WORK/refused.err" &&
		equal "$(state_of)" "$before"
}

event_is() { # KIND PORT EXPRESSION about an event e
	pst_json events | "$PYTHON" -c '
import json, sys
kind, port = sys.argv[1], int(sys.argv[2])
sys.exit(not any(e["kind"] == kind and e.get("port") == port and eval(sys.argv[3]) for e in map(json.loads, sys.stdin)))' "$@"
}

serve() { start_helper srv "$1" "$PYTHON" "$HELPERS/serve.py" "${@:2}"; } # NAME SPEC...
closed_at() { ! listens srv "$1"; }
marks_at() { # PORT: what keeps a packet there from the hash lookup
	bpftool -j map lookup pinned "/sys/fs/bpf/postern/$INSTANCE/open_ports" key $(($1 & 255)) $(($1 >> 8)) 0 0 |
		json 'd["formatted"]["value"]'
}

forget_listeners() {
	local map=/sys/fs/bpf/postern/$INSTANCE/listeners key
	bpftool -j map dump pinned "$map" | json '"\n".join(" ".join(e["key"]) for e in d)' >"$WORK/keys"
	while read -ra key; do bpftool map delete pinned "$map" key "${key[@]}" || return; done <"$WORK/keys"
}

world
write_policy "$WORK/policy.yaml" '  - {service: inside, from: any}' '' '  inside: {tcp: 30008}'
apply_usual '  - {service: inside, from: any}' '' '  inside: {tcp: 30008}'
serve both tcp:30001 tcp:30002 tcp:30008 tcp:31000
both=$LAST_PID

# One client, one connection.
check "without a pinhole the listener is not reached" no_answer a $SRV4 30001
check "one is added" equal "$(pst_json pinhole add --from $A4 --port 30001 --for 20m | json '[d[k] for k in ("client", "port", "server", "local", "origin", "expires_in_ms")]')" \
	"['$A4', 30001, 'vsftpd', None, 'manual', 1200000]"
check "by default for 30 s" equal "$(pst_json pinhole add --from $B4 --port 30002 | json 'd["expires_in_ms"]')" 30000
check "which can be closed again" equal "$(pst_json pinhole del --from $B4 --port 30002 | json 'd["closed"]')" 1
check "the first is listed" open_for $A4 30001 manual
check "status counts it" manual_is 1
status=$(pst status)
check "status names the exception" grep -q 'EXCEPTION: 1 .*by hand' <<<"$status"
check "the event says by whom" event_is pinhole-opened 30001 \
	"e['client'] == '$A4' and e['origin'] == 'manual' and e['process'] == 'postern' and e['pid'] > 0 and e['uid'] == 0"
check "explain allows it" pst explain inbound tcp/30001 --from $A4 --expect allow
check "and nobody else" pst explain inbound tcp/30001 --from $B4 --expect deny
check "another client does not get through" no_answer b $SRV4 30001
check "nor the same one to another port" no_answer a $SRV4 30002
check "nor by the other family" no_answer a $SRV6 30001
check "none of our processes runs" none_runs
check "the client does" connects a $SRV4 30001
check "an event says so" wait_for 5 event_is pinhole-used 30001 "e['client'] == '$A4' and e['origin'] == 'manual'"
check "that used it up" none_open
check "status names no exception any more" fails grep -q EXCEPTION <(pst status)
check "a second connection does not get through" no_answer a $SRV4 30001
check "nothing is left of it" equal "$(marks_at 30001)" 0
check "the same listener gets another one" add --from $A6 --port 30001
check "which serves IPv6" connects a $SRV6 30001
check "and is used up" wait_for 5 none_open

# Its time.
check "one for a second" add --from $A4 --port 30001 --for ${SLOW}s
check "it is open" open_for $A4 30001 manual
check "its time is up" wait_for 4 none_open
check "an event says so" event_is pinhole-expired 30001 "e['origin'] == 'manual'"
check "it is shut" no_answer a $SRV4 30001

# Several clients at one listener, and its end.
check "one for A" add --from $A4 --port 30001 --for 1h
check "one for B, at the same listener" add --from $B4 --port 30001 --for 1h
check "a third, over IPv6" add --from $B6 --port 30001 --for 1h
check "status counts them" manual_is 3
check "a second one for A is refused" refuses 1 "already" add --from $A4 --port 30001
check "del closes A's" del --from $A4 --port 30001
check "an event says by whom" event_is pinhole-closed 30001 "e['client'] == '$A4' and e['process'] == 'postern'"
check "A is shut out" no_answer a $SRV4 30001
check "there is nothing to close any more" refuses 1 "no pinhole is open" del --from $A4 --port 30001
check "B still gets through" connects b $SRV4 30001
check "which used up B's own alone" wait_for 5 manual_is 1
check "A's is added again" add --from $A4 --port 30001 --for 1h
check "and B's" add --from $B4 --port 30001 --for 1h
stop "$both"
check "all close with the listener" wait_for 3 none_open
check "an event says so" event_is pinhole-closed 30001 "e['client'] == '$B6' and 'pid' not in e"
check "nothing is left of them" equal "$(marks_at 30001)" 0
serve again tcp:30001 tcp:30008 tcp:31000
check "the next listener there is shut to A" no_answer a $SRV4 30001
check "and to B" no_answer b $SRV4 30001

# A claim of the same moment can take away what is remembered of the listener.
serve raced tcp:30010
raced=$LAST_PID
check "one is added" add --from $A4 --port 30010 --for 1h
forget_listeners || die "cannot forget the listeners"
stop "$raced"
check "it closes with its listener all the same" wait_for 3 none_open

# What there is no pinhole for.
check "it needs a listener" refuses 1 "nothing listens there" add --from $A4 --port 30005
check "a service's port is none" refuses 1 "no passive port" add --from $A4 --port 30008
check "nor a port outside the range" refuses 1 "no passive port" add --from $A4 --port 31000
serve local tcp:30003@127.0.0.1 tcp:30003@::1
check "nor one at loopback" refuses 1 "loopback" add --from $A4 --port 30003
serve four tcp:30004@$SRV4
check "nor one of the other family" refuses 1 "address family" add --from $A6 --port 30004
check "but for its own family, at its address" equal \
	"$(pst_json pinhole add --from $A4 --port 30004 | json 'd["local"]')" $SRV4
check "another address of ours is shut" no_answer a $ALIAS4 30004
check "that one is open" connects a $SRV4 30004
serve one tcp:30006@$SRV4
serve other tcp:30006@$ALIAS4
check "two listeners at one port are refused" refuses 1 "several sockets" add --from $A4 --port 30006
start_helper srv shared "$PYTHON" -c '
import socket, time
socks = [socket.socket() for _ in range(2)]
for sock in socks:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("", 30007))
    sock.listen()
print("ready", flush=True)
while True:
    time.sleep(1000)'
check "so are two that share one" refuses 1 "several sockets" add --from $A4 --port 30007
check "no such client" refuses 2 "expected an address" add --from a.example --port 30001
check "no client" refuses 2 "address that a client can have" add --from 127.0.0.1 --port 30001
check "no passive port" refuses 2 "from 1024" add --from $A4 --port 21
check "too long" refuses 2 "from 100ms to 1h" add --from $A4 --port 30001 --for 61m
check "too short" refuses 2 "from 100ms to 1h" add --from $A4 --port 30001 --for 99ms
check "another namespace" refuses 1 "--netns" "$POSTERN" --instance "$INSTANCE" pinhole add --from $A4 --port 30001

# A change of policy.
check "one is added" add --from $A4 --port 30001 --for 1h
check "a connection through it" open_session data a "$PYTHON" "$HELPERS/talk.py" $SRV4 30001
check "it works" equal "$(ask data one)" same
check "one that waits" add --from $A4 --port 30001 --for 1h
write_policy "$WORK/wider.yaml" '  - {service: web, from: any}' '' '  web: {tcp: 443}'
check "a policy with the same range" pst apply "$WORK/wider.yaml"
check "the connection goes on" equal "$(ask data two)" same
check "and the pinhole waits" pst explain inbound tcp/30001 --from $A4 --expect allow
PASSIVE_MIN=30002 write_policy "$WORK/narrower.yaml"
check "a policy where the port is no passive one" pst apply "$WORK/narrower.yaml"
check "the connection is cut" equal "$(ask data three)" "no answer"
check "the pinhole opens nothing" no_answer a $SRV4 30001
check "the first policy again" pst apply "$WORK/policy.yaml"
check "and it is open" pst explain inbound tcp/30001 --from $A4 --expect allow
sed -e "s/^zones:.*//" "$WORK/policy.yaml" >"$WORK/block.yaml"
printf 'zones: {bad: [%s]}\nblock: [bad]\n' $A4 >>"$WORK/block.yaml"
check "a policy that blocks the client" pst apply "$WORK/block.yaml"
check "shuts it out" no_answer a $SRV4 30001
check "the first policy again" pst apply "$WORK/policy.yaml"
check "the client gets through" connects a $SRV4 30001

# A listener of a process with several clients waits for a reply that names it; an administrator can, too.
waiting_is() {
	equal "$(bpftool -j map dump pinned "/sys/fs/bpf/postern/$INSTANCE/waiting_listeners" | json 'len(d)')" "$1"
}
check "a server" open_session several srv "$PYTHON" -c '
import socket, sys
control, data = socket.socket(), socket.socket()
for sock in control, data:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
control.bind(("", 21))
control.listen()
print("ready", flush=True)
for line in sys.stdin:
    word = line.strip()
    if word == "accept":
        held = dict((peer[0], sock) for sock, peer in (control.accept() for _ in range(2)))
    elif word == "listen":
        data.bind(("", 30009))
        data.listen()
    elif word == "reply":
        held[sys.argv[1]].sendall(b"229 Entering Extended Passive Mode (|||30009|)\r\n")
    elif word == "close":
        data.close()
    print(word, flush=True)
    if word == "quit":
        break' $A4
open_session control_a a "$PYTHON" "$HELPERS/talk.py" $SRV4 21 >/dev/null
open_session control_b b "$PYTHON" "$HELPERS/talk.py" $SRV4 21 >/dev/null
check "has two clients" equal "$(ask several accept)" accept
check "and listens" equal "$(ask several listen)" listen
check "its listener waits" waiting_is 1
check "one is added for B" add --from $B4 --port 30009 --for 1h
check "the listener waits no more" waiting_is 0
check "the server names the port to A" equal "$(ask several reply)" reply
check "that is refused" wait_for 5 event_is pinhole-refused 30009 "e['client'] == '$A4' and e['reason'] == 'claimed'"
check "B's is still the only one" equal "$(pst_json pinholes | json '[(p["client"], p["port"]) for p in d]')" "[('$B4', 30009)]"
check "the listener closes" equal "$(ask several close)" close
check "and so does B's" wait_for 3 none_open
close_session several

# Beside sessions.
start_vsftpd
check "A opens a session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4
port=$(port_of client epsv)
check "its port is open for A" open_for $A4 "$port" socket
check "B gets none there" refuses 1 "FTP session" add --from $B4 --port "$port"
check "A has it already" refuses 1 "already" add --from $A4 --port "$port"
check "del closes it too" del --from $A4 --port "$port"
check "nothing is open" none_open
check "B gets one once it is free" add --from $B4 --port "$port"
port=$(port_of client epsv)
check "A's next one serves" got "$(ask client get file.bin)"
close_session client
check "no pinhole is left" wait_for 5 none_open
finish
