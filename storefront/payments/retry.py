"""An order that waits to be paid: another try, or none any more."""

from sqlalchemy import select

from storefront.abuse.limits import check_limits, count_new_card
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.discounts import redemption
from storefront.orders.models import Order
from storefront.orders.placing import Buyer
from storefront.payments.attempts import PaymentInstructions, WithNewCard, send, write_attempt
from storefront.payments.cancel import cancel_at_stripe
from storefront.payments.ledger.apply import start_attempt
from storefront.payments.ledger.models import AttemptKind, AttemptState, Payment
from storefront.stripe.guard import write_slot


def pay_again(order_id: int, number: int, how: PaymentInstructions) -> None:
    """Another try for the same order: attempt `number` on the same intent, if that is the next one; else nothing.

    Raises NotFoundError or InvalidRequestError for a card that cannot be used, DiscountUsedUpError where the order's discount was
    used by somebody else since it failed, BusyError when nothing was sent.
    """
    order = current_session().get_one(Order, order_id)
    user_id, email_key = order.user_id, order.email_key
    end_read()
    if isinstance(how.means, WithNewCard):
        count_new_card(user_id, email_key)
    with write_slot():
        try_next(order_id, number, how, user_id)


def try_next(order_id: int, number: int, how: PaymentInstructions, user_id: int | None) -> None:
    """The same for one who has a seat at Stripe already."""
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        payment = session.scalars(select(Payment).where(Payment.order_id == order_id)).one()
        last = payment.last_attempt
        check_limits(Buyer(order.user_id, order.email, order.email_key, order.placed_from))
        asks_bank = last is not None and last.state is AttemptState.requires_action and last.kind is AttemptKind.intent
        waits = last is not None and last.is_live and not asks_bank
        if (
            not order.is_open
            or order.cancel_wanted_at
            or order.hold_until <= now()
            or last is None
            or number != last.number + 1
            or waits
        ):
            return
        if order.discount_code:
            redemption.retake_use(order.id, order.discount_code)
        start_attempt(payment)
        sending = write_attempt(payment, order.public_id, number, how, user_id)
    send(sending)


def give_up(order_id: int) -> None:
    """The customer does not want it any more: closed at Stripe first, and what was charged meanwhile goes back or is shown as paid.

    While we do not know what became of an attempt, nothing is sent again, and what turns out to be charged is refunded.
    """
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        payment = session.scalars(select(Payment).where(Payment.order_id == order_id)).one()
        last = payment.last_attempt
        if not order.is_open:
            return
        if last and last.state in {AttemptState.sending, AttemptState.unknown}:
            order.cancel_wanted_at = order.cancel_wanted_at or now()
    with write_slot():
        cancel_at_stripe(order_id)
