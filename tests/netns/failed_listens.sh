# SPDX-License-Identifier: GPL-2.0-only
# Sourced by tests: how often listen() of some processes failed because another socket had the port. The kernel tells, by a
# trace of its own that has the instance's name and is gone afterwards.
# shellcheck shell=bash

TRACE=/sys/kernel/tracing/instances/$INSTANCE

# In a mount namespace of its own: the host's may have no tracefs, or have it elsewhere.
in_tracefs() { # SHELL-TEXT
	unshare -m --propagation private sh -c "mount -t tracefs tracefs /sys/kernel/tracing && $1"
}

can_trace_listen() { in_tracefs "test -d /sys/kernel/tracing/events/syscalls/sys_exit_listen" 2>/dev/null; }

# Counts those of the processes and of all that they fork from now on. To be called after world(), whose way out it extends.
trace_failed_listens() { # PID...
	trap trace_cleanup EXIT
	# 98: EADDRINUSE
	in_tracefs "mkdir $TRACE && echo 1 >$TRACE/options/event-fork && echo $* >$TRACE/set_event_pid &&
		echo 'ret == -98' >$TRACE/events/syscalls/sys_exit_listen/filter &&
		echo 1 >$TRACE/events/syscalls/sys_exit_listen/enable"
}

failed_listens() { in_tracefs "grep -c 'sys_listen -> ' $TRACE/trace"; }

trace_cleanup() {
	local status=$?
	in_tracefs "rmdir $TRACE" || status=1
	(exit $status)
	cleanup
}
