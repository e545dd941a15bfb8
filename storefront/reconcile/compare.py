"""Stripe's list of PaymentIntents beside our payments: money without an order, an order without its money.

Stripe's list of Checkout Sessions beside our attempts.

Stripe's list of refunds beside ours.

Stripe's list of disputes beside ours."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from flask import current_app
from sqlalchemy import or_, select, update

from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.installation import this_shop
from storefront.orders.labels import label
from storefront.orders.models import Order, OrderStatus
from storefront.payments.cancel import cancel_intent_at_stripe, close_session
from storefront.payments.ledger.models import (
    LIVE_STATES,
    AttemptState,
    Dispute,
    IntentState,
    Payment,
    PaymentAttempt,
    Refund,
    Source,
)
from storefront.payments.sync import fetch_and_record_dispute
from storefront.reconcile.results import ComparedObject, Outcome, apply_found, note_found
from storefront.stripe import statuses
from storefront.stripe.api import find_intent
from storefront.stripe.objects import (
    StripeObject,
    checkout_session_update,
    intent_of,
    payment_intent_update,
    refund_update,
)

HOLDS_MONEY: Final = {statuses.SUCCEEDED, statuses.PROCESSING, "requires_capture"}
OVER: Final = {statuses.SUCCEEDED, statuses.CANCELED}
# Looked at one by one, where no list has shown them: a few each time.
MAX_LOOKUPS: Final = 50
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


def compare_intents(found: list[StripeObject], *, trial: bool) -> list[ComparedObject]:
    """Record what our books do not say yet."""
    shop, known = this_shop(), _known(found)
    end_read()
    agreed = [known[one["id"]].payment_id for one in found if one["id"] in known and _agrees(one, known[one["id"]])]
    if not trial:
        _note_checked(agreed)
    results = [_compare_intent(one, known.get(one["id"]), shop, trial=trial) for one in found]
    return [result for result in results if result]


def _known(found: list[StripeObject]) -> dict[str, _Known]:
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


def _agrees(facts: StripeObject, known: _Known) -> bool:
    return known.intent == facts["id"] and known.state.value == str(facts["status"])


def _compare_intent(facts: StripeObject, known: _Known | None, shop: str, *, trial: bool) -> ComparedObject | None:
    about, status = f"intent {facts['id']}", facts["status"]
    if known is None:
        return _money_without_order(about, facts, shop, trial=trial)
    is_another = known.intent not in {None, facts["id"]}
    if _agrees(facts, known) or (is_another and status not in HOLDS_MONEY):
        return None
    if known.intent == facts["id"] and known.state is IntentState.succeeded:
        return _order_without_money(known, status, facts, trial=trial)
    told = payment_intent_update(facts, Source.reconciliation)
    result = apply_found(about, told, trial=trial)
    if known.order_status is OrderStatus.canceled and status not in OVER:
        return _close(about, facts["id"], trial=trial)
    return result


def _money_without_order(about: str, facts: StripeObject, shop: str, *, trial: bool) -> ComparedObject | None:
    marks, status = facts.get("metadata") or {}, facts["status"]
    if marks.get("shop") != shop or status not in HOLDS_MONEY:
        return None
    why = f"money without order: {facts['id']} is {status} and ours, but order {marks.get('order_id')} is not here"
    return note_found(about, why, facts["amount"], facts["currency"], trial=trial)


def _close(about: str, intent: str, *, trial: bool) -> ComparedObject:
    """Nobody wants that order any more: it must not be paid after all."""
    if not trial:
        cancel_intent_at_stripe(intent, Source.reconciliation)
    return ComparedObject(about, Outcome.recorded, "of a canceled order: canceled at Stripe")


def _order_without_money(
    known: _Known, status: str, facts: StripeObject | None, *, trial: bool
) -> ComparedObject | None:
    why = f"order without money: {label(known.number)} is paid here, but {known.intent} is {status} at Stripe"
    amount, currency = (facts["amount"], facts["currency"]) if facts else (None, "")
    if not trial:
        _note_checked([known.payment_id])
    return note_found(f"intent {known.intent}", why, amount, currency, trial=trial)


def _note_checked(payments: list[int]) -> None:
    unchecked = (Payment.id.in_(payments), Payment.money_checked_at.is_(None))
    some = payments and current_session().scalar(select(Payment.id).where(*unchecked).limit(1))
    end_read()
    if some:
        with transaction() as session:
            session.execute(update(Payment).where(*unchecked).values(money_checked_at=now()))


def find_missing_money(since: dt.datetime, until: dt.datetime, *, trial: bool) -> list[ComparedObject]:
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
        .limit(MAX_LOOKUPS)
    )  # fmt: skip
    unseen = [_Known(*row) for row in current_session().execute(query)]
    end_read()
    results = [_find_missing(known, trial=trial) for known in unseen]
    return [result for result in results if result]


def _find_missing(known: _Known, *, trial: bool) -> ComparedObject | None:
    facts = find_intent(known.intent or "")
    if facts and facts["status"] == statuses.SUCCEEDED:
        if not trial:
            _note_checked([known.payment_id])
        return None
    return _order_without_money(known, facts["status"] if facts else "unknown", facts, trial=trial)


def compare_sessions(found: list[StripeObject], *, trial: bool) -> list[ComparedObject]:
    """Record how those stand that are open here; one that is open there alone is closed.

    What was paid on one is its intent's to say, and that is in a list of its own.
    """
    ours = _attempts(found)
    end_read()
    results = [_compare_session(one, ours[one["id"]], trial=trial) for one in found if one["id"] in ours]
    return [result for result in results if result]


def _attempts(found: list[StripeObject]) -> dict[str, AttemptState]:
    """Our attempts' states by the ids of these Sessions."""
    marked = {marks["attempt_id"]: one["id"] for one in found if "attempt_id" in (marks := one.get("metadata") or {})}
    ids = [one["id"] for one in found]
    attempts = select(PaymentAttempt.stripe_session_id, PaymentAttempt.public_id, PaymentAttempt.state).where(
        or_(PaymentAttempt.stripe_session_id.in_(ids), PaymentAttempt.public_id.in_(marked))
    )
    rows = current_session().execute(attempts)
    return {session or marked[public_id]: state for session, public_id, state in rows}


def _compare_session(facts: StripeObject, state: AttemptState, *, trial: bool) -> ComparedObject | None:
    about = f"Session {facts['id']}"
    if facts["mode"] != "payment":
        return None
    if state in LIVE_STATES:
        return _apply_session(about, facts, trial=trial)
    if facts["status"] != statuses.OPEN:
        return None
    if not trial:
        close_session(facts["id"], Source.reconciliation)
    return ComparedObject(about, Outcome.recorded, "its attempt is over: closed at Stripe")


def _apply_session(about: str, facts: StripeObject, *, trial: bool) -> ComparedObject | None:
    found = apply_found(about, checkout_session_update(facts, Source.reconciliation), trial=trial)
    if isinstance(facts.get("payment_intent"), dict):
        paid = apply_found(about, payment_intent_update(facts["payment_intent"], Source.reconciliation), trial=trial)
        return paid or found
    return found


def compare_refunds(found: list[StripeObject], *, trial: bool) -> list[ComparedObject]:
    """Record those that we do not know, and those that stand differently."""
    shop, states, intents = this_shop(), _refund_states(found), _our_intents(found)
    end_read()
    results = []
    for facts in found:
        marks = facts.get("metadata") or {}
        state = states.get(facts["id"]) or states.get(marks.get("refund_id", ""))
        if states.get(facts["id"], "?") == facts["status"]:
            continue
        about = f"refund {facts['id']}"
        if state or intent_of(facts) in intents:
            results.append(apply_found(about, refund_update(facts, Source.reconciliation), trial=trial))
        elif marks.get("shop") == shop:
            why = f"refund {facts['id']} is ours, but the payment it belongs to is not here"
            results.append(note_found(about, why, facts["amount"], facts["currency"], trial=trial))
    return [result for result in results if result]


def _refund_states(found: list[StripeObject]) -> dict[str, str]:
    """How our own stand: by their ids at Stripe, where we know them, and by ours."""
    ours = [marks["refund_id"] for one in found if "refund_id" in (marks := one.get("metadata") or {})]
    refunds = select(Refund.stripe_refund_id, Refund.public_id, Refund.state).where(
        or_(Refund.stripe_refund_id.in_([one["id"] for one in found]), Refund.public_id.in_(ours))
    )
    rows = current_session().execute(refunds).all()
    return {row.stripe_refund_id or row.public_id: row.state for row in rows} | {
        row.public_id: row.state for row in rows
    }


def _our_intents(found: list[StripeObject]) -> set[str | None]:
    told = [intent for one in found if (intent := intent_of(one))]
    known = select(Payment.stripe_payment_intent_id).where(Payment.stripe_payment_intent_id.in_(told))
    return set(current_session().scalars(known))


def compare_disputes(found: list[StripeObject], *, trial: bool) -> list[ComparedObject]:
    """Look at each of ours that is new, or stands differently."""
    states, intents, shop = _dispute_states(found), _known_intents(found), this_shop()
    end_read()
    new = [one for one in found if states.get(one["id"]) != one["status"]]
    return [
        _compare_dispute(one, trial=trial)
        for one in new
        if one["id"] in states or intent_of(one) in intents or _shop_of(one) == shop
    ]


def _dispute_states(found: list[StripeObject]) -> dict[str, str]:
    ids = [one["id"] for one in found]
    query = select(Dispute.stripe_dispute_id, Dispute.status).where(Dispute.stripe_dispute_id.in_(ids))
    return {dispute: status for dispute, status in current_session().execute(query)}  # noqa: C416  rows


def _known_intents(found: list[StripeObject]) -> set[str | None]:
    told = [intent for one in found if (intent := intent_of(one))]
    known = select(Payment.stripe_payment_intent_id).where(Payment.stripe_payment_intent_id.in_(told))
    return set(current_session().scalars(known))


def _shop_of(facts: StripeObject) -> str | None:
    """The mark on its intent, which was told with it."""
    intent = facts.get("payment_intent")
    marks = intent.get("metadata") if isinstance(intent, dict) else None
    return (marks or {}).get("shop")


def _compare_dispute(facts: StripeObject, *, trial: bool) -> ComparedObject:
    if not trial:
        fetch_and_record_dispute(facts["id"], Source.reconciliation)
    return ComparedObject(f"dispute {facts['id']}", Outcome.recorded, facts["status"])
