# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the test scripts: hosts made of network namespaces, servers and sessions in them, assertions.
# shellcheck shell=bash disable=SC2034

set -uo pipefail
NETNS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HELPERS=$NETNS_DIR/helpers
PYTHON=/usr/bin/python3
POSTERN=$(realpath "${POSTERN:?the program under test}")

# How many times slower than real hardware the machine may be: limits and times of tests are that much longer. The
# helpers read it too; where most tests wait for silence, only the root of it counts.
export SLOW=${SLOW:-1}

ID=pst$$
INSTANCE=$ID
SWITCH=$ID-sw
WORK=$(mktemp -d "/tmp/$ID.XXXXXX") && chmod 755 "$WORK" || exit 1

SRV4=10.99.0.1 SRV6=fd00:99::1 # the server
ALIAS4=10.99.0.9               # another address of the server
A4=10.99.0.2 A6=fd00:99::2     # client A
B4=10.99.0.3 B6=fd00:99::3     # client B
PASSIVE_MIN=30000 PASSIVE_MAX=30010
BIG_SIZE=${BIG_SIZE:-32000000} # of big.bin; more than the buffers of a connection hold

PIDS=()
N_FAILED=0
declare -A SESSION_IN SESSION_OUT

# ---- results ----

ok() { echo "ok $TEST: $1"; }

not_ok() { # NAME [FILE whose text says why]
	echo "not ok $TEST: $1"
	[[ -n ${2:-} && -s $2 ]] && tail -n 30 "$2" | sed 's/^/#   /'
	N_FAILED=$((N_FAILED + 1))
}

skip() { echo "skip $TEST: $1 # $2"; }

say() { echo "# $*"; }

# Holds when the command succeeds; what it printed is shown only when it does not.
check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$WORK/check.log" 2>&1; then
		ok "$name"
	else
		echo "(exit status $? of: $*)" >>"$WORK/check.log"
		not_ok "$name" "$WORK/check.log"
	fi
}

check_not() { # NAME COMMAND...
	local name=$1
	shift
	check "$name" fails "$@"
}

fails() { ! "$@"; }

equal() { # GOT EXPECTED
	[[ $1 == "$2" ]] || {
		printf 'got:\n%s\nexpected:\n%s\n' "$1" "$2"
		return 1
	}
}

die() {
	echo "not ok $TEST: $*"
	exit 1
}

finish() {
	((N_FAILED == 0)) || exit 1
	exit 0
}

# Polls until the command succeeds, for so many seconds (times SLOW) at most.
wait_for() { # SECONDS COMMAND...
	local end=$((${EPOCHREALTIME/./} + $1 * SLOW * 1000000))
	shift
	until "$@" >"$WORK/wait.log" 2>&1; do
		if ((${EPOCHREALTIME/./} > end)); then
			echo "still not so: $*"
			cat "$WORK/wait.log"
			return 1
		fi
		sleep 0.05
	done
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# ---- the world ----

# Runs a command in the network namespace of srv, a or b. Not with `ip netns exec`, which hides bpffs.
on() { # HOST COMMAND...
	local host=$1
	shift
	nsenter --net="/run/netns/$ID-$host" "$@"
}

plug() { # HOST INTERFACE
	ip -n "$SWITCH" link add "$1-$2" type veth peer name "$2" netns "$ID-$1" || return
	ip -n "$SWITCH" link set "$1-$2" master br0 up || return
	ip -n "$ID-$1" link set "$2" up
}

# Makes the server, clients A and B, and the one link that joins them.
world() {
	trap cleanup EXIT
	trap 'exit 143' TERM INT HUP
	ip netns add "$SWITCH" &&
		ip -n "$SWITCH" link add br0 type bridge mcast_snooping 0 forward_delay 0 &&
		ip -n "$SWITCH" link set br0 up || die "cannot make the switch"
	local host number=0
	for host in srv a b; do
		number=$((number + 1))
		ip netns add "$ID-$host" || die "cannot make host $host"
		on "$host" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0
		# A probe for a lost tail counts as a retransmission, also when the peer was merely slow.
		on "$host" sysctl -qw net.ipv4.tcp_early_retrans=0
		ip -n "$ID-$host" link set lo up
		plug "$host" eth0 || die "cannot plug host $host in"
		ip -n "$ID-$host" addr add 10.99.0.$number/24 dev eth0 &&
			ip -n "$ID-$host" addr add fd00:99::$number/64 dev eth0 nodad || die "cannot address host $host"
	done
	ip -n "$ID-srv" addr add $ALIAS4/24 dev eth0
	[[ -n ${NO_RPS:-} ]] || rps_on srv eth0 || die "cannot turn RPS on"
}

# Spreads the interface's packets over every CPU.
rps_on() { # HOST INTERFACE
	local mask
	mask=$(printf '%x' $(((1 << $(nproc)) - 1)))
	on "$1" unshare -m --propagation private sh -c \
		"mount -t sysfs sysfs /sys && echo $mask >/sys/class/net/$2/queues/rx-0/rps_cpus"
}

# Every process in the namespaces was started from here. vsftpd's unprivileged ones have network namespaces of their own,
# and one that waits for its peer in a TLS handshake outlives the others.
world_pids() {
	local netns
	for netns in srv a b sw; do ip netns pids "$ID-$netns" 2>/dev/null; done
	pgrep -f "^vsftpd $WORK/"
}

no_pids_left() { [[ -z $(world_pids) ]]; }

cleanup() {
	local status=$? pid netns
	trap - EXIT
	for pid in "${PIDS[@]}"; do kill -9 "$pid"; done 2>/dev/null
	for pid in $(world_pids); do kill -9 "$pid"; done 2>/dev/null
	wait 2>/dev/null
	wait_for 5 no_pids_left >/dev/null
	[[ ! -e /sys/fs/bpf/postern/$INSTANCE-other ]] || other down >/dev/null
	if [[ -e /sys/fs/bpf/postern/$INSTANCE ]]; then
		"$POSTERN" --instance "$INSTANCE" --netns "$ID-srv" down >"$WORK/down.log" 2>&1 ||
			{ cat "$WORK/down.log" && status=1; }
		if [[ -e /sys/fs/bpf/postern/$INSTANCE ]]; then
			echo "not ok $TEST: pins are left behind in /sys/fs/bpf/postern/$INSTANCE"
			rm -rf "/sys/fs/bpf/postern/$INSTANCE"
			status=1
		fi
	fi
	for netns in srv a b sw; do ip netns del "$ID-$netns" 2>/dev/null; done
	rm -rf "$WORK"
	exit "$status"
}

# Starts a command in the background; sets LAST_PID. Its output goes to $WORK/NAME.log.
start() { # HOST NAME COMMAND...
	local host=$1 name=$2
	shift 2
	: >"$WORK/$name.log" # here, so that nobody takes what an older one of that name said for its own
	nsenter --net="/run/netns/$ID-$host" "$@" >"$WORK/$name.log" 2>&1 </dev/null &
	LAST_PID=$!
	PIDS+=("$LAST_PID")
}

is_ready() { grep -q '^ready' "$WORK/$1.log"; }

# Starts a helper that prints `ready` when it is, and waits for that.
start_helper() { # HOST NAME COMMAND...
	start "$@"
	wait_for 10 is_ready "$2" || die "$2 did not start: $(cat "$WORK/$2.log")"
}

stop() { # PID
	kill -9 "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	true
}

# A helper that answers one line to each line: opened once, then asked with `ask`.
open_session() { # NAME HOST COMMAND...
	local name=$1 host=$2 in out
	shift 2
	mkfifo "$WORK/$name.in" "$WORK/$name.out" || return
	exec {in}<>"$WORK/$name.in" {out}<>"$WORK/$name.out"
	nsenter --net="/run/netns/$ID-$host" "$@" <"$WORK/$name.in" >"$WORK/$name.out" 2>"$WORK/$name.err" &
	PIDS+=("$!")
	SESSION_IN[$name]=$in SESSION_OUT[$name]=$out
	answer "$name"
}

answer() { # NAME
	local line
	read -r -t $((30 * SLOW)) -u "${SESSION_OUT[$1]}" line || {
		echo "no answer from $1: $(cat "$WORK/$1.err")"
		return 1
	}
	echo "$line"
}

ask() { # NAME WORDS...
	local name=$1
	shift
	echo "$*" >&"${SESSION_IN[$name]}"
	answer "$name"
}

close_session() { # NAME
	local in=${SESSION_IN[$1]} out=${SESSION_OUT[$1]}
	ask "$1" quit >/dev/null
	exec {in}>&- {out}>&-
	rm -f "$WORK/$1.in" "$WORK/$1.out"
}

# ---- the FTPS server ----

listens() { # HOST PORT
	[[ -n $(on "$1" ss -Hltn "sport = :$2") ]]
}

make_files() {
	mkdir -p "$WORK/ftp/upload" "$WORK/empty" "$WORK/got" &&
		head -c 1000 /dev/urandom >"$WORK/ftp/small.bin" &&
		head -c 200000 /dev/urandom >"$WORK/ftp/file.bin" &&
		head -c "$BIG_SIZE" /dev/urandom >"$WORK/ftp/big.bin" &&
		chown ftp "$WORK/ftp/upload" &&
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=postern-test \
			-keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>"$WORK/openssl.log"
}

write_vsftpd_conf() { # NAME PORT IMPLICIT
	cat >"$WORK/$1.conf" <<-END
		listen=NO
		listen_ipv6=YES
		listen_port=$2
		background=NO
		seccomp_sandbox=NO
		secure_chroot_dir=$WORK/empty
		ftp_username=ftp
		anonymous_enable=YES
		local_enable=NO
		no_anon_password=YES
		anon_root=$WORK/ftp
		write_enable=YES
		anon_upload_enable=YES
		anon_world_readable_only=NO
		pasv_enable=YES
		pasv_min_port=$PASSIVE_MIN
		pasv_max_port=$PASSIVE_MAX
		max_per_ip=0
		max_clients=0
		ssl_enable=YES
		implicit_ssl=$3
		allow_anon_ssl=YES
		force_anon_logins_ssl=YES
		force_anon_data_ssl=YES
		require_ssl_reuse=NO
		ssl_ciphers=HIGH
		rsa_cert_file=$WORK/cert.pem
		rsa_private_key_file=$WORK/key.pem
		xferlog_enable=NO
		${VSFTPD_MORE:-}
	END
}

# vsftpd with TLS required, explicit on 21 and implicit on 990, over IPv4 and IPv6.
start_vsftpd() {
	make_files || die "cannot make the files"
	write_vsftpd_conf explicit 21 NO
	write_vsftpd_conf implicit 990 YES
	start srv vsftpd-explicit vsftpd "$WORK/explicit.conf"
	start srv vsftpd-implicit vsftpd "$WORK/implicit.conf"
	wait_for 10 listens srv 21 || die "vsftpd does not listen on 21: $(cat "$WORK/vsftpd-explicit.log")"
	wait_for 10 listens srv 990 || die "vsftpd does not listen on 990: $(cat "$WORK/vsftpd-implicit.log")"
}

sum_of() { sha256sum <"$1" | cut -d' ' -f1; }

# One download with curl, compared with the original.
fetch() { # HOST URL-BASE FILE [CURL-OPTION...]
	local host=$1 base=$2 file=$3
	shift 3
	on "$host" curl -sS --max-time $((15 * SLOW)) --ssl-reqd --insecure "$@" -o "$WORK/got/$host.bin" "$base/$file" &&
		cmp "$WORK/got/$host.bin" "$WORK/ftp/$file"
}

fetch_explicit() { fetch a "ftp://$SRV4" file.bin "$@"; }

# ---- postern ----

pst() { "$POSTERN" --instance "$INSTANCE" --netns "$ID-srv" "$@"; }
pst_json() { "$POSTERN" --instance "$INSTANCE" --netns "$ID-srv" --json "$@"; }

# Another instance, on OTHER_HOST.
other() { "$POSTERN" --instance "$INSTANCE-other" --netns "$ID-${OTHER_HOST:-srv}" "$@"; }

# Attaches an XDP program that is not ours.
attach_other_xdp() { # HOST INTERFACE
	printf '%s\n' '__attribute__((section("xdp"), used)) int pass(void *context) { return 2; }' \
		'char license_[] __attribute__((section("license"), used)) = "GPL";' >"$WORK/other.c"
	clang -O2 -g -target bpf -c "$WORK/other.c" -o "$WORK/other.o" &&
		ip -n "$ID-$1" link set dev "$2" xdp obj "$WORK/other.o" sec xdp
}

# Prints the value of a Python expression in which `d` is the document on stdin.
json() { "$PYTHON" -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

# The usual policy: the two control ports for everybody, nothing else. Further rules can be given.
write_policy() { # FILE [INBOUND-LINES [OUTBOUND-LINES [SERVICE-LINES]]]
	cat >"$1" <<-END
		interfaces: [eth0]
		services:
		  ftps-explicit: {tcp: 21}
		  ftps-implicit: {tcp: 990}
		${4:-}
		inbound:
		  - {service: ftps-explicit, from: any}
		  - {service: ftps-implicit, from: any}
		${2:-}
		${3:+outbound:}
		${3:-}
		ftp:
		  vsftpd:
		    control: [ftps-explicit, ftps-implicit]
		    tls: required
		    passive: $PASSIVE_MIN-$PASSIVE_MAX
		    ttl: ${TTL:-$((30 * SLOW))}s
	END
}

apply_usual() {
	write_policy "$WORK/policy.yaml" "$@"
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
}

# Takes attached programs away. The kernel takes them off some time after their pins are gone.
take_away() { # PIN-OF-A-LINK...
	local pin ids=()
	for pin in "$@"; do
		ids+=("$(bpftool -j link show pinned "$pin" | json 'd["id"]')") || return
		rm "$pin" || return
	done
	wait_for 5 no_links "${ids[@]}"
}
no_links() { # ID...
	local id
	for id in "$@"; do ! bpftool link show id "$id" >/dev/null 2>&1 || return; done
}

# Processes of the program under test that work for this instance.
our_pids() {
	local exe pid
	for exe in /proc/[0-9]*/exe; do
		pid=${exe#/proc/}
		pid=${pid%/exe}
		[[ $(readlink "$exe" 2>/dev/null) == "$POSTERN" ]] || continue
		tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "--instance $INSTANCE " && echo "$pid"
	done
}

none_runs() { equal "$(our_pids)" ""; }

count_of() { pst_json "$1" | json 'len(d)'; } # pinholes, sessions or flows
none_of() { equal "$(count_of "$1")" 0; }
pinhole_ports() { pst_json pinholes | json '" ".join(str(p["port"]) for p in d)'; }
status_field() { pst_json status | json "d$1"; }
change_is() { equal "$(status_field '["change"]')" "$1"; }

# Applies a policy with a way back, and holds when the command does while that waits. Where the machine stood still until
# it had gone back, nothing is known: then once more, with more time.
unconfirmed() { # POLICY-FILE SECONDS COMMAND...
	local policy=$1 seconds=$2
	shift 2
	while ((seconds < 100)); do
		pst apply "$policy" --confirm $((seconds * SLOW)) || return
		"$@" && return
		change_is waiting && return 1
		seconds=$((seconds * 4))
	done
	return 1
}

# What must not change when a command fails: everything but the numbers that traffic moves.
stable_status() {
	pst_json status | json 'json.dumps({k: d[k] for k in ("instance", "policy", "mode", "interfaces")}, sort_keys=True)'
	pst show
}

counter_of() { # HOST NSTAT-NAME
	on "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'
}

connects() { # HOST ADDRESS PORT
	on "$1" "$PYTHON" "$HELPERS/ask.py" connect "$2" "$3"
}

# ---- sessions of ftps.py, and what is open for them ----

port_of() { # NAME epsv|pasv
	local line
	line=$(ask "$1" passive "$2")
	echo "${line#port }"
}

got() { equal "$1" "got 200000 $(sum_of "$WORK/ftp/file.bin")"; } # ANSWER
open_for() { # CLIENT PORT ORIGIN
	pst_json pinholes | json "any((p['client'], p['port'], p['origin']) == ('$1', $2, '$3') for p in d)" | grep -q True
}
none_for_a() { equal "$(pst_json pinholes | json "[p['port'] for p in d if p['client'] == '$A4']")" "[]"; }
none_open() { equal "$(pinhole_ports)" ""; }

# Whether this kernel tells which connection a TLS library writes to (Linux 6.3), as watch: tls needs.
tells_sends() { grep -aq btf_trace_sock_send_length /sys/kernel/btf/vmlinux; }

# Neither accepted nor refused: no answer at all.
no_answer() { # HOST ADDRESS PORT
	equal "$(connects "$@" 2>&1)" "no answer"
}

refused() { # HOST ADDRESS PORT
	equal "$(connects "$@" 2>&1)" "refused"
}
