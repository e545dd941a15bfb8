"""An order's page and everything that can be done with it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Response, after_this_request, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from storefront.cards.customers import customer_to_charge
from storefront.core.database import end_read
from storefront.core.errors import BusyError, ConflictError, InvalidRequestError, NotFoundError, RateLimitedError
from storefront.customers.models import User
from storefront.digital.showing import DownloadShown, downloads_of
from storefront.orders.labels import label
from storefront.payments import retry
from storefront.payments.attempts import PaymentInstructions, WithNewCard
from storefront.payments.cancel import page_to_pay
from storefront.payments.challenges import Challenge, open_challenge
from storefront.payments.documents import papers_of
from storefront.payments.order_view import LineShown, OrderView, Shown, order_view, refund_history
from storefront.stripe.errors import OutcomeUnknownError
from storefront.web.cart_view import CartSummary
from storefront.web.htmx import current_page, redirect_to, render, respond, retarget, set_retry_after, wants_fragment
from storefront.web.login import current_customer
from storefront.web.login_forms import AccountForm
from storefront.web.order_access import may_see_details
from storefront.web.orders import again_views as _again_views  # noqa: F401  hangs its views on the door
from storefront.web.orders import document_views as _paper_views  # noqa: F401
from storefront.web.orders import download_views as _download_views  # noqa: F401
from storefront.web.orders import finding_views as _finding_views  # noqa: F401
from storefront.web.orders.account_views import offer_for
from storefront.web.orders.blueprint import orders, own_order
from storefront.web.orders.timeline import timeline
from storefront.web.panel import Panel, again_panel, order_panel
from storefront.web.payment_form import read_payment_method
from storefront.web.pictures import picture_url

__all__ = ["orders"]


@orders.get("/<public_id>", endpoint="show")
def show_page(public_id: str) -> ResponseReturnValue:
    return _page(order_view(public_id))


@orders.get("/<public_id>/status")
def status(public_id: str) -> ResponseReturnValue:
    """What is polled while we do not know: our own row, never Stripe."""
    return _page(order_view(public_id))


@orders.post("/<public_id>/payment")
def pay_again(public_id: str) -> ResponseReturnValue:
    order = own_order(public_id)
    number = request.form.get("attempt", type=int)
    if number is None:
        raise InvalidRequestError("Please load the page again; nothing was charged.")
    means = read_payment_method(request.form)
    end_read()
    if isinstance(means, WithNewCard) and means.keep and order.user_id is not None:
        customer_to_charge(order.user_id)
    return _do(order, lambda: retry.pay_again(order.id, number, PaymentInstructions(means, in_page=wants_fragment())))


@orders.post("/<public_id>/challenge")
def challenge(public_id: str) -> ResponseReturnValue:
    """Ask Stripe; then the bank's question, or what came of it. Its secret is told here, to those who may pay, and never kept."""
    order = own_order(public_id)
    end_read()
    asked = open_challenge(order.id) if order.is_open else Challenge(None, None)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(client_secret=asked.client_secret), 200 if asked.client_secret else 409
    return _page(order_view(public_id), asked.bank_url)


@orders.post("/<public_id>/cancellation")
def cancel(public_id: str) -> ResponseReturnValue:
    order = own_order(public_id)
    end_read()
    return _do(order, lambda: retry.give_up(order.id))


@orders.post("/<public_id>/hosted")
def go_on(public_id: str) -> ResponseReturnValue:
    """Go on paying on Stripe's page; its address is fetched anew each time, and kept nowhere."""
    order = own_order(public_id)
    end_read()
    page: list[str | None] = []
    answer = _do(order, lambda: page.append(page_to_pay(order.id)))
    return redirect_to(page[0]) if page and page[0] else answer


def _do(order: OrderView, act: Callable[[], None]) -> ResponseReturnValue:
    """Do it, and show what the order is like then; what was refused is said in the panel, and nothing is lost."""
    refused: tuple[str, ...] = ()
    code = 200
    try:
        act()
    except (InvalidRequestError, ConflictError, BusyError, RateLimitedError) as why:
        refused, code = (" ".join(why.words.replace("Nothing was charged.", "").split()),), why.status
        after_this_request(partial(set_retry_after, error=why))
    except OutcomeUnknownError:
        refused = ("Our payment provider does not answer just now; we go on asking.",)
    order = order_view(order.public_id)
    context = _context(order)
    context["panel"] = replace(context["panel"], changed=refused)
    if refused and not wants_fragment():
        return render("orders/changed.hx.html", page="orders/order.html", status=code, **context)
    then = url_for(".show", public_id=order.public_id)
    return _in_place(order, respond("orders/changed.hx.html", then=then, status=code, **context))


def _page(order: OrderView, bank_url: str | None = None) -> ResponseReturnValue:
    return _in_place(order, render("orders/changed.hx.html", page="orders/order.html", **_context(order, bank_url)))


def _in_place(order: OrderView, response: Response) -> Response:
    """On the order's own page its heading, its way, its lines and what is offered change with it: all of it is drawn anew."""
    return retarget(response, "#order") if _replaces_page(order) else response


def _replaces_page(order: OrderView) -> bool:
    """Whether the answer stands for the whole of the order's page. While it is only polled, the panel alone changes."""
    is_on_own_page = (current_page() or "").partition("?")[0] == url_for(".show", public_id=order.public_id)
    return is_on_own_page and order.state is not Shown.checking


def _context(order: OrderView, bank_url: str | None = None) -> dict[str, Any]:
    whole = may_see_details(order)
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
        "steps": timeline(order, refund_history(order.id) if order.has_refunds else (), whole=whole),
        "downloads": _downloads(order) if whole and order.has_downloads and order.paid_at else (),
        "papers": papers_of(order.id) if whole and order.paid_at else (),
        "offer": offer_for(order),
        "form": AccountForm(formdata=None),
        "past": {"public_id": order.public_id, "number": order.number},
        "said": (),
        # The panel also stands on product pages and in the cart.
        "on_own_page": _replaces_page(order),
    }


def _downloads(order: OrderView) -> list[tuple[DownloadShown, str]]:
    given = downloads_of(order.id)
    return [(one, url_for(".fetch", public_id=order.public_id, grant_id=one.grant_id)) for one in given]


def _again(order: OrderView, user: User | None) -> Panel | None:
    if user is None or order.is_open:
        return None
    try:
        return again_panel(user, order)
    except NotFoundError:
        return None


def _summary(order: OrderView) -> CartSummary:
    return CartSummary(
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
