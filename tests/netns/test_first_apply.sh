# SPDX-License-Identifier: GPL-2.0-only
# The first apply keeps what the host already had, as far as the policy allows it: transfers, listeners, idle connections.
# The full size is the default: 50 transfers, 50 idle connections, 12 listeners that wait.
TEST=first_apply
source "$(dirname "$0")/lib.sh"
TRANSFERS=${FIRST_TRANSFERS:-50} # with curl; explicit and implicit, families, EPSV and PASV take turns; every fifth an upload
IDLE=${FIRST_IDLE:-50}
WAITING=${FIRST_WAITING:-12}
PASSIVE_MAX=30249
BIG_SIZE=6000000
RATE=${FIRST_RATE:-120k} # a transfer takes 50 s

# One transfer, and whether it came whole.
transfer() { # NUMBER
	local number=$1 options=() bases=("ftp://$SRV4" "ftps://$SRV4:990" "ftp://[$SRV6]" "ftps://[$SRV6]:990")
	local base=${bases[number % 4]}
	options=(-sS --max-time $((120 * SLOW)) --limit-rate "$RATE" --ssl-reqd --insecure)
	((number % 8 < 4)) || options+=(--disable-epsv)
	if ((number % 5 == 4)); then # not with TLS 1.3: test_transfers.sh says why
		on b curl "${options[@]}" --tls-max 1.2 -T "$WORK/ftp/big.bin" "$base/upload/$number.bin" &&
			wait_for 5 cmp "$WORK/ftp/upload/$number.bin" "$WORK/ftp/big.bin"
	else
		on a curl "${options[@]}" -o "$WORK/got/$number.bin" "$base/big.bin" && cmp "$WORK/got/$number.bin" "$WORK/ftp/big.bin"
	fi
}

# How many have begun and not ended, as the files tell.
under_way() {
	find "$WORK/got" "$WORK/ftp/upload" -name '*.bin' -size +1k -size -$((BIG_SIZE - 100000))c | wc -l
}
all_under_way() { equal "$(under_way)" "$TRANSFERS"; }

world
start_vsftpd
start_helper b echo "$PYTHON" "$HELPERS/serve.py" tcp:7000 tcp:7001
check "$IDLE idle connections to B" open_session idle srv "$PYTHON" "$HELPERS/many.py" $((IDLE / 2)) $B4 7000 $B6 7000
check "and one that the policy does not allow" open_session refused srv "$PYTHON" "$HELPERS/talk.py" $B4 7001
check "which works" equal "$(ask refused one)" same
open_session waiting a "$PYTHON" -B "$HELPERS/transfers.py" "$WAITING" file.bin "$(sum_of "$WORK/ftp/file.bin")" 1000 $SRV4 $SRV6 >/dev/null

pids=()
for ((number = 0; number < TRANSFERS; number++)); do
	transfer $number >"$WORK/transfer$number.log" 2>&1 &
	pids+=($!)
done
PIDS+=("${pids[@]}")
check "$TRANSFERS transfers are under way" wait_for 20 all_under_way
check "$WAITING sessions have asked for a port and wait" equal "$(ask waiting passive)" "waiting $WAITING"

write_policy "$WORK/policy.yaml" '' "  - {service: relay, to: [$B4, '$B6']}" '  relay: {tcp: 7000}'
begin=$(now_ms)
check "the policy is applied" pst apply "$WORK/policy.yaml"
say "the first apply took $(($(now_ms) - begin)) ms; $(under_way) transfers were under way at its end"
check "all were" all_under_way
check "every session is known" equal "$(count_of sessions)" $((TRANSFERS + WAITING))
check "every listener that waits has its pinhole" equal "$(count_of pinholes)" "$WAITING"
check "the data connections that are waited for come, and are whole" equal "$(ask waiting begin) $(ask waiting finish)" \
	"running $WAITING whole $WAITING running till then $WAITING"
check "the sessions go on: another transfer in each" equal "$(ask waiting begin) $(ask waiting finish)" \
	"running $WAITING whole $WAITING running till then $WAITING"
check "the connection without a rule is cut" equal "$(ask refused two)" "no answer"

failed=0
for number in "${!pids[@]}"; do
	wait "${pids[number]}" && continue
	failed=$((failed + 1))
	sed "s/^/#   transfer $number: /" "$WORK/transfer$number.log"
done
check "of the $TRANSFERS transfers none failed or differs" equal $failed 0
check "the idle connections carry data, both ways" equal "$(ask idle round)" "same $((IDLE / 2 * 2)) of $((IDLE / 2 * 2))"
check "and again" equal "$(ask idle round)" "same $((IDLE / 2 * 2)) of $((IDLE / 2 * 2))"
cat "$WORK"/{idle,waiting}.err | head -n 20 | sed 's/^/#   /'
check "no rogue listener was seen" equal "$(pst_json events --kind rogue-listener)" ""
say "denied: $(pst_json counters | json '", ".join(f"{d1} {k} {v}" for d1 in d for k, v in d[d1]["denied"].items() if v)')"
close_session waiting
check "no session is left" wait_for 5 none_of sessions
check "no pinhole is left" none_of pinholes
finish
