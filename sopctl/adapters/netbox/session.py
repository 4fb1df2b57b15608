"""Asking NetBox for objects and writing them: what is there, what differs, what is new."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sopctl.adapters.netbox.faults import NetBoxFault, Server
from sopctl.errors import SopctlError, missing_extra
from sopctl.locale import Prose, Text
from sopctl.model.text import printable

OLDEST = (4, 2)
"""Since then, MAC addresses are objects of their own."""
MOST_OBJECTS = 5000
"""Of a kind that are read of one device; a chassis full of line cards has some hundred."""

MOST_DEVICES = 100_000

REQUEST_SECONDS = 60.0
"""For one answer."""

Fields = Mapping[str, Any]


class NetBox:
    """A NetBox that was asked who it is. With `dry_run`, nothing is written."""

    def __init__(
        self,
        server: Server,
        *,
        dry_run: bool = False,
        seconds: float = REQUEST_SECONDS,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`seconds`: how long an answer may take.

        Raises NetBoxFault where it cannot be reached, refuses the token, or is too old; OutsideFailure without
        pynetbox.
        """
        try:
            import pynetbox  # loads requests, only where NetBox is asked
        except ImportError:
            raise missing_extra("netbox") from None
        from sopctl.adapters.netbox.transport import Transport

        self.dry_run = dry_run
        self._shared: set[tuple[str, ...]] = set()
        self._where = server.url
        self._api = pynetbox.api(server.url, token=server.token)
        session = self._api.http_session
        session.trust_env = False
        session.adapters.clear()
        for scheme in ("https://", "http://"):
            session.mount(scheme, Transport(server, seconds, wait))
        self.version = self._refuse_old()

    def named_before(self, *shared: str) -> bool:
        """Whether this run has named this object, which several devices share: a real one then finds it in NetBox."""
        before = shared in self._shared
        self._shared.add(shared)
        return before

    def standing(self, prefix: str) -> set[str]:
        """The asset tags with this prefix of all devices that are not offline. Raises NetBoxFault."""
        found = self.find("dcim.devices", MOST_DEVICES, asset_tag__isw=prefix)
        with self.understood(Text("list the devices")):
            return {str(each["asset_tag"]) for each in found if each["status"] != "offline"}

    def find(self, kind: str, most: int = MOST_OBJECTS, **by: Any) -> list[dict[str, Any]]:
        """The objects of a kind (`dcim.devices`) that have these fields; a choice is its value, another object its id.

        Raises NetBoxFault, also where NetBox answers with others: it takes a filter that it does not know for none.
        """
        with self._translated(Text("look for {kind}", kind=kind)):
            found = [each.serialize() for each in islice(self._endpoint(kind).filter(**by), most + 1)]
        if len(found) > most:
            raise NetBoxFault(
                "netbox-too-many",
                "NetBox has more than {limit} {kind} here",
                remedy=(
                    "None of them was changed. NetBox may not know the filter that they were asked for by: see "
                    "docs/howto/netbox.md for its versions."
                ),
                where=self._where,
                limit=most,
                kind=kind,
            )
        return found

    def create(self, kind: str, fields: Fields) -> dict[str, Any]:
        """Make an object. Returns it. Raises NetBoxFault where NetBox refuses it."""
        with self._translated(Text("make {what}", what=_what(kind, fields))):
            made: dict[str, Any] = self._endpoint(kind).create(dict(fields)).serialize()
        return made

    def update(self, kind: str, number: int, fields: Fields, what: str) -> None:
        """Change these fields of an object. Raises NetBoxFault where NetBox refuses it."""
        with self._translated(Text("change {what}", what=what)):
            self._endpoint(kind).update([{"id": number, **fields}])

    def _endpoint(self, kind: str) -> Any:
        app, _, name = kind.partition(".")
        return getattr(getattr(self._api, app), name.replace("-", "_"))

    def _refuse_old(self) -> str:
        with self._translated(Text("say its version")):
            said = str(self._api.status().get("netbox-version", ""))
        found = re.match(r"(\d{1,4})\.(\d{1,4})", said, re.ASCII)
        if not found or (int(found[1]), int(found[2])) < OLDEST:
            raise NetBoxFault(
                "netbox-too-old",
                "this is NetBox {version}, and 4.2 or newer is needed",
                where=self._where,
                remedy="Until it is updated, `sopctl inventory summary --netbox` gives lists for its import.",
                version=printable(said, 40) or "?",
            )
        return printable(said, 40)

    @contextmanager
    def understood(self, doing: Prose) -> Iterator[None]:
        """What is read of its objects within this is there, and of the kind that its API says. Raises NetBoxFault where
        it is not."""
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise self._unreadable(doing, error) from None

    @contextmanager
    def _translated(self, doing: Prose) -> Iterator[None]:
        """The library's errors as ours."""
        import pynetbox

        try:
            yield
        except SopctlError:
            raise
        except pynetbox.RequestError as error:
            status, said = error.req.status_code, printable(str(error.error), 300)
            if status in (401, 403):
                raise NetBoxFault(
                    "netbox-forbids",
                    "NetBox does not let this token {doing}: {reason}",
                    where=self._where,
                    remedy="Look in NetBox whether the token is valid, may write, and has the permissions that "
                    "docs/howto/netbox.md lists.",
                    doing=doing,
                    reason=said,
                ) from None
            if status in (429, 503):
                raise NetBoxFault(
                    "netbox-busy",
                    "NetBox is too busy to {doing}",
                    remedy="What was written stays. Wait some minutes; the next run goes on.",
                    where=self._where,
                    doing=doing,
                ) from None
            raise NetBoxFault(
                "netbox-refuses",
                "NetBox refuses to {doing} (HTTP {status}): {reason}",
                remedy="What was written before stays. Correct in NetBox what it names; the next run goes on.",
                where=self._where,
                doing=doing,
                status=status,
                reason=said,
            ) from None
        except Exception as error:  # noqa: BLE001 (the library raises whatever an answer leads it to)
            raise self._unreadable(doing, error) from None

    def _unreadable(self, doing: Prose, error: Exception) -> NetBoxFault:
        return NetBoxFault(
            "netbox-answer-unreadable",
            "what NetBox answers, asked to {doing}, is not of its API: {reason}",
            where=self._where,
            remedy="Look whether the address in sopctl.yml is NetBox's own, without /api.",
            doing=doing,
            reason=printable(f"{type(error).__name__}: {error}", 200),
        )


def _what(kind: str, fields: Fields) -> str:
    called = fields.get("name") or fields.get("model") or fields.get("address") or fields.get("mac_address") or ""
    return printable(f"{kind} {called}".strip(), 120)
