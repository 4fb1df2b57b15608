"""Editing a deposit's record. Every change is recorded with what was and what is; no clock is restarted by it."""

import difflib
import hashlib
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from sopctl.errors import Conflict, InvalidRecord, NotNow, OutsideFailure, UsageError
from sopctl.model.deposit import Deposit
from sopctl.model.sop.entries import Edited, Filed
from sopctl.store import codec
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import disk_errors, write_atomic
from sopctl.workflow.desk import Desk, StepDone, Turn, act


def edit(desk: Desk, deposit_id: str, *, source: Path | None = None, note: str = "") -> StepDone:
    """Change `deposit.yml`: with $EDITOR, or to the content of `source`. Raises NotNow when nothing was changed,
    InvalidRecord when the result is not valid (the record stays as it was)."""
    with act(desk, deposit_id, "edit") as mine:
        refuse_strange_edit(mine.dossier)
        path = mine.dossier.folder / "deposit.yml"
        before = codec.read(path)
        after = codec.read(source) if source else _with_editor(before)
        if after == before:
            raise NotNow("nothing-was-changed", "nothing was changed in {deposit}", deposit=deposit_id)
        _check(deposit_id, after, source or path)
        write_atomic(path, after)
        return _record(mine, before, after, note)


def accept(desk: Desk, deposit_id: str, *, note: str) -> StepDone:
    """Accept what someone changed in `deposit.yml` by hand. Raises NotNow when nothing was."""
    if not note.strip():
        raise UsageError(
            "accepting-edit-hand-needs-note", "accepting an edit by hand needs a note", remedy='Say why: --note "…"'
        )
    with act(desk, deposit_id, "edit") as mine:
        after = codec.read(mine.dossier.folder / "deposit.yml")
        before = accepted(mine.dossier)
        if before == after:
            raise NotNow(
                "deposit-yml-as-was-accepted", "deposit.yml of {deposit} is as it was accepted", deposit=deposit_id
            )
        return _record(mine, before, after, note.strip())


def by_hand(dossier: Dossier) -> list[str]:
    """What was changed in `deposit.yml` behind sopctl's back, as the lines of a unified diff; nothing when it was not.

    A dossier from before records were kept has nothing to compare with.
    """
    kept = dossier.newest(Filed)
    after = codec.read(dossier.folder / "deposit.yml")
    if kept is None or hashlib.sha256(after).hexdigest() == kept.filed.sha256:
        return []
    return differences(accepted(dossier), after)


def accepted(dossier: Dossier) -> bytes:
    """The record as it was last accepted. Raises Conflict when that document itself was altered."""
    kept = dossier.newest(Filed)
    if kept is None:
        return codec.read(dossier.folder / "deposit.yml")
    path = dossier.folder / kept.filed.file
    content = codec.read(path)
    if hashlib.sha256(content).hexdigest() != kept.filed.sha256:
        raise Conflict(
            "record-as-was-accepted-was",
            "the record as it was accepted was altered",
            where=str(path),
            remedy="Restore it from the site's version control or backup.",
        )
    return content


def differences(before: bytes, after: bytes) -> list[str]:
    """The changed lines: `-` what was, `+` what is."""
    lines = difflib.unified_diff(
        before.decode(errors="replace").splitlines(), after.decode(errors="replace").splitlines(), lineterm="", n=0
    )
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def refuse_strange_edit(dossier: Dossier) -> None:
    """Raise Conflict when `deposit.yml` was edited by hand and that was not accepted."""
    changed = by_hand(dossier)
    if changed:
        raise Conflict(
            "deposit-yml-was-edited-hand",
            "deposit.yml of {deposit} was edited by hand: {known}",
            where=str(dossier.folder / "deposit.yml"),
            remedy=f'Accept it first: sopctl edit {dossier.id} --accept --note "…", or set it back.',
            deposit=dossier.id,
            known="; ".join(changed)[:300],
        )


def _check(deposit_id: str, content: bytes, path: Path) -> None:
    deposit = codec.parse(content, Deposit, where=str(path))
    if deposit.id != deposit_id:
        raise InvalidRecord("id-stays-so", "the id is {deposit} and stays so", where=str(path), deposit=deposit_id)


def _record(mine: Turn, before: bytes, after: bytes, note: str) -> StepDone:
    changed = differences(before, after)
    kept = mine.keep("permohonan.yml", after)
    return mine.record(
        mine.verb.outcome, Filed(filed=kept), Edited(changed=tuple(changed)), note=note or "; ".join(changed)[:500]
    )


def _with_editor(content: bytes) -> bytes:
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="sopctl-edit-") as folder:
        path = Path(folder) / "deposit.yml"
        path.write_bytes(content)
        try:
            subprocess.run([*command, str(path)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise OutsideFailure(
                "editor-did-not-end-well",
                "the editor did not end well: {error}",
                remedy="Set EDITOR, or: --from FILE",
                error=error,
            ) from None
        with disk_errors(path, "read"):
            return path.read_bytes()
