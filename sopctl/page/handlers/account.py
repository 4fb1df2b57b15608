"""`/akun`: what somebody can see and change of their own account: the second factor."""

import segno
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from sopctl.errors import NotNow
from sopctl.page.rendering import page
from sopctl.page.visit import FOREIGN_FORM, NotLoggedIn, Refused, Visit
from sopctl.workflow import accounts
from sopctl.workflow.entering import second_factor


def account(visit: Visit) -> Response:
    """`/akun`."""
    return _shown(visit)


def enrol(visit: Visit) -> Response:
    """`/akun/kode`: GET shows the secret as a QR code, POST lets it count."""
    name = _name(visit)
    if visit.method == "POST":
        if not visit.own_form and second_factor.kept(visit.site).counts(name):
            return RedirectResponse("/akun", 303)  # clicked twice: the first click has set it up, under a new session
        _refuse_foreign(visit)
        try:
            codes = second_factor.confirm(visit.site, name, visit.fields.get("code", ""), visit.address, visit.now)
        except NotNow as error:
            visit.problem = error
        else:
            visit.renew(accounts.begin(visit.site, name, visit.address, visit.now))
            return page(visit, "recovery.html", codes=codes)
    if second_factor.kept(visit.site).counts(name):
        return RedirectResponse("/akun", 303)
    made = second_factor.proposal(visit.site, name)
    picture = Markup(segno.make(made.address, error="m").svg_inline(scale=4, border=4))  # noqa: S704 (ours)
    secret = " ".join(made.secret[at : at + 4] for at in range(0, len(made.secret), 4))
    return page(visit, "enrol.html", status=_status(visit), picture=picture, secret=secret)


def disenrol(visit: Visit) -> Response:
    """`/akun/kode/hapus`: do without, for who shows a code."""
    name = _name(visit)
    _refuse_foreign(visit)
    if not second_factor.kept(visit.site).counts(name):
        return RedirectResponse("/akun", 303)
    try:
        second_factor.remove(visit.site, name, visit.fields.get("code", ""), visit.address, visit.now)
    except NotNow as error:
        visit.problem = error
        return _shown(visit)
    return RedirectResponse("/akun", 303)


def _shown(visit: Visit) -> Response:
    name = _name(visit)
    factors = second_factor.kept(visit.site)
    return page(visit, "account.html", status=_status(visit), counts=factors.counts(name), left=factors.left(name))


def _status(visit: Visit) -> int:
    if visit.problem is None:
        return 200
    return 429 if visit.problem.id == "too-many-failures" else 422


def _name(visit: Visit) -> str:
    """The account of the one who asks. Raises NotLoggedIn."""
    if visit.account is None:
        raise NotLoggedIn
    return visit.account.name


def _refuse_foreign(visit: Visit) -> None:
    if not visit.own_form:
        raise Refused(FOREIGN_FORM)
