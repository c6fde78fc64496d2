# SPDX-License-Identifier: GPL-2.0-only
# Switching between two policies, again and again, under load: what both allow is never denied, what both deny never passes,
# and what one allows follows the policy in force. Every packet is counted at its receiver.
# alone: what the kernel drops anywhere for want of room counts against it.
# Full size: SWITCHES=1000 TIME_LIMIT=7200; an apply takes about a second of a processor. By default 60, or as many as a
# busy machine has time for. To see it fail: SWITCH_BY=down takes the old policy away first, SWITCH_BY=shut has one in between
# that allows nothing of it.
TEST=switches
source "$(dirname "$0")/lib.sh"
if [[ -n ${SWITCHES:-} ]]; then LIMIT_S=100000; else SWITCHES=60 LIMIT_S=150; fi
LEAST=4
SWITCH_BY=${SWITCH_BY:-apply}
RATE=500 # datagrams a second of each stream
POLICIES=(first second)

# Ports of the server: 5000 and 7000 in both policies, 5001 and 5002 in one each, 5998 and 5999 in none; of B: 6000 and 7100
# in both, 6001 and 6002 in one each, 6999 in none.
write_policies() {
	local policy only=1
	for policy in "${POLICIES[@]}"; do
		cat >"$WORK/$policy.yaml" <<-END
			interfaces: [eth0]
			services:
			  both: {udp: 5000, tcp: 7000}
			  $policy: {udp: 500$only}
			  far: {udp: 6000, tcp: 7100}
			  far-$policy: {udp: 600$only}
			inbound:
			  - {service: both, from: [$A4, '$A6']}
			  - {service: $policy, from: [$A4, '$A6']}
			outbound:
			  - {service: far, to: [$B4, '$B6']}
			  - {service: far-$policy, to: [$B4, '$B6']}
		END
		only=$((only + 1))
	done
	printf '%s\n' 'interfaces: [eth0]' 'services: {none: {tcp: 1}}' 'inbound: [{service: none, from: any}]' >"$WORK/shut.yaml"
}

start_load() {
	start_helper srv take "$PYTHON" "$HELPERS/datagrams.py" take --echo 5000 5001 5002 5999
	PID_take=$LAST_PID
	start_helper b take-b "$PYTHON" "$HELPERS/datagrams.py" take --echo 6000 6001 6002 6999
	PID_take_b=$LAST_PID
	start_helper srv echo "$PYTHON" "$HELPERS/serve.py" tcp:7000 tcp:5998
	start_helper b echo-b "$PYTHON" "$HELPERS/serve.py" tcp:7100
	start_helper srv raw "$PYTHON" "$HELPERS/raw_count.py" 5998
	PID_raw=$LAST_PID
	apply_first
	check "a TCP stream from A over each family" open_session inward a "$PYTHON" "$HELPERS/many.py" 2 $SRV4 7000 $SRV6 7000
	check "and from the server" open_session outward srv "$PYTHON" "$HELPERS/many.py" 2 $B4 7100 $B6 7100
	ASK=()
	local asker
	for asker in "a $SRV4 500" "a $SRV6 500" "srv $B4 600" "srv $B6 600"; do
		read -r host address ports <<<"$asker"
		open_session "ask-$address" "$host" "$PYTHON" "$HELPERS/datagrams.py" ask "$address" "${ports}1" "${ports}2" >/dev/null
		ASK+=("ask-$address $ports")
	done
	check "the streams talk" equal "$(ask inward talk 0.02) $(ask outward talk 0.02)" "talking talking"
	DENIED_BEFORE=$(denied)
	SENDERS=()
	start_sender a send-a "$HELPERS/datagrams.py" send $RATE $SRV4 5000 $SRV6 5000 $SRV4 5999 $SRV6 5999
	start_sender srv send-srv "$HELPERS/datagrams.py" send $RATE $B4 6000 $B6 6000 $B4 6999 $B6 6999
	start_sender a syn4 "$HELPERS/syn.py" $A4 3000 $SRV4 5998 100
	start_sender a syn6 "$HELPERS/syn.py" $A6 3000 $SRV6 5998 100
}

start_sender() { # HOST NAME WORD...
	start_helper "$1" "$2" "$PYTHON" "${@:3}"
	SENDERS+=("$LAST_PID")
}

end_of() { # PID...
	kill -TERM "$@"
	wait "$@" 2>/dev/null
}

apply_first() { check "the first policy is applied" pst apply "$WORK/first.yaml"; }

switch_to() { # POLICY
	case $SWITCH_BY in
	down) pst down || return ;;
	shut) pst apply "$WORK/shut.yaml" || return ;;
	esac
	pst apply "$WORK/$1.yaml"
}

# What only one allows: each peer is asked on the port of the other policy, then of this one. Prints what was wrong.
ask_all() { # NUMBER WHICH
	local asker session ports answer
	for asker in "${ASK[@]}"; do
		read -r session ports <<<"$asker"
		answer=$(ask "$session" "$1" "$ports$((3 - $2))" "$ports$2")
		[[ $answer == answered ]] || echo "switch $1, $session: $answer"
	done
}

# Inbound and outbound.
denied() { pst_json counters | json '"%d %d" % tuple(sum(d[x]["denied"].values()) for x in ("inbound", "outbound"))'; }
by_reason() { pst_json counters | json '", ".join(f"{x} {k} {v}" for x in d for k, v in d[x]["denied"].items() if v)'; }
buffer_errors() { echo "$(counter_of "$1" UdpRcvbufErrors) $(counter_of "$1" Udp6RcvbufErrors)"; }

sent_to() { # LOG ADDRESS PORT
	sed -n "s/^$2 $3 sent \([0-9]*\) .*/\1/p" "$WORK/$1.log"
}

# What the kernel's queue between a device and the stack had no room for, on any interface of the machine: with a flood
# elsewhere it loses packets of this test too, which postern has let pass.
queue_drops() {
	local line total=0
	while read -r _ line _; do total=$((total + 0x$line)); done </proc/net/softnet_stat
	echo $total
}

# What was sent came, each once, and each echo too.
check_whole() { # SENDER TAKER FAMILY ADDRESS PORT
	local sent lost unanswered
	sent=$(sent_to "$1" "$4" "$5")
	lost=$((sent - $(sed -n "s/^$5 v$3 got \([0-9]*\) .* twice 0$/\1/p" "$WORK/$2.log")))
	unanswered=$(sed -n "s/^$4 $5 sent .* lost //p" "$WORK/$1.log")
	((lost + unanswered == 0)) || say "$4 $5: of $sent $lost lost, $unanswered unanswered; the machine's queue dropped $DROPS"
	check "$4 $5: all $sent came, but for what the machine's queue dropped ($DROPS)" test $lost -ge 0 -a $lost -le "$DROPS"
	check "$4 $5: and so did all the answers" test "$unanswered" -ge 0 -a "$unanswered" -le "$DROPS"
}

# Every packet that should be denied was, and no other.
check_denied() { # DIRECTION BEFORE AFTER EXPECTED
	local missing=$(($4 - $3 + $2))
	check "$1: of $4 packets that should be denied $missing were not, which the queue dropped ($DROPS)" \
		test $missing -ge 0 -a $missing -le "$DROPS"
}

check_none() { # SENDER TAKER FAMILY ADDRESS PORT
	check "$4 $5: of $(sent_to "$1" "$4" "$5") none came" grep -q "^$5 v$3 got 0 " "$WORK/$2.log"
}

world
write_policies
DROPS=$(queue_drops)
start_load
begin=$(now_ms)
for ((number = 1; number <= SWITCHES; number++)); do
	which=$((number % 2 ? 2 : 1))
	switch_to "${POLICIES[which - 1]}" >>"$WORK/switch.log" 2>&1 || not_ok "switch $number" "$WORK/switch.log"
	ask_all $number $which >>"$WORK/asked.log"
	took=$(($(now_ms) - begin))
	((number >= LEAST && took > LIMIT_S * 1000)) && SWITCHES=$number
done
check "what one policy allows followed it, $SWITCHES times" equal "$(head -n 20 "$WORK/asked.log")" ""
inward=$(ask inward report) outward=$(ask outward report)
end_of "${SENDERS[@]}"
DENIED_AFTER=$(denied)
end_of "$PID_take" "$PID_take_b" "$PID_raw"
DROPS=$(($(queue_drops) - DROPS))
say "$SWITCHES switches in $took ms"
sed 's/^/# sent: /' "$WORK"/send-*.log | grep -v ready
sed 's/^/# came: /' "$WORK"/take*.log | grep -v ready

check_whole send-a take 4 $SRV4 5000
check_whole send-a take 6 $SRV6 5000
check_whole send-srv take-b 4 $B4 6000
check_whole send-srv take-b 6 $B6 6000
check_none send-a take 4 $SRV4 5999
check_none send-a take 6 $SRV6 5999
check_none send-srv take-b 4 $B4 6999
check_none send-srv take-b 6 $B6 6999
n_syns=$(cat "$WORK"/syn?.log | awk '$1 == "sent" { n += $2 } END { print n }')
check "of $n_syns SYNs to a port that both deny none came" grep -qx 'got 0' "$WORK/raw.log"
for which in 1 2; do # the first number, and so every odd one, is of the second policy
	asked=$(((SWITCHES + which - 1) / 2))
	for log in "take 500$which" "take-b 600$which"; do
		read -r log port <<<"$log"
		check "$port: of the $SWITCHES that asked, $asked came, over each family" equal \
			"$(sed -n "s/^$port v. got \([0-9]*\) .*/\1/p" "$WORK/$log.log" | xargs)" "$asked $asked"
	done
done
for name in inward outward; do
	say "TCP, $name: ${!name}"
	check "TCP, $name: nothing broke or came wrong" grep -q ' wrong 0 broken 0$' <<<"${!name}"
done

read -r in_before out_before <<<"$DENIED_BEFORE"
read -r in_after out_after <<<"$DENIED_AFTER"
say "denied: $((in_after - in_before)) inbound, $((out_after - out_before)) outbound: $(by_reason)"
expected=$((2 * $(sent_to send-a $SRV4 5999) + n_syns + 2 * SWITCHES))
check_denied inbound "$in_before" "$in_after" $expected
expected=$((2 * $(sent_to send-srv $B4 6999) + 2 * SWITCHES))
check_denied outbound "$out_before" "$out_after" $expected
for host in a srv b; do check "$host dropped nothing for want of a buffer" equal "$(buffer_errors $host)" "0 0"; done
close_session inward
close_session outward
finish
