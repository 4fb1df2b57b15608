"""SSH, with the other side taken for hostile: `check` climbs the ladder of one host, `load_key` reads our key."""

from sopctl.adapters.ssh.keys import Key, load_key
from sopctl.adapters.ssh.probe import check

__all__ = ["Key", "check", "load_key"]
