"""Messages to people of the units and of the office. They say where and how, and never hold a secret."""

from msgspec import Struct

from sopctl.model.access.target import HostKey
from sopctl.model.deposit import Deposit


class Message(Struct, frozen=True):
    """One message: the addressee's e-mail address (empty if none is known), who gets a copy, subject, and text."""

    to: str | None
    name: str
    subject: str
    text: str
    copies: tuple[str, ...] = ()


def how_to_reach(deposit: Deposit, host_key: HostKey | None, language: str) -> str:
    """How the owner reaches the server: a command per account, the host key's fingerprint, the service ports."""
    fingerprint, ports = {
        "id": ("Sidik jari kunci server", "Port layanan"),
        "en": ("Fingerprint of the server's host key", "Service ports"),
    }[language]
    access = deposit.access
    lines = [f"  ssh -p {access.port} {account.name}@{access.address}" for account in access.accounts]
    if deposit.kind == "other":
        lines.append(f"  {access.address}")
    if host_key:
        lines.append(f"  {fingerprint} ({host_key.type}): {host_key.sha256}")
    if access.ports:
        lines.append(f"  {ports}: {', '.join(map(str, access.ports))}")
    return "\n".join(lines)
