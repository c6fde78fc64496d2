# SPDX-License-Identifier: GPL-2.0-only
# Sourced by run: each client downloads file.bin and uploads it again, asking for data connections as it is told.
# shellcheck shell=bash

CLIENTS=(curl lftp ftplib)
TRANSFERS_EACH=2
PATIENCE=$((20 * SLOW)) # seconds for a transfer

url_of() { # ADDRESS TLS
	local address=$1
	[[ $address != *:* ]] || address="[$address]"
	if [[ $2 == implicit ]]; then echo "ftps://$address:990"; else echo "ftp://$address"; fi
}

# Uploads without TLS 1.3: with it curl and lftp leave the session tickets unread and close with a RST for it, and now and
# then the server loses the end.
by_curl() { # HOST ADDRESS TLS METHOD NAME
	local options=(-sS --max-time "$PATIENCE" --insecure) url
	url=$(url_of "$2" "$3")
	[[ $3 == clear ]] || options+=(--ssl-reqd)
	[[ $3 != ccc ]] || options+=(--ftp-ssl-ccc)
	case $4 in
	PASV) options+=(--disable-epsv) ;;
	PORT) options+=(--ftp-port - --disable-eprt) ;;
	EPRT) options+=(--ftp-port -) ;;
	esac
	on "$1" curl "${options[@]}" -o "$WORK/got/$5" "$url/file.bin" &&
		on "$1" curl "${options[@]}" --tls-max 1.2 -T "$WORK/ftp/file.bin" "$url/upload/$5"
}

# Without retries: what fails must be seen.
by_lftp() { # HOST ADDRESS TLS METHOD NAME
	local tls=true passive=true epsv=false ccc=false
	[[ $3 != clear ]] || tls=false
	[[ $4 == *SV ]] || passive=false
	[[ $4 != EPSV ]] || epsv=true
	[[ $3 != ccc ]] || ccc=true
	on "$1" env LFTP_HOME="$WORK/lftp" lftp -c "
		set cmd:fail-exit true; set net:max-retries 1; set net:timeout $PATIENCE; set net:idle $PATIENCE
		set ssl:verify-certificate false; set ssl:priority NORMAL:-VERS-TLS1.3; set ftp:ssl-allow-anonymous true
		set ftp:ssl-allow $tls; set ftp:ssl-force $tls; set ftp:ssl-protect-data $tls; set ftp:ssl-use-ccc $ccc
		set ftp:passive-mode $passive; set ftp:auto-passive-mode false; set ftp:prefer-epsv $epsv
		open -u anonymous,x $(url_of "$2" "$3")
		get file.bin -o $WORK/got/$5
		put $WORK/ftp/file.bin -o upload/$5"
}

by_ftplib() { # HOST ADDRESS TLS METHOD NAME
	on "$1" env PYTHONPATH="$HELPERS" "$PYTHON" -B "$MATRIX_DIR/transfer.py" "$2" "$3" "$4" \
		file.bin "$WORK/got/$5" "$WORK/ftp/file.bin" "upload/$5"
}

has_sum() { equal "$(sum_of "$1")" "$ORIGINAL_SUM"; } # FILE

# Both transfers, and whether both files are whole. A server may write the end of an upload after its client has gone.
transfers_by() { # CLIENT HOST ADDRESS TLS METHOD NAME
	local status=0
	"by_$1" "${@:2}" && has_sum "$WORK/got/$6" && wait_for 5 has_sum "$WORK/ftp/upload/$6" || status=1
	rm -f "$WORK/got/$6" "$WORK/ftp/upload/$6"
	((status == 0)) || echo "(failed: $*)"
	return $status
}
