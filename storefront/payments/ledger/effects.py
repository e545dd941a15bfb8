"""What follows from news, in its own transaction: mail, stock, the cart, money that has to go back, and the owner told."""

import datetime as dt
import secrets

from flask import current_app
from sqlalchemy import select, update

from storefront.abuse import new_card_counts
from storefront.carts.closing import close_cart
from storefront.carts.models import Cart, CartState
from storefront.catalog import stock
from storefront.core.alerts import alert_owner
from storefront.core.clock import now
from storefront.core.database import current_session, upsert
from storefront.core.installation import this_shop
from storefront.core.jobs.queue import enqueue
from storefront.core.mail.outbox import Message, queue_mail, queue_mails
from storefront.digital import granting
from storefront.discounts import redemption
from storefront.invoices.numbering import Returned, write_credit_notes, write_invoice
from storefront.orders.models import Order, OrderStatus
from storefront.payments.ledger import restock
from storefront.payments.ledger.models import (
    FAILED_REFUNDS,
    AttemptState,
    Dispute,
    IntentState,
    Payment,
    PaymentAttempt,
    Refund,
    RefundKind,
    RefundState,
)
from storefront.payments.ledger.states import promised
from storefront.stripe.errors import CARD_REFUSED
from storefront.webhooks.models import Unmatched

# Why a refund failed that Stripe does not know of.
NEVER_SENT = "never_sent"
PAID_STATUSES = (OrderStatus.paid, OrderStatus.partially_refunded, OrderStatus.refunded)
# Long enough for the customer to try another card on the page itself.
MINUTES_BEFORE_FAILURE_MAIL = 3


def accept_or_refund(payment: Payment) -> None:
    """Money that arrived for an order nobody keeps goes back by itself: a `late` refund for all that is not yet promised."""
    order = payment.order
    if payment.intent_state is not IntentState.succeeded or not (
        order.status is OrderStatus.canceled or order.cancel_wanted_at
    ):
        return
    order.status = OrderStatus.canceled
    rest = payment.amount_captured - promised(payment)
    if rest <= 0 or any(_has_been_tried(refund, rest) for refund in payment.refunds):
        return
    payment.refunds.append(new_refund(payment, rest, kind=RefundKind.late, requested_by="the shop"))


def _has_been_tried(refund: Refund, rest: int) -> bool:
    """Whether Stripe took it, or refused just this: what was refused because a part had gone back meanwhile leaves a rest.

    What never got there was not refused: it is asked for anew, with a key that no answer of Stripe's is kept for.
    """
    was_taken = refund.stripe_refund_id is not None or refund.state not in FAILED_REFUNDS
    was_refused = refund.amount == rest and refund.failure_reason != NEVER_SENT
    return refund.kind is RefundKind.late and (was_taken or was_refused)


def new_refund(
    payment: Payment, amount: int, *, kind: RefundKind, requested_by: str, reason: str = "requested_by_customer"
) -> Refund:
    """A refund's row with its key and its exact request, before anybody asks Stripe; queues the asking."""
    public_id = secrets.token_hex(16)
    params = {
        "payment_intent": payment.stripe_payment_intent_id,
        "amount": amount,
        "reason": reason,
        "metadata": {"refund_id": public_id, "order_id": payment.order.public_id, "shop": this_shop()},
    }
    refund = Refund(
        public_id=public_id, payment_id=payment.id, kind=kind, amount=amount, reason=reason, state=RefundState.sending,
        idempotency_key=secrets.token_hex(20), request={"params": params}, requested_by=requested_by,
    )  # fmt: skip
    enqueue("ask_about_refund", {"public_id": public_id}, unique_key=f"refund:{public_id}")
    return refund


def apply_effects(payment: Payment, changed: dict[str, str]) -> None:
    """Queue what these changes lead to."""
    order = payment.order
    if order.status in PAID_STATUSES and order.paid_at is None:
        _count_discount(order)
        order_paid(order)
    if order.status is OrderStatus.canceled and order.canceled_at is None:
        _order_canceled(order)
    if order.discount_code and order.status in {OrderStatus.failed, OrderStatus.canceled}:
        redemption.release_use(order.id)
    for attempt in payment.attempts:
        _attempt_effects(order, attempt, changed.get(f"attempt {attempt.number}"))
    for refund in payment.refunds:
        if f"refund {refund.public_id}" in changed:
            _mail_refund(order, refund)
    restock.put_back(payment)
    if order.paid_at is not None:
        write_credit_notes(order, _returned(payment))
        _update_downloads(payment)


def _attempt_effects(order: Order, attempt: PaymentAttempt, state: str | None) -> None:
    if state == AttemptState.succeeded and attempt.new_card_from is not None:
        new_card_counts.uncount(order.user_id, order.email_key, attempt.new_card_from)
    if state == AttemptState.unknown:
        enqueue("ask_about_attempt", {"attempt_id": attempt.id}, unique_key=f"attempt:{attempt.id}")
    if state in {AttemptState.declined, AttemptState.refused}:
        _mail_failure(order, attempt.number)
    if attempt.decline_code == CARD_REFUSED and state == AttemptState.refused and attempt.stripe_payment_method_id:
        # Our row said that it could pay, Stripe says that it cannot: the saved cards are shown as they are.
        card = attempt.stripe_payment_method_id
        enqueue("look_at_card", {"payment_method": card}, unique_key=f"look_at_card:{card}")


def _count_discount(order: Order) -> None:
    """Money that arrives after a decline pays the total that was shown, whoever has used the code meanwhile."""
    if order.discount_code and redemption.count_late_use(order.id):
        alert_owner(
            f"discount:{order.public_id}",
            f"The code {order.discount_code} was used once more than it may be",
            f"The bank declined order {order.number}, so its code was free again, and somebody used it. Then the bank "
            "charged the order after all.",
            "The order is paid at the total that its customer was shown: please send it. There is nothing to do.",
        )


def order_paid(order: Order) -> None:
    """The invoice, the receipt, the owner's note, and the cart it came from is done."""
    order.paid_at = now()
    write_invoice(order)
    told = {"receipt": order.email, "order_for_owner": current_app.config["SETTINGS"].owner_email}
    queue_mails(
        [Message(kind, to, f"{kind}:{order.public_id}", {"order_id": order.id}) for kind, to in told.items() if to]
    )
    if order.cart_id is not None:
        close_cart(order)
    if order.has_downloads:
        granting.grant(order)


def _update_downloads(payment: Payment) -> None:
    """Computed anew each time: what a refund closed, its failure opens."""
    if payment.order.has_downloads:
        lost = select(Dispute.id).where(Dispute.payment_id == payment.id, Dispute.status == "lost").limit(1)
        granting.settle(payment.order, dispute_lost=current_session().scalar(lost) is not None)


def _order_canceled(order: Order) -> None:
    order.canceled_at = order.stock_released_at = now()
    stock.put_back(line for line in order.lines if line.stock_taken)
    queue_mail("order_canceled", order.email, f"order_canceled:{order.public_id}", {"order_id": order.id})
    if order.cart_id is not None:
        fresh = update(Cart).where(
            Cart.id == order.cart_id, Cart.state == CartState.open, Cart.checkout_token == order.checkout_token
        )
        current_session().execute(fresh.values(checkout_token=secrets.token_urlsafe(24)))


def _mail_failure(order: Order, number: int) -> None:
    send_at = now() + dt.timedelta(minutes=MINUTES_BEFORE_FAILURE_MAIL)
    queue_mail(
        "payment_failed",
        order.email,
        f"payment_failed:{order.public_id}:{number}",
        {"order_id": order.id},
        send_at=send_at,
    )


def _mail_refund(order: Order, refund: Refund) -> None:
    current_session().flush()
    context = {"refund_id": refund.id}
    if refund.stripe_refund_id:
        kind = "late_money_returned" if refund.kind is RefundKind.late else "refunded"
        queue_mail(kind, order.email, f"{kind}:{refund.public_id}", context)
    is_asked_anew = refund.kind is RefundKind.late and refund.failure_reason == NEVER_SENT
    if refund.state in {RefundState.failed, RefundState.canceled} and not is_asked_anew:
        if refund.stripe_refund_id:
            queue_mail("refund_failed", order.email, f"refund_failed:{refund.public_id}", context)
        alert_owner(
            f"refund:{refund.public_id}",
            f"A refund for order {order.number} failed",
            f"Stripe says: {refund.failure_reason or refund.state}. The money is still with you.",
            "Refund it another way, or try again: flask payments refund.",
        )


def _returned(payment: Payment) -> list[Returned]:
    """What Stripe took to give back. Its rows have their ids: they were written when the mail about them was."""
    taken = (refund for refund in payment.refunds if refund.stripe_refund_id)
    return [Returned(refund.id, refund.amount, failed=refund.state in FAILED_REFUNDS) for refund in taken]


def dispute_changed(dispute: Dispute, payment: Payment | None) -> None:
    """The owner hears of every step of a dispute, with its deadline; stock is never touched. Downloads close when it is lost."""
    if payment is not None and payment.order.paid_at is not None:
        _update_downloads(payment)
    due = f" Answer by {dispute.evidence_due_by:%d %B %Y %H:%M} UTC." if dispute.evidence_due_by else ""
    about = f"order {payment.order.number}" if payment else "a payment we do not know"
    alert_owner(
        f"dispute:{dispute.stripe_dispute_id}:{dispute.status}",
        f"Dispute on {about}: {dispute.status.replace('_', ' ')}",
        f"The customer's bank asks for the money back. Its reason: {dispute.reason.replace('_', ' ')}.{due}",
        "Send your evidence in Stripe's dashboard.",
    )


def record_unmatched(object_id: str, why: str, amount: int | None, currency: str) -> bool:
    """Keep what fits nowhere for the owner, once per object, and say so; whether it is new."""
    session = current_session()
    row = upsert(Unmatched).values(object_id=object_id, why=why, amount=amount, currency=currency, seen_at=now())
    is_new = (
        session.scalar(row.on_conflict_do_nothing(index_elements=["object_id"]).returning(Unmatched.id)) is not None
    )
    if is_new:
        alert_owner(
            f"unmatched:{object_id}",
            "Money that fits no order",
            why,
            "Look at it in Stripe's dashboard; see flask payments unmatched.",
        )
    return is_new


def unmatched() -> list[Unmatched]:
    """What fits nowhere and nobody has settled, oldest first."""
    return list(
        current_session().scalars(select(Unmatched).where(Unmatched.settled_at.is_(None)).order_by(Unmatched.id))
    )
