# SPDX-License-Identifier: GPL-2.0-only
# Sourced by run: how late the pinholes come where a log alone is watched, as a distribution, for each server.
# shellcheck shell=bash

LATENESS_TRANSFERS=${LATENESS_TRANSFERS:-100}
LISTENS=sock/inet_sock_set_state
LISTEN=10 # TCP_LISTEN

# The transfers, and everything that is measured of them.
late_transfers() { # TLS
	local syns
	syns=$(syns_again)
	on a env PYTHONPATH="$HELPERS" "$PYTHON" -B "$MATRIX_DIR/lateness_client.py" $SRV4 "$1" small.bin "$LATENESS_TRANSFERS" \
		>"$WORK/client.log" 2>"$WORK/cell.log" || echo "(failed: the client)" >>"$WORK/cell.log"
	AGAIN=$(($(syns_again) - syns))
	trace_lines >"$WORK/listens"
	bpftool -j map dump pinned "/sys/fs/bpf/postern/$INSTANCE/events" >"$WORK/events.json"
	"$PYTHON" -B "$MATRIX_DIR/lateness.py" "$WORK/events.json" "$WORK/listens" "$WORK/client.log" >"$WORK/rows"
}

lateness_of() { # SERVER TLS
	local problems=() began server_pid
	WITH_LOG=1
	: >"$LOG"
	start_server "$@"
	server_pid=$LAST_PID
	put_in_force "$@"
	trace_begin $LISTENS "newstate == $LISTEN && sport >= $PASSIVE_MIN && sport <= $PASSIVE_MAX" "$server_pid" ||
		die "cannot trace $LISTENS"
	began=$(now_ms)
	late_transfers "$2" || problems+=("no figures")
	! grep -q '^(failed' "$WORK/cell.log" || problems+=("the client failed")
	[[ $(head -n 1 "$WORK/rows") == "$LATENESS_TRANSFERS" ]] || problems+=("$(head -n 1 "$WORK/rows") pinholes by the log")
	report "$* lateness" "$LATENESS_TRANSFERS transfers; SYNs sent again $AGAIN" $(($(now_ms) - began)) "${problems[@]}"
	tail -n +2 "$WORK/rows"
	trace_end
	stop "$RUN_PID"
	pst down >"$WORK/down.log" 2>&1 || die "down failed: $(cat "$WORK/down.log")"
	stop_server
}
