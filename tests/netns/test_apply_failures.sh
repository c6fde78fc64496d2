# SPDX-License-Identifier: GPL-2.0-only
# An apply that fails, at whatever step, says why and changes nothing that was in force.
TEST=apply_failures
source "$(dirname "$0")/lib.sh"

PINS=/sys/fs/bpf/postern/$INSTANCE

# What is in force, without the numbers that traffic moves.
in_force() {
	stable_status 2>&1
	find "$PINS" 2>/dev/null | sort
	on srv bpftool net show
	ip -n "$ID-srv" -d link show | grep -o 'prog/xdp id [0-9]*'
}

# The command must end with 1 or 2, say something on stderr, and leave everything as it was.
must_fail() { # NAME WORD-IN-MESSAGE COMMAND...
	local name=$1 word=$2 before after status
	shift 2
	before=$(in_force)
	"$@" >"$WORK/out" 2>"$WORK/err"
	status=$?
	after=$(in_force)
	check "$name: exits 1 or 2" test $status -eq 1 -o $status -eq 2
	check "$name: says why" grep -qi -- "$word" "$WORK/err"
	sed 's/^/#   /' "$WORK/err" | head -3
	check "$name: changes nothing" equal "$after" "$before"
	[[ ! -e $PINS ]] || check "$name: a transfer works" fetch_explicit
}

# As an administrator on the server itself, without the capabilities named.
without() { # CAPABILITIES COMMAND...
	local capabilities=$1
	shift
	on srv capsh --drop="$capabilities" -- -c 'exec "$@"' sh "$POSTERN" --instance "$INSTANCE" "$@"
}

# In a mount namespace where a read-only file system lies over the given place.
covered() { # DIRECTORY COMMAND...
	local directory=$1
	shift
	on srv unshare -m --propagation private sh -c "mount -t tmpfs -o ro none $directory && exec \"\$@\"" sh \
		"$@"
}

world
plug srv eth1 || die "cannot plug the second interface in"
start_vsftpd
attach_other_xdp srv eth1 || die "cannot attach another XDP program"

# Valid, and different from what is in force: if any of these went through, it would show.
write_policy "$WORK/next.yaml" '  - {service: web, from: any}' '' '  web: {tcp: 443}'
sed 's/from: any/from: nowhere/' "$WORK/next.yaml" >"$WORK/bad.yaml"
printf 'inbound: [\n' >"$WORK/unreadable.yaml"
instance=("$POSTERN" --instance "$INSTANCE")

failures() { # PREFIX
	must_fail "$1: policy with an unknown zone" "bad.yaml:" pst apply "$WORK/bad.yaml"
	must_fail "$1: policy that is no YAML" "unreadable.yaml:" pst apply "$WORK/unreadable.yaml"
	must_fail "$1: policy that does not exist" "no-such" pst apply "$WORK/no-such.yaml"
	must_fail "$1: missing interface" "eth7" pst apply "$WORK/next.yaml" -i eth7
	must_fail "$1: one of two interfaces missing" "eth7" pst apply "$WORK/next.yaml" -i eth0 -i eth7
	must_fail "$1: interface under another XDP program" "eth1" pst apply "$WORK/next.yaml" -i eth0 -i eth1
	must_fail "$1: missing namespace" "$ID-none" "${instance[@]}" --netns "$ID-none" apply "$WORK/next.yaml"
	must_fail "$1: no BPF at all" . without cap_bpf,cap_sys_admin,cap_perfmon apply "$WORK/next.yaml"
	must_fail "$1: packet programs refused" . without cap_net_admin,cap_sys_admin apply "$WORK/next.yaml"
	must_fail "$1: no place for bpffs" bpf covered /sys/fs "${instance[@]}" apply "$WORK/next.yaml"
	must_fail "$1: under 'ip netns exec', which hides bpffs" "--netns" \
		ip netns exec "$ID-srv" "${instance[@]}" apply "$WORK/next.yaml"
	must_fail "$1: bpffs may not be mounted" bpf covered /sys/fs/bpf \
		capsh --drop=cap_sys_admin -- -c 'exec "$@"' sh "${instance[@]}" apply "$WORK/next.yaml"
}

failures "first apply"
must_fail "first apply: socket programs refused" . without cap_perfmon,cap_sys_admin apply "$WORK/next.yaml"
check "nothing is pinned" test ! -e "$PINS"
check "nothing is attached to eth0" fails grep -q "xdp" <(ip -n "$ID-srv" -d link show eth0)
check "a transfer works with nothing in force" fetch_explicit

apply_usual
failures "second apply"
must_fail "second apply: unknown option" "frobnicate" pst apply "$WORK/next.yaml" --frobnicate

check "the other XDP program is still there" grep -q "prog/xdp" <(ip -n "$ID-srv" -d link show eth1)
check "the same policy, applied where nothing is wrong, takes effect" pst apply "$WORK/next.yaml"
check "and shows" grep -q web <(pst show)
finish
