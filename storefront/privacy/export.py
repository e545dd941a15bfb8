"""Everything the shop holds of one customer, as data: theirs to take along. Requests and keys of ours are not in it."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from storefront.cards.models import CardSetup, SavedCard
from storefront.core.database import current_session, end_read
from storefront.core.mail.models import OutboundMail
from storefront.customers.export import book_of, logins_of, profile_of
from storefront.customers.models import User
from storefront.customers.proving import Purpose
from storefront.digital.export import downloads_by_order
from storefront.invoices.models import Invoice
from storefront.orders.models import Order
from storefront.payments.ledger.models import Payment, PaymentAttempt
from storefront.privacy.forget import mails_of
from storefront.privacy.order_export import carts_of, money, order_facts

Facts = dict[str, Any]
_CARD = (
    "brand", "last4", "exp_month", "exp_year", "funding", "stripe_payment_method_id", "consent_at", "consent_words",
    "created_at", "removed_at",
)  # fmt: skip
_ATTEMPT = ("number", "state", "card_brand", "card_last4", "decline_words", "consent_at", "consent_words", "created_at")
_PROVING: Final = frozenset(str(purpose) for purpose in Purpose)
_NOT_REPEATED: Final = "Not repeated here: it holds a link that is only good for who reads the mail."
_MAIL = ("kind", "to", "subject", "body_text", "state", "queued_at", "sent_at")


def everything_of(user_id: int) -> Iterator[tuple[str, Any]]:
    """Part by part, each with its name. Nothing is held open between two of them: who takes them may be slow."""
    for name, part in _PARTS.items():
        facts = part(user_id)
        end_read()
        yield name, facts


def _orders(user_id: int) -> list[Facts]:
    paid = selectinload(Payment.order).options(selectinload(Order.lines), selectinload(Order.taxes))
    with_all = (paid, selectinload(Payment.attempts), selectinload(Payment.refunds), selectinload(Payment.disputes))
    payments = select(Payment).join(Order).where(Order.user_id == user_id).options(*with_all).order_by(Order.id)
    invoices, downloads = _invoices(user_id), downloads_by_order(user_id)
    return [
        order_facts(payment.order)
        | {
            "payment": _payment(payment),
            "invoices": invoices.get(payment.order_id, []),
            "downloads": downloads.get(payment.order_id, []),
        }
        for payment in current_session().scalars(payments)
    ]


def _payment(payment: Payment) -> Facts:
    return {
        "status": payment.status,
        "amount": money(payment.amount, payment.currency),
        "captured": money(payment.amount_captured, payment.currency),
        "refunded": money(payment.amount_refunded, payment.currency),
        "card_brand": payment.card_brand,
        "card_last4": payment.card_last4,
        "stripe_payment_intent_id": payment.stripe_payment_intent_id,
        "attempts": [_only(attempt, _ATTEMPT) for attempt in payment.attempts],
        "refunds": [
            _only(refund, ("state", "reason", "created_at")) | {"amount": money(refund.amount, payment.currency)}
            for refund in payment.refunds
        ],
        "disputes": [
            _only(dispute, ("status", "reason", "created_at")) | {"amount": money(dispute.amount, dispute.currency)}
            for dispute in payment.disputes
        ],
    }


def _invoices(user_id: int) -> dict[int, list[Facts]]:
    written: dict[int, list[Facts]] = {}
    mine = select(Invoice).join(Order, Order.id == Invoice.order_id).where(Order.user_id == user_id)
    for invoice in current_session().scalars(mine.order_by(Invoice.id)):
        facts = {"number": invoice.label, "amount": money(invoice.amount, invoice.currency)}
        written.setdefault(invoice.order_id, []).append(facts | _only(invoice, ("kind", "issued_at", "buyer")))
    return written


def _saved_cards(user_id: int) -> list[Facts]:
    cards = select(SavedCard).where(SavedCard.user_id == user_id).order_by(SavedCard.id)
    return [_only(card, _CARD) for card in current_session().scalars(cards)]


def _consents(user_id: int) -> list[Facts]:
    """Each time they agreed to something: when, to which words, and with what."""
    paying = select(PaymentAttempt).join(Payment).join(Order).where(Order.user_id == user_id)
    asked: dict[str, Select[Any]] = {
        "saving a card": select(CardSetup).where(CardSetup.user_id == user_id),
        "paying with a card and saving it": paying.where(PaymentAttempt.consent_at.is_not(None)),
        "a saved card": select(SavedCard).where(SavedCard.user_id == user_id, SavedCard.consent_at.is_not(None)),
    }
    given = [
        {"when": one.consent_at, "words": one.consent_words, "with": what}
        for what, query in asked.items()
        for one in current_session().scalars(query)
    ]
    return sorted(given, key=lambda consent: consent["when"])


def _mails(user_id: int) -> list[Facts]:
    user = current_session().get_one(User, user_id)
    mails = select(OutboundMail).where(mails_of(user)).order_by(OutboundMail.id)
    return [_mail(mail) for mail in current_session().scalars(mails)]


def _mail(mail: OutboundMail) -> Facts:
    """A mail they got; but a link that proves who reads the mail is for them alone who read it there."""
    facts = _only(mail, _MAIL)
    return facts | {"body_text": _NOT_REPEATED} if mail.kind in _PROVING and mail.body_text else facts


def _only(row: object, fields: tuple[str, ...]) -> Facts:
    return {field: getattr(row, field) for field in fields}


_PARTS: Final[dict[str, Callable[[int], Any]]] = {
    "profile": profile_of,
    "addresses": book_of,
    "orders": _orders,
    "saved_cards": _saved_cards,
    "consents": _consents,
    "mails": _mails,
    "carts": carts_of,
    "logins": logins_of,
}
