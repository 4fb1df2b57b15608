"""Informing the contact person: penitipan 5 and 6, konfigurasi 2 and 5."""

from typing import Any, Literal, get_args

from sopctl.adapters import mail
from sopctl.errors import OutsideFailure, UsageError
from sopctl.model import history
from sopctl.model.message import Message, compose
from sopctl.workflow.desk import Desk, StepDone, Turn, turn
from sopctl.workflow.space import place_until

Means = Literal["email", "phone", "letter", "meeting"]
MEANS: tuple[Means, ...] = get_args(Means)


def notify(desk: Desk, deposit_id: str, *, via: Means | None = None, again: bool = False) -> StepDone:
    """Inform the contact person; the text is kept as a document of the dossier.

    By e-mail when the site has a mail server, else a person does it and says how (`via`). A message whose sending
    was cut off by a crash is not sent a second time without `again`.
    """
    with turn(desk, deposit_id, "notify") as mine:
        message = _message(mine)
        means = via or _default_means(desk, message)
        outcome = next(iter(mine.outcomes))
        # The owner's time to bring the server counts from when they were told.
        offered = {"place_until": place_until(desk)} if mine.step.task == "place-ready" else {}
        if means != "email":
            kept = mine.keep("pemberitahuan.txt", message.text.encode())
            data: dict[str, Any] = {"via": means, "document": kept, **offered}
            return mine.record(outcome, note=f"diberitahukan: {means}", data=data)
        settings = desk.site.settings.mail
        if settings is None or message.to is None:
            raise _no_mail(message)
        cut_off = mine.standing.unfinished
        if cut_off and not again:
            raise OutsideFailure(
                f"a message of this step was being sent at {cut_off.at:%Y-%m-%d %H:%M} when sopctl was cut off; "
                "it may have arrived",
                remedy=f"Ask the contact person, then: sopctl notify {deposit_id} --via phone, or --again to resend it",
            )
        message_id = f"{deposit_id}.{len(mine.dossier.events) + 1}@{settings.sender.partition('@')[2]}"
        mine.start({"message_id": message_id, "to": message.to})
        try:
            mail.send(
                host=settings.host,
                port=settings.port,
                tls=settings.tls,
                sender=settings.sender,
                sender_name=desk.site.settings.office.name,
                to=message.to,
                subject=message.subject,
                text=message.text,
                message_id=message_id,
            )
        except OutsideFailure as error:
            mine.record(history.FAILED, note=error.message)
            raise
        kept = mine.keep("pemberitahuan.txt", message.text.encode())
        data = {"via": "email", "message_id": message_id, "document": kept, **offered}
        return mine.record(outcome, note=f"diberitahukan: e-mail ke {message.to}", data=data)


def preview(desk: Desk, deposit_id: str) -> Message:
    """The message that the due step would send. Raises what `notify` raises; sends and records nothing."""
    with turn(desk, deposit_id, "notify") as mine:
        return _message(mine)


def _message(mine: Turn) -> Message:
    spot = mine.dossier.summary.place
    return compose(
        mine.deposit,
        mine.desk.site.settings.office.name,
        mine.step.task,
        place=str(spot) if spot else "",
        host_key=mine.known("host_key"),
    )


def _default_means(desk: Desk, message: Message) -> Means:
    if desk.site.settings.mail and message.to:
        return "email"
    raise _no_mail(message)


def _no_mail(message: Message) -> UsageError:
    why = (
        "this site has no mail server (`mail` in sopctl.yml)"
        if message.to
        else f"the letter gives no e-mail address of {message.name}"
    )
    return UsageError(why, remedy="Tell how the contact was informed: --via phone|letter|meeting")
