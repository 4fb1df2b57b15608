"""Making a site: the folder with its configuration, a rack, the playbooks and the management key."""

import subprocess
from pathlib import Path

from sopctl.errors import OutsideFailure


def make_key(path: Path, comment: str) -> None:
    """Make an Ed25519 key pair without a passphrase, for timers to use: `path` (0600) and `path`.pub. Raises
    OutsideFailure when ssh-keygen is missing or fails."""
    try:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise OutsideFailure(
            "ssh-keygen-missing", "ssh-keygen is not installed", remedy="Install it: apt install openssh-client"
        ) from None
    except subprocess.CalledProcessError as error:
        raise OutsideFailure(
            "ssh-keygen-failed", "ssh-keygen failed: {output}", where=str(path), output=error.stderr.strip()
        ) from None
