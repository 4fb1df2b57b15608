"""konfigurasi 6: the month's facts are gathered from the servers, and their inventory forms are filled in.

The servers are asked over the connection of the access check, many at once, by workers in the networks that have some,
and by Ansible where only that can do it; the network appliances among them are asked beside that, over netmiko. Each
answer is kept as soon as it is there: whatever ends the run, what was gathered is not gathered again, and the others
are still due.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from sopctl.adapters.ansible.runner import HostResult, RunResult
from sopctl.adapters.documents.forms import InventoryForm
from sopctl.adapters.documents.press import Press
from sopctl.adapters.ssh.facts import Module
from sopctl.errors import Action, Interrupted, InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.locale import Text
from sopctl.model.facts.changes import Weight, real
from sopctl.model.facts.conditions import conditions
from sopctl.model.facts.script import completed, from_script, noted_deposit
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.setup import from_setup
from sopctl.model.facts.sheet import facts_of as facts_of_sheet
from sopctl.model.month import month_days, month_in
from sopctl.model.sop.entries import Gathered, Paper
from sopctl.model.sop.presence import Presence, presence
from sopctl.model.sop.summary import Summary
from sopctl.model.text import printable
from sopctl.store import dossiers, register
from sopctl.store import facts as kept_facts
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.messages.notes import told
from sopctl.workflow.papers import inventory_sheet
from sopctl.workflow.papers.inventory_form import Changes, Watched, changes_of, inventory_form
from sopctl.workflow.scans import read_bounded
from sopctl.workflow.servers import appliances, batch, bmcs, checking, gathering, left, others
from sopctl.workflow.servers.batch import Answer, Answers, OnEnd
from sopctl.workflow.servers.engine import choosing
from sopctl.workflow.servers.playbooks import PLAIN, OnEvent, Options, cancelled, noted, silent, skeleton, waited
from sopctl.workflow.servers.reach import reach
from sopctl.workflow.views.months import month_of, then

PLAYBOOK = "facts.yml"

AT_ONCE = 100
"""How many servers one run takes. Their dossiers are held while it lasts, each with an open file, and a run's time is
limited."""

MANY = 50
"""From this many servers on, their forms are made in separate processes, one for each processor."""

P = ParamSpec("P")
T = TypeVar("T")


def collect(
    desk: Desk,
    deposit_id: str,
    *,
    with_ansible: bool = False,
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> StepDone:
    """Gather the facts of one server, as `collect_all`. Raises OutsideFailure when it cannot be reached."""
    answers = collect_all(desk, [deposit_id], with_ansible=with_ansible, on_event=on_event, cancel=cancel)
    return answers.only()


def collect_all(
    desk: Desk,
    ids: Sequence[str],
    *,
    month: str | None = None,
    forks: int | None = None,
    with_ansible: bool = False,
    on_event: OnEvent = silent,
    on_end: OnEnd = lambda _id, _answer: None,
    cancel: threading.Event | None = None,
) -> Answers:
    """Gather the facts of servers, keep them as the month's documents, and make the inventory forms (PDF).

    `month` (2026-11) is this one by default; it may be the one before, if that is late. A second gathering in a month
    is a new revision; what was kept before is never touched. A server that failed is an answer (no); one that could not
    be reached is an error. Nothing is kept of either, and the step stays due. Ansible gathers them `with_ansible`, and
    where the site's playbook, settings or inventory are its own, or Ansible's builder of modules is not the known one.
    `forks` machines are asked at a time; None: as many as is usual, which is more for servers over a connection alone.

    Raises what ends a run for all of them (see `playbooks.run_on`), UsageError for another month, and OutsideFailure
    for a doubtful clock.
    """
    desk.refuse_doubtful_clock()
    of = _month(desk, month)
    answers = Answers(on_end)
    once = list(dict.fromkeys(ids))
    module = None if with_ansible or not once else _module(desk.site)
    watched: dict[str, Watched] = {}
    with suppress(OutsideFailure, InvalidRecord):  # without the history of checks, the forms say that nothing is known
        watched = checking.watched(desk, of)
    with Press(os.cpu_count() or 1 if len(once) >= MANY else 0) as press:
        for first in range(0, len(once), AT_ONCE):
            if cancel and cancel.is_set():
                raise cancelled()
            batch_of = _Gathering(of, answers, press, watched, module)
            chosen = once[first : first + AT_ONCE]
            with batch.held(chosen, lambda each: turn(desk, each, "inventory"), batch_of.admit, answers) as turns:
                batch_of.run(turns, forks, on_event, cancel)
    return answers


def collect_sheet(desk: Desk, deposit_id: str, file: Path, *, month: str | None = None) -> StepDone:
    """Take the inventory of a machine that nothing can read from a sheet that a person filled in, YAML or XLSX.

    Raises UsageError for a machine that can be asked, or a day that is not of the month; InvalidRecord with the place
    of what is wrong in the sheet.
    """
    of = _month(desk, month)
    sheet = inventory_sheet.read(file)
    with turn(desk, deposit_id, "inventory") as mine:
        if not others.is_other(mine.dossier):
            raise UsageError(
                "sheet-of-a-server",
                "{deposit} is asked itself: a sheet is for a machine that takes no SSH (kind: other)",
                remedy=Action("inventory", deposit_id),
                deposit=deposit_id,
            )
        if sheet.id != deposit_id:
            raise InvalidRecord(
                "sheet-of-another",
                "this is the sheet of {other}",
                remedy="Name the deposit that the sheet is of, or take the right sheet.",
                where=str(file),
                other=sheet.id,
            )
        if f"{sheet.filled_on:%Y-%m}" != of or sheet.filled_on > desk.now().date():
            raise UsageError(
                "sheet-of-another-month",
                "the sheet is of {day}, which is no day of {month} up to now",
                remedy="Name the month of the sheet, or correct its date.",
                day=sheet.filled_on,
                month=of,
            )
        _refuse_passed(mine, of)
        watched: dict[str, Watched] = {}
        with suppress(OutsideFailure, InvalidRecord):
            watched = checking.watched(desk, of)
        try:
            facts = facts_of_sheet(sheet, gathered_at=mine.desk.now().isoformat())
        except InvalidRecord as error:
            raise error.recast(InvalidRecord, where=str(file)) from None
        kept = mine.keep(f"lembar-inventaris{file.suffix.lower()}", read_bounded(file, inventory_sheet.MAX_SHEET))
        with Press(0) as press:
            remark = f"; menurut lembar isian {sheet.filled_by} ({kept.file})"
            return fill(mine, facts, of, press, watched.get(deposit_id), remark).keep()


def due(desk: Desk, month: str | None = None) -> list[str]:
    """The deposits whose inventory of `month` (this one) is due: never taken, or last taken for an earlier month."""
    first, _ = month_days(_month(desk, month))
    due = [each.id for each in _standing(desk) if each.goes_on(first)]
    if first.replace(day=1) == desk.now().date().replace(day=1):
        return due
    return [
        each for each in due if (was := _presence(desk, dossiers.read(desk.site, each), first)) and was.inventory_due
    ]


def left_to_people(desk: Desk, month: str | None = None) -> list[Summary]:
    """The deposits whose inventory of `month` (this one) is due too, as the month's summary counts them, and which
    `due` leaves out: a sheet is filled in for them, someone has to look, or they have gone on without it."""
    of = _month(desk, month)
    reading, by_command = register.read(desk.site, gathered=True), {*due(desk, month)}
    found = []
    for each in then(desk, month_of(desk, of), reading.summaries):
        if each.now.id in by_command or of in reading.gathered.get(each.now.id, {}):
            continue
        with suppress(SopctlError):  # the summary names what cannot be read
            if each.presence and each.presence.inventory_due:
                found.append(each.now)
    return found


def everyone(desk: Desk) -> list[str]:
    """The deposits whose inventory may be taken: due, or taken this month already."""
    return [each.id for each in _standing(desk)]


@dataclass
class _Gathering:
    """One run for a month: who may join it, and what is done with the answers."""

    month: str
    answers: Answers
    press: Press
    watched: Mapping[str, Watched]
    module: Module | None = None
    """What is run on the servers; None: Ansible runs its playbook."""

    def __post_init__(self) -> None:
        self.broken: Exception | None = None

    def admit(self, mine: Turn) -> None:
        """Refuse a deposit that cannot be asked, or not for this month."""
        site = mine.desk.site
        if others.is_other(mine.dossier) and not self._by_bmc_alone(mine):
            raise _no_sheet(mine)
        if appliances.is_appliance(mine.dossier):
            appliances.login(site, mine.dossier)
        elif not self._by_bmc_alone(mine):
            self._find_key(mine)
        _refuse_absent(mine, self.month)
        _refuse_passed(mine, self.month)

    def run(self, turns: Sequence[Turn], forks: int | None, on_event: OnEvent, cancel: threading.Event | None) -> None:
        """Gather. Each server's facts are kept as they come; then it is recorded why the others gave none."""
        options = Options(forks=forks) if forks else PLAIN
        beside = [mine for mine in turns if appliances.is_appliance(mine.dossier)]
        others = [mine for mine in turns if not appliances.is_appliance(mine.dossier)]
        shut = [mine for mine in others if self._by_bmc_alone(mine)]
        alone = {mine.dossier.id for mine in shut}
        servers = [mine for mine in others if mine.dossier.id not in alone]
        with self._beside(beside, options.forks, cancel or threading.Event()):
            for mine in shut:
                mine.start()
            if self.module:
                self._ask_servers(servers, self.module, forks, on_event, cancel)
            else:
                self._run_playbook(servers, options, on_event, cancel)
            for mine, answer in self._by_bmc([(mine, "tidak ada jalan masuk") for mine in shut], options.forks, cancel):
                self.answers.give(mine.dossier.id, answer)

    def _ask_servers(
        self,
        turns: Sequence[Turn],
        module: Module,
        forks: int | None,
        on_event: OnEvent,
        cancel: threading.Event | None,
    ) -> None:
        """Ask these servers themselves. Of those that gave nothing, the BMCs are asked in the end."""
        why: dict[str, gathering.Nothing | SopctlError] = {}
        try:
            for mine in turns:
                mine.start()
            for came in gathering.gather(turns, module, at_once=forks, cancel=cancel):
                for mine, found in came:
                    on_event(gathering.event(mine, found))
                    if not isinstance(found, HostResult):
                        why[mine.dossier.id] = found
                hosts = [(mine, found) for mine, found in came if isinstance(found, HostResult)]
                for mine, answer in self._keep_servers(hosts):
                    self.answers.give(mine.dossier.id, answer)
        except Interrupted as error:
            _break_off(turns, error)
            raise cancelled() from None
        except BaseException as error:
            _break_off(turns, error)
            raise
        silent = [mine for mine in turns if mine.dossier.id in why]
        by_bmc = [mine for mine in silent if bmcs.can_be_asked(mine.dossier) and not _is_another(why[mine.dossier.id])]
        reasons = [(mine, gathering.told_of(why[mine.dossier.id])) for mine in by_bmc]
        for mine, answer in self._by_bmc(reasons, forks or PLAIN.forks, cancel):
            self.answers.give(mine.dossier.id, answer)
        for mine in silent:
            if mine.dossier.id not in self.answers:
                self.answers.give(mine.dossier.id, _ended(mine, why[mine.dossier.id]))

    def _run_playbook(
        self, turns: Sequence[Turn], options: Options, on_event: OnEvent, cancel: threading.Event | None
    ) -> None:
        """Let Ansible gather the facts of these servers."""
        batch.run(
            turns,
            PLAYBOOK,
            lambda mine, _host, result: mine.fail(noted(mine, result)),  # no task failed, and no facts came
            self.answers,
            options=options,
            on_event=on_event,
            keep_facts=self._keep_servers,
            rescue=lambda silent, result: self._by_bmc(
                [(mine, noted(mine, result)) for mine in silent if _may_ask_bmc(mine, result)],
                options.forks,
                cancel,
            ),
            cancel=cancel,
        )

    def _find_key(self, mine: Turn) -> None:
        """Raise where the key to a server is missing: a worker has its own, of the name that its record gives."""
        site, key = mine.desk.site, reach(mine.desk.site, mine.dossier.summary).key
        if self.module is None or not choosing.served(site, mine.dossier.summary):
            site.key_file(key)

    def _by_bmc_alone(self, mine: Turn) -> bool:
        """Is there no way in to the server itself, but one to its BMC?"""
        if not bmcs.can_be_asked(mine.dossier):
            return False
        try:
            self._find_key(mine)
        except SopctlError:
            return True
        return False

    def _by_bmc(
        self, servers: Sequence[tuple[Turn, str]], at_once: int, cancel: threading.Event | None
    ) -> Iterator[tuple[Turn, Answer]]:
        """Ask the BMCs of servers that could not be asked themselves, each with the reason for that."""
        why = {mine.dossier.id: reason for mine, reason in servers}
        for mine, found in bmcs.gather([mine for mine, _ in servers], at_once, cancel):
            reason = why[mine.dossier.id]
            if isinstance(found, Interrupted):
                mine.break_off(found)
                raise cancelled()
            if isinstance(found, SopctlError):
                mine.fail(f"server tidak terjangkau: {reason}; BMC: {told(found)}")
                yield mine, found
            else:
                remark = f"; dibaca lewat BMC (server tidak terjangkau: {reason})"
                yield mine, self._kept(mine, self._guarded(mine, self._fill, mine, found, remark))

    @contextmanager
    def _beside(self, turns: Sequence[Turn], at_once: int, stop: threading.Event) -> Iterator[None]:
        """Gather these appliances while the block runs. What ends the block early ends them too, through `stop`."""
        if not turns:
            yield
            return
        worker = threading.Thread(target=self._ask_appliances, args=(turns, at_once, stop), name="appliances")
        for mine in turns:
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
            raise cancelled()
        if self.broken:
            raise self.broken

    def _ask_appliances(self, turns: Sequence[Turn], at_once: int, stop: threading.Event) -> None:
        """Runs in a thread of its own. What it cannot record is raised where that thread is waited for."""
        try:
            for mine, found in appliances.gather(turns, at_once, stop):
                if isinstance(found, Interrupted):
                    mine.break_off(found)
                    self.broken = found
                else:
                    self.answers.give(mine.dossier.id, self._appliance_ended(mine, found))
        except Exception as error:  # noqa: BLE001 (raised again where the thread is waited for)
            self.broken = error

    def _appliance_ended(self, mine: Turn, found: appliances.Gathered) -> Answer:
        if isinstance(found, SopctlError):
            mine.break_off(found)
            return found
        if found is None:
            return mine.fail(appliances.stranger_noted(mine.dossier))
        return self._kept(mine, self._guarded(mine, self._fill, mine, found))

    def _keep_servers(self, came: Sequence[tuple[Turn, HostResult]]) -> Iterator[tuple[Turn, Answer]]:
        """Keep what servers said. All forms are begun first, so that they are made at the same time."""
        begun = [(mine, self._guarded(mine, self._begin, mine, host)) for mine, host in came]
        for mine, filled in begun:
            yield mine, self._kept(mine, filled)

    def _begin(self, mine: Turn, host: HostResult) -> "Filled | StepDone":
        noted = noted_deposit(host.details)
        if noted not in ("", mine.dossier.id):
            raise left.of_another(noted, mine.dossier.id)
        facts = facts_of(host, mine.desk.now().isoformat())
        if facts is None:
            return mine.fail("server tidak memberi fakta")
        return self._fill(mine, facts, waited(host))

    def _fill(self, mine: Turn, facts: ServerFacts, remark: str = "") -> "Filled":
        return fill(mine, facts, self.month, self.press, self.watched.get(mine.dossier.id), remark)

    def _kept(self, mine: Turn, filled: "Filled | Answer") -> Answer:
        return self._guarded(mine, filled.keep) if isinstance(filled, Filled) else filled

    def _guarded(self, mine: Turn, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | SopctlError:
        """Do this work on one server's facts. An error in it is recorded and returned, so that the others go on."""
        try:
            return work(*given, **named)
        except Exception as error:  # noqa: BLE001 (the others' run goes on, whatever one answers)
            answer = error if isinstance(error, SopctlError) else _unfit(error)
            mine.break_off(answer)
            return answer


def _break_off(turns: Sequence[Turn], error: BaseException) -> None:
    """Record what ended the work for those whose turn has not ended."""
    for mine in turns:
        if not mine.ended:
            mine.break_off(error)


def _module(site: Site) -> Module | None:
    """What is run on the servers; None where Ansible has to do it, for a reason that is told."""
    try:
        return gathering.module(site, skeleton())
    except OutsideFailure as error:
        site.tell(error)
        return None


def _is_another(why: gathering.Nothing | SopctlError) -> bool:
    """Does another server seem to answer? That is what its record must say first."""
    return isinstance(why, SopctlError) and why.id == "host-key-changed"


def _ended(mine: Turn, why: gathering.Nothing | SopctlError) -> Answer:
    if isinstance(why, SopctlError):
        mine.break_off(why)
        return why
    return mine.fail(why.noted)


def _may_ask_bmc(mine: Turn, result: RunResult) -> bool:
    """Not where another server seems to answer: that is what its record must say first."""
    host = result.hosts.get(mine.dossier.id)
    return bmcs.can_be_asked(mine.dossier) and not (host and host.cause == "host-key-changed")


def _unfit(error: Exception) -> OutsideFailure:
    """The error for facts that no form can be made of, whatever the reason is."""
    return OutsideFailure(
        "form-not-made",
        "the answer cannot be put on a form: {error}",
        remedy=("This is an error in sopctl: report it, with the run's events.", Action("runs list")),
        error=f"{type(error).__name__}: {printable(str(error), 400)}",
    )


class Filled(NamedTuple):
    """A form that is being made, what it is made of, and what gives its PDF. `remark` ends the event's note."""

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
            note=f"formulir {number}, bulan {month}{_counted(self.changes)}{_bad(self.facts)}{self.remark}",
        )


def fill(
    mine: Turn, facts: ServerFacts, month: str, press: Press, watched: Watched | None = None, remark: str = ""
) -> Filled:
    """Fill in the form of a month, and begin to make it."""
    earlier = kept_facts.newest(kept_facts.months(mine.dossier), before=month)
    before = kept_facts.read(mine.dossier.folder, earlier) if earlier else None
    changes = changes_of(mine, before, facts)
    form = inventory_form(mine, facts, month, changes, watched)
    return Filled(mine, facts, month, changes, form, press.start(form), remark)


def facts_of(host: HostResult, gathered_at: str) -> ServerFacts | None:
    """What a server said of itself in a run of facts.yml, by `setup`, details.sh or both; None if by neither."""
    if host.facts is None and not host.details:
        return None
    details = from_script(host.details, gathered_at=gathered_at)
    if host.facts is None:
        return details
    facts = from_setup(host.facts, gathered_at=gathered_at)
    return completed(facts, details) if host.details else facts


def _counted(changes: Changes | None) -> str:
    """`, 3 perubahan (1 peringatan)`; empty where nothing changed or there is nothing to compare with."""
    found = real(changes or ())
    alarms = sum(change.weight is Weight.ALARM for change in found)
    return f", {len(found)} perubahan" + (f" ({alarms} peringatan)" if alarms else "") if found else ""


def _bad(facts: ServerFacts) -> str:
    """`, 2 keadaan perlu ditangani`; empty where all is well."""
    count = len(conditions(facts))
    return f", {count} keadaan perlu ditangani" if count else ""


def _month(desk: Desk, named: str | None) -> str:
    """The month to gather for. Raises UsageError for any but this one and the one before."""
    this = f"{desk.now():%Y-%m}"
    if named is None:
        return this
    first, _ = month_days(named)
    year, month = divmod(first.year * 12 + first.month, 12)
    if this not in (f"{first:%Y-%m}", f"{year:04}-{month + 1:02}"):
        raise UsageError(
            "month-out-of-range",
            "nothing can be gathered for {month} in {now}",
            remedy="A server only tells what it is now: --month takes this month, or the one before if that is late.",
            now=this,
            month=f"{first:%Y-%m}",
        )
    return f"{first:%Y-%m}"


def _presence(desk: Desk, dossier: Dossier, month: date) -> Presence | None:
    """Whether a server was here in a month."""
    of = month_in(f"{month:%Y-%m}", ZoneInfo(desk.site.settings.time_zone))
    return presence(dossier.procedures, dossier.events, of, desk.now())


def _refuse_absent(mine: Turn, month: str) -> None:
    """What a server is now says nothing of a month in which it was not here."""
    first, _ = month_days(month)
    if _presence(mine.desk, mine.dossier, first) is None:
        raise NotNow(
            "not-here-then",
            "{deposit} was not here in {month}: there is nothing to gather for that month",
            remedy=("To gather for this month:", Action("inventory", mine.dossier.id)),
            deposit=mine.dossier.id,
            month=month,
        )


def _refuse_passed(mine: Turn, month: str) -> None:
    newest = kept_facts.newest(kept_facts.months(mine.dossier))
    if newest and newest.month > month:
        raise NotNow(
            "month-passed",
            "the inventory of {deposit} was already taken for {newest}, so {month} has passed",
            remedy=(Text("To gather again for {month}:", month=newest.month), Action("inventory", mine.dossier.id)),
            deposit=mine.dossier.id,
            newest=newest.month,
            month=month,
        )


def _standing(desk: Desk) -> list[Summary]:
    found = register.summaries(desk.site)
    return [each for each in found if each.verb == "inventory" and not (each.held or each.by_hand)]


def _no_sheet(mine: Turn) -> UsageError:
    return UsageError(
        "sheet-needed",
        "{deposit} takes no SSH of ours: its inventory is a sheet that someone fills in",
        remedy=(
            Action("inventory sheet", mine.dossier.id),
            Action("inventory", mine.dossier.id, needs=("file",)),
        ),
        deposit=mine.dossier.id,
    )
