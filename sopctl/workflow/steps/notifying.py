"""Informing the contact persons: penitipan 5 and 6, konfigurasi 2 and 5."""

from datetime import date
from typing import Literal, get_args

from sopctl.adapters.documents import render
from sopctl.errors import OutsideFailure, UsageError
from sopctl.model.message import Message
from sopctl.model.sop import history
from sopctl.model.sop.entries import Informed, NoticeKept, OfferedUntil, Paper, from_data
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.messages import composing, sending
from sopctl.workflow.messages.composing import Content
from sopctl.workflow.papers.announcement import announcement
from sopctl.workflow.steps.reservation import place_until

Means = Literal["email", "webhook", "phone", "letter", "meeting"]
MEANS: tuple[Means, ...] = get_args(Means)
SENT: tuple[Means, ...] = ("email", "webhook")
"""The means by which sopctl itself sends; by the others a person informs and says how."""


def notify(desk: Desk, deposit_id: str, *, via: Means | None = None, again: bool = False) -> StepDone:
    """Inform the contact person; the text is kept as a document of the dossier.

    By e-mail when the site has a mail server, else by its channels, else a person does it and says how (`via`). A
    message whose sending was cut off by a crash is not sent a second time without `again`. Raises OutsideFailure when
    it could not be sent: the step stays open.
    """
    with turn(desk, deposit_id, "notify") as mine:
        # The owner's time to bring the server counts from when they were told.
        until = place_until(desk) if mine.step.task == "place-ready" else None
        content = _content(mine, until)
        message = composing.to_contact(desk.site, mine.dossier, content)
        means = via or _default_means(desk, message)
        outcome = next(iter(mine.outcomes))
        informed = Informed(via=means)
        if means in SENT:
            _refuse_twice(mine, again)
            informed = _send(mine, means, message, _message_id(mine))
        notice = NoticeKept(document=_paper(mine, content) if means == "letter" else _text(mine, message))
        offered = [OfferedUntil(place_until=until)] if until else []
        to = f" ke {informed.to}" if informed.to else ""
        return mine.record(outcome, informed, notice, *offered, note=f"diberitahukan: {means}{to}")


def preview(desk: Desk, deposit_id: str) -> Message:
    """The message that the due step would send. Raises what `notify` raises; sends and records nothing."""
    with turn(desk, deposit_id, "notify") as mine:
        return composing.to_contact(desk.site, mine.dossier, _content(mine, place_until(desk)))


def _content(mine: Turn, until: date | None) -> Content:
    return composing.content(mine.desk.site, mine.dossier, mine.step.task, place_until=until or "")


def _send(mine: Turn, means: Means, message: Message, message_id: str) -> Informed:
    site = mine.desk.site
    ready = sending.by_email(site, message, message_id) if means == "email" else sending.by_channels(site, message)
    informed = Informed(via=means, message_id=message_id, to=ready.to)
    mine.start(informed)
    try:
        ready.send()
    except sending.MayHaveArrived:
        raise  # its `started` event stays the last word: the next try asks a person first
    except OutsideFailure as error:
        mine.record(history.FAILED, note=error.message)
        raise
    return informed


def _paper(mine: Turn, content: Content) -> Paper:
    form = announcement(mine, content)
    kept = mine.keep("pemberitahuan.pdf", render(form))
    return Paper(kept.file, kept.sha256, form.stamp.document_number)


def _text(mine: Turn, message: Message) -> Paper:
    kept = mine.keep("pemberitahuan.txt", message.text.encode())
    return Paper(kept.file, kept.sha256)


def _message_id(mine: Turn) -> str:
    """The message's id; one that is sent once more after a crash keeps the id that it had."""
    cut_off = mine.standing.unfinished
    begun = from_data(Informed, cut_off) if cut_off else None
    if begun and begun.message_id:
        return begun.message_id
    return sending.new_id(mine.desk.site, mine.dossier.id, len(mine.dossier.events) + 1)


def _refuse_twice(mine: Turn, again: bool) -> None:
    cut_off = mine.standing.unfinished
    if cut_off and not again:
        raise OutsideFailure(
            "message-step-was-being-sent",
            "a message of this step was being sent at {at:%Y-%m-%d %H:%M} when sopctl was cut off; it may have arrived",
            remedy=f"Ask the contact person, then: sopctl notify {mine.dossier.id} --via phone, "
            "or --again to send it once more",
            at=cut_off.at,
        )


def _default_means(desk: Desk, message: Message) -> Means:
    settings = desk.site.settings
    if settings.mail and message.to:
        return "email"
    if settings.channels:
        return "webhook"
    why = (
        "this site has no mail server (`mail` in sopctl.yml)"
        if message.to
        else f"the letter gives no e-mail address of {message.name}"
    )
    raise UsageError("failed", "{why}", remedy="Tell how the contact was informed: --via phone|letter|meeting", why=why)
