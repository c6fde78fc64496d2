# SPDX-License-Identifier: GPL-2.0-only
# A change that shuts its author out goes back by itself, unless it is confirmed; the SSH session of the caller is not cut unasked.
TEST=confirm
source "$(dirname "$0")/lib.sh"

is_open() { equal "$(on a "$PYTHON" "$HELPERS/ask.py" connect $SRV4 21 0.4 2>&1)" answered; }
is_shut() { equal "$(on a "$PYTHON" "$HELPERS/ask.py" connect $SRV4 21 0.4 2>&1)" "no answer"; }

# Waits until A gets in again, and says how long after BEGIN-MS that was.
back_within() { # MILLISECONDS BEGIN-MS
	wait_for $((($1 + 4000) / 1000)) is_open || return
	local took=$(($(now_ms) - $2))
	echo "took $took ms"
	test $took -le $(($1 * SLOW))
}

stays_shut() { # SECONDS
	local end=$(($(now_ms) + $1 * SLOW * 1000))
	while (($(now_ms) < end)); do is_shut || return; done
}

shows() { equal "$(pst show)" "$1"; }

stays_as() { # TEXT SECONDS
	local end=$(($(now_ms) + $2 * SLOW * 1000))
	while (($(now_ms) < end)); do shows "$1" || return; done
}

nothing_in_force() { fails pst status && test ! -e "/sys/fs/bpf/postern/$INSTANCE"; }

world
start_vsftpd
apply_usual
before=$(pst show)
cat >"$WORK/shut.yaml" <<-END
	interfaces: [eth0]
	services:
	  web: {tcp: 443}
	inbound:
	  - {service: web, from: any}
END

check_not "confirm without anything to confirm fails" pst confirm

# Not confirmed.
check "apply --confirm 5 of a policy that shuts A out" pst apply "$WORK/shut.yaml" --confirm $((5 * SLOW))
begin=$(now_ms)
check "A is shut out" is_shut
left=$(pst status | sed -n 's/.*waits to be confirmed: .*, in \([0-9]*\) s it goes back.*/\1/p')
check "status says for how long" test "${left:-0}" -ge 1 -a "${left:-0}" -le $((5 * SLOW))
left=$(status_field '["goes_back_in_ms"]')
check "in JSON, too" test "$left" -gt 0 -a "$left" -le $((5000 * SLOW))
check_not "a process waits for the confirmation" none_runs
check "A is back within 6 s" back_within 6000 "$begin"
check "no process is left" wait_for 2 none_runs
check "what was in force is in force" equal "$(pst show)" "$before"
check "transfers work" fetch_explicit
check_not "a confirm that comes too late fails" pst confirm

# The applying process dies as soon as the policy is in force.
start srv apply "$POSTERN" --instance "$INSTANCE" apply "$WORK/shut.yaml" --confirm $((5 * SLOW))
pid=$LAST_PID
check "A is shut out while apply may still run" wait_for 4 is_shut
begin=$(now_ms)
stop "$pid"
check "killed: A is back within 6 s" back_within 6000 "$begin"
check "killed: what was in force is in force" wait_for 5 shows "$before" # A is let in first, then the rest goes back

# It dies in the middle, wherever that is.
for delay in 0.02 0.1 0.2 0.4; do
	begin=$(now_ms)
	(
		timeout -s KILL $delay nsenter --net="/run/netns/$ID-srv" "$POSTERN" --instance "$INSTANCE" \
			apply "$WORK/shut.yaml" --confirm $((2 * SLOW))
		true
	) >"$WORK/killed.log" 2>&1
	check "killed after $delay s: A is in again 3 s after the apply" back_within 3500 "$begin"
	check "killed after $delay s: what was in force is in force" wait_for 3 shows "$before"
	check "killed after $delay s: transfers work" fetch_explicit
	check "killed after $delay s: the policy can be applied again" pst apply "$WORK/policy.yaml"
done

# Confirmed in time.
check "apply --confirm 4" pst apply "$WORK/shut.yaml" --confirm $((4 * SLOW))
check "confirm" pst confirm
check "confirmed: no process is left" wait_for 2 none_runs
check "confirmed: it stays" stays_shut 6
check "apply of the usual policy" pst apply "$WORK/policy.yaml"
check "A is back" wait_for 3 is_open

# While a change waits to be confirmed there is one way back, not two.
check "apply --confirm 5 again" pst apply "$WORK/shut.yaml" --confirm $((5 * SLOW))
write_policy "$WORK/next.yaml" '  - {service: web, from: any}' '' '  web: {tcp: 443}'
check_not "another apply meanwhile is refused" pst apply "$WORK/next.yaml"
check "and the first goes back all the same" wait_for 10 shows "$before"
check "afterwards it is not refused" pst apply "$WORK/next.yaml"
after=$(pst show)
check "and stays" stays_as "$after" 3

# A first apply has nothing to go back to but nothing.
check "down" pst down
start_helper srv listener "$PYTHON" "$HELPERS/serve.py" tcp:8888
check "first apply --confirm 5" pst apply "$WORK/policy.yaml" --confirm $((5 * SLOW))
check "it is in force" no_answer b $SRV4 8888
check "not confirmed: nothing is in force within 6 s" wait_for 6 nothing_in_force
check "what nothing filters is reachable" connects b $SRV4 8888

# The caller's own SSH session, found through its ancestors' sockets.
apply_usual
ssh_apply() { # NAME [OPTION...]
	local name=$1
	shift
	start_helper srv "sshd-$name" "$PYTHON" "$HELPERS/fake_sshd.py" "$POSTERN" --instance "$INSTANCE" apply "$@"
	open_session "ssh-$name" a "$PYTHON" "$HELPERS/talk.py" $SRV4 22 >/dev/null
	wait_for 10 grep -q '^exit' "$WORK/sshd-$name.log"
}

with_ssh() { # FILE: lets the faked sshd's port through, so that the session can be made at all
	write_policy "$1" '  - {service: ssh, from: any}' '' '  ssh: {tcp: 22}'
}
with_ssh "$WORK/ssh.yaml"
pst apply "$WORK/ssh.yaml" >/dev/null || die "the policy with ssh is refused"
before=$(pst show)

check "apply below an SSH session" ssh_apply refused "$WORK/shut.yaml"
check "it is refused with status 1" grep -q '^exit 1$' "$WORK/sshd-refused.log"
check "and says why" grep -q "cut the session .*$A4" "$WORK/sshd-refused.log"
check "nothing changed" equal "$(pst show)" "$before"
check "a policy that keeps the session is applied" ssh_apply kept "$WORK/ssh.yaml"
check "with status 0" grep -q '^exit 0$' "$WORK/sshd-kept.log"
check "--confirm lets it through" ssh_apply confirm "$WORK/shut.yaml" --confirm $((2 * SLOW))
check "with status 0 too" grep -q '^exit 0$' "$WORK/sshd-confirm.log"
check "and it goes back" wait_for 4 shows "$before"
check "--force lets it through" ssh_apply force "$WORK/shut.yaml" --force
check "with status 0 as well" grep -q '^exit 0$' "$WORK/sshd-force.log"
check "A is shut out for good" is_shut
finish
