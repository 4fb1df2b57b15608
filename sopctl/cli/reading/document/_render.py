"""What the document commands print."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sopctl.cli import wording
from sopctl.cli.language import _, ngettext, said
from sopctl.cli.options import open_desk, say
from sopctl.cli.render import here, put_json
from sopctl.errors import Action
from sopctl.model.signing.signatures import MEANS
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.model.signing.signatures import Signature
    from sopctl.workflow.papers.integrity import CheckedFile, Document


def put_documents(ctx: click.Context, deposit_id: str, *, as_json: bool) -> bool:
    """A deposit's documents. Are all of them intact?"""
    from sopctl.workflow.papers import integrity

    filed = integrity.documents(open_desk(ctx), deposit_id)
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.documents(filed))
    else:
        _lines(filed)
    return all(each.state == "intact" for each in filed)


def put_all_documents(ctx: click.Context, *, as_json: bool) -> bool:
    """Those of every deposit that are not intact, and how many are. Are all of them, with every dossier readable?"""
    from sopctl.workflow.papers import integrity

    filed, errors = integrity.of_site(open_desk(ctx))
    wrong = [each for each in filed if each.state != "intact"]
    if as_json:
        from sopctl.cli.documents import reading

        put_json(reading.documents(filed, errors))
    else:
        _lines(wrong)
        good = len(filed) - len(wrong)
        click.echo(
            ngettext(
                "{good} of {number} document is intact",
                "{good} of {number} documents are intact",
                len(filed),
                good=good,
            )
        )
    say(errors)
    return not wrong and not errors


def put_checked(each: "CheckedFile") -> None:
    """What a file is: a line, one for what more is known, and one for each signature."""
    from sopctl.workflow.papers.signed.verdict import WORDS

    issued = " ".join(filter(None, (each.deposit, each.number, f"{each.at:%Y-%m-%d}" if each.at else "")))
    verdict = said(WORDS[each.verdict])
    if each.signed and each.verdict == "signed":
        verdict += f" ({said(each.signed.words)})"
    click.secho(f"{verdict:<8} {printable(each.file)}  {issued}".rstrip(), fg=None if each.good else "red")
    for why in (*([each.became.words] if each.became else []), *each.why):
        click.secho(f"  {printable(said(why))}", fg="yellow")
    for one in each.signatures:
        put_signature(one)
    if each.verdict == "signed-not-filed":
        how = wording.line(Action("document file-signed", each.file))
        click.echo("  " + _("file it: {command}", command=how))


def put_signature(one: "Signature") -> None:
    """A signature: what it is, whose, when, and how that is known."""
    from sopctl.workflow import terms

    signer = one.signer
    who = _("{name}, by {issuer}", name=signer.cn, issuer=signer.issuer) if signer else _("nobody knows whose")
    time = f"{one.time:%Y-%m-%d %H:%M %Z}" if one.time else ""
    if time and one.time_from == "tsa":
        at = _("{time} proven by a timestamp", time=time)
    elif time and one.time_from == "own-clock":
        at = _("{time} by the signer's own clock", time=time)
    else:
        at = time and f"{time} "
    what = ", ".join(filter(None, (who, one.level, at, said(one.because))))
    means = "" if one.word == "good" else f" ({said(MEANS[one.word])})"
    word = said(terms.SIGNATURES[one.word])
    click.secho(f"  {word:<8} {printable(what)}{means}", fg=None if one.word == "good" else "red")


def _lines(documents: "Sequence[Document]") -> None:
    for each in documents:
        colour = None if each.state == "intact" else "red"
        number = f"  {each.number}" if each.number else ""
        made_by = f"{each.procedure} {each.step}" if each.procedure else each.deposit
        click.secho(f"{said(each.state):<8} {made_by}{number}", fg=colour)
        click.echo(f"  {here(each.file)}")
