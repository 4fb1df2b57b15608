"""What drivers share whose platforms are configured line by line within an interface."""

import re
from collections.abc import Sequence

from sopctl.locale import gettext_noop
from sopctl.model.ports.port import ActualPort, PortSetting

_UNSENDABLE = re.compile(r"[^ -~]|\?|^!")


def undescribable(before: ActualPort) -> str:
    """Why a port's present description could not be put back; empty when it could. On the command line, a question mark
    asks for help and a control character edits the line, wherever it is."""
    if _UNSENDABLE.search(before.setting.description):
        return gettext_noop(
            "its present description could not be put back: it has a question mark or a special character"
        )
    return ""


def lines(before: ActualPort, wanted: PortSetting, others: Sequence[str]) -> tuple[str, ...]:
    """The lines from one setting to another: the port is shut first, described, set as `others` say, and enabled
    last."""
    now, made = before.setting, list[str]()
    if now.enabled and not wanted.enabled:
        made.append("shutdown")
    if now.description != wanted.description:
        made.append(f"description {wanted.description}" if wanted.description else "no description")
    made += others
    if wanted.enabled and not now.enabled:
        made.append("no shutdown")
    return (f"interface {before.name}", *made) if made else ()


def minutes(seconds: int, most: int = 60) -> int:
    """A rollback's time for a platform whose timer counts minutes."""
    return min(most, max(1, -(-seconds // 60)))
