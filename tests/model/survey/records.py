"""What survey.sh prints on a server on which all is well, and how a row of a table differs from that."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence

CLOCK = 1_795_664_324
DEFAULTS = "port 22\npubkeyauthentication yes\nauthenticationmethods any\nforcecommand none\nmaxsessions 10\n"
KEYS = "authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2\n"
WELL = {
    "user": "0",
    "now": str(CLOCK),
    "seen_from": "192.0.2.250",
    "os": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
    "init": "systemd",
    "chroot": "no",
    "own_name": "0 1",
    "python": "ok /usr/bin/python3.11 3.11",
    "tools": "/usr/sbin/nft\n/usr/bin/ss\n/usr/sbin/ip\n/usr/bin/sudo\n/usr/bin/apt-get\n",
    "space": "F\n/dev/sda1 1000000 9 999991 1% /\n",
    "inodes": "F\n/dev/sda1 100000 9 99991 1% /\n",
}


def hexed(address: str) -> str:
    """An address as /proc/net has it."""
    packed = ipaddress.ip_address(address).packed
    return b"".join(packed[at : at + 4][::-1] for at in range(0, len(packed), 4)).hex().upper()


def records(
    says: Mapping[str, str] = {},
    sshd: Mapping[str, str] = {},
    accounts: Iterable[str] = ("sopctl", "webadmin"),
    missing: Sequence[str] = (),
) -> list[tuple[str, str]]:
    """The script's records. A key of `says` with an account behind it is a record about that account."""
    found = {**WELL, **{name: text for name, text in says.items() if " " not in name}}
    tools = found["tools"].splitlines()
    found["tools"] = "\n".join(each for each in tools if each.rpartition("/")[2] not in missing)
    said = list(found.items())
    for name in accounts:
        rules = DEFAULTS + KEYS
        for line in sshd.get(name, "").splitlines():
            keyword = line.split()[0]
            rules = "".join(f"{each}\n" for each in rules.splitlines() if each.split()[0] != keyword) + f"{line}\n"
        about = {"groups": name, "sshd_status": "0", "sshd": rules, "passwd": ""}
        about |= {key.split()[0]: text for key, text in says.items() if key.endswith(f" {name}")}
        if about["groups"] != name and not about["passwd"]:
            about["passwd"] = f"{name}:x:1001:1001::/home/{name}:/bin/bash\n"
        said += [("account", name), *about.items()]
    return [*said, ("end", "")]
