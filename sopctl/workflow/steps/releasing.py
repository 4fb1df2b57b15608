"""pengembalian 6, 9 and 10: access is taken back, the server is switched off and its switch port shut; the server
leaves the register; its place is free."""

import threading
from contextlib import ExitStack

from msgspec.structs import replace

from sopctl.adapters.ansible.runner import Outcome
from sopctl.adapters.documents.english import Language
from sopctl.errors import Action, NotNow, OutsideFailure, SopctlError
from sopctl.locale import Text
from sopctl.model.sop.entries import Configured, ExitRecorded, Paper, ServerOff, SwitchedOff
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.messages.notes import told
from sopctl.workflow.papers.exit_record import exit_record
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.ports import deposit_port
from sopctl.workflow.servers import appliances, others
from sopctl.workflow.servers.playbooks import OnEvent, noted, run_for, silent
from sopctl.workflow.steps import required
from sopctl.workflow.steps.reservation import serve_waiting_list
from sopctl.workflow.views import disks


def release(
    desk: Desk,
    deposit_id: str,
    *,
    by_hand: str = "",
    language: Language = "id",
    on_event: OnEvent = silent,
    cancel: threading.Event | None = None,
) -> StepDone:
    """Do the release step that is due.

    6: playbooks/release.yml (release_raw.yml where there was no Python) takes back what configuration put on the server
    and switches it off, then its switch port is shut. For a server that no longer answers, and for a network appliance,
    `by_hand` says how it was done instead. 9: the server leaves the register; if its owner asked for the disks to be
    wiped, each must have its row by then (`house.sanitising`). 10: its place is free, and the waiting list is served.
    """
    with turn(desk, deposit_id, "release") as mine:
        frees_place = mine.step.task == "space"
        if mine.step.task == "access":
            done = _take_back(mine, by_hand, on_event, cancel)
        elif mine.step.task == "exit-record":
            required.signatures(mine)
            disks.refuse_unsanitised(mine.dossier)
            form = exit_record(mine, language)
            number = form.stamp.document_number
            kept = mine.keep("catatan-keluar.pdf", printed(mine.desk.site, form))
            recorded = ExitRecorded(document=Paper(kept.file, kept.sha256, number))
            done = mine.record("selesai", recorded, note=f"server keluar dicatat: {number}")
        else:
            done = mine.record(
                "selesai", note=f"tempat bebas: {mine.dossier.summary.place or 'tidak ada yang dipesan'}"
            )
    return replace(done, also=tuple(serve_waiting_list(desk))) if frees_place else done


def _take_back(mine: Turn, by_hand: str, on_event: OnEvent, cancel: threading.Event | None) -> StepDone:
    """Take back access over the network, then shut the port. A server that is off already is not contacted again."""
    if appliances.is_appliance(mine.dossier):
        how = appliances.release(mine, by_hand)
    elif others.is_other(mine.dossier):
        how = others.release(mine, by_hand)
    elif by_hand:
        how = f"dengan tangan: {by_hand}"
    else:
        how = "akses dicabut, server dimatikan"
        if mine.newest(ServerOff) is None:
            configured = mine.newest(Configured)
            playbook = "release_raw.yml" if configured and configured.raw else "release.yml"
            by_people = Action("release", mine.dossier.id, needs=("by_hand",))
            try:
                result = run_for(mine, playbook, variables={"sopctl_power_off": True}, on_event=on_event, cancel=cancel)
            except (OutsideFailure, NotNow) as error:
                error.remedy = (
                    *error.remedy,
                    Text("If the server is dead, say how it was taken out of use:"),
                    by_people,
                )
                raise
            if result.outcome is not Outcome.OK:
                failed = mine.fail(noted(mine, result))
                action = failed.next_action and failed.next_action._replace(alternatives=(by_people,))
                return replace(failed, next_action=action)
    with ExitStack() as held:
        try:
            port, entries, no_use = held.enter_context(deposit_port.taken_back(mine, by_hand=by_hand))
        except SopctlError as error:
            mine.fail(f"{how}; port belum dilepas: {told(error)}", ServerOff(server_off=True))
            raise
        if no_use:
            return mine.fail(f"{how}; {deposit_port.note(no_use)}", ServerOff(server_off=True), *entries)
        note = f"{how}; {port}" if port else how
        return mine.record("selesai", SwitchedOff(switched_off=True), *entries, note=note)
