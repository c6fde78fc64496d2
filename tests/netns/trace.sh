# SPDX-License-Identifier: GPL-2.0-only
# Sourced by tests: what the kernel itself tells of some processes, by one of its trace events. The trace has the instance's
# name and is gone afterwards.
# shellcheck shell=bash

TRACE=/sys/kernel/tracing/instances/$INSTANCE

# In a mount namespace of its own: the host may have no tracefs, or have it elsewhere.
in_tracefs() { # SHELL-TEXT
	unshare -m --propagation private sh -c "{ test -d /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; } && $1"
}

can_trace() { in_tracefs "test -d /sys/kernel/tracing/events/$1" 2>/dev/null; } # EVENT

# Those of the processes and of all that they fork from now on, timed as postern's own events are (CLOCK_BOOTTIME). To be
# called after world(), whose way out it extends.
trace_begin() { # EVENT FILTER PID...
	trap trace_cleanup EXIT
	in_tracefs "mkdir $TRACE && echo boot >$TRACE/trace_clock && echo 1 >$TRACE/options/event-fork &&
		echo ${*:3} >$TRACE/set_event_pid && echo '$2' >$TRACE/events/$1/filter && echo 1 >$TRACE/events/$1/enable"
}

trace_lines() { in_tracefs "grep -v '^#' $TRACE/trace"; }
trace_end() { in_tracefs "rmdir $TRACE"; }

trace_cleanup() {
	local status=$?
	if in_tracefs "test -d $TRACE"; then
		trace_end || status=1
	fi
	(exit $status)
	cleanup
}
