# SPDX-License-Identifier: GPL-2.0-only
# The first apply keeps what the host already had, as far as the policy allows it.
TEST=adopt
source "$(dirname "$0")/lib.sh"

big_file() { # ANSWER
	equal "$1" "got $BIG_SIZE $(sum_of "$WORK/ftp/big.bin")"
}

world
start_vsftpd
start_helper b echo "$PYTHON" "$HELPERS/serve.py" tcp:7000 tcp:7001
for family in "$SRV4 $A4" "[$SRV6] $A6"; do
	read -r server client <<<"$family"
	server=${server//[\[\]]/}
	check "$server: a session, before anything is in force" open_session "running$client" a "$PYTHON" "$HELPERS/ftps.py" "$server"
	check "$server: a transfer that is under way" test "$(ask "running$client" passive | cut -c1-4)$(ask "running$client" begin big.bin)" = portbegun
	check "$server: a session that waits for its data connection" open_session "waiting$client" a "$PYTHON" "$HELPERS/ftps.py" "$server"
	check "$server: the server listens" test "$(ask "waiting$client" passive | cut -c1-4)" = port
done
check "an outbound connection that the policy allows" open_session allowed srv "$PYTHON" "$HELPERS/talk.py" $B4 7000
check "and one that it does not" open_session refused srv "$PYTHON" "$HELPERS/talk.py" $B4 7001
check "both work" equal "$(ask allowed one) $(ask refused one)" "same same"

apply_usual '' "  - {service: relay, to: $B4}" '  relay: {tcp: 7000}'
check "the sessions are known" equal "$(count_of sessions)" 4
check "the waiting listeners have their pinholes" equal "$(count_of pinholes)" 2
for family in $A4 $A6; do
	check "$family: the transfer goes on" big_file "$(ask "running$family" finish)"
	check "$family: the next one of its session works" test "$(ask "running$family" passive | cut -c1-4)$(ask "running$family" begin big.bin)" = portbegun
	check "$family: whole" big_file "$(ask "running$family" finish)"
	check "$family: the data connection that was waited for comes" test "$(ask "waiting$family" begin big.bin)" = begun
	check "$family: and is whole" big_file "$(ask "waiting$family" finish)"
done
check "the outbound connection goes on" equal "$(ask allowed two)" same
check "the one without a rule is cut" equal "$(ask refused two)" "no answer"
check "no rogue listener was seen" equal "$(pst_json events --kind rogue-listener)" ""
finish
