"""What a person has to say for an act, and what is raised when it is left out."""

from sopctl.errors import Action, UsageError


def reason(text: str, act: str, ask: Action) -> str:
    """Why `act` (`a hold`) is done; `ask` is the action that says so. Raises UsageError when `text` is blank."""
    return _said(text, UsageError("reason-missing", "{act} needs a reason", remedy=ask, act=act))


def note(text: str, act: str, ask: Action) -> str:
    """The note on `act`; `ask` is the action that gives one. Raises UsageError when `text` is blank."""
    return _said(text, UsageError("note-missing", "{act} needs a note", remedy=ask, act=act))


def _said(text: str, missing: UsageError) -> str:
    if not text.strip():
        raise missing
    return text.strip()
