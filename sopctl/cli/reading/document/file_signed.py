"""`sopctl document file-signed`: a paper came back signed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sopctl.cli.options import DEPOSIT, FILE, decider_options, example, json_option, open_desk, seen_option
from sopctl.cli.render import put_step
from sopctl.errors import UsageError
from sopctl.model.signing.signatories import BOXES

if TYPE_CHECKING:
    from sopctl.model.signing.signatories import Box


@click.command(
    "file-signed",
    epilog=example(
        "sopctl document file-signed formulir-ditandatangani.pdf",
        "sopctl document file-signed pindaian.pdf PS-2026-0001 --scan --signed-by first --signed-by second",
    ),
)
@click.argument("file", type=FILE)
@click.argument("deposit_id", metavar="[ID]", type=DEPOSIT, required=False, default="")
@click.argument("number", metavar="[NUMBER]", required=False, default="")
@click.option("--scan", is_flag=True, help="It is a scan of what was signed by hand.")
@click.option(
    "--signed-by",
    multiple=True,
    metavar="BOX[=NAME]",
    help="For a scan: who signed in which box (first, second, acknowledged); without NAME, whom the paper names there.",
)
@click.option(
    "--as", "boxes", multiple=True, type=click.Choice(BOXES), help="The box of a signer whom the paper does not name."
)
@click.option(
    "--because",
    default="",
    help="Why that signer may sign, a box shows another name than its certificate has, or a scan is of several papers.",
)
@click.option("--unchecked", is_flag=True, help="Although nothing at hand says whether a certificate was revoked.")
@click.option("--last", is_flag=True, help="Although a signature in it lets nobody sign after it.")
@decider_options
@seen_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    deposit_id: str,
    number: str,
    *,
    scan: bool,
    signed_by: tuple[str, ...],
    boxes: tuple["Box", ...],
    because: str,
    unchecked: bool,
    last: bool,
    as_json: bool,
) -> None:
    """File a paper that was signed elsewhere: a PDF with certified signatures, or a scan of ink (--scan).

    The signatures are checked, and the file is recorded as the next revision of the paper that it was made from, in
    every dossier that has the paper. A scan needs the deposit, and the paper's number where several lack signatures.
    """
    from sopctl.workflow.house import signing

    desk = open_desk(ctx)
    if scan:
        if not deposit_id:
            raise UsageError(
                "scan-without-deposit", "say which deposit the scan is of", remedy="Give its ID beside --scan."
            )
        said = _signed_by(signed_by)
        done = signing.file_scan(desk, file, deposit_id=deposit_id, number=number, signed_by=said, because=because)
    else:
        if signed_by or number:
            raise UsageError(
                "only-for-scans",
                "who signed, and which paper, the PDF itself says",
                remedy="Leave that out, or file a scan with --scan.",
            )
        done = signing.file_signed(
            desk, file, deposit_id=deposit_id, boxes=boxes, because=because, unchecked=unchecked, last=last
        )
    put_step(done, as_json=as_json)


def _signed_by(given: tuple[str, ...]) -> dict["Box", str]:
    found: dict[Box, str] = {}
    for each in given:
        name, _, who = each.partition("=")
        box = next((known for known in BOXES if known == name), None)
        if box is None or box in found:
            raise UsageError(
                "not-a-box",
                "{text!r} is no box, or named twice: {boxes}",
                remedy="Name each box once, as BOX or BOX=NAME.",
                text=each[:100],
                boxes=", ".join(BOXES),
            )
        found[box] = who
    return found
