"""The interface of a platform's driver. A driver is a module in `platforms`; a new platform is one more file there.

A driver reads a switch into the model and computes the configuration lines for a change, but sends none of them.
Applying them, and putting the port back when something fails, is the same code for every platform.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, cast

from sopctl.adapters.switch import platforms
from sopctl.adapters.switch.dialect import MAX_JUDGED, Dialect
from sopctl.adapters.switch.faults import CommandRefused, DeviceFault
from sopctl.adapters.switch.session import Session
from sopctl.errors import InvalidRecord
from sopctl.locale import Text
from sopctl.model.names import told
from sopctl.model.ports.port import ActualPort, Learned, Neighbour, PortSetting, SwitchState
from sopctl.model.text import printable


@dataclass(frozen=True)
class Restore:
    """How the switch puts a port back by itself should we lose it after a change.

    `how` describes it in words. It is armed before the change, by the commands `begin`, which are done once the last
    one's answer has what `begun` matches, or by the lines `arm`, or by `entering`, the command that enters the
    configuration mode; or with the change, by `closing`, the commands that make its lines take effect. The commands
    `keep` disarm it, whether the change stays or was put back line by line:
    a platform's own way of going back may undo what others changed meanwhile, and is left to the switch.
    """

    how: str
    arm: tuple[str, ...] = ()
    begin: tuple[str, ...] = ()
    begun: re.Pattern[str] | None = None
    entering: str = ""
    closing: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pending:
    """Something on the switch that will change its configuration by itself: `what` it is, and `who` began it (empty
    where the switch does not say). `ours`: its name tells that sopctl made it (True) or did not (False); None where
    only `who` and the time can tell. The commands `end` disarm it and leave the configuration as it is. `seen` is False
    where the switch does not tell whether there is one."""

    what: str
    who: str = ""
    ours: bool | None = None
    end: tuple[str, ...] = ()
    seen: bool = True
    restart: bool = False
    """It restarts the switch, which ends what is not saved and nothing else."""


class Driver(Protocol):
    """A platform. Its functions raise what the session raises.

    A port that cannot be understood is `special` and stays alone with that: the switch is read all the same.
    """

    DIALECT: Dialect

    @staticmethod
    def read(session: Session, *, addresses: bool = True) -> SwitchState:
        """The whole switch: ports, VLANs and, with `addresses`, the learned MAC addresses."""

    @staticmethod
    def learned(session: Session, port: str = "") -> tuple[Learned, ...]:
        """The learned MAC addresses alone, to poll for; of one port, where the switch can be asked so."""

    @staticmethod
    def neighbours(session: Session, port: str) -> tuple[Neighbour, ...]:
        """What announces itself on this port. Their texts come from strangers: they are bounded, and only data."""

    @staticmethod
    def unable(before: ActualPort, wanted: PortSetting) -> str:
        """Why this driver cannot make the change, or cannot put it back; empty when it can."""

    @staticmethod
    def lines(before: ActualPort, wanted: PortSetting) -> tuple[str, ...]:
        """The configuration lines that set the port as `wanted`; none when it is so already."""

    @staticmethod
    def expected(before: ActualPort, wanted: PortSetting) -> ActualPort:
        """The port as `lines` leave it."""

    @staticmethod
    def back(now: ActualPort, before: ActualPort) -> tuple[str, ...]:
        """The configuration lines that give the port its text from before again, from what it has `now`."""

    @staticmethod
    def restore(session: Session, before: ActualPort, back: tuple[str, ...], seconds: int) -> Restore | None:
        """How the switch can put the port back by itself after `seconds`, with the lines `back`; None if it cannot."""

    @staticmethod
    def pending(session: Session, port: str) -> tuple[Pending, ...]:
        """What will change the port's configuration by itself."""

    @staticmethod
    def save(session: Session, port: ActualPort, *, overwrite: bool) -> None:
        """See to it that the port, as it is now, is kept for the switch's next start. `overwrite`: a configuration that
        another version of its software has written may be replaced.

        Raises NotSaved unless the switch proves it, and DeviceAsks for a question that is left open."""

    @staticmethod
    def saved(session: Session) -> dict[str, tuple[str, ...]] | None:
        """The text of each port as the switch keeps it for its next start; None where every change is kept at once, or
        where this account may not see it."""


def read(platform: Driver, session: Session, *, addresses: bool = True) -> SwitchState:
    """The whole switch, as its driver reads it. The learned MAC addresses are whatever devices make them: what must not
    depend on that reads the switch without them.

    Raises DeviceFault for answers that the driver does not understand.
    """
    with _parsing(session):
        return platform.read(session, addresses=addresses)


def learned(platform: Driver, session: Session, port: str = "") -> tuple[Learned, ...]:
    """The learned MAC addresses alone, or those of one port: a slow line may take minutes over a large table. Raises
    what `read` raises."""
    with _parsing(session):
        if port:
            with suppress(CommandRefused):  # it cannot be asked so
                return platform.learned(session, port)
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
            remedy="See what it answers with --session-log, and whether docs/howto/switches.md lists its version.",
            reason=printable(f"{type(error).__name__}: {error}", 200),
        ) from None


def neighbours(platform: Driver, session: Session, port: str) -> tuple[Neighbour, ...]:
    """What announces itself on a port. Raises what `read` raises."""
    with _parsing(session):
        return platform.neighbours(session, port)


def pending(platform: Driver, session: Session, port: str) -> tuple[Pending, ...]:
    """What will change a port's configuration by itself. Raises what `read` raises."""
    with _parsing(session):
        return platform.pending(session, port)


def saved(platform: Driver, session: Session) -> dict[str, tuple[str, ...]] | None:
    """The text of each port as it is kept for the next start, or None. Raises what `read` raises."""
    with _parsing(session):
        return platform.saved(session)


def begin(session: Session, restore: Restore) -> None:
    """Arm a rollback by its commands. Raises CommandRefused where the switch refuses it, or does not say that it did,
    and what a session raises."""
    said = ""
    for command in restore.begin:
        said = session.show(command)
    if restore.begun and not any(restore.begun.search(line[:MAX_JUDGED]) for line in said.splitlines()):
        raise CommandRefused(
            restore.begin[-1],
            printable(said.strip(), 300) or "it says nothing",
            where=str(session.endpoint),
            remedy="See on the switch whether an automatic rollback waits there, and whose it is.",
        )


def known() -> list[str]:
    """The names of the platforms."""
    return sorted(module.name for module in pkgutil.iter_modules(platforms.__path__))


def driver(platform: str) -> Driver:
    """The driver of a platform. Raises InvalidRecord for a platform without one."""
    if platform not in known():
        raise InvalidRecord(
            "no-driver",
            "there is no driver for {platform!r}",
            remedy=Text("There are drivers for: {platform}", platform=told(platform, known())),
            platform=platform,
        )
    return cast(Driver, importlib.import_module(f"{platforms.__name__}.{platform}"))
