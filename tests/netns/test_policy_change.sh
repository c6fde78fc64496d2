# SPDX-License-Identifier: GPL-2.0-only
# A change of policy cuts nothing that both policies allow, and cuts what the new one does not.
TEST=policy_change
source "$(dirname "$0")/lib.sh"
SWITCHES=${SWITCHES:-10}

big_file() { # ANSWER
	equal "$1" "got $BIG_SIZE $(sum_of "$WORK/ftp/big.bin")"
}

begin_transfer() { # SESSION
	[[ $(ask "$1" passive) == port* && $(ask "$1" begin big.bin) == begun ]]
}

world
start_vsftpd
start_helper b echo "$PYTHON" "$HELPERS/serve.py" tcp:7000
outbound="  - {service: relay, to: $B4}"
relay='  relay: {tcp: 7000}'
apply_usual '' "$outbound" "$relay"
write_policy "$WORK/wider.yaml" '  - {service: web, from: any}' "$outbound" $'  web: {tcp: 443}\n'"$relay"
write_policy "$WORK/no-outbound.yaml"
cat >"$WORK/no-ftp.yaml" <<-END
	interfaces: [eth0]
	services:
	  web: {tcp: 443}
	inbound:
	  - {service: web, from: any}
END

before=$(pst show)
check "an identical apply says that nothing changed" equal \
	"$(pst_json apply "$WORK/policy.yaml" | json 'd["changed"]')" False
check "and nothing did" equal "$(pst show)" "$before"

check "apply --dry-run of a policy that shuts everybody out" pst apply "$WORK/no-ftp.yaml" --dry-run
check "changes nothing of what is in force" equal "$(pst show)" "$before"
check "nor of what is decided" fetch_explicit
check "the same policy, applied again, is still no change" equal \
	"$(pst_json apply "$WORK/policy.yaml" | json 'd["changed"]')" False

check "a session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4
check "an outbound connection" open_session relay srv "$PYTHON" "$HELPERS/talk.py" $B4 7000
check "it works" equal "$(ask relay one)" same
check "a transfer begins" begin_transfer client

check "a policy that allows both is applied" equal \
	"$(pst_json apply "$WORK/wider.yaml" | json 'd["changed"]')" True
check "the outbound connection goes on" equal "$(ask relay two)" same
check "the transfer goes on" big_file "$(ask client finish)"

check "a transfer begins" begin_transfer client
check "a policy without the outbound service is applied" pst apply "$WORK/no-outbound.yaml"
check "the outbound connection is cut" equal "$(ask relay three)" "no answer"
check "the transfer goes on" big_file "$(ask client finish)"

port=$(ask client passive)
check "a pinhole is open" equal "$(pinhole_ports)" "${port#port }"
check "the first policy is applied" pst apply "$WORK/policy.yaml"
check "the pinhole is still open" equal "$(pinhole_ports)" "${port#port }"
check "and serves" equal "$(ask client get file.bin)" "got 200000 $(sum_of "$WORK/ftp/file.bin")"

# Switching to and fro under load: an allowed packet that is lost shows as a retransmission.
before=$(counter_of a TcpRetransSegs)
start a load "$PYTHON" "$HELPERS/ftps.py" $SRV4 --count 100000 small.bin "$(sum_of "$WORK/ftp/small.bin")"
load=$LAST_PID
wait_for 5 test "$(status_field '["sessions"]')" -ge 1 >/dev/null
for ((number = 0; number < SWITCHES; number++)); do
	pst apply "$WORK/wider.yaml" >>"$WORK/switch.log" 2>&1 && pst apply "$WORK/policy.yaml" >>"$WORK/switch.log" 2>&1 ||
		not_ok "switch $number" "$WORK/switch.log"
done
check "the load ran until the end" kill -0 "$load"
check_not "no transfer failed while the policy changed to and fro" grep -q transfer "$WORK/load.log"
check "nothing was sent twice" equal "$(counter_of a TcpRetransSegs)" "$before"
stop "$load"

check "a transfer begins" begin_transfer client
check "a policy without FTP is applied" pst apply "$WORK/no-ftp.yaml"
result=$(ask client finish)
check_not "the transfer is cut" big_file "$result"
say "cut: $result"
check "new sessions get no answer" no_answer a $SRV4 21
check "the first policy is applied again" pst apply "$WORK/policy.yaml"
check "transfers work again" fetch_explicit
finish
