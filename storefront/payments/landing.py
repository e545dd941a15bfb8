"""Landing: what a press leads to whose button has an order already."""

from dataclasses import dataclass

from sqlalchemy import select

from storefront.database import current_session
from storefront.orders.models import CartLine, Order, OrderSource
from storefront.payments.attempts import OnHostedPage, WithNewCard
from storefront.payments.clicks import Click, NotYourButtonError
from storefront.payments.models import AttemptKind, AttemptState, Payment


@dataclass(frozen=True)
class Landed:
    """The click's button has an order."""

    order_id: int
    public_id: str
    unknown_attempt: int | None
    can_try_next: int | None
    begins_anew: bool


def landed_on(click: Click) -> Landed | None:
    """Where the order of this button stands; None where there is none yet."""
    order = current_session().scalar(select(Order).where(Order.checkout_token == click.wanted.checkout_token))
    return landing_on(order, click) if order else None


def landing_on(order: Order, click: Click) -> Landed:
    """What the press leads to at this order; NotYourButtonError where it is another's."""
    whose = order.user_id
    # A guest's order is found by their cart, and by that cart still when they have signed in since.
    from_their_cart = whose is None and order.cart_id is not None and order.cart_id == click.wanted.cart_id
    if not from_their_cart and (whose is None or whose != click.wanted.buyer.user_id):
        raise NotYourButtonError
    payment = current_session().scalars(select(Payment).where(Payment.order_id == order.id)).one()
    last = payment.last_attempt
    new_card = isinstance(click.how.means, WithNewCard) and not _used(click.how.means, payment)
    failed = last is not None and last.state in {AttemptState.declined, AttemptState.refused}
    return Landed(
        order_id=order.id,
        public_id=order.public_id,
        unknown_attempt=last.id if last and last.state is AttemptState.unknown else None,
        can_try_next=last.number + 1 if last and failed and new_card and order.is_open else None,
        begins_anew=order.is_open
        and click.wanted.source is OrderSource.cart
        and (whose != click.wanted.buyer.user_id or _differs(order, click) or _takes_another_road(click, payment)),
    )


def _used(means: WithNewCard, payment: Payment) -> bool:
    return any(one.request["params"].get("confirmation_token") == means.confirmation_token for one in payment.attempts)


def _takes_another_road(click: Click, payment: Payment) -> bool:
    """An order is paid by our own intent or on Stripe's page, with the customer it began with; the other way is another order."""
    last, guests = payment.last_attempt, click.how.guests_customer
    if guests is not None and guests != payment.stripe_customer_id:
        return True  # a guest who ticked at the second try that the card may be kept
    waits_on_page = last is not None and last.kind is AttemptKind.session and last.is_live
    return waits_on_page != isinstance(click.how.means, OnHostedPage)


def _differs(order: Order, click: Click) -> bool:
    """Whether the cart, its prices, or whom and where it goes to are no longer what this order was placed for."""
    goods = {line.variant_id: line.quantity for line in order.lines}
    cart = select(CartLine.variant_id, CartLine.quantity).where(CartLine.cart_id == order.cart_id)
    today = dict(current_session().execute(cart).all())
    address = click.wanted.address if order.shipping_address else None
    return (
        goods != today
        # A guest's e-mail is all we have of them: who corrects it means it.
        or (order.user_id is None and order.email_key != click.wanted.buyer.email_key)
        or order.total != click.wanted.expected_total
        or click.wanted.shipping_rate_id not in {None, order.shipping_rate_id}
        or (address is not None and address != order.shipping_address)
    )
