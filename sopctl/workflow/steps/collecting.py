"""konfigurasi 6: the month's facts are gathered from the servers and their inventory forms are filled.

Many servers are gathered in one run, by Ansible; the network appliances among them beside it, over netmiko. Each is
kept in the moment in which it has answered: whatever ends the run, what was gathered need not be gathered again, and
the others are simply still due.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple, ParamSpec, TypeVar

import msgspec

from sopctl.adapters.ansible.runner import HostResult
from sopctl.adapters.documents.forms import InventoryForm
from sopctl.adapters.documents.press import Press
from sopctl.errors import Interrupted, InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.model.facts.changes import Weight, real
from sopctl.model.facts.script import completed, from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.setup import from_setup
from sopctl.model.sop.entries import Gathered, Paper
from sopctl.model.sop.summary import Summary
from sopctl.model.text import printable
from sopctl.store import dossiers, register
from sopctl.store import facts as kept_facts
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.papers.inventory_form import Changes, Watched, changes_of, inventory_form
from sopctl.workflow.servers import appliances, checking, host_keys
from sopctl.workflow.servers.ansible_view import key_in_use
from sopctl.workflow.servers.playbooks import OnEvent, Options, explain, record_unreachable, run_on, silent, waited
from sopctl.workflow.steps.configuring import Answers
from sopctl.workflow.views.reports import month_days

PLAYBOOK = "facts.yml"

AT_ONCE = 100
"""Servers of one run. Their dossiers are held while it lasts, each with an open file, and a run has its time to end."""

MANY = 50
"""Servers from which on their forms are made in processes of their own, one a processor."""

_LOOK = "Look at the run: sopctl runs list; and tell who keeps sopctl."

P = ParamSpec("P")
T = TypeVar("T")

OnEnd = Callable[[str, StepDone | SopctlError], None]
"""Told of each deposit what came of it, as soon as that is known."""


def collect(
    desk: Desk, deposit_id: str, *, on_event: OnEvent = silent, cancel: threading.Event | None = None
) -> StepDone:
    """Gather the facts of one server, as `collect_all`. Raises OutsideFailure when it cannot be reached."""
    return collect_all(desk, [deposit_id], on_event=on_event, cancel=cancel).only()


def collect_all(
    desk: Desk,
    ids: Sequence[str],
    *,
    month: str | None = None,
    forks: int = 10,
    on_event: OnEvent = silent,
    on_end: OnEnd = lambda _id, _answer: None,
    cancel: threading.Event | None = None,
) -> Answers:
    """Gather the facts of servers, keep them as the month's documents, and make the inventory forms (PDF).

    `month` (2026-11) is this one, or the one before that is done late. A second gathering in a month is a new
    revision; what was kept before is never touched. A server that fails is an answer (no), one that cannot be reached
    an error of its own: nothing is kept of it and its step stays due.

    Raises what ends a run for all of them (see `playbooks.run_on`), and UsageError for another month.
    """
    of = _month(desk, month)
    answers = Answers()

    def end(deposit_id: str, answer: StepDone | SopctlError) -> None:
        if isinstance(answer, SopctlError):
            answers.errors[deposit_id] = answer
        else:
            answers.done[deposit_id] = answer
        on_end(deposit_id, answer)

    once = list(dict.fromkeys(ids))
    watched: dict[str, Watched] = {}
    with suppress(OutsideFailure, InvalidRecord):  # without the history of checks the forms say that they know nothing
        watched = checking.watched(desk, of)
    with Press(os.cpu_count() or 1 if len(once) >= MANY else 0) as press:
        for first in range(0, len(once), AT_ONCE):
            if cancel and cancel.is_set():
                raise Interrupted(
                    "run-was-cancelled", "The run was cancelled.", remedy="Run the command again when you are ready."
                )
            with ExitStack() as held:
                gathering = _Gathering(desk, of, end, press, watched)
                for deposit_id in once[first : first + AT_ONCE]:
                    gathering.take(deposit_id, held)
                gathering.run(Options(forks=forks), on_event, cancel)
    return answers


def due(desk: Desk, month: str | None = None) -> list[str]:
    """The deposits whose inventory of `month` (this one) is due: never taken, or last taken for an earlier month."""
    first, _ = month_days(_month(desk, month))
    return [each.id for each in _standing(desk) if each.goes_on(first)]


def everyone(desk: Desk) -> list[str]:
    """The deposits whose inventory may be taken: due, or taken this month already."""
    return [each.id for each in _standing(desk)]


@dataclass
class _Gathering:
    """One run: the turns that it holds, and what becomes of them."""

    desk: Desk
    month: str
    end: OnEnd
    press: Press
    watched: Mapping[str, Watched]

    def __post_init__(self) -> None:
        self.servers: dict[str, Turn] = {}
        self.appliances: dict[str, Turn] = {}
        self.broken: Exception | None = None
        self._keeping = threading.Lock()

    def take(self, deposit_id: str, held: ExitStack) -> None:
        """Take a deposit's turn, unless something speaks against it."""
        try:
            mine = held.enter_context(turn(self.desk, deposit_id, "inventory"))
            if appliances.is_appliance(mine.dossier):
                appliances.login(self.desk.site, mine.dossier)
            else:
                self.desk.site.key_file(key_in_use(self.desk.site, mine.dossier))
            _refuse_passed(mine, self.month)
        except SopctlError as error:
            self.end(deposit_id, error)
        else:
            (self.appliances if appliances.is_appliance(mine.dossier) else self.servers)[deposit_id] = mine

    def run(self, options: Options, on_event: OnEvent, cancel: threading.Event | None) -> None:
        """Gather; keep each server's facts as they come, then say of the others why there are none."""
        with self._beside(options.forks, cancel or threading.Event()):
            self._run_ansible(options, on_event, cancel)

    @contextmanager
    def _beside(self, at_once: int, stop: threading.Event) -> Iterator[None]:
        """Gather the appliances while the block runs. What ends the block early ends them too, by `stop`."""
        if not self.appliances:
            yield
            return
        worker = threading.Thread(target=self._ask_appliances, args=(at_once, stop), name="appliances")
        for mine in self.appliances.values():
            mine.start()
        worker.start()
        try:
            yield
        except BaseException:
            stop.set()
            raise
        finally:
            worker.join()
        if isinstance(self.broken, Interrupted):
            raise Interrupted(
                "run-was-cancelled", "The run was cancelled.", remedy="Run the command again when you are ready."
            )
        if self.broken:
            raise self.broken

    def _ask_appliances(self, at_once: int, stop: threading.Event) -> None:
        """In a thread of its own; what it cannot record is raised by who waits for it."""
        try:
            for mine, found in appliances.gather(list(self.appliances.values()), at_once, stop):
                if isinstance(found, SopctlError):
                    mine.break_off(found)
                    if isinstance(found, Interrupted):
                        self.broken = found
                    else:
                        self._tell(mine, found)
                elif found is None:
                    self._tell(mine, mine.fail(appliances.stranger(mine.dossier)))
                else:
                    self._keep(mine, self._guarded(mine, self._fill, mine, found))
        except Exception as error:  # noqa: BLE001 (raised again where the thread is waited for)
            self.broken = error

    def _run_ansible(self, options: Options, on_event: OnEvent, cancel: threading.Event | None) -> None:
        if not self.servers:
            return
        result = run_on(
            list(self.servers.values()),
            PLAYBOOK,
            options=options,
            on_event=on_event,
            on_facts=self._keep_servers,
            cancel=cancel,
        )
        for mine in self.servers.values():
            gone = record_unreachable(mine, result)
            self._tell(mine, _key_changed(mine, gone) or gone or mine.fail(explain(mine, result)))

    def _keep_servers(self, hosts: Sequence[HostResult]) -> None:
        """Keep what servers said. Their forms are begun first, so that they are made side by side."""
        begun = [(mine := self.servers.pop(host.host), self._guarded(mine, self._begin, mine, host)) for host in hosts]
        for mine, filled in begun:
            self._keep(mine, filled)

    def _begin(self, mine: Turn, host: HostResult) -> "Filled | StepDone":
        facts = facts_of(host, mine.desk.now().isoformat())
        if facts is None:
            return mine.fail("the server answered nothing")
        return self._fill(mine, facts, waited(host))

    def _fill(self, mine: Turn, facts: ServerFacts, remark: str = "") -> "Filled":
        return fill(mine, facts, self.month, self.press, self.watched.get(mine.dossier.id), remark)

    def _keep(self, mine: Turn, filled: "Filled | StepDone | SopctlError") -> None:
        self._tell(mine, self._guarded(mine, filled.keep) if isinstance(filled, Filled) else filled)

    def _guarded(self, mine: Turn, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | SopctlError:
        """Do it. What goes wrong with a server's facts is that server's trouble alone."""
        try:
            return work(*given, **named)
        except Exception as error:  # noqa: BLE001 (the others' run goes on, whatever one answers)
            why = f"the answer cannot be put on a form: {type(error).__name__}: {printable(str(error), 400)}"
            answer = (
                error if isinstance(error, SopctlError) else OutsideFailure("failed", "{why}", remedy=_LOOK, why=why)
            )
            with suppress(SopctlError):  # where nothing can be recorded, `answer` says why
                mine.fail(answer.message)
            return answer

    def _tell(self, mine: Turn, answer: StepDone | SopctlError) -> None:
        """One at a time: the servers' answers come in one thread, the appliances' in another."""
        with self._keeping:
            self.end(mine.dossier.id, answer)


class Filled(NamedTuple):
    """A form that is being made: of what, and what gives its PDF. `remark` ends the event's note."""

    mine: Turn
    facts: ServerFacts
    month: str
    changes: Changes | None
    form: InventoryForm
    pdf: Callable[[], bytes]
    remark: str = ""

    def keep(self) -> StepDone:
        """Keep what was gathered as the month's facts, with the form and what it says, and end the turn."""
        mine, month, number = self.mine, self.month, self.form.stamp.document_number
        paper = mine.keep(f"inventaris-{month}.pdf", self.pdf())
        said = mine.keep(f"inventaris-{month}.json", msgspec.json.encode(self.form), shown=False)
        revision = kept_facts.next_revision(kept_facts.months(mine.dossier), month)
        content = msgspec.json.format(msgspec.json.encode(self.facts), indent=2) + b"\n"
        kept = dossiers.keep_document(mine.dossier, kept_facts.name_of(month, revision), content, "facts")
        return mine.record(
            "selesai",
            Gathered(
                facts=kept,
                month=month,
                document=Paper(paper.file, paper.sha256, number, said),
                changes=len(real(self.changes or ())),
            ),
            note=f"formulir {number}, bulan {month}{_counted(self.changes)}{self.remark}",
        )


def fill(
    mine: Turn, facts: ServerFacts, month: str, press: Press, watched: Watched | None = None, remark: str = ""
) -> Filled:
    """Fill the form of a month and begin to make it."""
    earlier = kept_facts.newest(kept_facts.months(mine.dossier), before=month)
    before = kept_facts.read(mine.dossier.folder, earlier) if earlier else None
    changes = changes_of(mine, before, facts)
    form = inventory_form(mine, facts, month, changes, watched)
    return Filled(mine, facts, month, changes, form, press.start(form), remark)


def facts_of(host: HostResult, gathered_at: str) -> ServerFacts | None:
    """What a server said of itself in a run of facts.yml: by `setup`, by details.sh, or both; None when by neither."""
    if host.facts is None and not host.details:
        return None
    details = from_script(host.details, gathered_at=gathered_at)
    if host.facts is None:
        return details
    facts = from_setup(host.facts, gathered_at=gathered_at)
    return completed(facts, details) if host.details else facts


def _counted(changes: Changes | None) -> str:
    """`, 3 perubahan (1 peringatan)`; nothing where nothing changed or there is nothing to compare with."""
    found = real(changes or ())
    alarms = sum(change.weight is Weight.ALARM for change in found)
    return f", {len(found)} perubahan" + (f" ({alarms} peringatan)" if alarms else "") if found else ""


def _month(desk: Desk, named: str | None) -> str:
    """The month to gather for. Raises UsageError for one that is neither this one nor the one before."""
    this = f"{desk.now():%Y-%m}"
    if named is None:
        return this
    first, _ = month_days(named)
    year, month = divmod(first.year * 12 + first.month, 12)
    if this not in (f"{first:%Y-%m}", f"{year:04}-{month + 1:02}"):
        raise UsageError(
            "nothing-can-gathered",
            "in {this} nothing can be gathered for {first:%Y-%m}",
            remedy="A server only tells what it is now: --month takes this month, or the one before to do it late.",
            this=this,
            first=first,
        )
    return f"{first:%Y-%m}"


def _refuse_passed(mine: Turn, month: str) -> None:
    newest = kept_facts.newest(kept_facts.months(mine.dossier))
    if newest and newest.month > month:
        raise NotNow(
            "inventory-was-taken-already-passed",
            "the inventory of {id} was taken for {month} already, {month2} has passed",
            remedy=f"To gather again for {newest.month}: sopctl inventory collect {mine.dossier.id}",
            id=mine.dossier.id,
            month=newest.month,
            month2=month,
        )


def _standing(desk: Desk) -> list[Summary]:
    return [each for each in register.summaries(desk.site) if each.verb == "inventory" and not each.held]


def _key_changed(mine: Turn, error: SopctlError | None) -> SopctlError | None:
    """Did ssh refuse the server for its host key? Then the error that names both fingerprints."""
    if error and "Host key verification failed" in error.message:
        try:
            host_keys.refuse_changed(mine.dossier)
        except SopctlError as changed:
            return changed
    return None
