"""What goes of payments, cards, events and mails when their customer leaves: what was said, asked and typed.

What was paid, with which card's last digits, when and why stays with the order.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from flask import current_app
from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, update

from storefront.cards.models import CardSetup, SavedCard, StripeCustomer
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.jobs.models import Job
from storefront.core.jobs.queue import enqueue, job
from storefront.core.mail.models import MailState, OutboundMail
from storefront.customers.models import User
from storefront.orders.models import Order
from storefront.payments.ledger.models import Dispute, Payment, PaymentAttempt, Refund
from storefront.privacy.orders import was_paid
from storefront.webhooks.models import StripeEvent

T = TypeVar("T")
OVER: Final = (MailState.sent, MailState.dropped)
# Stripe tells again for three days what it could not tell; the last mails are out by then.
LAST_MAILS_KEPT: Final = dt.timedelta(days=7)
_EMPTY: Final[dict[str, Any]] = {"subject": "", "body_text": "", "body_html": "", "context": {}}
_AT_ONCE: Final = 500


def mails_about(user_id: int) -> ColumnElement[bool]:
    """Mails about them and their orders. Not by address: that may be somebody else's, who never proved it."""
    told = OutboundMail.context
    orders = select(Order.id).where(Order.user_id == user_id)
    refunds = select(Refund.id).join(Payment).where(Payment.order_id.in_(orders))
    return or_(
        told["user_id"].as_integer() == user_id,
        told["order_id"].as_integer().in_(orders),
        told["refund_id"].as_integer().in_(refunds),
    )


def mails_of(user: User) -> ColumnElement[bool]:
    """The mails they got; once they have proved their address, also those whose words are gone."""
    about = and_(mails_about(user.id), OutboundMail.to != current_app.config["SETTINGS"].owner_email)
    return or_(about, OutboundMail.to == user.email) if user.email_verified_at else about


def erase_mails(user: User) -> None:
    """Inside a transaction: empty what was sent, drop what is only about the account; news of orders still goes out."""
    _empty_mails(mails_of(user) & OutboundMail.state.in_(OVER), to="")
    # What the owner got about their orders holds an address too.
    _empty_mails(mails_about(user.id) & OutboundMail.state.in_(OVER))
    unsent = OutboundMail.context["user_id"].as_integer() == user.id
    _empty_mails(unsent & OutboundMail.state.not_in(OVER), to="", state=MailState.dropped)


def erase_rest_in_a_week(user_id: int) -> None:
    """Inside a transaction: what is still to be sent, and what Stripe will tell of the deletion, goes a little later."""
    session = current_session()
    unsent = select(OutboundMail.id).where(
        mails_about(user_id) | (OutboundMail.dedupe_key == f"goodbye:{user_id}"), OutboundMail.state.not_in(OVER)
    )
    object_ids = sorted(_known_at_stripe(user_id))
    _empty_events(object_ids)
    known = {"mail_ids": list(session.scalars(unsent)), "object_ids": object_ids}
    enqueue("forget_last_words", known, unique_key=f"last-words:{user_id}", run_at=now() + LAST_MAILS_KEPT)


@job("forget_last_words")
def erase_last_mails(mail_ids: list[int], object_ids: list[str]) -> None:
    """Empty the last mails, and what Stripe told since."""
    owner: str = current_app.config["SETTINGS"].owner_email
    with transaction():
        for some in _in_batches(mail_ids):
            mine = OutboundMail.id.in_(some)
            _empty_mails(mine & OutboundMail.state.not_in(OVER), state=MailState.dropped)
            _empty_mails(mine)
            _empty_mails(mine & (OutboundMail.to != owner), to="")
        _empty_events(object_ids)


def erase_payments(user_id: int) -> None:
    """Inside a transaction: requests, cards and card set-ups; the card of an unpaid order too."""
    session = current_session()
    attempts = update(PaymentAttempt).where(PaymentAttempt.payment_id.in_(_payments(user_id)))
    session.execute(attempts.values(request={}))
    never_paid = PaymentAttempt.payment_id.in_(_payments(user_id).where(~was_paid()))
    forgotten = {"card_brand": "", "card_last4": "", "stripe_payment_method_id": None}
    session.execute(update(PaymentAttempt).where(never_paid).values(consent_at=None, consent_words="", **forgotten))
    session.execute(update(Refund).where(Refund.payment_id.in_(_payments(user_id))).values(request={}))
    session.execute(delete(CardSetup).where(CardSetup.user_id == user_id))
    _forget_cards(user_id)


def _forget_cards(user_id: int) -> None:
    """The cards go with their customer at Stripe: what was still to be done about one of them is not."""
    session = current_session()
    for some in _in_batches(session.scalars(select(SavedCard.id).where(SavedCard.user_id == user_id)).all()):
        moot = [f"{what}:{card_id}" for card_id in some for what in ("detach", "redisplay")]
        session.execute(delete(Job).where(Job.unique_key.in_(moot), Job.finished_at.is_(None)))
    session.execute(delete(SavedCard).where(SavedCard.user_id == user_id))


def _payments(user_id: int) -> Select[Any]:
    return select(Payment.id).join(Order).where(Order.user_id == user_id)


def _known_at_stripe(user_id: int) -> set[str]:
    """What Stripe calls their things."""
    paid = Payment.id.in_(_payments(user_id))
    tries = select(PaymentAttempt).where(PaymentAttempt.payment_id.in_(_payments(user_id))).subquery()
    names = (
        select(StripeCustomer.stripe_id).where(StripeCustomer.user_id == user_id),
        select(SavedCard.stripe_payment_method_id).where(SavedCard.user_id == user_id),
        select(CardSetup.stripe_setup_intent_id).where(CardSetup.user_id == user_id),
        select(Payment.stripe_payment_intent_id).where(paid),
        select(Payment.stripe_charge_id).where(paid),
        select(Payment.stripe_customer_id).where(paid),
        select(tries.c.stripe_charge_id),
        select(tries.c.stripe_payment_method_id),
        select(tries.c.stripe_session_id),
        select(Refund.stripe_refund_id).where(Refund.payment_id.in_(_payments(user_id))),
        select(Dispute.stripe_dispute_id).where(Dispute.payment_id.in_(_payments(user_id))),
    )
    return {name for query in names for name in _strings(query)}


def _strings(query: Select[Any]) -> Iterator[str]:
    return (name for name in current_session().scalars(query) if name)


def _empty_events(object_ids: Sequence[str]) -> None:
    for some in _in_batches(object_ids):
        current_session().execute(update(StripeEvent).where(StripeEvent.object_id.in_(some)).values(payload={}))


def _in_batches(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    # SQLite takes so many values in one statement, and no more.
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _empty_mails(which: ColumnElement[bool], **more: Any) -> None:
    values = update(OutboundMail).where(which).values(_EMPTY | more)
    current_session().execute(values.execution_options(synchronize_session=False))
