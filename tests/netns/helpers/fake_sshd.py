# SPDX-License-Identifier: GPL-2.0-only
"""Serves one connection on port 22 as sshd does: a child holds it, and a shell below that child, in a session of its own and without the socket, runs the command. Prints `ready`, the command's output and `exit STATUS`."""
import os
import socket
import subprocess
import sys

listener = socket.create_server(("", 22), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
connection, _ = listener.accept()
child = os.fork()
if child == 0:
    listener.close()
    command = ["sh", "-c", '"$@"; exit $?', "sh", *sys.argv[1:]]
    result = subprocess.run(command, start_new_session=True, close_fds=True, stdin=subprocess.DEVNULL)
    print("exit", result.returncode, flush=True)
    os._exit(0)
connection.close()
os.waitpid(child, 0)
