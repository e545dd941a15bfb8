"""Taking one's data along, and leaving."""

from typing import Final

from flask import Response, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from storefront.core.clock import now
from storefront.core.rate_limits import throttle
from storefront.privacy.erase import StillOpenError, delete_account, obstacles
from storefront.privacy.export import everything_of
from storefront.web.account.blueprint import account
from storefront.web.account.zip_export import zip_of
from storefront.web.htmx import redirect_to, render
from storefront.web.login import customer_required, fresh_login_required, is_fresh, log_out, signed_in

EXPORTS: Final = "10 per hour"
_OFTEN_ENOUGH: Final = "You have taken your data a few times already. Please wait an hour."


@account.get("/export")
@customer_required
def export() -> ResponseReturnValue:
    """What there is to take along."""
    return render("account/_export.html", page="account/export.html")


@account.post("/export")
@customer_required
def take_along() -> ResponseReturnValue:
    """Everything of theirs, made while it is sent."""
    me, moment = signed_in().id, now()
    throttle("export", str(me), limit=EXPORTS, words=_OFTEN_ENOUGH)
    answer = Response(stream_with_context(zip_of(everything_of(me), moment)), mimetype="application/zip")
    answer.headers.set("Content-Disposition", "attachment", filename=f"my-data-{moment.date()}.zip")
    return answer


@account.get("/deletion")
@customer_required
def deletion() -> ResponseReturnValue:
    """What happens, what is kept, and what has to be finished first."""
    if not is_fresh():
        return redirect_to(url_for("auth.confirm", next=request.path))
    me = signed_in()
    return render("account/_deletion.html", page="account/deletion.html", obstacles=obstacles(me.id, me.role))


@account.post("/deletion")
@fresh_login_required
def leave_for_good() -> ResponseReturnValue:
    """Delete the account."""
    try:
        delete_account(signed_in().id)
    except StillOpenError as refused:
        context = {"obstacles": refused.obstacles}
        return render("account/_deletion.html", page="account/deletion.html", status=refused.status, **context)
    log_out()
    return redirect_to(url_for(".goodbye"))


@account.get("/goodbye")
def goodbye() -> ResponseReturnValue:
    """They left."""
    return render("account/_goodbye.html", page="account/goodbye.html")
