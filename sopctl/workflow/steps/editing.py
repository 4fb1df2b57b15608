"""Editing a deposit's record. Every change is recorded, with the old and the new values. It restarts no clock."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, OutsideFailure, SopctlError, in_words
from sopctl.locale import Text
from sopctl.model.deposit import Deposit
from sopctl.model.sop import edits
from sopctl.model.sop.entries import Edited, Filed
from sopctl.store import codec, dossiers
from sopctl.store.across import identities
from sopctl.store.durable import bytes_of, disk_errors, make_folder, write_atomic
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk, StepDone, Turn, act, changed_lines, refuse_edited
from sopctl.workflow.papers.printing import tell
from sopctl.workflow.steps import required


def edit(desk: Desk, deposit_id: str, *, source: Path | None = None, note: str = "") -> StepDone:
    """Change `deposit.yml`: with $EDITOR, or to the content of `source`.

    `note` says why. It is decided by the role whose decision the same change is by its own verb (`model/sop/edits.py`).

    Raises NotNow when nothing was changed, or the decider has not that role; InvalidRecord when the result is not valid
    (the record stays as it was), Conflict when there is an edit by hand that was not accepted.
    """
    said = required.note(note or desk.despite, Text("an edit"), Action("edit", deposit_id, needs=("note",)))
    with act(desk, deposit_id, "edit") as mine:
        refuse_edited(mine.dossier)
        if source is None:
            with _draft(mine) as draft:
                _run_editor(deposit_id, draft)
                return _change(mine, draft, said)
        return _change(mine, source, said)


def accept(desk: Desk, deposit_id: str, *, note: str) -> StepDone:
    """Accept what someone changed in `deposit.yml` by hand. Raises NotNow when nothing was."""
    said = required.note(note, Text("accepting an edit by hand"), _accept(deposit_id))
    with act(desk, deposit_id, "edit") as mine:
        before, after = mine.dossier.record, mine.dossier.found
        if not mine.dossier.edited:
            raise NotNow(
                "no-edit-to-accept",
                "deposit.yml of {deposit} is as it was accepted",
                remedy="There is nothing to do.",
                deposit=deposit_id,
            )
        _check(mine, after, mine.dossier.folder / "deposit.yml")
        return _record(mine, before, after, said)


def _accept(deposit_id: str) -> Action:
    return Action("edit", deposit_id, needs=("note",), given={"accept": ""})


def _change(mine: Turn, source: Path, note: str) -> StepDone:
    """Record what stands in `source`. The first event with its hash is the change; deposit.yml follows it."""
    before, after = mine.dossier.record, codec.read(source)
    if after == before:
        return _known(mine)
    _check(mine, after, source)
    _refuse_moved_record(mine)
    return _record(mine, before, after, note)


def _known(mine: Turn) -> StepDone:
    """Record why the deposit has what another has. Raises NotNow where that was not the reason to come."""
    why, site = mine.desk.despite, mine.desk.site
    found = identities.clashes(site, [identities.of(site, mine.dossier)]) if why else []
    if not found:
        raise NotNow(
            "nothing-changed",
            "nothing was changed in {deposit}",
            remedy="Nothing was recorded. To change something, edit the record and save it.",
            deposit=mine.dossier.id,
        )
    note = f"{why}: {'; '.join(f'{each.said} juga pada {each.others[0].id}' for each in found)}"
    return mine.record(mine.verb.outcome, Edited(changed=()), identities.despite(found, why), note=note[:1000])


def _check(mine: Turn, content: bytes, path: Path) -> None:
    deposit = codec.parse(content, Deposit, where=str(path))
    if deposit.id != mine.dossier.id:
        raise InvalidRecord(
            "id-cannot-change",
            "the id {deposit} cannot be changed",
            remedy="Put the id back as it was: the history and every paper name it.",
            where=str(path),
            deposit=mine.dossier.id,
        )
    if not deposit.access.address and mine.dossier.summary.in_our_hands:
        raise InvalidRecord(
            "address-needed",
            "the server of {deposit} stands in its rack, and cannot be without an address",
            remedy="Put its address back (access.address), or have another one written there.",
            where=str(path),
            deposit=mine.dossier.id,
        )
    before = codec.parse(mine.dossier.record, Deposit, where=str(path))
    admitting.refuse_edit(
        mine.desk.site, before, deposit, admitting.in_record(content, str(path)), mine.desk.now().date()
    )
    tell(mine.desk.site, deposit)


def _record(mine: Turn, before: bytes, after: bytes, note: str) -> StepDone:
    filed, edited = changed(mine, before, after)
    _decide(mine, edited.fields or ())
    done = mine.record(mine.verb.outcome, filed, edited, note=note)
    if mine.dossier.found != after:
        dossiers.write_record(mine.desk.site, mine.dossier, after)
    return done


def changed(mine: Turn, before: bytes, after: bytes) -> tuple[Filed, Edited]:
    """What an event establishes that changes the record: the new one is kept, the old and the new values are named."""
    kept = mine.keep("permohonan.yml", after)
    return Filed(filed=kept), Edited(changed=tuple(changed_lines(before, after)), fields=_fields(before, after))


def _decide(mine: Turn, fields: Sequence[str]) -> None:
    """Let those decide who may change these fields. Raises NotNow where no role may change all of them."""
    able = edits.roles(mine.dossier.procedures, mine.procedure, fields)
    if not able:
        raise NotNow(
            "edit-of-several-roles",
            "these fields are not one person's to change: {fields}",
            remedy="Make an edit for each.",
            fields=", ".join(fields),
        )
    changed = ", ".join(fields) or Text("the record")
    mine.decide(able, Text("a change of {fields}", fields=changed))


def _fields(before: bytes, after: bytes) -> tuple[str, ...]:
    """The paths of the fields that differ between two records: `server.serial`."""
    was, now = (dict(_flat(msgspec.to_builtins(codec.parse(each, Deposit, where="")))) for each in (before, after))
    return tuple(path for path in {**was, **now} if was.get(path) != now.get(path))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a record by their paths; a list is one value."""
    if not isinstance(value, dict):
        yield path, value
        return
    for key, item in value.items():
        yield from _flat(item, f"{path}.{key}" if path else key)


@contextmanager
def _draft(mine: Turn) -> Iterator[Path]:
    """A copy of the record to type in. What was typed is never lost: if it is not recorded, the copy stays, and the
    error names it."""
    drafts = mine.desk.site.root / "var" / "drafts"
    make_folder(drafts, 0o700)
    with disk_errors(drafts):
        descriptor, name = tempfile.mkstemp(prefix=f"{mine.dossier.id}-", suffix=".yml", dir=drafts)
        os.close(descriptor)
    draft = Path(name)
    write_atomic(draft, mine.dossier.record, mode=0o600)
    try:
        yield draft
    except SopctlError as error:
        if _typed(draft, mine.dossier.record):
            again = Action("edit", mine.dossier.id, given={"from": str(draft)})
            helps = [each for each in error.remedy if each != codec.CORRECT]  # it is said where
            error.remedy = (*helps, Text("What you typed is kept. Correct it there, then:"), again)
        else:
            _drop(draft)
        raise
    _drop(draft)


def _typed(draft: Path, before: bytes) -> bool:
    """Did the editor leave a file with something new in it?"""
    try:
        return bytes_of(draft, len(before) + 1) != before
    except SopctlError:
        return False


def _drop(draft: Path) -> None:
    with suppress(OSError):  # an editor may have left a folder there
        draft.unlink()


def _refuse_moved_record(mine: Turn) -> None:
    """Raise Conflict if someone edited deposit.yml while the editor was open."""
    path = mine.dossier.folder / "deposit.yml"
    if codec.read(path) != mine.dossier.found:
        raise Conflict(
            "record-changed-meanwhile",
            "deposit.yml of {deposit} was edited by hand while your editor was open",
            where=str(path),
            remedy=("Accept that edit first, or undo it.", _accept(mine.dossier.id)),
            deposit=mine.dossier.id,
        )


def _run_editor(deposit_id: str, path: Path) -> None:
    try:
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        subprocess.run([*command, str(path)], check=True)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise OutsideFailure(
            "editor-failed",
            "the editor failed: {reason}",
            remedy=("Set EDITOR to one that works, or edit a copy.", Action("edit", deposit_id, needs=("file",))),
            reason=in_words(error),
        ) from None
