# SPDX-License-Identifier: GPL-2.0-only
# Sourced by run: starts each server for one TLS mode, with the folder $WORK/ftp for anonymous, also for uploads. Where
# WITH_LOG is set it writes its replies to $LOG, in the form that `log` reads.
# shellcheck shell=bash

# From the packages that fetch has unpacked.
UNPACKED=$(realpath "$MATRIX_DIR/../../build")/matrix
unpacked() { echo "LD_LIBRARY_PATH=$UNPACKED/usr/lib/$(uname -m)-linux-gnu"; }

control_port() { # TLS
	if [[ $1 == implicit ]]; then echo 990; else echo 21; fi
}

start_vsftpd() { # TLS
	local implicit=NO
	VSFTPD_MORE=
	[[ $1 != clear ]] || VSFTPD_MORE=ssl_enable=NO
	[[ $1 != implicit ]] || implicit=YES
	[[ -z ${WITH_LOG:-} ]] || VSFTPD_MORE+=$'\n'"xferlog_enable=YES"$'\n'"log_ftp_protocol=YES"$'\n'"vsftpd_log_file=$LOG"
	write_vsftpd_conf server "$(control_port "$1")" $implicit
	start srv server vsftpd "$WORK/server.conf"
}

# Its modules are where they were unpacked, and it must not look up names or write to the host's own logs.
write_proftpd_conf() { # TLS
	cat <<-END
		ServerName postern-test
		ServerType standalone
		ModulePath $UNPACKED/usr/lib/proftpd
		LoadModule mod_tls.c
		UseIPv6 on
		DefaultAddress $SRV4 $SRV6
		DefaultServer on
		Port $(control_port "$1")
		User ftp
		Group nogroup
		AuthPAM off
		UseFtpUsers off
		RequireValidShell off
		UseReverseDNS off
		DelayEngine off
		MaxInstances 200
		PassivePorts $PASSIVE_MIN $PASSIVE_MAX
		PidFile $WORK/proftpd.pid
		ScoreboardFile $WORK/proftpd.scoreboard
		SystemLog $WORK/proftpd.log
		TransferLog none
		WtmpLog off
		<Anonymous $WORK/ftp>
			User ftp
			Group nogroup
			UserAlias anonymous ftp
			RequireValidShell off
		</Anonymous>
	END
	[[ -z ${WITH_LOG:-} ]] || cat <<-END
		LogFormat postern "%{iso8601} pid=%P a=%a rport=%{remote-port} L=%L p=%p x=%{transfer-port} s=%s m=%m"
		ExtendedLog $LOG ALL postern
	END
	[[ $1 != clear ]] || return 0
	cat <<-END
		TLSEngine on
		TLSRequired $(if [[ $1 == ccc ]]; then echo auth+data; else echo on; fi)
		TLSVerifyClient off
		TLSECCertificateFile $WORK/cert.pem
		TLSECCertificateKeyFile $WORK/key.pem
		TLSOptions NoSessionReuseRequired $([[ $1 != implicit ]] || echo UseImplicitSSL)
	END
}

start_proftpd() { # TLS
	write_proftpd_conf "$1" >"$WORK/proftpd.conf"
	start srv server env "$(unpacked)" "$UNPACKED/usr/sbin/proftpd" -n -c "$WORK/proftpd.conf"
}

# Anonymous's folder is the home of the user ftp and cannot be chosen, and it keeps files in /run: in a mount namespace of
# its own both are. It logs to syslog only, so that there a /dev of its own is too.
start_pure-ftpd() { # TLS
	local home tls=0 syslog=() more=()
	home=$(getent passwd ftp | cut -d: -f6)
	[[ $1 == clear ]] || tls=2
	[[ -z ${WITH_LOG:-} ]] || syslog=("$PYTHON" -B "$MATRIX_DIR/syslog.py" "$LOG") more=(-d -d)
	start srv server unshare -m --propagation private bash -c "mount -t tmpfs none /run && mkdir /run/pure-ftpd &&
		mount --bind '$WORK/ftp' '$home' && exec \"\$@\"" _ "${syslog[@]}" \
		env "$(unpacked)" "$UNPACKED/usr/sbin/pure-ftpd" -S "$(control_port "$1")" -e -H -c 200 -C 200 -Y $tls \
		-2 "$WORK/both.pem" -p $PASSIVE_MIN:$PASSIVE_MAX "${more[@]}"
}

start_pyftpdlib() { # TLS
	local options=()
	[[ $1 == clear ]] || options=(--tls "$WORK/both.pem")
	start srv server "$PYTHON" -B "$MATRIX_DIR/pyftpd.py" "$WORK/ftp" "$(control_port "$1")" $PASSIVE_MIN $PASSIVE_MAX "$LOG" "${options[@]}"
}

start_server() { # SERVER TLS
	local port
	port=$(control_port "$2")
	"start_$1" "$2"
	wait_for 10 listens srv "$port" || die "$1 does not listen on $port: $(cat "$WORK/server.log")"
}

# Every process in the server's namespace was started from here.
stop_server() {
	local pid
	for pid in $(ip netns pids "$ID-srv"); do kill -9 "$pid"; done 2>/dev/null
	wait 2>/dev/null
	wait_for 5 no_pids_left || die "the server does not end"
}
