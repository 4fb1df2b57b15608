"""Is a written procedure sound? Every branch leads somewhere, every actor exists, every loop has a person or a limit.

A site may carry another office's SOP. What sopctl does at a step it knows by the step's verb and task, never by its
number; so a procedure may number, add and leave out steps as its paper does, with these verbs.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sopctl.model.sop import verbs
from sopctl.model.sop.procedure import REQUESTER, Begins, Procedure, Procedures, Step

WITHOUT_A_PERSON = frozenset({"configure", "notify", "verify", "inventory"})
"""The verbs that `advance` does by itself."""

TASKS = {
    "notify": {"place-ready", "place-full", "try-access", "accessible"},
    "inspect": {"condition", "serial", "completeness"},
    "return": {"letter", "data-saved"},
    "release": {"access", "exit-record", "space"},
}
"""The verbs that do different things at different steps, and what."""

ENDINGS = {
    "request": ("selesai",),
    "dispose": ("selesai",),
    "reserve": ("tersedia", "tidak tersedia"),
    "receive": ("selesai",),
    "handover": ("selesai",),
    "place": ("selesai",),
    "configure": ("selesai",),
    "verify": ("bisa", "tidak bisa"),
    "inventory": ("selesai",),
    "return": ("selesai",),
    "release": ("selesai",),
    "notify": (),
    "inspect": (),
}
"""The verbs that a step may name, and the outcomes which it must then have. notify ends with its step's first
outcome; inspect with the first of two when all is well, else with the second."""

OF_OUTCOMES = frozenset({"adopt", "accept", "expire", "refuse", "withdraw"})
"""The verbs that belong to a single outcome, never to a step."""


class Fault(NamedTuple):
    """What is wrong, and the path to it in the procedure's file: `("steps", 3, "outcomes", "ya")`."""

    path: tuple[str | int, ...]
    message: str


def faults(procedure: Procedure) -> Iterator[Fault]:
    """What is wrong in one procedure by itself."""
    numbers = [step.no for step in procedure.steps]
    if REQUESTER not in procedure.actors:
        yield Fault(("actors",), f"the requesting unit is missing: an actor {REQUESTER!r}")
    for index, step in enumerate(procedure.steps):
        path: tuple[str | int, ...] = ("steps", index)
        if step.no in numbers[:index]:
            yield Fault((*path, "no"), f"the step number {step.no} stands twice")
        if step.actor not in procedure.actors:
            yield Fault((*path, "actor"), f"the actor {step.actor!r} is not among the procedure's actors")
        yield from _verb_faults(step, path)
        yield from _outcome_faults(procedure, step, path)
    for act in procedure.acts:
        if act not in verbs.names("act"):
            yield Fault(("acts", act), f"there is no act {act!r}; there are: {', '.join(verbs.names('act'))}")
    yield from _unreachable(procedure)
    yield from _endless(procedure)


def faults_between(procedures: Procedures) -> Iterator[tuple[str, Fault]]:
    """What is wrong between the procedures that are in force together: the procedure's name, and the fault."""
    everyone = {actor for procedure in procedures.values() for actor in procedure.actors}
    for name, procedure in procedures.items():
        for act, actors in procedure.acts.items():
            for actor in sorted(set(actors) - everyone):
                yield name, Fault(("acts", act), f"no procedure has an actor {actor!r}")
        for word in ("after", "during"):
            other = getattr(procedure.begins, word)
            if other and other not in procedures:
                yield name, Fault(("begins", word), f"it begins out of {other!r}, which does not exist")
    openings = [name for name, procedure in procedures.items() if procedure.begins == Begins()]
    if len(openings) != 1:
        listed = ", ".join(openings) or "none does"
        yield (
            (openings or list(procedures))[-1],
            Fault((), f"exactly one procedure begins with a new request; now: {listed}"),
        )


def _verb_faults(step: Step, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if step.verb not in ENDINGS:
        yield Fault((*path, "verb"), f"there is no verb {step.verb!r}; there are: {', '.join(ENDINGS)}")
        return
    tasks = TASKS.get(step.verb, {""})
    if step.task not in tasks:
        wanted = f"one of {', '.join(sorted(tasks))}" if tasks != {""} else "none"
        yield Fault((*path, "task" if step.task else "verb"), f"the task of {step.verb} must be {wanted}")
    own = step.outcomes_of(step.verb)
    missing = [label for label in ENDINGS[step.verb] if label not in own]
    if missing:
        yield Fault((*path, "outcomes"), f"{step.verb} ends with {', '.join(missing)}, which this step does not know")
    if step.verb == "inspect" and len(own) != 2:
        yield Fault((*path, "outcomes"), "inspect needs two outcomes: all is well, and something differs")
    if not own:
        yield Fault((*path, "outcomes"), f"{step.verb} needs an outcome of its own")


def _outcome_faults(procedure: Procedure, step: Step, path: tuple[str | int, ...]) -> Iterator[Fault]:
    numbers = {each.no for each in procedure.steps}
    for label, outcome in step.outcomes.items():
        here = (*path, "outcomes", label)
        if label in verbs.NEUTRAL:
            yield Fault(here, f"the outcome {label!r} is reserved")
        if outcome.verb and outcome.verb not in OF_OUTCOMES:
            yield Fault(here, f"there is no verb {outcome.verb!r} for an outcome; there are: {_listed(OF_OUTCOMES)}")
        if outcome.actor and outcome.actor not in procedure.actors:
            yield Fault(here, f"the actor {outcome.actor!r} is not among the procedure's actors")
        if outcome.next is not None and outcome.next not in numbers:
            yield Fault(here, f"{label!r} leads to step {outcome.next}, which does not exist")
        if (outcome.next is not None) + outcome.closes + outcome.resumes > 1:
            yield Fault(here, f"{label!r} leads to more than one place: next, closes and resumes exclude each other")
        if outcome.resumes and not procedure.begins.during:
            yield Fault(here, f"{label!r} resumes, but this procedure was begun out of no other")


def _listed(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))


def _unreachable(procedure: Procedure) -> Iterator[Fault]:
    following = {s.no: {o.next for o in s.outcomes.values() if o.next is not None} for s in procedure.steps}
    reached = {procedure.first.no}
    ahead = list(reached)
    while ahead:
        new = following.get(ahead.pop(), set()) - reached
        reached |= new
        ahead += new
    for index, step in enumerate(procedure.steps):
        if step.no not in reached:
            yield Fault(("steps", index), f"no way leads to step {step.no}")


def _endless(procedure: Procedure) -> Iterator[Fault]:
    """A loop of steps that need no person, without a wait and without a limit of tries."""
    steps = {step.no: step for step in procedure.steps if step.verb in WITHOUT_A_PERSON}
    following = {
        no: {o.next for o in step.outcomes.values() if o.next in steps and not o.waits_for and o.tries is None}
        for no, step in steps.items()
    }
    for index, step in enumerate(procedure.steps):
        seen: set[int | None] = set()
        ahead = list(following.get(step.no, ()))
        while ahead:
            here = ahead.pop()
            if here == step.no:
                yield Fault(
                    ("steps", index, "outcomes"),
                    f"step {step.no} can be reached from itself without a person, a wait or a limit (tries)",
                )
                return
            if here not in seen and here is not None:
                seen.add(here)
                ahead += following[here]
