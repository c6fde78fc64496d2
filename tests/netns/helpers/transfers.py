# SPDX-License-Identifier: GPL-2.0-only
"""Many FTPS downloads at once, slow until told: transfers.py COUNT FILE SHA256 BYTES-PER-SECOND ADDRESS...

Each in a session of its own; explicit and implicit, EPSV and PASV, and the addresses take turns. Prints `ready`. Then one
command a line on stdin, one line of answer:
    passive    every session asks for a port; nothing connects yet            waiting N
    begin      every session begins a download and goes on with it slowly     running N
    finish     reads the rest at full speed                                   whole N running till then M
    quit
"""
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from ftps import Session

BLOCK = 4096
AT_ONCE = 10  # handshakes: a session waits 20 s for an answer
count, file, expected, rate, addresses = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:]


class Transfer:
    def __init__(self, number):
        self.number, self.session, self.hurry = number, None, threading.Event()

    def passive(self):
        if not self.session:
            self.session = Session(addresses[self.number // 2 % len(addresses)], self.number % 2 == 1)
        return self.session.passive("pasv" if self.number // 4 % 2 and "." in self.session.host else "epsv")

    def begin(self):
        if not self.session or not self.session.port_of_data:
            self.passive()
        self.session.begin(file)
        self.session.port_of_data = None
        self.hurry.clear()
        self.was_running, self.result = False, ""
        self.reader = threading.Thread(target=self.guarded, args=(Transfer.read,), daemon=True)
        self.reader.start()
        return True

    def read(self):
        self.session.data.settimeout(30)  # beside a flood the veth drops a fifth of the segments and probes, again and again
        while not self.hurry.wait(BLOCK / rate):
            if not self.session.take(self.session.data.recv(BLOCK)):
                break
        self.was_running = self.hurry.is_set()
        self.result = self.session.finish().split()[2]

    def finish(self):
        self.hurry.set()
        self.reader.join()
        return self.result == expected

    def guarded(self, step):
        try:
            return step(self)
        except Exception as error:  # whatever it is: this transfer has failed, and the others go on
            print("transfer", self.number, type(error).__name__, error, file=sys.stderr, flush=True)
            return False


def each(step, at_once):
    """How many succeeded."""
    with ThreadPoolExecutor(at_once) as pool:
        return sum(map(bool, pool.map(lambda transfer: transfer.guarded(step), transfers)))


transfers = [Transfer(number) for number in range(count)]
print("ready", flush=True)
for line in sys.stdin:
    command = line.strip()
    if command == "passive":
        print("waiting", each(Transfer.passive, AT_ONCE), flush=True)
    elif command == "begin":
        print("running", each(Transfer.begin, AT_ONCE), flush=True)
    elif command == "finish":
        whole = each(Transfer.finish, count)
        print("whole", whole, "running till then", sum(t.was_running for t in transfers), flush=True)
    else:
        print("bye", flush=True)
        break
