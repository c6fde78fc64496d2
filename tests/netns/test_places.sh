# SPDX-License-Identifier: GPL-2.0-only
# A local user with more files than are looked through listens in the passive range, as often as there are places for
# listeners of FTP servers: the servers' own still find one.
TEST=places
source "$(dirname "$0")/lib.sh"
PLACES=16384

places_taken() { bpftool -j map dump pinned "/sys/fs/bpf/postern/$INSTANCE/listeners" | json 'len(d)'; }
few_taken() { test "$(places_taken)" -lt 100; }

world
start_vsftpd
apply_usual
start_helper srv squatter prlimit --nofile=$((PLACES + 2000)) setpriv --reuid=nobody --regid=nogroup --clear-groups "$PYTHON" -c '
import socket, sys, time
first, count = map(int, sys.argv[1:])
held = [open("/dev/null") for _ in range(600)]
for number in range(count):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("", first + number % 3))
    sock.listen(1)
    held.append(sock)
print("ready", flush=True)
time.sleep(1000)' $PASSIVE_MIN $((PLACES + 100))
check "nobody takes few places" few_taken
check "A opens a session" open_session one a "$PYTHON" "$HELPERS/ftps.py" $SRV4
port=$(port_of one epsv)
check "its port opens" open_for $A4 "$port" socket
check "its transfer" got "$(ask one get file.bin)"
finish
