"""Connections through a jump host for programs that want a socket of their own."""

import socket
import threading
from pathlib import Path

import paramiko
import pytest

from sopctl.adapters.ssh import Key
from sopctl.adapters.ssh.tunnel import through
from sopctl.model.access.destinations import EVERYWHERE
from sopctl.model.access.target import Jump
from tests.adapters.ssh import hostile
from tests.adapters.ssh.test_sweep import pin_of
from tests.patience import PATIENCE, eventually


def echo(connection: socket.socket, _host: hostile.Host) -> None:
    while data := connection.recv(4096):
        connection.sendall(data)


def jump(host: hostile.Host, host_key: paramiko.PKey, file: Path) -> Jump:
    return Jump("127.0.0.1", host.port, "deposit", pin_of(host_key), key_file=str(file))


def tunnels() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("tunnel")]


def test_what_is_written_comes_out_there_and_back(key: Key, key_file: Path, host_key: paramiko.PKey) -> None:
    behaviour = hostile.Behaviour(keys=(key.pkey,), carries=True)
    sent = bytes(range(256)) * 1000
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host, hostile.listening(echo) as there:
        with through(jump(host, host_key, key_file), None)("192.0.2.7", there.port, 10 * PATIENCE) as made:
            writing = threading.Thread(target=made.sendall, args=(sent,))
            writing.start()
            got = b""
            while len(got) < len(sent) and (data := made.recv(65_536)):
                got += data
            writing.join()
        assert (got == sent, host.forwards) == (True, ["192.0.2.7"])
    eventually(lambda: not tunnels(), f"{tunnels()} run on after their socket was closed")


def test_an_end_there_is_an_end_here(key: Key, key_file: Path, host_key: paramiko.PKey) -> None:
    behaviour = hostile.Behaviour(keys=(key.pkey,), carries=True)
    with (
        hostile.listening(hostile.ssh(behaviour, host_key)) as host,
        hostile.listening(hostile.saying(b"bye")) as there,
        through(jump(host, host_key, key_file), None)("192.0.2.7", there.port, 10.0) as made,
    ):
        assert (made.recv(10), made.recv(10)) == (b"bye", b"")


def test_what_is_in_the_way_is_said(key: Key, key_file: Path, host_key: paramiko.PKey) -> None:
    with hostile.listening(hostile.ssh(hostile.Behaviour(keys=(key.pkey,)), host_key)) as host:
        way = jump(host, host_key, key_file)
        with pytest.raises(OSError, match="seen from the jump host"):
            through(way, None)("192.0.2.7", 22, 5.0)
        with pytest.raises(OSError, match="the controller itself"):
            through(way, EVERYWHERE)("127.0.0.1", 22, 5.0)
        assert host.forwards == ["192.0.2.7"], "an address that no deposit may have is asked of nobody"
