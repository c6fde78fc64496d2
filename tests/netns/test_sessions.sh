# SPDX-License-Identifier: GPL-2.0-only
# Many short sessions at once, with RPS on: each is known while it lives and forgotten when it ends.
TEST=sessions
source "$(dirname "$0")/lib.sh"
SESSIONS=${SESSIONS:-800}

# One session after another, a transfer in each; prints how many failed.
sessions() { # NAME URL-BASE
	local number failed=0
	for ((number = 0; number < SESSIONS / 4; number++)); do
		on a curl -sS --max-time $((5 * SLOW)) --ssl-reqd --insecure -o "$WORK/got/$1.bin" "$2/small.bin" >>"$WORK/sessions.$1" 2>&1 &&
			cmp "$WORK/got/$1.bin" "$WORK/ftp/small.bin" >>"$WORK/sessions.$1" 2>&1 || failed=$((failed + 1))
	done
	echo $failed >"$WORK/failed.$1"
}

world
start_vsftpd
apply_usual
pids=()
for number in 1 2 3 4; do
	bases=("ftp://$SRV4" "ftp://[$SRV6]" "ftps://$SRV4:990" "ftps://[$SRV6]:990")
	sessions $number "${bases[number - 1]}" &
	pids+=("$!")
done
wait "${pids[@]}"
for number in 1 2 3 4; do
	check "$((SESSIONS / 4)) sessions of client $number, none failed" equal "$(cat "$WORK/failed.$number")" 0
done
check "no SYN was sent twice" equal "$(counter_of a TcpExtTCPSynRetrans)" 0
check "every transfer had a pinhole" equal "$(status_field '["pinholes"]["opened"]')" $((SESSIONS / 4 * 4))
check "no session is left" wait_for 5 none_of sessions
check "no pinhole is left" wait_for 5 none_of pinholes
check "nothing was left out" equal "$(status_field '["pinholes"]["untracked"]')" 0
say "$(pst status | grep -E '^(program|sessions)' | tr -s ' ' | paste -sd' ')"
finish
