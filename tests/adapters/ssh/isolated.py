"""Run as a program inside namespaces of its own (unshare -Urmn): checks that need a network or resolver to be broken.

Nothing here can reach, or change, the machine's own network. Prints one result as JSON.
"""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from sopctl.adapters.ssh import check
from sopctl.model.access.target import Target


def name_server(answer: bool) -> None:
    """A DNS server on loopback (RFC 1035 section 4.1.1) that knows no name at all, or stays mute."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def serve() -> None:
        while True:
            query, client = server.recvfrom(512)
            if answer:
                server.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12:], client)

    threading.Thread(target=serve, daemon=True).start()


def main(case: str, folder: str) -> None:
    """Break the network as `case` says, then check a host."""
    configuration = Path(folder) / "resolv.conf"
    configuration.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    switch = Path(folder) / "nsswitch.conf"
    switch.write_text("hosts: files dns\n")
    for file in (configuration, switch):
        subprocess.run(["mount", "--bind", file, f"/etc/{file.name}"], check=True)
    target = Target("server.example.org", timeout=5)
    if case != "no-network":
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    if case == "no-network":
        target = Target("198.18.0.1", timeout=5)
    elif case == "unreachable":
        subprocess.run(["ip", "route", "add", "unreachable", "198.18.0.0/15"], check=True)
        target = Target("198.18.0.1", timeout=5)
    elif case == "no-such-name":
        name_server(answer=True)
    elif case == "resolver-mute":
        name_server(answer=False)
        target = Target("server.example.org", timeout=0.4)
    sys.stdout.write(msgspec.json.encode(check(target)).decode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
