"""An order's page and everything that can be done with it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from flask import after_this_request, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from storefront.auth.access import current_customer
from storefront.auth.forms import AccountForm
from storefront.browse.pictures import picture_url
from storefront.cart.showing import Summary
from storefront.checkout.access import may_see_all
from storefront.checkout.clicks import read_means
from storefront.checkout.panel import Panel, again_panel, order_panel
from storefront.customers.models import User
from storefront.database import leave
from storefront.digital.showing import DownloadShown, downloads_of
from storefront.errors import BusyError, ChangedError, NotYoursError, RefusedError, TooManyTriesError
from storefront.hypermedia import done, go_to, page_asked_from, say_when, show, wants_fragment
from storefront.order_pages import again_views as _again_views  # noqa: F401  hangs its views on the door
from storefront.order_pages import download_views as _download_views  # noqa: F401
from storefront.order_pages import finding_views as _finding_views  # noqa: F401
from storefront.order_pages import paper_views as _paper_views  # noqa: F401
from storefront.order_pages.account_views import offer_for
from storefront.order_pages.door import orders, own_order
from storefront.order_pages.timeline import timeline
from storefront.orders.labels import label
from storefront.payments import paying_again
from storefront.payments.attempts import How, WithNewCard
from storefront.payments.challenges import Challenge, open_challenge
from storefront.payments.customers import customer_to_charge
from storefront.payments.happenings import money_back
from storefront.payments.papers import papers_of
from storefront.payments.sessions import page_to_pay
from storefront.payments.showing import LineShown, OrderShown, show_order
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError

__all__ = ["orders"]


@orders.get("/<public_id>", endpoint="show")
def show_page(public_id: str) -> ResponseReturnValue:
    return _page(show_order(public_id))


@orders.get("/<public_id>/status")
def status(public_id: str) -> ResponseReturnValue:
    """What is polled while we do not know: our own row, never Stripe."""
    order = show_order(public_id)
    return show("orders/changed.hx.html", page="orders/order.html", **_context(order))


@orders.post("/<public_id>/payment")
def pay_again(public_id: str) -> ResponseReturnValue:
    order = own_order(public_id)
    number = request.form.get("attempt", type=int)
    if number is None:
        raise RefusedError("Please load the page again; nothing was charged.")
    means = read_means(request.form)
    leave()
    if isinstance(means, WithNewCard) and means.keep and order.user_id is not None:
        customer_to_charge(order.user_id)
    return _do(order, lambda: paying_again.pay_again(order.id, number, How(means, in_page=wants_fragment())))


@orders.post("/<public_id>/challenge")
def challenge(public_id: str) -> ResponseReturnValue:
    """Ask Stripe; then the bank's question, or what came of it. Its secret is told here, to those who may pay, and never kept."""
    order = own_order(public_id)
    leave()
    asked = open_challenge(order.id) if order.is_open else Challenge(None, None)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(client_secret=asked.client_secret), 200 if asked.client_secret else 409
    order = show_order(public_id)
    return show("orders/changed.hx.html", page="orders/order.html", **_context(order, asked.bank_url))


@orders.post("/<public_id>/cancellation")
def cancel(public_id: str) -> ResponseReturnValue:
    order = own_order(public_id)
    leave()
    return _do(order, lambda: paying_again.give_up(order.id))


@orders.post("/<public_id>/hosted")
def go_on(public_id: str) -> ResponseReturnValue:
    """Go on paying on Stripe's page; its address is fetched anew each time, and kept nowhere."""
    order = own_order(public_id)
    leave()
    page: list[str | None] = []
    answer = _do(order, lambda: page.append(page_to_pay(order.id)))
    return go_to(page[0]) if page and page[0] else answer


def _do(order: OrderShown, act: Callable[[], None]) -> ResponseReturnValue:
    """Do it, and show what the order is like then; what was refused is said in the panel, and nothing is lost."""
    refused: tuple[str, ...] = ()
    code = 200
    try:
        act()
    except (RefusedError, ChangedError, BusyError, TooManyTriesError) as why:
        refused, code = (" ".join(why.words.replace("Nothing was charged.", "").split()),), why.status
        after_this_request(partial(say_when, error=why))
    except OutcomeUnknownError:
        refused = ("Our payment provider does not answer just now; we go on asking.",)
    context = _context(show_order(order.public_id))
    context["panel"] = replace(context["panel"], changed=refused)
    if refused and not wants_fragment():
        return show("orders/changed.hx.html", page="orders/order.html", status=code, **context)
    return done("orders/changed.hx.html", then=url_for(".show", public_id=order.public_id), status=code, **context)


def _page(order: OrderShown) -> ResponseReturnValue:
    return show("orders/changed.hx.html", page="orders/order.html", **_context(order))


def _context(order: OrderShown, bank_url: str | None = None) -> dict[str, Any]:
    whole = may_see_all(order)
    user = current_customer() if whole else None
    if user and order.user_id != user.id:
        user = None  # a guest's, in a browser that has signed in since: no saved card pays for it
    return {
        "panel": order_panel(order, may_pay=whole, user=user, bank_url=bank_url),
        "again": _again(order, user),
        "order": order,
        "order_label": label(order.number),
        "whole": whole,
        "email": order.email if whole else masked(order.email),
        "summary": _summary(order),
        "lines": [_line(line) for line in order.lines],
        "steps": timeline(order, money_back(order.id) if order.has_refunds else (), whole=whole),
        "downloads": _downloads(order) if whole and order.has_downloads and order.paid_at else (),
        "papers": papers_of(order.id) if whole and order.paid_at else (),
        "offer": offer_for(order),
        "form": AccountForm(formdata=None),
        "past": {"public_id": order.public_id, "number": order.number},
        "said": (),
        # The panel also stands on product pages and in the cart, which tell nothing of the order's way.
        "tells_way": page_asked_from() == url_for(".show", public_id=order.public_id),
    }


def _downloads(order: OrderShown) -> list[tuple[DownloadShown, str]]:
    given = downloads_of(order.id)
    return [(one, url_for(".fetch", public_id=order.public_id, grant_id=one.grant_id)) for one in given]


def _again(order: OrderShown, user: User | None) -> Panel | None:
    if user is None or order.is_open:
        return None
    try:
        return again_panel(user, order)
    except NotYoursError:
        return None


def _summary(order: OrderShown) -> Summary:
    return Summary(
        count=sum(line.quantity for line in order.lines),
        subtotal=order.subtotal,
        shipping=order.shipping if order.shipping_name else None,
        shipping_words=order.shipping_name or "Delivery",
        total=order.total,
        discount=order.discount or None,
        discount_code=order.discount_code or None,
        taxes=order.taxes,
    )


def _line(line: LineShown) -> dict[str, Any]:
    return {
        "name": line.name,
        "options": "",
        "quantity": line.quantity,
        "unit": line.unit,
        "total": line.total,
        "picture": picture_url(line.picture_path) if line.picture_path else None,
        "variant_id": line.variant_id,
    }


def masked(email: str) -> str:
    """m•••@lindt.example, for strangers on the order's link."""
    name, _, host = email.partition("@")
    return f"{name[:1]}•••@{host}"
