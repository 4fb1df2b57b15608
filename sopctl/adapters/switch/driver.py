"""What a platform's driver is: a module of `platforms` that has these names. A further platform is one more file there.

A driver reads a switch into the model and says the lines for a change; it sends none that change anything. Who
applies them, in which order and with what to fall back on, is the same for every platform.
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
from sopctl.model.ports.port import Learned, PortSetting, SwitchState
from sopctl.model.text import printable


@dataclass(frozen=True)
class Restore:
    """How the switch itself puts a port back, should we not come back: `how`, in words; the lines that `arm` it before
    the change, or what the configuration mode is entered by; commands that `keep` the change, and so end it; commands
    that `undo` it at once (none: the lines of the way back are sent); and those that `drop` one which another run has
    armed and left, where there is one (they may be refused where there is none)."""

    how: str
    arm: tuple[str, ...] = ()
    entering: str = "configure terminal"
    keep: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class Driver(Protocol):
    """A platform. All errors are the session's."""

    DIALECT: Dialect
    SAVE: tuple[str, ...]
    """Commands that write the running configuration to where it survives; none where each change persists at once."""

    @staticmethod
    def read(session: Session) -> SwitchState:
        """The whole switch: ports, VLANs, learned addresses, neighbours."""

    @staticmethod
    def learned(session: Session) -> tuple[Learned, ...]:
        """The learned addresses alone, for waiting."""

    @staticmethod
    def unable(before: PortSetting, wanted: PortSetting) -> str:
        """What of the way there, or back, this driver cannot do; empty when it can."""

    @staticmethod
    def lines(port: str, before: PortSetting, wanted: PortSetting) -> tuple[str, ...]:
        """The lines that make `before` into `wanted`; none when they are the same."""

    @staticmethod
    def restore(session: Session, port: str, back: tuple[str, ...], seconds: int) -> Restore | None:
        """How the switch can put the port back by itself after `seconds`, with the lines `back`; None if it cannot."""


def read(platform: Driver, session: Session) -> SwitchState:
    """The whole switch, as its driver reads it. Raises DeviceFault for answers that the driver does not understand."""
    with _understood(session):
        return platform.read(session)


def learned(platform: Driver, session: Session) -> tuple[Learned, ...]:
    """The learned addresses alone. Raises as `read`."""
    with _understood(session):
        return platform.learned(session)


@contextmanager
def _understood(session: Session) -> Iterator[None]:
    """What a parser stumbles over came from the device: it is the device's fault, and no end in a traceback."""
    try:
        yield
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        what = printable(f"{type(error).__name__}: {error}", 200)
        raise DeviceFault(
            "switch-answers-form-not-known",
            "the switch answers in a form that is not known ({what})",
            where=str(session.endpoint),
            remedy="See what it says with --session-log, and whether its version is one of docs/switches.md.",
            what=what,
        ) from None


def known() -> list[str]:
    """The names of the platforms."""
    return sorted(module.name for module in pkgutil.iter_modules(platforms.__path__))


def driver(platform: str) -> Driver:
    """The driver of a platform. Raises InvalidRecord for one that there is none of."""
    if platform not in known():
        raise InvalidRecord(
            "no-driver",
            "there is no driver for {platform!r}",
            remedy=f"There are: {', '.join(known())}",
            platform=platform,
        )
    return cast(Driver, importlib.import_module(f"{platforms.__name__}.{platform}"))
