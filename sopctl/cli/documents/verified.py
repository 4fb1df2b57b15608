"""The document of `verify`: what an access try found, and the step that it made."""

from msgspec import Struct

from sopctl.cli.documents.access import Probed, probed
from sopctl.cli.documents.common import Failure
from sopctl.cli.documents.steps import Step, step
from sopctl.workflow.desk import StepDone
from sopctl.workflow.steps.verifying import Verification


class Verified(Struct, frozen=True, kw_only=True):
    """The step that was done (its `data` has what was established), how often access was tried, and what the last try
    found; null if nothing could be tried and only the requester's word counts."""

    steps: list[Step]
    errors: list[Failure]
    tries: int
    access: Probed | None


def verified(done: StepDone, found: Verification) -> Verified:
    """The document of `verify`."""
    return Verified(
        steps=[step(done)], errors=[], tries=found.tries, access=probed(found.access) if found.access.port else None
    )
