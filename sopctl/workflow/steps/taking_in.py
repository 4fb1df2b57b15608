"""Taking a server in at the door: penitipan 7 to 10, as one person does them in one go, each an event of its own."""

from collections.abc import Callable
from datetime import date

from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.steps import handover, reservation

VERBS = ("receive", "inspect", "handover", "place")

Inspect = Callable[[Desk, str], StepDone]
"""Does the inspection that is due (penitipan 8)."""


def take_in(
    desk: Desk,
    deposit_id: str,
    inspect: Inspect,
    *,
    note: str = "",
    place: str = "",
    on: date | None = None,
    on_step: Callable[[StepDone], None],
) -> bool:
    """Receive, inspect, hand over, place: from where the deposit stands. `place` is where the form is signed; `on` the
    day of it, where it is recorded late; `on_step` is told each step. False: something differs, and the rest is not
    done.

    Raises NotNow when none of it is due; otherwise as the steps, whose events before that stay.
    """
    steps: dict[tuple[str, str], Callable[[Desk], StepDone]] = {
        ("receive", ""): lambda desk: handover.receive(desk.decided_by(None), deposit_id, note=note, on=on),
        ("inspect", "condition"): lambda desk: inspect(desk, deposit_id),
        ("handover", ""): lambda desk: handover.handover(desk, deposit_id, place=place, on=on),
        ("place", ""): lambda desk: reservation.place(desk, deposit_id, on=on),
    }
    done: StepDone | None = None
    while True:
        each = dossiers.read(desk.site, deposit_id).summary
        procedure, step = each.procedure, steps.get((each.verb, each.task))
        if done is not None and (step is None or procedure != done.procedure):
            return True
        done = (step or steps["receive", ""])(desk)  # where none is due, this says what is
        on_step(done)
        if not done.answer:
            return False
        desk = desk.having_seen({})  # it moved by this very command
