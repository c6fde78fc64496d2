# SPDX-License-Identifier: GPL-2.0-only
# After `apply` nothing of ours runs, and nothing of ours needs to.
TEST=no_process
source "$(dirname "$0")/lib.sh"

world
start_vsftpd
apply_usual
check "no process runs after apply" none_runs
# Whatever apply might have left behind in the background.
for pid in $(our_pids); do kill -9 "$pid"; done

for way in "ftp://$SRV4" "ftps://[$SRV6]:990"; do
	opened=$(status_field '["pinholes"]["opened"]')
	check "a transfer works: $way" fetch a "$way" file.bin
	check "its pinhole opened" equal "$(status_field '["pinholes"]["opened"]')" $((opened + 1))
	check "and closed" wait_for 5 none_of pinholes
done

check "a session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4
ask client passive >/dev/null
check "a pinhole is open" equal "$(count_of pinholes)" 1
check "one session is known" equal "$(count_of sessions)" 1
close_session client
check "the pinhole closes with the session" wait_for 5 none_of pinholes
check "the session is forgotten" wait_for 5 none_of sessions
check "still no process runs" none_runs
finish
