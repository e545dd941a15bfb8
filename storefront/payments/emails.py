"""What the shop writes about orders and money. A mail is written when it is sent, from what is true by then."""

from typing import Any

from babel.dates import format_date
from flask import current_app
from sqlalchemy import select

from config import Settings
from storefront.cards.brands import card_name
from storefront.core.clock import local, zone_of
from storefront.core.database import current_session
from storefront.core.mail.outbox import message
from storefront.core.money import Money
from storefront.customers.countries import country_name
from storefront.digital import links
from storefront.digital.showing import downloads_of
from storefront.orders.labels import label
from storefront.orders.links import signed_order_path
from storefront.orders.models import Order, OrderStatus
from storefront.payments.failures import FailureKind, failure_of
from storefront.payments.ledger.models import FAILED_REFUNDS, Payment, Refund

PAID = (OrderStatus.paid, OrderStatus.partially_refunded, OrderStatus.refunded)
OPEN_DOWNLOADS = (OrderStatus.paid, OrderStatus.partially_refunded)

Stored = dict[str, Any]
Told = dict[str, Any]


@message("receipt")
def receipt(stored: Stored) -> Told | None:
    """To the customer: what was paid, with what, and where it goes. `{"order_id": n}`"""
    payment = _payment_of(stored["order_id"])
    return _to_customer(payment) | _downloads(payment.order) if payment.order.status in PAID else None


@message("downloads")
def downloads(stored: Stored) -> Told | None:
    """To the customer, who asked for a fresh link. `{"order_id": n}`"""
    payment = _payment_of(stored["order_id"])
    return _to_customer(payment) | _downloads(payment.order) if payment.order.status in OPEN_DOWNLOADS else None


@message("order_for_owner")
def order_for_owner(stored: Stored) -> Told | None:
    """To the owner: what is to be sent, to whom, where. `{"order_id": n}`"""
    payment = _payment_of(stored["order_id"])
    if payment.order.status not in PAID or payment.order.status is OrderStatus.refunded:
        return None
    return _about(payment)


@message("payment_failed")
def payment_failed(stored: Stored) -> Told | None:
    """To the customer, unless another card has helped by now. `{"order_id": n}`"""
    payment = _payment_of(stored["order_id"])
    attempt = payment.last_attempt
    if payment.order.status is not OrderStatus.failed or attempt is None:
        return None
    failure = failure_of(attempt)
    card = card_name(attempt.card_brand, attempt.card_last4)
    return _to_customer(payment) | {
        "heading": failure.heading.format(card=card or "your card"),
        "sentence": failure.sentence,
        "reason": failure.reason or (attempt.decline_words.rstrip(".") if failure.kind is FailureKind.declined else ""),
        "held_until": f"{local(payment.order.hold_until):%H:%M} {zone_of(payment.order.hold_until)}",
    }


@message("order_canceled")
def order_canceled(stored: Stored) -> Told:
    """To the customer: the order is over, for good. `{"order_id": n}`"""
    payment = _payment_of(stored["order_id"])
    return _to_customer(payment) | {"was_charged": payment.amount_captured > 0}


@message("shipped")
def shipped(stored: Stored) -> Told:
    """To the customer: it is on its way. `{"order_id": n}`"""
    payment = _payment_of(stored["order_id"])
    tracking = payment.order.tracking
    return _to_customer(payment) | {
        "tracking": tracking,
        "tracking_url": tracking if tracking.startswith("https://") else "",
    }


@message("late_money_returned")
@message("refunded")
def refunded(stored: Stored) -> Told | None:
    """To the customer: money is on its way back. `{"refund_id": n}`"""
    refund = _refund(stored)
    return None if refund.state in FAILED_REFUNDS else _about_refund(refund)


@message("refund_failed")
def refund_failed(stored: Stored) -> Told | None:
    """To the customer: money did not reach them (the owner gets an alarm). `{"refund_id": n}`"""
    refund = _refund(stored)
    return _about_refund(refund) if refund.state in FAILED_REFUNDS else None


@message("order_link")
def order_link(stored: Stored) -> Told:
    """To whoever asked for the link of their order, at the address it was placed with. `{"order_id": n}`"""
    payment = _payment_of(stored["order_id"])
    placed_on = format_date(local(payment.order.placed_at).date(), "d MMMM y", locale="en")
    return _to_customer(payment) | {"placed_on": placed_on, "is_of_account": payment.order.user_id is not None}


@message("owner_alarm")
def owner_alarm(stored: Stored) -> Told:
    """To the owner: something needs a person. `{"what": …, "why": …, "to_do": …}`"""
    return {"what": stored["what"], "why": stored.get("why", ""), "to_do": stored.get("to_do", "")}


def _payment_of(order_id: int) -> Payment:
    return current_session().scalars(select(Payment).where(Payment.order_id == order_id)).one()


def _refund(stored: Stored) -> Refund:
    return current_session().get_one(Refund, stored["refund_id"])


def _downloads(order: Order) -> Told:
    """What came with it, and where to fetch it: the link proves who reads the mail, and asks for no login."""
    given = downloads_of(order.id) if order.has_downloads and order.status in OPEN_DOWNLOADS else ()
    settings: Settings = current_app.config["SETTINGS"]
    return {
        "downloads": [(one.name, one.what) for one in given],
        "downloads_url": f"{settings.base_url}/downloads/order/{links.to_all(order.id)}" if given else "",
        "link_days": links.MAIL_GOOD_FOR.days,
    }


def _about_refund(refund: Refund) -> Told:
    payment = refund.payment
    return _to_customer(payment) | {
        "amount": str(Money(refund.amount, payment.currency)),
        "is_all": refund.amount == payment.amount,
        "closes_downloads": payment.order.has_downloads and payment.order.status not in OPEN_DOWNLOADS,
    }


def _to_customer(payment: Payment) -> Told:
    """The order in words, with the link that lets a guest see all of it: for the address it was placed with alone."""
    told = _about(payment)
    told["order"]["url"] = f"{current_app.config['SETTINGS'].base_url}{signed_order_path(payment.order)}"
    return told


def _about(payment: Payment) -> Told:
    """The order in words."""
    order = payment.order
    settings: Settings = current_app.config["SETTINGS"]
    return {
        "order": {
            "label": label(order.number),
            "url": f"{settings.base_url}/orders/{order.public_id}",
            "email": order.email,
            "has_downloads": order.has_downloads,
            "first_name": next(iter((order.shipping_address or {}).get("name", "").split()), ""),
            "lines": [(line.quantity, line.name, str(Money(line.total, order.currency))) for line in order.lines],
            "sums": _sums(order),
            "total": str(order.total_money),
            "card": card_name(payment.card_brand, payment.card_last4),
            "address": _address(order),
            "arrives": format_date(order.arrives_on, "EEEE, d MMMM", locale="en") if order.arrives_on else "",
        }
    }


def _sums(order: Order) -> list[tuple[str, str]]:
    """The parts of the total, left out where they say nothing."""
    sums = []
    if order.subtotal != order.total:
        sums.append(("Subtotal", str(Money(order.subtotal, order.currency))))
    if order.discount:
        sums.append((order.discount_label, f"−{Money(order.discount, order.currency)}"))
    if any(line.requires_shipping for line in order.lines):
        sums.append(
            (
                order.delivery_label,
                str(Money(order.shipping, order.currency)) if order.shipping else "free",
            )
        )
    taxes = [(tax.name, str(Money(tax.amount, order.currency)), tax.included) for tax in order.taxes]
    sums += [(name, amount) for name, amount, included in taxes if not included]
    sums.append(("Total", str(order.total_money)))
    sums += [(f"includes {name}", amount) for name, amount, included in taxes if included]
    return sums


def _address(order: Order) -> list[str]:
    copy = order.shipping_address or {}
    town = " ".join(part for part in (copy.get("postal_code"), copy.get("city")) if part)
    parts = (copy.get("name"), copy.get("line1"), copy.get("line2"), town, copy.get("region"))
    return [part for part in (*parts, country_name(copy.get("country", ""))) if part]
