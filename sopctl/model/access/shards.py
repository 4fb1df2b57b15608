"""Checks that travel: what an engine is handed, what comes back, and what is believed of it.

An engine makes access checks where the servers can be reached: in this process, or by workers in other networks. Only
the controller records. A worker's answer is a claim of another machine: it is taken only for a check that was sent to
that network, only about the host that was asked for, and only in the bounds that a check of ours has.
"""

import base64
import binascii
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct
from msgspec.structs import replace

from sopctl.model import names
from sopctl.model.access.destinations import Destinations
from sopctl.model.access.ladder import AccessResult, Verdict
from sopctl.model.access.target import HostKey, Target, fingerprint
from sopctl.model.text import printable

AT_MOST = 100
"""Checks in a shard."""
MOST_BYTES = 128 * 1024
"""Of the answers that travel together."""
MOST_SHARD_BYTES = 512 * 1024
CLOCKS_APART = 60
"""Seconds that a worker's clock may be ahead of the controller's."""
FACTS_SECONDS = 600.0
"""For which one server may be asked for its facts at most."""
OLDEST = 3600
"""Seconds for which an answer that could not be delivered is worth recording."""

Network = Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?\Z")]
"""A network's name; empty: the one that the controller is in."""
RunId = Annotated[str, Meta(pattern=r"^[a-z0-9]{1,40}\Z")]
KeyName = Annotated[str, Meta(pattern=r"^(login/)?[A-Za-z0-9][A-Za-z0-9._-]{0,80}\Z")]


class Check(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One check of the deposit `id`. `key` is the name of a private key in the keys/ of whoever makes it: a key itself
    never travels. The target's `destinations` are the shard's.

    With `facts`, the server is asked what it is: as root, where the account may become that, or as the account alone.
    What is run for it does not travel either: it is what the worker's own sopctl has.
    """

    id: Annotated[str, Meta(pattern=names.ID)]
    target: Target
    key: KeyName | None = None
    facts: Literal["", "as root", "without root"] = ""


class Shard(Struct, frozen=True, forbid_unknown_fields=True):
    """Checks of one network. Nobody begins it after `until`.

    Where deposits may be (`destinations`) is the same for all of a site, and larger than a check: it is said once.
    """

    run: RunId
    network: Network
    number: int
    until: datetime
    checks: Annotated[tuple[Check, ...], Meta(max_length=AT_MOST)]
    destinations: Destinations | None = None

    def targets(self) -> Iterator[tuple[Check, Target]]:
        """Each check, and what to reach for it."""
        for check in self.checks:
            yield check, replace(check.target, destinations=self.destinations)


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which a server was asked for its facts, the seconds that it took, and what it said (`packed`, as
    `model.facts.linux.answered` packs it)."""

    way: Literal["as root", "without root", "without Python"]
    seconds: Annotated[float, Meta(ge=0, le=FACTS_SECONDS)]
    packed: bytes


class Answer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a check found; or, where it could not be made there at all, the `problem` (a key that is missing), which
    says nothing of the server. `(id, at)` is its identity, and `at` the time at the machine that looked."""

    run: RunId
    id: str
    result: AccessResult | None = None
    problem: str = ""
    told: Annotated[tuple[Told, ...], Meta(max_length=3)] = ()
    """What the server says of itself, where it was asked: each try in its order, the last being the answer."""

    @property
    def at(self) -> int:
        """When it was seen: seconds since 1970 (UTC); 0 where nothing was."""
        return self.result.at if self.result else 0


class Answers(Struct, frozen=True, forbid_unknown_fields=True):
    """What travels back: the answers of a moment. By itself, each would cost a fifth of a check in messages."""

    answers: Annotated[tuple[Answer, ...], Meta(max_length=AT_MOST)]


class Delivered(Protocol):
    """An answer on its way into the store."""

    @property
    def answer(self) -> Answer: ...

    def recorded(self) -> None:
        """It is in the store: nobody needs to deliver it again."""


class Worker(Struct, frozen=True):
    """A worker that is alive. `clock`: how many seconds its clock is ahead of the broker's (negative: behind)."""

    network: str
    name: str
    since: datetime
    busy: int
    """Checks that it has begun and not answered."""
    clock: float = 0.0
    facts: bool = True
    """Does it ask for facts? One of an older version only checks."""


class Workers(Struct, frozen=True):
    """What is known of one network: who is alive there, the shards that wait and those under way."""

    alive: tuple[Worker, ...] = ()
    waiting: int = 0
    under_way: int = 0


class Engine(Protocol):
    """Makes checks, here or elsewhere."""

    @property
    def refused(self) -> Mapping[str, int]:
        """How many answers each network sent that are not believed."""

    def answers(self, shards: Iterable[Shard], *, cancel: threading.Event) -> Iterator[Delivered]:
        """Make the checks; yields each answer as soon as it is in. It ends when all are answered, or when nobody is
        there, or in time, who could. An answer may come from an earlier run: it is to be recorded as well."""

    def networks(self) -> Mapping[str, Workers]:
        """What is known of each network that has workers."""


class NotBelieved(ValueError):
    """An answer that no check of ours could have given. It says why."""


def shards(
    run: str, checks: Mapping[str, Iterable[Check]], until: datetime, destinations: Destinations | None
) -> list[Shard]:
    """The shards of a run, from its checks by network. They take turns, so that no network waits for another."""
    made: list[list[Shard]] = []
    for network, each in checks.items():
        listed = tuple(each)
        parts = [listed[at : at + AT_MOST] for at in range(0, len(listed), AT_MOST)]
        made.append([Shard(run, network, number, until, part, destinations) for number, part in enumerate(parts)])
    longest = max(map(len, made), default=0)
    return [each[at] for at in range(longest) for each in made if at < len(each)]


def longest(check: Check) -> float:
    """Seconds that a check takes at most, once it has begun."""
    return check.target.timeout + (FACTS_SECONDS if check.facts else 0)


def believed(answer: Answer, check: Check, now: float) -> Answer:
    """The answer to this check as it may be recorded and shown. Raises NotBelieved."""
    result = answer.result
    if answer.id != check.id:
        raise NotBelieved("another deposit")
    _refuse_untold(answer, check, reached=result is not None and result.cause is None)
    if result is None:
        if not answer.problem:
            raise NotBelieved("neither a result nor a problem")
        return replace(answer, problem=printable(answer.problem, 200))
    if answer.problem:
        raise NotBelieved("a result and a problem")
    if not now - OLDEST <= result.at <= now + CLOCKS_APART:
        seen = datetime.fromtimestamp(max(0, min(result.at, 253402300799)), UTC)
        raise NotBelieved(f"the time of the check, {seen:%Y-%m-%d %H:%M:%S} UTC")
    return replace(answer, result=_cleaned(result, check.target, longest(check)))


def _refuse_untold(answer: Answer, check: Check, *, reached: bool) -> None:
    """Who asks for facts and reaches the server has something to tell; nobody else has."""
    if answer.told and not check.facts:
        raise NotBelieved("facts that nobody asked for")
    if check.facts and bool(answer.told) is not reached:
        raise NotBelieved("nothing of a server that was reached" if reached else "facts of one that was not reached")
    if check.facts == "without root" and any(each.way == "as root" for each in answer.told):
        raise NotBelieved("facts as root, where root was not asked for")


def _cleaned(result: AccessResult, target: Target, seconds: float) -> AccessResult:
    """The result with its text made safe again, as a check of ours would have."""
    services = {each if isinstance(each, int) else each.port for each in target.services}
    if (result.host, result.port) != (target.host, target.port):
        raise NotBelieved("another host")
    if (result.verdict is Verdict.ACCESSIBLE) != (result.cause is None):
        raise NotBelieved("a verdict that its cause contradicts")
    if not 0 <= result.seconds <= seconds + CLOCKS_APART:
        raise NotBelieved("a duration that no check has")
    if len(result.rungs) > 20 or len(result.algorithms) > 20 or len(result.services) > len(target.services):
        raise NotBelieved("more than was asked")
    if not all(each.port in services for each in result.services):
        raise NotBelieved("a service that was not asked for")
    if result.jump is not None and target.jump is None:
        raise NotBelieved("a jump host that was not asked for")
    if result.user not in (None, target.user):
        raise NotBelieved("another account")
    if result.host_key:
        _refuse_false(result.host_key)
    return replace(
        result,
        detail=printable(result.detail),
        banner=printable(result.banner),
        rungs=tuple(replace(each, detail=printable(each.detail)) for each in result.rungs),
        services=tuple(
            replace(each, detail=printable(each.detail), expires=each.expires and printable(each.expires, 40))
            for each in result.services
        ),
        algorithms={printable(name, 40): printable(value, 100) for name, value in result.algorithms.items()},
        jump=result.jump
        and replace(result.jump, host=printable(result.jump.host, 253), user=printable(result.jump.user, 64)),
    )


def _refuse_false(key: HostKey) -> None:
    try:
        true = fingerprint(base64.b64decode(key.key, validate=True)) == key.sha256
    except (binascii.Error, ValueError):
        true = False
    if not true or printable(key.type, 64) != key.type:
        raise NotBelieved("a host key with another fingerprint")
