"""What is told of workers whose answers are none."""

from sopctl.errors import OutsideFailure
from sopctl.locale import Counted
from sopctl.model.access.shards import Answer


def not_made(network: str, answer: Answer) -> OutsideFailure:
    """The error for a server that a worker could not so much as try."""
    return OutsideFailure(
        "check-not-made",
        "{deposit} could not be tried by the worker of the network {network}: {reason}",
        remedy=(
            "Put what it lacks where it runs: the key of that name into its keys/, readable by it alone, or the "
            "version of sopctl that is here."
        ),
        deposit=answer.id,
        network=network,
        reason=answer.problem,
    )


def refused(network: str, count: int) -> OutsideFailure:
    """The error for answers of a network that are not believed."""
    return OutsideFailure(
        "answers-not-believed",
        "refused {count} from the network {network}: no check that was sent could have given that",
        remedy="Look at the worker's clock and version, and at who else has its certificate.",
        count=Counted("{number} answer", "{number} answers", count),
        network=network,
    )
