"""The interface of a platform's driver. A driver is a module in `platforms`; a new platform is one more file there.

A driver reads a switch into the model and computes the configuration lines for a change, but sends none of them.
Applying them, and putting the port back when something fails, is the same code for every platform.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, cast

from sopctl.adapters.switch import platforms
from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.faults import DeviceFault
from sopctl.adapters.switch.session import Session
from sopctl.errors import InvalidRecord
from sopctl.model.names import told
from sopctl.model.ports.port import Learned, PortSetting, SwitchState
from sopctl.model.text import printable


@dataclass(frozen=True)
class Restore:
    """How the switch puts a port back by itself should we lose it after a change.

    `how` describes it in words. It is armed before the change, by the lines `arm` or by `entering`, the command that
    enters the configuration mode. Later, the commands `keep` confirm the change and disarm it, or the commands `undo`
    put the port back at once (without `undo`, the lines back are sent instead). The commands `drop` disarm what an
    earlier, killed run may have left armed; they may be refused when nothing is.
    """

    how: str
    arm: tuple[str, ...] = ()
    entering: str = "configure terminal"
    keep: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class Driver(Protocol):
    """A platform. Its functions raise what the session raises."""

    DIALECT: Dialect
    SAVE: tuple[str, ...]
    """Commands that save the running configuration; none where each change is persistent at once."""

    @staticmethod
    def read(session: Session) -> SwitchState:
        """The whole switch: ports, VLANs, learned MAC addresses, neighbours."""

    @staticmethod
    def learned(session: Session) -> tuple[Learned, ...]:
        """The learned MAC addresses alone, to poll for."""

    @staticmethod
    def unable(before: PortSetting, wanted: PortSetting) -> str:
        """Why this driver cannot make the change, or cannot put it back; empty when it can."""

    @staticmethod
    def lines(port: str, before: PortSetting, wanted: PortSetting) -> tuple[str, ...]:
        """The configuration lines that turn `before` into `wanted`; none when they are the same."""

    @staticmethod
    def restore(session: Session, port: str, back: tuple[str, ...], seconds: int) -> Restore | None:
        """How the switch can put the port back by itself after `seconds`, with the lines `back`; None if it cannot."""


def read(platform: Driver, session: Session) -> SwitchState:
    """The whole switch, as its driver reads it. Raises DeviceFault for answers that the driver does not understand."""
    with _parsing(session):
        return platform.read(session)


def learned(platform: Driver, session: Session) -> tuple[Learned, ...]:
    """The learned MAC addresses alone. Raises what `read` raises."""
    with _parsing(session):
        return platform.learned(session)


@contextmanager
def _parsing(session: Session) -> Iterator[None]:
    """What a parser trips over came from the device: it is reported as the device's fault, not as a traceback."""
    try:
        yield
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise DeviceFault(
            "switch-not-understood",
            "the switch's answer has an unknown format: {reason}",
            where=str(session.endpoint),
            remedy="See what it answers with --session-log, and whether docs/switches.md lists its version.",
            reason=printable(f"{type(error).__name__}: {error}", 200),
        ) from None


def known() -> list[str]:
    """The names of the platforms."""
    return sorted(module.name for module in pkgutil.iter_modules(platforms.__path__))


def driver(platform: str) -> Driver:
    """The driver of a platform. Raises InvalidRecord for a platform without one."""
    if platform not in known():
        raise InvalidRecord(
            "no-driver",
            "there is no driver for {platform!r}",
            remedy=f"There are drivers for: {told(platform, known())}",
            platform=platform,
        )
    return cast(Driver, importlib.import_module(f"{platforms.__name__}.{platform}"))
