"""Signatures of PDFs (PAdES) by pyHanko: the extra `sign`. Nothing here imports it before something is asked."""

from sopctl.errors import OutsideFailure


def missing(error: ImportError) -> OutsideFailure:
    """The error for an installation without the extra."""
    return OutsideFailure(
        "signing-missing",
        "what reads and makes signatures is not installed: {reason}",
        remedy="Install it: pip install 'sopctl[sign]'",
        reason=str(error),
    )
