"""What was bought as files or links: fetching one, and the page that a mail leads to."""

from typing import Any, Final

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from storefront.core.database import end_read
from storefront.core.errors import NotFoundError
from storefront.core.rate_limits import throttle
from storefront.core.signing import OldLinkError
from storefront.digital import links
from storefront.digital.fetching import DownloadRefusedError, goods_of
from storefront.digital.renewing import mail_again, number_of_order, order_of_grant
from storefront.digital.showing import downloads_of
from storefront.orders.labels import label
from storefront.payments.order_view import order_view
from storefront.web.download_links import fresh_link
from storefront.web.downloads.sending import send
from storefront.web.htmx import render
from storefront.web.order_access import may_see_details

downloads = Blueprint("downloads", __name__, url_prefix="/downloads")
MAILS: Final = "3 per hour"
_STILL_YOURS: Final = "Your files are still yours."


@downloads.get("/<token>", endpoint="fetch")
def fetch(token: str) -> ResponseReturnValue:
    """The file itself, or the way to where the link leads."""
    try:
        return send(goods_of(links.grant_of(token)))
    except OldLinkError as old:
        return _offer_fresh(old)
    except DownloadRefusedError as refused:
        return _refused(refused.heading, refused.words, refused.status)
    except NotFoundError:
        return _broken()


@downloads.get("/order/<token>", endpoint="of_order")
def show_all(token: str) -> ResponseReturnValue:
    """All that an order was given: where its mail leads, whoever reads it."""
    try:
        order_id = links.order_of(token)
    except OldLinkError:
        return _page("downloads/old_mail.html", 410, token=token, sent=False)
    except NotFoundError:
        return _broken()
    given = [(one, fresh_link(one.grant_id)) for one in downloads_of(order_id)]
    return _page("downloads/of_order.html", 200, downloads=given, order_label=label(number_of_order(order_id)))


@downloads.post("/order/<token>/renewal")
def renew(token: str) -> ResponseReturnValue:
    """Send a fresh link to where the old one was sent; to nobody else."""
    try:
        order_id = links.order_of(token)
    except OldLinkError as old:
        order_id = old.told
    end_read()
    throttle("downloads-mail", str(order_id), limit=MAILS)
    mail_again(order_id)
    return _page("downloads/old_mail.html", 200, token=token, sent=True)


def _offer_fresh(old: OldLinkError) -> ResponseReturnValue:
    """A fresh link for who is known here as the buyer; the others know where their mail is."""
    order = order_view(order_of_grant(old.told))
    if may_see_details(order):
        again = url_for("orders.fetch", public_id=order.public_id, grant_id=old.told)
        return _refused("This link has run out", _STILL_YOURS, 410, again=again)
    words = f"{_STILL_YOURS} Open your order, or our mail about it, and press the button there."
    return _refused("This link has run out", words, 410)


def _broken() -> ResponseReturnValue:
    words = "Perhaps it was cut off on its way. Open your order, or our mail about it, and press the button there."
    return _refused("This link is not whole", words, 404)


def _refused(heading: str, words: str, status: int, again: str | None = None) -> ResponseReturnValue:
    return _page("downloads/refused.html", status, heading=heading, words=words, again=again)


def _page(page: str, status: int, **context: Any) -> ResponseReturnValue:
    response = render(page, page=page, status=status, **context)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
