"""Work on a server that its owner asked for, done by the hands of the office (remote hands)."""

from collections.abc import Sequence
from pathlib import Path

from sopctl.errors import UsageError
from sopctl.locale import Text
from sopctl.model.sop.entries import Task, TaskDone
from sopctl.workflow.desk import Desk, StepDone, act
from sopctl.workflow.house.writing import one_line
from sopctl.workflow.scans import read_scan

LONGEST_MINUTES = 24 * 60
"""A task is of one day; what takes longer is several."""


_NEEDED = {"what": Text("what"), "asked_by": Text("asked by")}


def done(
    desk: Desk,
    deposit_id: str,
    *,
    what: str,
    asked_by: str,
    minutes: int,
    done_by: str = "",
    files: Sequence[Path] = (),
) -> StepDone:
    """Record a task: `what` was done, who of the owner `asked_by`, and the `minutes` that it took. `done_by` is who did
    it, by default the person who records it. The `files` (PDF, PNG, JPEG) are kept in the dossier.

    Raises UsageError for what says nothing, NotNow for a closed dossier.
    """
    said = {"what": one_line(what, Text("the work")), "asked_by": one_line(asked_by, Text("who asked for it"))}
    for name, text in said.items():
        if not text:
            raise UsageError(
                "task-incomplete",
                "a task needs {name}",
                remedy="Nothing was recorded. Say that too.",
                name=_NEEDED[name],
            )
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise UsageError(
            "minutes-out-of-range",
            "a task takes 1 to {most} minutes, not {minutes}",
            remedy="Give the time in whole minutes within that range.",
            most=LONGEST_MINUTES,
            minutes=minutes,
        )
    worker = one_line(done_by, Text("who did it"))
    scans = [(file.suffix.lower(), read_scan(file)) for file in files]
    with act(desk, deposit_id, "task") as mine:
        kept = [mine.keep(f"pekerjaan-{number}{suffix}", scan) for number, (suffix, scan) in enumerate(scans, start=1)]
        task = Task(said["what"], said["asked_by"], worker or mine.by, minutes, tuple(kept))
        note = f"{task.what}; diminta {task.asked_by}, dikerjakan {task.done_by}, {minutes} menit"
        return mine.record(mine.verb.outcome, TaskDone(task=task), note=note[:1000])
