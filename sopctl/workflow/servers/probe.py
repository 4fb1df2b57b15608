"""Probe hosts: the access check without a site, of many hosts at the same time."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sopctl.errors import stopped
from sopctl.model.access.ladder import AccessResult
from sopctl.model.access.target import Target

AT_ONCE = 64
"""Checks under way at the same time: dead hosts wait for their deadline, and must not hold up live ones."""

AT_ONCE_BY_JUMP = 8
"""Checks under way through a jump host: its sshd turns away more logins begun at once (MaxStartups: 10)."""


def probe(
    targets: Sequence[Target],
    key_file: Path | None = None,
    *,
    jump_key_file: Path | None = None,
    ca_file: Path | None = None,
) -> Iterator[AccessResult]:
    """Check each of `targets`; their results come in the same order, each as soon as it and those before it are in.

    Raises what `load_key`, `load_ca` and `check` raise, and Interrupted on Ctrl-C, when every check has ended.
    """
    from sopctl.adapters.ssh import check, load_key
    from sopctl.adapters.ssh.tls import load_ca

    key = load_key(key_file) if key_file is not None else None
    jump_key = load_key(jump_key_file) if jump_key_file is not None else None
    ca = load_ca(ca_file) if ca_file is not None else None
    cancel = threading.Event()
    at_once = AT_ONCE_BY_JUMP if any(target.jump for target in targets) else AT_ONCE
    with ThreadPoolExecutor(max(1, min(at_once, len(targets))), "probe") as pool:
        try:
            checks = [pool.submit(check, target, key, jump_key=jump_key, ca=ca, cancel=cancel) for target in targets]
            for one in checks:
                yield one.result()
        except KeyboardInterrupt:
            raise stopped() from None
        finally:
            cancel.set()
            pool.shutdown(cancel_futures=True)
