"""Stripe's list of PaymentIntents beside our payments: money without an order, an order without its money."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from flask import current_app
from sqlalchemy import or_, select, update

from storefront.clock import now
from storefront.database import current_session, leave, transaction
from storefront.installation import this_shop
from storefront.orders.labels import label
from storefront.orders.models import Order, OrderStatus
from storefront.payments.intents import cancel_at_stripe
from storefront.payments.models import IntentState, Payment, Source
from storefront.payments.news import statuses
from storefront.payments.news.facts import Facts
from storefront.payments.news.intents import intent_news
from storefront.payments.stripe_gateway.intents import find_intent
from storefront.payments.sweeping.trying import Fate, Found, note_found, settle_found

HOLDS_MONEY: Final = {statuses.SUCCEEDED, statuses.PROCESSING, "requires_capture"}
OVER: Final = {statuses.SUCCEEDED, statuses.CANCELED}
# Looked at one by one, where no list has shown them: a few each time.
MOST_LOOKS: Final = 50
# By then a list has shown what was paid.
SHOWN_BY: Final = dt.timedelta(hours=1)


@dataclass(frozen=True)
class _Known:
    """What our books say of an intent's order."""

    payment_id: int
    intent: str | None
    state: IntentState
    order_status: OrderStatus
    number: int


def compare_intents(found: list[Facts], *, trial: bool) -> list[Found]:
    """Record what our books do not say yet."""
    shop, known = this_shop(), _known(found)
    leave()
    agreed = [known[one["id"]].payment_id for one in found if one["id"] in known and _agrees(one, known[one["id"]])]
    if not trial:
        _note_checked(agreed)
    results = [_compare(one, known.get(one["id"]), shop, trial=trial) for one in found]
    return [result for result in results if result]


def _known(found: list[Facts]) -> dict[str, _Known]:
    """Our payments by the ids of these intents: they are known, or their orders are."""
    orders = {one["id"]: marks["order_id"] for one in found if "order_id" in (marks := one.get("metadata") or {})}
    ids = [one["id"] for one in found]
    query = select(
        Payment.id, Payment.stripe_payment_intent_id, Payment.intent_state, Order.status, Order.number, Order.public_id
    ).join(Payment.order)
    rows = current_session().execute(
        query.where(or_(Payment.stripe_payment_intent_id.in_(ids), Order.public_id.in_(orders.values())))
    )
    by_intent: dict[str, _Known] = {}
    by_order: dict[str, _Known] = {}
    for payment_id, intent, state, status, number, public_id in rows:
        one = _Known(payment_id, intent, state, status, number)
        by_intent[intent or ""] = one
        by_order[public_id] = one
    return {found_id: by_order[order] for found_id, order in orders.items() if order in by_order} | by_intent


def _agrees(facts: Facts, known: _Known) -> bool:
    return known.intent == facts["id"] and known.state.value == str(facts["status"])


def _compare(facts: Facts, known: _Known | None, shop: str, *, trial: bool) -> Found | None:
    about, status = f"intent {facts['id']}", facts["status"]
    if known is None:
        return _money_without_order(about, facts, shop, trial=trial)
    is_another = known.intent not in {None, facts["id"]}
    if _agrees(facts, known) or (is_another and status not in HOLDS_MONEY):
        return None
    if known.intent == facts["id"] and known.state is IntentState.succeeded:
        return _order_without_money(known, status, facts, trial=trial)
    told = intent_news(facts, Source.reconciliation)
    result = settle_found(about, told, trial=trial)
    if known.order_status is OrderStatus.canceled and status not in OVER:
        return _close(about, facts["id"], trial=trial)
    return result


def _money_without_order(about: str, facts: Facts, shop: str, *, trial: bool) -> Found | None:
    marks, status = facts.get("metadata") or {}, facts["status"]
    if marks.get("shop") != shop or status not in HOLDS_MONEY:
        return None
    why = f"money without order: {facts['id']} is {status} and ours, but order {marks.get('order_id')} is not here"
    return note_found(about, why, facts["amount"], facts["currency"], trial=trial)


def _close(about: str, intent: str, *, trial: bool) -> Found:
    """Nobody wants that order any more: it must not be paid after all."""
    if not trial:
        cancel_at_stripe(intent, Source.reconciliation)
    return Found(about, Fate.recorded, "of a canceled order: canceled at Stripe")


def _order_without_money(known: _Known, status: str, facts: Facts | None, *, trial: bool) -> Found | None:
    why = f"order without money: {label(known.number)} is paid here, but {known.intent} is {status} at Stripe"
    amount, currency = (facts["amount"], facts["currency"]) if facts else (None, "")
    if not trial:
        _note_checked([known.payment_id])
    return note_found(f"intent {known.intent}", why, amount, currency, trial=trial)


def _note_checked(payments: list[int]) -> None:
    unchecked = (Payment.id.in_(payments), Payment.money_checked_at.is_(None))
    some = payments and current_session().scalar(select(Payment.id).where(*unchecked).limit(1))
    leave()
    if some:
        with transaction() as session:
            session.execute(update(Payment).where(*unchecked).values(money_checked_at=now()))


def look_for_missing_money(since: dt.datetime, until: dt.datetime, *, trial: bool) -> list[Found]:
    """Orders that are paid here, though no list has shown their intent as succeeded: look at each."""
    query = (
        select(Payment.id, Payment.stripe_payment_intent_id, Payment.intent_state, Order.status, Order.number)
        .join(Payment.order)
        .where(
            Order.placed_at >= since, Order.placed_at <= until - SHOWN_BY, Payment.money_checked_at.is_(None),
            Payment.intent_state == IntentState.succeeded, Payment.stripe_payment_intent_id.is_not(None),
            Payment.livemode.is_(current_app.config["SETTINGS"].livemode),
        )
        .order_by(Payment.id)
        .limit(MOST_LOOKS)
    )  # fmt: skip
    unseen = [_Known(*row) for row in current_session().execute(query)]
    leave()
    results = [_look(known, trial=trial) for known in unseen]
    return [result for result in results if result]


def _look(known: _Known, *, trial: bool) -> Found | None:
    facts = find_intent(known.intent or "")
    if facts and facts["status"] == statuses.SUCCEEDED:
        if not trial:
            _note_checked([known.payment_id])
        return None
    return _order_without_money(known, facts["status"] if facts else "unknown", facts, trial=trial)
