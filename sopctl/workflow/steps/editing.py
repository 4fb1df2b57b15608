"""Editing a deposit's record. Every change is recorded, with the old and the new values. It restarts no clock."""

import difflib
import hashlib
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, OutsideFailure
from sopctl.model.deposit import Deposit
from sopctl.model.sop.entries import Edited, Filed
from sopctl.store import codec, dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.steps import required


def edit(desk: Desk, deposit_id: str, *, source: Path | None = None, note: str = "") -> StepDone:
    """Change `deposit.yml`: with $EDITOR, or to the content of `source`.

    Raises NotNow when nothing was changed, InvalidRecord when the result is not valid (the record stays as it was),
    Conflict when there is an edit by hand that was not accepted.
    """
    with act(desk, deposit_id, "edit") as mine:
        refuse_edit_by_hand(mine.dossier)
        path = mine.dossier.folder / "deposit.yml"
        before = codec.read(path)
        after = codec.read(source) if source else _with_editor(deposit_id, before)
        if after == before:
            raise NotNow("nothing-changed", "nothing was changed in {deposit}", deposit=deposit_id)
        _check(deposit_id, after, source or path)
        dossiers.write_record(mine.dossier, after)
        return _record(mine, before, after, note)


def accept(desk: Desk, deposit_id: str, *, note: str) -> StepDone:
    """Accept what someone changed in `deposit.yml` by hand. Raises NotNow when nothing was."""
    said = required.note(note, "accepting an edit by hand", _accept(deposit_id))
    with act(desk, deposit_id, "edit") as mine:
        after = codec.read(mine.dossier.folder / "deposit.yml")
        before = accepted(mine.dossier)
        if before == after:
            raise NotNow("no-edit-to-accept", "deposit.yml of {deposit} is as it was accepted", deposit=deposit_id)
        return _record(mine, before, after, said)


def by_hand(dossier: Dossier) -> list[str]:
    """What was changed in `deposit.yml` without sopctl, as the lines of a unified diff. Empty when nothing was, and for
    a dossier from before records were kept, which has nothing to compare with."""
    kept = dossier.newest(Filed)
    after = codec.read(dossier.folder / "deposit.yml")
    if kept is None or hashlib.sha256(after).hexdigest() == kept.filed.sha256:
        return []
    return _changed_lines(accepted(dossier), after)


def accepted(dossier: Dossier) -> bytes:
    """The record as it was last accepted. Raises Conflict when that document itself was altered."""
    kept = dossier.newest(Filed)
    if kept is None:
        return codec.read(dossier.folder / "deposit.yml")
    path = dossier.folder / kept.filed.file
    content = codec.read(path)
    if hashlib.sha256(content).hexdigest() != kept.filed.sha256:
        raise Conflict(
            "accepted-record-altered",
            "the record as it was last accepted has been altered",
            where=str(path),
            remedy="Restore it from the site's version control or backup.",
        )
    return content


def refuse_edit_by_hand(dossier: Dossier) -> None:
    """Raise Conflict when `deposit.yml` was edited by hand and that was not accepted."""
    changed = by_hand(dossier)
    if changed:
        raise Conflict(
            "edited-by-hand",
            "deposit.yml of {deposit} was edited by hand: {changes}",
            where=str(dossier.folder / "deposit.yml"),
            remedy=("Accept the edit first, or undo it.", _accept(dossier.id)),
            deposit=dossier.id,
            changes="; ".join(changed)[:300],
        )


def _accept(deposit_id: str) -> Action:
    return Action("edit", deposit_id, needs=("note",), given={"accept": ""})


def _changed_lines(before: bytes, after: bytes) -> list[str]:
    """The changed lines: `-` what was, `+` what is."""
    lines = difflib.unified_diff(
        before.decode(errors="replace").splitlines(), after.decode(errors="replace").splitlines(), lineterm="", n=0
    )
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _check(deposit_id: str, content: bytes, path: Path) -> None:
    deposit = codec.parse(content, Deposit, where=str(path))
    if deposit.id != deposit_id:
        raise InvalidRecord(
            "id-cannot-change", "the id {deposit} cannot be changed", where=str(path), deposit=deposit_id
        )


def _record(mine: Turn, before: bytes, after: bytes, note: str) -> StepDone:
    changed = _changed_lines(before, after)
    kept = mine.keep("permohonan.yml", after)
    return mine.record(
        mine.verb.outcome, Filed(filed=kept), Edited(changed=tuple(changed)), note=note or "; ".join(changed)[:500]
    )


def _with_editor(deposit_id: str, content: bytes) -> bytes:
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="sopctl-edit-") as folder:
        path = Path(folder) / "deposit.yml"
        path.write_bytes(content)
        try:
            subprocess.run([*command, str(path)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise OutsideFailure(
                "editor-failed",
                "the editor failed: {reason}",
                remedy=("Set EDITOR to one that works, or edit a copy.", Action("edit", deposit_id, needs=("file",))),
                reason=str(error),
            ) from None
        with disk_errors(path, "read"):
            return path.read_bytes()
