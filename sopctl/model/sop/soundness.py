"""Is a written procedure sound? Everything in it can be done: each branch has a command, each wait an end, each loop a
person or a limit.

A site may carry another office's SOP. sopctl decides what to do at a step by its verb and task, never by its number. So
a procedure may number, add and leave out steps as its paper does, with the verbs of the table (`verbs.py`). A procedure
that is sound here never makes a command end in an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sopctl.locale import gettext_noop
from sopctl.model.sop import verbs
from sopctl.model.sop.procedure import REQUESTER, Begins, Outcome, Procedure, Procedures, Step, follower

Path = tuple[str | int, ...]
"""Where something is in a procedure's file: `("steps", 3, "outcomes", "ya")`."""


class Fault(NamedTuple):
    """What is wrong, and where: a stable id, a sentence with named places, and its values."""

    path: Path
    id: str
    template: str
    values: Mapping[str, Any]

    @property
    def message(self) -> str:
        """The sentence."""
        return self.template.format(**self.values)


def _fault(path: Path, id: str, template: str, /, **values: Any) -> Fault:
    return Fault(path, id, template, values)


def faults(procedure: Procedure) -> Iterator[Fault]:
    """What is wrong in one procedure by itself."""
    numbers = [step.no for step in procedure.steps]
    if REQUESTER not in procedure.actors:
        said = gettext_noop("the requesting unit is missing: an actor {actor!r}")
        yield _fault(("actors",), "requester-missing", said, actor=REQUESTER)
    for index, step in enumerate(procedure.steps):
        path: Path = ("steps", index)
        if step.no in numbers[:index]:
            yield _fault(
                (*path, "no"), "step-repeated", gettext_noop("the step number {step} is used twice"), step=step.no
            )
        if step.actor not in procedure.actors:
            yield _unknown_actor((*path, "actor"), step.actor)
        for number, actor in enumerate(step.also):
            if actor not in procedure.actors:
                yield _unknown_actor((*path, "also", number), actor)
        yield from _verb_faults(step, path)
        for label, outcome in step.outcomes.items():
            yield from _outcome_faults(procedure, step, label, outcome, (*path, "outcomes", label))
    known = verbs.names("act")
    for act in procedure.acts:
        if act not in known:
            said = gettext_noop("there is no act {act!r}; there are: {known}")
            yield _fault(("acts", act), "act-unknown", said, act=act, known=", ".join(known))
    yield from _unreachable(procedure)
    for _, fault in _endless({procedure.name: procedure}):
        yield fault


def faults_between(procedures: Procedures) -> Iterator[tuple[str, Fault]]:
    """What is wrong between procedures that are in force together, each sound by itself: the procedure's name, and the
    fault."""
    openings = [name for name, procedure in procedures.items() if procedure.begins == Begins()]
    if len(openings) != 1:
        listed = ", ".join(openings) or "none does"
        said = gettext_noop("exactly one procedure begins with a new request; now: {listed}")
        yield (openings or list(procedures))[-1], _fault((), "openings-not-one", said, listed=listed)
    everyone = {actor for procedure in procedures.values() for actor in procedure.actors}
    begun: dict[tuple[str, str], str] = {}
    for name, procedure in procedures.items():
        for fault in _first_step_faults(procedure, opening=name in openings):
            yield name, fault
        for fault in _beginning_faults(procedures, procedure, begun):
            yield name, fault
        for act, actors in procedure.acts.items():
            for actor in sorted(set(actors) - everyone):
                yield (
                    name,
                    _fault(
                        ("acts", act), "act-by-nobody", gettext_noop("no procedure has an actor {actor!r}"), actor=actor
                    ),
                )
    yield from _endless(procedures)


def _first_step_faults(procedure: Procedure, *, opening: bool) -> Iterator[Fault]:
    """A dossier is opened by the first step of one procedure, and no other step has a verb that opens a dossier."""
    first, path = procedure.first, ("steps", 0, "verb")
    opens = _opens(first)
    if opening and not opens:
        said = gettext_noop("a new request is filed by the verb {verb}, so the first step cannot be {first}")
        verb = next(verb.name for verb in verbs.VERBS if verb.kind == "step" and verb.opens)
        yield _fault(path, "first-step-not-request", said, verb=verb, first=first.verb)
    filing = {first.actor, *(each.actor for each in first.outcomes_of(first.verb).values())} - {""}
    if opening and opens and filing != {REQUESTER}:
        said = gettext_noop("{verb} is done by the requesting unit: its actor must be {requester}")
        yield _fault(("steps", 0, "actor"), "request-by-another", said, verb=first.verb, requester=REQUESTER)
    if opens and not opening:
        yield _second_request(path, first)


def _beginning_faults(
    procedures: Procedures, procedure: Procedure, begun: dict[tuple[str, str], str]
) -> Iterator[Fault]:
    """If a procedure starts from another, that one exists, and it is clear which procedure starts there. `begun` has
    the earlier ones: by the procedure that they start from, and by which verb (empty: automatically)."""
    for word, other, verb in (
        ("after", procedure.begins.after, ""),
        ("during", procedure.begins.during, procedure.first.verb),
    ):
        path = ("begins", word)
        if other and other not in procedures:
            said = gettext_noop("it starts from {other!r}, which does not exist")
            yield _fault(path, "begins-out-of-nothing", said, other=other)
        first = begun.setdefault((other, verb), procedure.name) if other else procedure.name
        if first != procedure.name:
            how = f"by {verb}" if verb else "at its end"
            said = gettext_noop("{first} already starts from {other} {how}: this one never would")
            yield _fault(path, "never-begins", said, first=first, other=other, how=how)


def _verb_faults(step: Step, path: Path) -> Iterator[Fault]:
    known = verbs.names("step")
    if step.verb not in known:
        said = gettext_noop("there is no verb {verb!r}; there are: {known}")
        yield _fault((*path, "verb"), "verb-unknown", said, verb=step.verb, known=", ".join(known))
        return
    row, tasks = verbs.find(step.verb, step.task), verbs.tasks(step.verb)
    if row is None:
        wanted = f"one of {', '.join(sorted(tasks))}" if tasks != ("",) else "none"
        said = gettext_noop("the task of {verb} must be {wanted}")
        yield _fault((*path, "task" if step.task else "verb"), "task-unknown", said, verb=step.verb, wanted=wanted)
        row = verbs.row(step.verb, tasks[0])
    own = step.outcomes_of(step.verb)
    missing = [label for label in row.ends if label not in own]
    if missing:
        said = gettext_noop("{verb} ends with {missing}, which this step does not know")
        yield _fault((*path, "outcomes"), "outcome-missing", said, verb=step.verb, missing=", ".join(missing))
    if row.own_ends and len(own) != row.own_ends:
        said = gettext_noop("{verb} needs two outcomes: all is well, and something differs")
        yield _fault((*path, "outcomes"), "outcomes-not-two", said, verb=step.verb)
    if not own:
        yield _fault(
            (*path, "outcomes"),
            "own-outcome-missing",
            gettext_noop("{verb} needs an outcome of its own"),
            verb=step.verb,
        )
    if row.opens and path[-1] != 0:
        yield _second_request((*path, "verb"), step)


def _outcome_faults(procedure: Procedure, step: Step, label: str, outcome: Outcome, here: Path) -> Iterator[Fault]:
    if label in verbs.NEUTRAL:
        yield _fault(here, "outcome-reserved", gettext_noop("the outcome {label!r} is reserved"), label=label)
    if outcome.actor and outcome.actor not in procedure.actors:
        yield _unknown_actor(here, outcome.actor)
    if (outcome.next is not None) + outcome.closes + outcome.resumes > 1:
        said = gettext_noop("{label!r} leads to more than one place: next, closes and resumes exclude each other")
        yield _fault(here, "outcome-ambiguous", said, label=label)
    if outcome.resumes and not procedure.begins.during:
        said = gettext_noop("{label!r} resumes, but this procedure starts from no other")
        yield _fault(here, "nothing-to-resume", said, label=label)
    if outcome.resumes and procedure.begins.after:
        said = gettext_noop(
            "{label!r} resumes, but this procedure also begins after {other!r}, when there is nothing to resume"
        )
        yield _fault(here, "resumes-and-follows", said, label=label, other=procedure.begins.after)
    yield from _tries_faults(step, label, outcome, here)
    if outcome.verb:
        yield from _aside_faults(procedure, step, label, outcome, here)
    yield from _leading_faults(procedure, label, outcome, here)


def _tries_faults(step: Step, label: str, outcome: Outcome, here: Path) -> Iterator[Fault]:
    """Tries are counted where work goes on by itself (`Summary.goes_on`): elsewhere the limit would have no effect."""
    if outcome.tries is None:
        return
    row = verbs.find(step.verb, step.task)
    if outcome.waits_for:
        said = gettext_noop("{label!r} has tries, but waits for {wait}: tries limit what goes on at once")
        yield _fault(here, "tries-with-wait", said, label=label, wait=outcome.waits_for)
    elif outcome.verb or (row and not row.unattended):
        said = gettext_noop("{label!r} has tries, but a person decides it: tries limit what goes on by itself")
        yield _fault(here, "tries-with-person", said, label=label)


def _aside_faults(procedure: Procedure, step: Step, label: str, outcome: Outcome, here: Path) -> Iterator[Fault]:
    """An outcome that a verb other than the step's brings about: it must be possible."""
    known = verbs.names("outcome")
    if outcome.verb not in known:
        said = gettext_noop("there is no verb {verb!r} for an outcome; there are: {known}")
        yield _fault(here, "outcome-verb-unknown", said, verb=outcome.verb, known=", ".join(sorted(known)))
        return
    row = verbs.row(outcome.verb)
    if row.opens and not _opens(step):
        said = gettext_noop("{label!r} never comes: {verb} opens a dossier, and here there is one")
        yield _fault(here, "outcome-opens-dossier", said, label=label, verb=outcome.verb)
    if _opens(step) and not row.opens:
        said = gettext_noop("{label!r} never comes: {verb} needs a dossier, and this step opens it")
        yield _fault(here, "outcome-without-dossier", said, label=label, verb=outcome.verb)
    first = next(iter(step.outcomes_of(outcome.verb)))
    if first != label:
        said = gettext_noop("{label!r} never comes: {verb} brings {first!r} here")
        yield _fault(here, "outcome-verb-repeated", said, label=label, verb=outcome.verb, first=first)
    if row.only_while and row.only_while not in _waits_at(procedure, step):
        said = gettext_noop("{label!r} never comes: {verb} ends a wait for a {wait}, and no way leads here with one")
        yield _fault(here, "outcome-without-wait", said, label=label, verb=outcome.verb, wait=row.only_while)


def _leading_faults(procedure: Procedure, label: str, outcome: Outcome, here: Path) -> Iterator[Fault]:
    """Where an outcome leads, and what is waited for there."""
    if outcome.next is None:
        if outcome.waits_for:
            said = gettext_noop("{label!r} waits for {wait}, but no step follows that could")
            yield _fault(here, "wait-without-step", said, label=label, wait=outcome.waits_for)
        return
    following = next((step for step in procedure.steps if step.no == outcome.next), None)
    if following is None:
        said = gettext_noop("{label!r} leads to step {step}, which does not exist")
        yield _fault(here, "branch-to-nowhere", said, label=label, step=outcome.next)
        return
    row = verbs.find(following.verb, following.task)
    if _opens(following):
        said = gettext_noop("{label!r} leads to step {step}, which only a new request can do")
        yield _fault(here, "branch-to-request", said, label=label, step=following.no)
    elif row and outcome.waits_for and outcome.waits_for not in row.may_wait:
        able = ", ".join(dict.fromkeys(verb.name for verb in verbs.VERBS if outcome.waits_for in verb.may_wait))
        said = gettext_noop("{label!r} waits for {wait} at step {step}, but only {able} can wait for that")
        yield _fault(here, "wait-without-end", said, label=label, wait=outcome.waits_for, step=following.no, able=able)


def _unknown_actor(path: Path, actor: str) -> Fault:
    return _fault(
        path, "actor-unknown", gettext_noop("the actor {actor!r} is not among the procedure's actors"), actor=actor
    )


def _second_request(path: Path, step: Step) -> Fault:
    said = gettext_noop("{verb} opens a dossier: only the first step of all can be done by it")
    return _fault(path, "second-request", said, verb=step.verb)


def _opens(step: Step) -> bool:
    row = verbs.find(step.verb, step.task)
    return row is not None and row.opens


def _waits_at(procedure: Procedure, step: Step) -> set[str]:
    """What the outcomes that lead to a step wait for."""
    return {
        outcome.waits_for for each in procedure.steps for outcome in each.outcomes.values() if outcome.next == step.no
    }


def _unreachable(procedure: Procedure) -> Iterator[Fault]:
    following = {s.no: {o.next for o in s.outcomes.values() if o.next is not None} for s in procedure.steps}
    reached = _from(following, {procedure.first.no})
    for index, step in enumerate(procedure.steps):
        if step.no not in reached:
            yield _fault(
                ("steps", index), "step-unreachable", gettext_noop("no way leads to step {step}"), step=step.no
            )


Place = tuple[str, int]
"""A procedure and the number of a step."""


def _endless(procedures: Procedures) -> Iterator[tuple[str, Fault]]:
    """A loop of steps that need no person, without a limit of tries and without a wait that a person or the calendar
    ends. Space does not end it: what waits for space goes on by itself as soon as there is some."""
    following = {
        (name, step.no): set(_by_itself(procedures, procedure, step))
        for name, procedure in procedures.items()
        for step in procedure.steps
    }
    said = gettext_noop("step {step} is in a loop that no person, wait or limit (`tries`) ends")
    for name, procedure in procedures.items():
        for index, step in enumerate(procedure.steps):
            if (name, step.no) in _from(following, following[name, step.no]):
                yield name, _fault(("steps", index, "outcomes"), "loop-endless", said, step=step.no)
                return


def _by_itself(procedures: Procedures, procedure: Procedure, step: Step) -> Iterator[Place]:
    """The steps that follow this one without a person, where this one needs none."""
    row = verbs.find(step.verb, step.task)
    if row is None:
        return
    ends: Sequence[str] = tuple(step.ends_of(step.verb)) if row.unattended else ()
    if "space" in row.may_wait:  # what waits for space is done by the waiting list, and only ends well
        ends = row.ends[:1]
    for label in ends:
        outcome = step.outcomes.get(label)
        if outcome is None or outcome.closes or outcome.resumes or outcome.tries is not None:
            continue
        if outcome.next is None:
            after = follower(procedures, procedure.name)
            if after and _needs_nobody(after.first, ""):
                yield after.name, after.first.no
        elif any(_needs_nobody(each, outcome.waits_for) for each in procedure.steps if each.no == outcome.next):
            yield procedure.name, outcome.next


def _needs_nobody(step: Step, waiting: str) -> bool:
    row = verbs.find(step.verb, step.task)
    return row is not None and (waiting == "space" or (row.unattended and not waiting))


def _from(following: Mapping[Any, set[Any]], begin: set[Any]) -> set[Any]:
    """`begin`, and everything that can be reached from it."""
    reached, ahead = set(begin), list(begin)
    while ahead:
        new = following.get(ahead.pop(), set()) - reached
        reached |= new
        ahead += new
    return reached
