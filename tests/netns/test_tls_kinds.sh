# SPDX-License-Identifier: GPL-2.0-only
# One server with all its clients in one process, over GnuTLS as a shared library, and with OpenSSL linked statically.
TEST=tls_kinds
source "$(dirname "$0")/lib.sh"
SERVERS=$NETNS_DIR/../../build/tests/helpers

login() { # NAME HOST ADDRESS
	open_session "$1" "$2" "$PYTHON" -B "$HELPERS/ftps.py" "$3" --implicit
}

has_mapped() { # FILE-NAME
	grep -q "/$1\$" "/proc/$SERVER/maps"
}

watches() { # FUNCTION
	compgen -G "/sys/fs/bpf/postern/$INSTANCE/tls/*/$1" >/dev/null
}

# A listener of B's that waits, as no reply has named it. Sets WAITS.
listen_for_b() {
	ask two send SITE LISTEN >/dev/null
	WAITS=$(ask two reply)
	WAITS=${WAITS#200 }
}

# Text that looks like a reply of A's: A would take B's listener.
lie() { # WHAT TEXT
	check "$KIND: $1: answered" equal "$(ask one send "SITE SAY $2")" sent
	ask one reply >"$WORK/lie"
	check "$KIND: $1: it was said" grep -q "^[25]" "$WORK/lie"
	check "$KIND: $1: opens nothing for A" none_for_a
}

# What is a reply does take it: so would the others, were they read as one.
no_lie() {
	check "$KIND: a reply of one line: answered" equal "$(ask one send "SITE SAY 229 x (|||$WAITS|)")" sent
	check "$KIND: it was said" equal "$(ask one reply)" "229 x (|||$WAITS|)"
	check "$KIND: it opens that port for A" open_for $A4 "$WAITS" tls
}

both_transfer() { # WHEN
	local port_a port_b
	port_a=$(port_of one epsv) port_b=$(port_of two epsv)
	check "$KIND: $1: A's port is A's, by the reply inside TLS" open_for $A4 "$port_a" tls
	check "$KIND: B's is B's" open_for $B4 "$port_b" tls
	check "$KIND: no other pinhole" equal "$(count_of pinholes)" 2
	check "$KIND: A's transfer" got "$(ask one get file.bin)"
	check "$KIND: B's transfer" got "$(ask two get file.bin)"
}

serve() { # KIND PROGRAM FILE-NAME FUNCTION
	local port_a port_b
	KIND=$1
	start_helper srv "$2" "$SERVERS/$2" "$WORK/ftp" "$WORK/both.pem" $PASSIVE_MIN $PASSIVE_MAX
	SERVER=$LAST_PID
	check "$KIND: the server's TLS is in $3" has_mapped "$3"
	check_not "$KIND: and in no libssl.so" has_mapped 'libssl\.so.*'
	write_policy "$WORK/policy.yaml"
	echo "    watch: [socket, reply, tls]" >>"$WORK/policy.yaml"
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
	check_not "$KIND: nothing is said against it" grep "warning: watch: tls" "$WORK/apply.log"
	check "$KIND: $4 is watched" watches "$4"

	check "$KIND: A logs in" login one a $SRV4
	check "$KIND: B logs in" login two b $SRV4
	port_a=$(port_of one epsv) port_b=$(port_of two epsv)
	check "$KIND: A's port is A's alone" open_for $A4 "$port_a" tls
	check "$KIND: B's is B's alone" open_for $B4 "$port_b" tls
	check "$KIND: B gets no answer at A's" no_answer b $SRV4 "$port_a"
	check "$KIND: nor A at B's" no_answer a $SRV4 "$port_b"
	check "$KIND: A gets the file" got "$(ask one get file.bin)"
	check "$KIND: B gets the file" got "$(ask two get file.bin)"
	check "$KIND: no pinhole is left" wait_for 5 none_open

	# The addresses of the objects that wrote to the data connections are given to others.
	close_session one
	check "$KIND: A logs in again" login one a $SRV4
	both_transfer "after another login"

	listen_for_b
	lie "a line of several" "211-Status~229 x (|||$WAITS|)~211 End"
	lie "the first line of several" "229-x (|||$WAITS|)~229 End"
	lie "the text of an error" "500 229 x (|||$WAITS|)"
	printf '229 x (|||%s|)\r\n' "$WAITS" >"$WORK/ftp/reply.txt"
	port_of one epsv >/dev/null
	check "$KIND: a file with a reply in it" equal "$(ask one get reply.txt)" \
		"got $(stat -c %s "$WORK/ftp/reply.txt") $(sum_of "$WORK/ftp/reply.txt")"
	check "$KIND: it opens nothing for A" none_for_a
	no_lie
	both_transfer "after all that"
}

serve_no_more() {
	check "$KIND: no pinhole is left at the end" wait_for 5 none_open
	close_session one
	close_session two
	check "$KIND: the sessions are gone" wait_for 5 none_of sessions
	stop "$SERVER"
}

if ! tells_sends; then
	skip "replies inside TLS" "the kernel has no tracepoint sock_send_length"
	exit 0
fi
world
make_files || die "cannot make the files"
cat "$WORK/key.pem" "$WORK/cert.pem" >"$WORK/both.pem"

serve GnuTLS ftpsd_gnutls 'libgnutls\.so\.30.*' gnutls_record_send
# A write that could not go out at once goes on without its data: what it said must not be forgotten.
check "GnuTLS: writes wait from here on" equal "$(ask one send SITE STALL)" sent
check "GnuTLS: and go on" equal "$(ask one reply)" "200 Each write stalls once"
listen_for_b
lie "a line of several, in a write of its own that waits" "211-Status~229 x (|||$WAITS|)~211 End"
no_lie
both_transfer "replies that wait"
serve_no_more

serve OpenSSL ftpsd_openssl ftpsd_openssl SSL_write
serve_no_more
finish
