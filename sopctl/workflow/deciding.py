"""Who may decide: the rule between who acts (a principal, proved by the edge) and whose step it is (a role)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sopctl.errors import NotNow, UsageError
from sopctl.locale import Prose, Text, either
from sopctl.model.principal import AUTOMATIC, Principal
from sopctl.model.sop.procedure import REQUESTER
from sopctl.store.settings import Person

Choose = Callable[[Principal, Sequence[str]], str | None]
"""Names the decider when nobody was named, from who acts and the people who may decide. A convenience that the edge
supplies; there is none by default."""


@dataclass(frozen=True)
class Behalf:
    """On whose behalf a person without the step's role decides, and the document that allows it."""

    person: str
    document: Path


def themselves(who: Principal, able: Sequence[str]) -> str | None:
    """The one who acts, if they may: the only default that requires no trust."""
    return next((key for key in able if key in who.people), None)


@dataclass(frozen=True)
class Deciding:
    """Who acts, and whom they name: `by` decided it, on `behalf` of whom."""

    who: Principal
    by: str | None = None
    behalf: Behalf | None = None
    choose: Choose = themselves

    def decider(
        self,
        people: Mapping[str, Person],
        actors: Sequence[str],
        what: Prose,
        *,
        unit: str = "",
        unattended: bool = False,
    ) -> str:
        """Who decided `what`, which belongs to one of `actors`: a person's key, the requesting unit (of the key
        `unit`, where the site lists it), or sopctl itself. `unattended`: the work needs no decision (a timer may do
        it), so that whoever starts it need not be a clerk, unless they name someone.

        Raises NotNow when whoever decides does not hold the role, or the one who acts may not record it; UsageError
        when nobody is named or there is no such person.
        """
        if self.who.kind == "automation":
            return AUTOMATIC
        self._refuse_reader(what)
        if REQUESTER in actors and (len(actors) == 1 or self.by == REQUESTER or self.who.kind == "unit"):
            return self._requester(what, unit, unattended=unattended)
        role = either(actors)
        holders = [key for key, person in people.items() if person.role in actors]
        able = self._able(people, holders, what, role)
        named = self.by if self.by is not None else self.choose(self.who, able)
        if named is None:
            raise UsageError(
                "decider-missing",
                "{what} belongs to {role}: say who decided",
                remedy=Text("Name one of them with --by: {names}", names=", ".join(able))
                if able
                else Text("Add a person with the role {actors} to sopctl.yml", actors=_listed(actors)),
                what=what,
                role=role,
            )
        self._refuse_unknown(people, named)
        if self.by is not None or not unattended:
            self._refuse_false_clerk(named)
        if named not in able:
            raise NotNow(
                "role-not-held",
                "{what} belongs to {role}; {person} is {held}",
                remedy=(
                    name_one_of(holders),
                    Text(
                        "Or decide on their behalf, with the letter that allows it: --on-behalf-of {holders} "
                        "--document FILE",
                        holders=_first(holders),
                    ),
                ),
                what=what,
                role=role,
                person=named,
                held=people[named].role,
            )
        return named

    def anyone(self, people: Mapping[str, Person]) -> str:
        """Who decided something that belongs to no role: the person named, else the one who acts. Raises NotNow for a
        unit, whose acts are all named, and for a reader."""
        if self.who.kind == "automation":
            return AUTOMATIC
        self._refuse_reader(Text("it"))
        if self.who.kind == "unit":
            raise NotNow(
                "offices-act",
                "this is for the office to do, not for {unit}",
                remedy="Ask the office to do it.",
                unit=self.who.unit,
            )
        if self.by is None:
            return next(iter(self.who.people), self.who.login)
        self._refuse_unknown(people, self.by)
        self._refuse_false_clerk(self.by)
        return self.by

    def _requester(self, what: Prose, unit: str, *, unattended: bool) -> str:
        if self.by not in (None, REQUESTER):
            raise NotNow(
                "requesters-step",
                "{what} is done by the requesting unit, not by {by}",
                remedy="Leave --by away.",
                what=what,
                by=self.by,
            )
        if self.who.kind == "unit" and self.who.unit != unit:
            raise NotNow(
                "other-units-step",
                "{what} is not {unit}'s to do",
                remedy="Leave it to that unit, or to the office.",
                what=what,
                unit=self.who.unit,
            )
        if self.who.kind != "unit" and not (self.who.clerk or unattended):
            raise self._no_clerk(Text("the requesting unit"))
        return REQUESTER

    def _refuse_reader(self, what: Prose) -> None:
        if self.who.kind == "reader":
            raise NotNow(
                "reader-decides-nothing",
                "{login} only reads: {what} is for others to do",
                remedy="Ask someone of the office.",
                login=self.who.login,
                what=what,
            )

    def _able(self, people: Mapping[str, Person], holders: list[str], what: Prose, role: Prose) -> list[str]:
        if self.behalf is None:
            return holders
        if self.behalf.person not in holders:
            raise NotNow(
                "behalf-without-role",
                "{what} belongs to {role}, which {person} does not hold",
                remedy=name_one_of(holders),
                what=what,
                role=role,
                person=self.behalf.person,
            )
        return list(people)

    def _refuse_unknown(self, people: Mapping[str, Person], named: str) -> None:
        if named not in people:
            raise UsageError(
                "person-unknown",
                "there is no {person!r} among the people of sopctl.yml",
                remedy=Text("There are: {names}", names=", ".join(people) or Text("none")),
                person=named,
            )

    def _refuse_false_clerk(self, named: str) -> None:
        if named not in self.who.people and not self.who.clerk:
            raise self._no_clerk(named)

    def _no_clerk(self, whom: Prose) -> NotNow:
        return NotNow(
            "not-a-clerk",
            "{login} may not record what {person} decides",
            remedy="Let them record it themselves, or add this login to `clerks` in sopctl.yml.",
            login=self.who.login,
            person=whom,
        )


def name_one_of(holders: Sequence[str]) -> Text:
    """What helps where someone else must decide."""
    return Text("Name someone who holds the role (--by {person}).", person=_first(holders))


def _listed(actors: Sequence[str]) -> Prose:
    """The roles of people among `actors`."""
    return either(actor for actor in actors if actor != REQUESTER)


def _first(holders: Sequence[str]) -> str:
    return holders[0] if holders else "PERSON"
