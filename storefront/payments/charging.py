"""Paying: commit, call, record. One click is one order, one request and one call to Stripe, whatever happens in between."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select

from storefront.clock import now
from storefront.database import current_session, leave, transaction
from storefront.errors import BusyError, ChangedError, RefusedError, ShopError, TooManyTriesError
from storefront.money import smallest_charge
from storefront.orders import discount_uses
from storefront.orders.calculated_taxes import TaxTakenError
from storefront.orders.models import Cart, CartLine, CartState, Order, OrderSource
from storefront.orders.placing import (
    Buyer,
    Placed,
    TokenTakenError,
    Wanted,
    orders_met_by,
    place,
    refuse_what_cannot_be_delivered,
)
from storefront.orders.pricing import price
from storefront.orders.totals import TaxQuestion, Totals
from storefront.payments.asking import ask_about_attempt
from storefront.payments.attempts import (
    How,
    OnHostedPage,
    Sending,
    WithNewCard,
    find_payer,
    open_payment,
    send,
    write_attempt,
)
from storefront.payments.calculating import TaxNotKnownError, work_out_now
from storefront.payments.closing import close_at_stripe
from storefront.payments.consequences import order_paid
from storefront.payments.hosted import refuse_too_many_open
from storefront.payments.models import AttemptKind, AttemptState, IntentState, Payment, PaymentStatus
from storefront.payments.settling.attempts import start_attempt
from storefront.payments.standing import order_status
from storefront.payments.stripe_gateway.changing import seat
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError
from storefront.payments.tries import count_new_card, refuse_too_many_tries

# Asked, begun again; and the same once more where another order was faster, or a price changed in between.
_TAX_TRIES: Final = 4


class HasOpenOrderError(ChangedError):
    """There is an unpaid order with the same in it: the customer is asked before there is a second."""

    words = "You have begun to buy this already."

    def __init__(self, public_id: str) -> None:
        super().__init__()
        self.public_id = public_id


class NotYourButtonError(ChangedError):
    """The button belongs to somebody else's order."""

    words = "That button was used up. Nothing was charged; here is a new one."


@dataclass(frozen=True)
class Click:
    """A press of a pay button. `goods` (variant id: quantity) is empty for a cart, which is read when the order is placed."""

    wanted: Wanted
    goods: dict[int, int]
    how: How
    asked_before: bool = False


@dataclass(frozen=True)
class Bought:
    """The order a click led to; `again`: it was there already, so nothing new was bought. `page`: where to pay it, if just opened."""

    public_id: str
    again: bool
    page: str | None = None


class _TaxNeededError(Exception):
    """Nothing is placed before the tax is known."""

    def __init__(self, question: TaxQuestion) -> None:
        super().__init__()
        self.question = question


@dataclass(frozen=True)
class _Landed:
    """The click's button has an order."""

    order_id: int
    public_id: str
    unknown_attempt: int | None
    can_try_next: int | None
    begins_anew: bool


Begin = Callable[[Click], Sending | Placed | _Landed]


def buy(click: Click) -> Bought:
    """Place the order this button stands for and charge it; pressed again, it leads to the same order.

    Raises TotalChangedError, SoldOutError, HasOpenOrderError, NotYourButtonError (409), RefusedError (422), NotYoursError
    (404) and BusyError (503); then nothing was placed and nothing charged.
    """
    try:
        with seat() if click.wanted.expected_total else nullcontext():
            return _buy(click)
    except BusyError:
        # That nothing was charged is only true where no other press of this very button was faster.
        with transaction():
            landed = _landed_on(click)
        if landed is None:
            raise
        return Bought(landed.public_id, again=True)


def _buy(click: Click) -> Bought:
    begun = _begin_or_land(click, _count_and_begin)
    if isinstance(begun, _Landed):
        return _land(begun, click)
    page = send(begun) if isinstance(begun, Sending) else None
    return Bought(begun.public_id, again=False, page=page)


def _begin(click: Click) -> Sending | Placed | _Landed:
    """T1: everything that must be true before Stripe hears of it, in one transaction."""
    with transaction():
        mine, alike = orders_met_by(click.wanted, _asked_about(click))
        if mine:
            return _landing(mine, click)
        refuse_too_many_tries(click.wanted.buyer)
        if isinstance(click.how.means, OnHostedPage):
            refuse_too_many_open(click.wanted.buyer)
        goods, code = _goods_and_code(click)
        wanted = replace(click.wanted, discount_code=code)
        totals = price(goods, wanted.deal)
        _refuse_what_cannot_be_delivered(click, totals)
        if alike:
            raise HasOpenOrderError(alike.public_id)
        _refuse_what_cannot_be_charged(totals)
        placed = place(wanted, totals)
        payer = find_payer(click.wanted.buyer.user_id, click.how)
        payment = open_payment(placed, payer)
        if not placed.total:
            _settle_free(payment)
            return placed
        return write_attempt(payment, placed.public_id, 1, click.how, click.wanted.buyer.user_id)


def _asked_about(click: Click) -> Iterable[int]:
    """What may not stand in another open order of the buyer's; a cart has one open order at most, and guests are not asked."""
    is_asked = click.wanted.source is not OrderSource.cart and not click.asked_before
    return click.goods if is_asked and click.wanted.buyer.user_id is not None else ()


def _goods_and_code(click: Click) -> tuple[dict[int, int], str | None]:
    """What is bought, and with which discount code: a cart's own as it is now; what is bought past it has none."""
    if click.wanted.cart_id is None:
        return click.goods, None
    lines = select(CartLine.variant_id, CartLine.quantity, Cart.discount_code).join(Cart)
    live = (
        Cart.id == click.wanted.cart_id,
        Cart.state == CartState.open,
        Cart.checkout_token == click.wanted.checkout_token,
    )
    found = current_session().execute(lines.where(*live)).all()
    if not found:
        raise ChangedError("Your cart has changed. Nothing was charged.")
    return {line.variant_id: line.quantity for line in found}, found[0].discount_code


def _refuse_what_cannot_be_delivered(click: Click, totals: Totals) -> None:
    if totals.is_sent and click.wanted.address is None:
        raise RefusedError("Please tell us where to send it.")
    refuse_what_cannot_be_delivered(totals)


def _refuse_what_cannot_be_charged(totals: Totals) -> None:
    if totals.tax_question and not totals.tax_calculation:
        raise _TaxNeededError(totals.tax_question)
    if totals.total and not totals.total.is_chargeable:
        raise RefusedError(_too_little(totals))


def _too_little(totals: Totals) -> str:
    least = f"the least we can charge a card is {smallest_charge(totals.total.currency)}"
    if not totals.discount:
        return f"T{least[1:]}. Please add something."
    code = totals.discount_name
    return f"With the code {code} it comes to {totals.total}, but {least}. Please add something, or take the code off."


def _settle_free(payment: Payment) -> None:
    """A total of 0 is a payment of 0: nothing to ask Stripe."""
    payment.intent_state, payment.status = IntentState.succeeded, PaymentStatus.succeeded
    order = current_session().get_one(Order, payment.order_id)
    order.status = order_status(payment, order.status)
    order_paid(order)


def _count_and_begin(click: Click) -> Sending | Placed | _Landed:
    if isinstance(click.how.means, WithNewCard):
        count_new_card(click.wanted.buyer.user_id, click.wanted.buyer.email_key)
    return _begin_with_tax(click)


def _begin_or_land(click: Click, begin: Begin) -> Sending | Placed | _Landed:
    try:
        return begin(click)
    except (TokenTakenError, ShopError) as why:
        # What stood in the way may be what another press of this very button did a moment ago.
        with transaction():
            landed = _landed_on(click)
        if landed is None:
            raise
        if isinstance(why, TooManyTriesError) and (landed.can_try_next or landed.begins_anew):
            raise
        return landed


def _begin_with_tax(click: Click) -> Sending | Placed | _Landed:
    """Where the tax is not known yet, Stripe is asked first, outside of any transaction; and once more if another order was faster."""
    for _ in range(_TAX_TRIES):
        try:
            return _begin(click)
        except _TaxNeededError as needed:
            work_out_now(needed.question)
        except TaxTakenError:
            continue
    raise TaxNotKnownError


def _landed_on(click: Click) -> _Landed | None:
    order = current_session().scalar(select(Order).where(Order.checkout_token == click.wanted.checkout_token))
    return _landing(order, click) if order else None


def _landing(order: Order, click: Click) -> _Landed:
    whose = order.user_id
    # A guest's order is found by their cart, and by that cart still when they have signed in since.
    from_their_cart = whose is None and order.cart_id is not None and order.cart_id == click.wanted.cart_id
    if not from_their_cart and (whose is None or whose != click.wanted.buyer.user_id):
        raise NotYourButtonError
    payment = current_session().scalars(select(Payment).where(Payment.order_id == order.id)).one()
    last = payment.last_attempt
    new_card = isinstance(click.how.means, WithNewCard) and not _used(click.how.means, payment)
    failed = last is not None and last.state in {AttemptState.declined, AttemptState.refused}
    return _Landed(
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


def _land(landed: _Landed, click: Click) -> Bought:
    if landed.begins_anew:
        return _close_and_begin_anew(landed, click)
    if landed.unknown_attempt is not None:
        with suppress(OutcomeUnknownError):  # still unknown: that is what is shown
            ask_about_attempt(landed.unknown_attempt)
    elif landed.can_try_next is not None:
        _try_next(landed.order_id, landed.can_try_next, click.how, click.wanted.buyer.user_id)
    return Bought(landed.public_id, again=True)


def _close_and_begin_anew(landed: _Landed, click: Click) -> Bought:
    """The cart or its road changed since its order was placed: close that one at Stripe first; if it turns out paid, it is shown."""
    with suppress(OutcomeUnknownError):  # not known to be closed: it is what is shown, and nothing new is placed
        close_at_stripe(landed.order_id)
    cart = select(Cart.checkout_token).where(Cart.id == click.wanted.cart_id, Cart.state == CartState.open)
    fresh = current_session().scalar(cart)
    closed = current_session().get_one(Order, landed.order_id).canceled_at is not None
    leave()
    if not closed or fresh is None:
        return Bought(landed.public_id, again=True)
    begun = _begin_or_land(replace(click, wanted=replace(click.wanted, checkout_token=fresh)), _begin_with_tax)
    page = send(begun) if isinstance(begun, Sending) else None
    return Bought(begun.public_id, again=isinstance(begun, _Landed), page=page)


def pay_again(order_id: int, number: int, how: How) -> None:
    """Another try for the same order: attempt `number` on the same intent, if that is the next one; else nothing.

    Raises NotYoursError or RefusedError for a card that cannot be used, CodeGoneError where the order's discount was
    used by somebody else since it failed, BusyError when nothing was sent.
    """
    order = current_session().get_one(Order, order_id)
    user_id, email_key = order.user_id, order.email_key
    leave()
    if isinstance(how.means, WithNewCard):
        count_new_card(user_id, email_key)
    with seat():
        _try_next(order_id, number, how, user_id)


def _try_next(order_id: int, number: int, how: How, user_id: int | None) -> None:
    with transaction() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        payment = session.scalars(select(Payment).where(Payment.order_id == order_id)).one()
        last = payment.last_attempt
        refuse_too_many_tries(Buyer(order.user_id, order.email, order.email_key, order.placed_from))
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
            discount_uses.take_again(order.id, order.discount_code)
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
    with seat():
        close_at_stripe(order_id)
