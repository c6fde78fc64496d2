# SPDX-License-Identifier: GPL-2.0-only
"""An FTPS client that can stop between PASV and the data connection.

ftps.py ADDRESS [--implicit|--clear] [--port N]  one command a line on stdin, one line of answer:
    passive [epsv|pasv]     port PORT            the server listens; nothing connects yet
    get FILE                got BYTES SHA256     over the port of the last `passive`
    begin FILE / finish     begun / got …        the same in two steps
    passives N              port PORT            as passive, so often, and connects to none but the last
    send TEXT               sends the line, waits for nothing: `sent`
    reply                   the next reply, its first line
    quit
ftps.py ADDRESS [--implicit] --count N FILE SHA256   N downloads in one session: `done N failed F slowest MS`
"""
import argparse
import ftplib
import hashlib
import os
import socket
import ssl
import sys
import time

SLOW = float(os.environ.get("SLOW", 1))
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE


class Session(ftplib.FTP_TLS):
    def __init__(self, address, implicit, clear=False, port=0):
        super().__init__(context=CONTEXT, timeout=20 * SLOW)
        self.implicit, self.clear = implicit, clear
        self.connect(address, port or (990 if implicit else 21))
        self.login("anonymous", "x", secure=not clear)
        if not clear:
            self.prot_p()
        self.voidcmd("TYPE I")
        self.port_of_data = None
        self.data = None
        self.hash = None
        self.size = 0

    def connect(self, address, port):
        super().connect(address, port) if not self.implicit else self.connect_implicit(address, port)

    def connect_implicit(self, address, port):
        self.host, self.port = address, port
        plain = socket.create_connection((address, port), 20 * SLOW)
        self.af = plain.family
        self.sock = CONTEXT.wrap_socket(plain)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    def passive(self, verb):
        if verb == "pasv":
            _, port = ftplib.parse227(self.sendcmd("PASV"))
        else:
            _, port = ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())
        self.port_of_data = port
        return port

    def begin(self, file):
        plain = socket.create_connection((self.host, self.port_of_data), 10 * SLOW)
        try:
            self.putcmd("RETR " + file)
            answer = self.getresp()
            if answer[0] != "1":
                raise ftplib.error_reply(answer)
            self.data = plain if self.clear else CONTEXT.wrap_socket(plain)
        except BaseException:
            plain.close()
            raise
        self.hash, self.size = hashlib.sha256(), 0
        self.take(self.data.recv(1000))

    def take(self, block):
        self.hash.update(block)
        self.size += len(block)
        return len(block)

    def finish(self):
        self.data.settimeout(4 * SLOW ** 0.5)
        try:
            while self.take(self.data.recv(65536)):
                pass
        finally:
            self.data.close()
        self.voidresp()
        return f"got {self.size} {self.hash.hexdigest()}"

    def get(self, file):
        self.begin(file)
        return self.finish()


def answer(session, words):
    if words[0] == "passive":
        return f"port {session.passive(words[1] if len(words) > 1 else 'epsv')}"
    if words[0] == "get":
        return session.get(words[1])
    if words[0] == "begin":
        session.begin(words[1])
        return "begun"
    if words[0] == "passives":
        for number in range(int(words[1])):
            session.passive("pasv" if number % 2 and session.af == socket.AF_INET else "epsv")
        return f"port {session.port_of_data}"
    if words[0] == "send":
        session.sock.sendall(" ".join(words[1:]).encode().replace(b"\\n", b"\r\n") + b"\r\n")
        return "sent"
    if words[0] == "reply":
        return session.getmultiline().split("\n")[0]
    if words[0] == "finish":
        return session.finish()
    session.sock.settimeout(2 * SLOW)
    return session.quit()


def interactive(session):
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        try:
            print(answer(session, words), flush=True)
        except (OSError, EOFError, ftplib.Error) as error:
            print("error:", type(error).__name__, error, flush=True)
        if words == ["quit"]:
            return


def batch(session, count, file, expected):
    failed, slowest = 0, 0.0
    for number in range(count):
        start = time.monotonic()
        try:
            session.passive("pasv" if number % 2 and session.af == socket.AF_INET else "epsv")
            if session.get(file).split()[2] != expected:
                raise ftplib.Error("content differs")
        except (OSError, EOFError, ftplib.Error) as error:
            print("# transfer", number, type(error).__name__, error, file=sys.stderr)
            failed += 1
            if failed > 10:
                failed += count - number - 1
                break
        slowest = max(slowest, time.monotonic() - start)
    print(f"done {count} failed {failed} slowest {slowest * 1000:.0f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--implicit", action="store_true")
    parser.add_argument("--clear", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--count", type=int)
    parser.add_argument("file", nargs="?")
    parser.add_argument("sha256", nargs="?")
    options = parser.parse_intermixed_args()
    client = Session(options.address, options.implicit, options.clear, options.port)
    if options.count:
        batch(client, options.count, options.file, options.sha256)
    else:
        interactive(client)


if __name__ == "__main__":
    main()
