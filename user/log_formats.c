// SPDX-License-Identifier: GPL-2.0-only
// The built-in log formats, as patterns. A client chooses its user name, its commands and its file names:
// none of them may come before the client's address in a line that fits, nor may any of them end the line.
#include <string.h>

#include "log_formats.h"

#define ADDR "(?<client>[0-9A-Fa-f:.]+(?:%[\\w.-]+)?)"
#define OCTETS "\\(\\d+,\\d+,\\d+,\\d+,(?<p1>\\d+),(?<p2>\\d+)\\)"
#define EXTENDED "\\(\\|\\|\\|(?<port>\\d+)\\|\\)"
/* What syslog puts before a line in a file: traditional (RFC 3164) or with a time of RFC 3339. */
#define SYSLOG(name)                                                                                         \
	"(?:(?:[A-Z][a-z]{2} [ \\d]\\d [\\d:]{8}|\\d{4}-\\d\\d-\\d\\dT[\\d:.+Z-]+) \\S+ " name               \
	"(?:\\[\\d+\\])?: )"

static const struct log_pattern patterns[] = {
	/* vsftpd with log_ftp_protocol=YES, in its own file, or by syslog_enable=YES in syslog:
	 * Sat Nov 21 17:17:56 2026 [pid 7004] [ftp] FTP response: Client "192.0.2.7", "227 Entering …" */
	{"vsftpd", "(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d [\\d:]{8} \\d{4} \\[pid \\d+\\] |" SYSLOG(
			   "vsftpd") ")?(?:\\[[^\\]\"]*\\] )?FTP response: Client \"" ADDR "\", "
				     "\"(?:227 Entering Passive Mode " OCTETS "\\.|"
				     "229 Entering Extended Passive Mode " EXTENDED ")\""},
	/* ProFTPD's ExtendedLog with this LogFormat (SystemLog writes a client's line ends as they are, so
	 * that every line of it can be forged):
	 * "%{iso8601} pid=%P a=%a rport=%{remote-port} L=%L p=%p x=%{transfer-port} s=%s m=%m"
	 * The transfer port is stale but in the answers to PASV and EPSV. */
	{"proftpd", "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d[,.]\\d+ pid=\\d+ a=" ADDR " "
		    "(?:rport=(?<client_port>\\S+)|(?:L|p)=\\S+) (?:(?:L|p)=\\S+ ){0,2}x=(?<port>\\d+) "
		    "s=(?:227 m=PASV|229 m=EPSV)"},
	/* Pure-FTPd with -d -d -H, by syslog: pure-ftpd: (ftp@192.0.2.7) [DEBUG] 227 Entering … */
	{"pure-ftpd",
	 SYSLOG("pure-ftpd") "?\\([^@()\\[\\]\\s]*(?:@[^@()\\[\\]\\s]*)?@" ADDR "\\) \\[DEBUG\\] "
			     "(?:227 Entering Passive Mode " OCTETS "|229 Extended Passive mode OK " EXTENDED
			     ")"},
	/* pyftpdlib's own logging (config_logging) at DEBUG; Python's logging.basicConfig writes a client's
	 * line ends as they are, so that every line of it can be forged:
	 * [D 2026-11-27 12:05:25] 192.0.2.7:43454-[ftp] -> 227 Entering passive mode (…). */
	{"pyftpdlib",
	 "\\[D \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?: \\d+)?\\] " ADDR
	 ":(?<client_port>\\d+)-\\[[^\\]]*\\] -> "
	 "(?:227 Entering passive mode " OCTETS "|229 Entering extended passive mode " EXTENDED ")\\."},
	/* FileZilla Server 1.x: 2023-07-16T02:18:53.318Z << [FTP Session 2856 192.0.2.7 user] 227 Entering …
	 */
	{"filezilla",
	 "\\d{4}-\\d\\d-\\d\\dT[\\d:.+Z-]+ << \\[FTP Session \\d+ " ADDR "(?: [^\\]]*)?\\] "
	 "(?:227 Entering Passive Mode " OCTETS "|229 Entering Extended Passive Mode " EXTENDED ")\\.?"},
};

const struct log_pattern *log_pattern_at(size_t i)
{
	return i < sizeof(patterns) / sizeof(patterns[0]) ? &patterns[i] : NULL;
}

const struct log_pattern *log_pattern_find(const char *name)
{
	const struct log_pattern *pattern;

	for (size_t i = 0; (pattern = log_pattern_at(i)); i++)
		if (strcmp(pattern->name, name) == 0)
			return pattern;
	return NULL;
}
