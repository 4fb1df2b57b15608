"""Informing the contact persons: penitipan 5 and 6, konfigurasi 2 and 5."""

from datetime import date
from typing import Literal, get_args

from sopctl.errors import Action, OutsideFailure
from sopctl.model.message import Message
from sopctl.model.sop import history
from sopctl.model.sop.entries import Informed, NoticeKept, OfferedUntil, Paper, from_data
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.messages import composing, sending, words
from sopctl.workflow.messages.composing import Content
from sopctl.workflow.messages.notes import told
from sopctl.workflow.papers.official_letter import announcement
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.steps.reservation import place_until

Means = Literal["email", "webhook", "phone", "letter", "meeting"]
MEANS: tuple[Means, ...] = get_args(Means)
SENT: tuple[Means, ...] = ("email", "webhook")
"""The means by which sopctl itself sends. With the others a person informs, and says which one they used."""


ANSWERED = "try-access"
"""The task whose message asks for an answer."""


def notify(desk: Desk, deposit_id: str, *, via: Means | None = None, again: bool = False) -> StepDone:
    """Inform the contact person. The text is kept as a document of the dossier.

    It goes as the site says (`inform_via`); else by e-mail when the site has a mail server, else to the site's
    channels; else a person informs and says how (`via`). A message whose sending was cut off by a crash is not sent
    again without `again`. Raises OutsideFailure when it could not be sent: the step stays open.
    """
    with turn(desk, deposit_id, "notify") as mine:
        # The owner's time to bring the server counts from when they were told.
        until = place_until(desk) if mine.step.task == "place-ready" else None
        link = accounts.link(desk.site, deposit_id, desk.now()) if mine.step.task == ANSWERED else ""
        content = _content(mine, until, link)
        message = composing.to_contact(desk.site, mine.dossier, content)
        means = via or _default_means(mine, message)
        outcome = next(iter(mine.outcomes))
        informed, refused = Informed(via=means), tuple[str, ...]()
        if means in SENT:
            _refuse_twice(mine, again)
            informed, refused = _send(mine, means, message, _message_id(mine))
        kept = message.text.replace(link.rpartition("/")[2], "…") if link else message.text  # it opens something
        notice = NoticeKept(document=_paper(mine, content) if means == "letter" else _text(mine, kept))
        offered = [OfferedUntil(place_until=until)] if until else []
        to = f": {informed.to}" if informed.to else ""
        but = f"; tembusan ditolak: {', '.join(refused)}" if refused else ""
        return mine.record(
            outcome, informed, notice, *offered, note=f"diberitahukan lewat {words.MEANS[means]}{to}{but}"
        )


def preview(desk: Desk, deposit_id: str) -> Message:
    """The message that the due step would send. Raises what `notify` raises; sends and records nothing."""
    with turn(desk, deposit_id, "notify") as mine:
        return composing.to_contact(desk.site, mine.dossier, _content(mine, place_until(desk), ""))


def _content(mine: Turn, until: date | None, link: str) -> Content:
    return composing.content(mine.desk.site, mine.dossier, mine.step.task, place_until=until or "", link=link)


def _send(mine: Turn, means: Means, message: Message, message_id: str) -> tuple[Informed, tuple[str, ...]]:
    site, otherwise = mine.desk.site, _inform_yourself(mine)
    if means == "email":
        ready = sending.by_email(site, message, message_id, otherwise=otherwise)
    else:
        ready = sending.by_channels(site, message, otherwise=otherwise)
    informed = Informed(via=means, message_id=message_id, to=ready.to)
    mine.start(informed)
    try:
        return informed, ready.send()
    except sending.MayHaveArrived:
        raise  # its `started` event stays the newest: the next try asks a person first
    except OutsideFailure as error:
        mine.record(history.FAILED, note=told(error))
        raise


def _paper(mine: Turn, content: Content) -> Paper:
    form = announcement(mine, content)
    kept = mine.keep("pemberitahuan.pdf", printed(mine.desk.site, form))
    return Paper(kept.file, kept.sha256, form.stamp.document_number)


def _text(mine: Turn, text: str) -> Paper:
    kept = mine.keep("pemberitahuan.txt", text.encode())
    return Paper(kept.file, kept.sha256)


def _message_id(mine: Turn) -> str:
    """The message's id. A message that is sent again after a crash keeps its id."""
    cut_off = mine.standing.unfinished
    begun = from_data(Informed, cut_off) if cut_off else None
    if begun and begun.message_id:
        return begun.message_id
    return sending.new_id(mine.desk.site, mine.dossier.id, len(mine.dossier.events) + 1)


def _refuse_twice(mine: Turn, again: bool) -> None:
    cut_off = mine.standing.unfinished
    if cut_off and not again:
        deposit, task = mine.dossier.id, mine.step.task
        raise OutsideFailure(
            "message-may-have-arrived",
            "the message was being sent at {at:%Y-%m-%d %H:%M} when sopctl was cut off; it may have arrived",
            remedy=(
                "Ask the contact person. If it arrived, say so; if not, send it again.",
                Action(
                    "notify",
                    deposit,
                    task=task,
                    given={"via": "phone"},
                    alternatives=(Action("notify", deposit, task=task, given={"again": ""}),),
                ),
            ),
            at=cut_off.at,
        )


def _default_means(mine: Turn, message: Message) -> Means:
    settings = mine.desk.site.settings
    if settings.inform_via:
        return settings.inform_via
    if settings.mail and message.to:
        return "email"
    if settings.message_channels:
        return "webhook"
    raise sending.no_email(mine.desk.site, message, _inform_yourself(mine))


def _inform_yourself(mine: Turn) -> Action:
    return Action("notify", mine.dossier.id, task=mine.step.task, needs=("via",))
