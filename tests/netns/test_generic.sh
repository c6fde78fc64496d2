# SPDX-License-Identifier: GPL-2.0-only
# In generic mode, for interfaces whose driver has no XDP, the verdicts are the same.
TEST=generic
source "$(dirname "$0")/lib.sh"

world
start_vsftpd
start_helper srv listener "$PYTHON" "$HELPERS/serve.py" tcp:8080 tcp:30005
start_helper b target "$PYTHON" "$HELPERS/serve.py" tcp:25 tcp:26
write_policy "$WORK/policy.yaml" '' "  - {service: mail, to: [$B4, '$B6']}" '  mail: {tcp: 25}'
check "apply --xdp generic" pst apply "$WORK/policy.yaml" --xdp generic
check "status says so" equal "$(status_field '["interfaces"][0]["xdp"]')" generic
for base in "ftp://$SRV4" "ftp://[$SRV6]" "ftps://$SRV4:990" "ftps://[$SRV6]:990"; do
	check "a transfer works: $base" fetch a "$base" file.bin
done
for address in $SRV4 $SRV6; do
	check "$address: another port gives no answer" no_answer a $address 8080
	check "$address: a rogue listener gives no answer" no_answer a $address 30005
done
for address in $B4 $B6; do
	check "$address: an allowed outbound connection" on srv "$PYTHON" "$HELPERS/ask.py" tcp $address 25
	check_not "$address: another one" on srv "$PYTHON" "$HELPERS/ask.py" tcp $address 26
done
check "down" pst down
check "then the other port answers" connects a $SRV4 8080
finish
