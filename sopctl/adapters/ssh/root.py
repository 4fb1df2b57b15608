"""Becoming root on a server: the account is root itself, or uses sudo or doas. How, or why not.

An account of the owner's is tried first (`become_root`): it may be asked for a password, and the cause of a refusal
matters. One that has root by our own doing runs its script in one round trip (`run_unasked`), as many servers are
asked at once.
"""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key, Password
from sopctl.model.access.causes import Cause
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.ssh.session import Session

KEPT = 4096
"""Bytes of a command's output that are kept."""


_UNASKED = (
    'if [ "$(id -u)" = 0 ]; then exec sh -s -- "$@"; fi; '
    'if command -v sudo >/dev/null; then exec sudo -n sh -s -- "$@"; else exec doas -n sh -s -- "$@"; fi'
)


class Root(Struct, frozen=True):
    """How a command becomes root: a prefix for it, one for its standard input, and the program (empty: root itself)."""

    prefix: str = ""
    secret: bytes = b""
    through: str = ""

    def __str__(self) -> str:
        if not self.through:
            return "root, itself"
        return f"root, {'with a password ' if self.secret else ''}through {self.through}"


def become_root(session: "Session", user: str, credential: Key | Password, words: str) -> Root:
    """How to run the command `words`, a shell that reads a script, as root.

    Each way is first tried with the same command and an empty script. Otherwise a sudo that asks for no password would
    leave it to the shell, and one that refuses it would take the script's lines for further attempts. Raises Fault with
    the cause: a shell that runs nothing, or what keeps the account from becoming root.
    """
    session.prove_shell()
    _, who = session.run_with_input("id -u", b"", KEPT)
    if who.split()[-1:] == [b"0"]:
        return Root()
    status, said = session.run_with_input(f"sudo -n {words}", b"", KEPT)
    if status == 0:
        return Root("sudo -n ", through="sudo")
    name = printable(user, 64)
    if status == 127:
        by_doas, _ = session.run_with_input(f"doas -n {words}", b"", KEPT)
        if by_doas == 0:
            return Root("doas -n ", through="doas")
        there = "doas wants a password" if by_doas == 1 else "there is no doas either"
        raise Fault(Cause.NO_SUDO, f"{name} finds no sudo, and {there}")
    if b"tty" in said or b"terminal is required to use" in said:
        raise Fault(Cause.SUDO_WANTS_TERMINAL, f"sudo wants a terminal of {name}{worded(said)}")
    if isinstance(credential, Key):
        if b"password" in said:
            raise Fault(Cause.SUDO_ASKS, f"sudo asks {name} for a password{worded(said)}")
        raise Fault(Cause.SUDO_REFUSED, f"{name} may not use sudo{worded(said)}")
    asked = Root("sudo -k -S -p '' ", credential.text.encode() + b"\n", "sudo")
    status, said = session.run_with_input(asked.prefix + words, asked.secret, KEPT)
    if status != 0:
        wants = Cause.SUDO_WANTS_TERMINAL if b"tty" in said else Cause.SUDO_REFUSED
        raise Fault(wants, f"sudo refuses {name}, or this password{worded(said)}")
    return asked


def run_unasked(
    session: "Session", script: bytes, arguments: Sequence[str], keep: int, *, connection: bool = False
) -> tuple[int | None, bytes]:
    """Run the POSIX sh `script` as root, which the account is or becomes unasked: exit status, and the first `keep`
    bytes of output. With `connection`, its last argument is sshd's SSH_CONNECTION, which sudo would drop."""
    inner = f'set -- "$@" "$SSH_CONNECTION"; {_UNASKED}' if connection else _UNASKED
    # The login shell can be any: all it has to do is start sh.
    return session.run_with_input(shlex.join(["sh", "-c", inner, "sh", *arguments]), script, keep)


def unasked_fault(user: str, status: int | None, said: bytes, what: str) -> Fault:
    """Why `run_unasked` did not do `what`: it could not become root, or the script failed."""
    words = printable(said.strip(), 200) or f"exit status {status}"
    if b"sudo:" in said or b"doas:" in said:
        return Fault(Cause.SUDO_REFUSED, f"{printable(user, 64)} may not use sudo: {words}")
    return Fault(Cause.COMMAND_FAILED, f"{what}: {words}")


def worded(output: bytes) -> str:
    """What a command said, safe to print, behind a colon; empty where it said nothing."""
    return f": {printable(output.strip(), 300)}" if output.strip() else ""
