"""SSH, with the other side taken for hostile: `check` climbs the ladder of one host; the loaders read our files."""

from sopctl.adapters.ssh.keys import Key, load_key
from sopctl.adapters.ssh.probe import check
from sopctl.adapters.ssh.tls import load_ca

__all__ = ["Key", "check", "load_ca", "load_key"]
