"""An order's way in plain words: what happened, as it happened, and what comes next."""

import datetime as dt
from dataclasses import dataclass, replace
from operator import attrgetter

from storefront.payments.order_view import CardShown, MoneyBack, OrderView, Shown

_WAITING = {
    Shown.checking: "We are checking with your bank",
    Shown.challenge: "Your bank needs to confirm it’s you",
    Shown.declined: "Not paid yet",
}
_ON_PAGE = "To be paid on Stripe’s page"


@dataclass(frozen=True)
class Step:
    """One thing that happened (`at`), or will. `on` and `until` are said in the words' place; `follow`: where the parcel is."""

    title: str
    words: str = ""
    at: dt.datetime | None = None
    on: dt.date | None = None
    until: dt.datetime | None = None
    card: CardShown | None = None
    follow: str = ""
    is_next: bool = False
    is_current: bool = False


def timeline(order: OrderView, money_back: tuple[MoneyBack, ...], *, whole: bool) -> list[Step]:
    """Its steps; strangers (not `whole`) learn neither card nor parcel, nor what went wrong with the money."""
    past = [*_paid_or_placed(order, whole=whole), *_sent(order, whole=whole)]
    past += [_money_back(one, order) for one in money_back if whole or not one.failed]
    past = sorted(past, key=attrgetter("at"))
    if order.state is Shown.canceled:
        past.append(_canceled(order, has_gone_back=bool(money_back)))
    to_come = _to_come(order)
    if order.is_open:
        to_come[0] = replace(to_come[0], is_current=True)
    else:
        past[-1] = replace(past[-1], is_current=True)
    return [*past, *to_come]


def _paid_or_placed(order: OrderView, *, whole: bool) -> list[Step]:
    if order.state in {Shown.paid, Shown.refunded}:
        paid = [Step("Paid", str(order.total), order.paid_at or order.placed_at, card=order.card if whole else None)]
        if order.has_downloads and order.state is Shown.paid:
            paid.append(Step("Ready to download", at=paid[0].at))
        return paid
    return [Step("Placed", at=order.placed_at)]


def _sent(order: OrderView, *, whole: bool) -> list[Step]:
    steps = []
    if order.shipped_at:
        to = f" to {order.address['city']}" if order.address else ""
        title = f"{'Sent' if order.delivered_at else 'On its way'}{to}"
        tracking = order.tracking if whole else ""
        if tracking.startswith("https://"):
            steps.append(Step(title, at=order.shipped_at, follow=tracking))
        else:
            steps.append(Step(title, f"tracking {tracking}" if tracking else "", order.shipped_at))
    if order.delivered_at:
        steps.append(Step("Delivered", at=order.delivered_at))
    return steps


def _money_back(one: MoneyBack, order: OrderView) -> Step:
    if one.failed:
        words = f"Your bank did not take {one.amount}. The money is with us; we find another way, and write to you."
        return Step("A refund did not arrive", words, one.at)
    title = "Given back" if one.amount == order.total else "Part of it given back"
    return Step(title, f"{one.amount} to the card that paid; banks take five to ten days", one.at)


def _canceled(order: OrderView, *, has_gone_back: bool) -> Step:
    if has_gone_back:
        return Step("Canceled", at=order.canceled_at)
    if order.refunded:
        return Step("Canceled", f"{order.refunded} goes back to the card that paid.", order.canceled_at)
    return Step("Canceled", "Nothing was charged.", order.canceled_at)


def _to_come(order: OrderView) -> list[Step]:
    if order.is_open:
        words = _ON_PAGE if order.waits_on_page else _WAITING[order.state]
        return [Step(words, until=order.held_until, is_next=True)]
    if order.state is not Shown.paid or order.delivered_at:
        return []
    steps = []
    if not order.shipped_at and order.address:
        steps.append(Step("Packed", "We pack it and write to you when it leaves.", is_next=True))
    if order.arrives_on:
        steps.append(Step("At your door", on=order.arrives_on, is_next=True))
    return steps
