"""Paying: commit, call, record. One click is one order, one request and one call to Stripe, whatever happens in between."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from storefront.database import current_session, leave, transaction
from storefront.errors import BusyError, ChangedError, RefusedError, ShopError, TooManyTriesError
from storefront.money import smallest_charge
from storefront.orders.calculated_taxes import TaxTakenError
from storefront.orders.models import Cart, CartLine, CartState, Order, OrderSource
from storefront.orders.placing import (
    Placed,
    TokenTakenError,
    orders_met_by,
    place,
    refuse_what_cannot_be_delivered,
)
from storefront.orders.pricing import price
from storefront.orders.totals import TaxQuestion, Totals
from storefront.payments.asking import ask_about_attempt
from storefront.payments.attempts import (
    OnHostedPage,
    Sending,
    WithNewCard,
    find_payer,
    open_payment,
    send,
    write_attempt,
)
from storefront.payments.calculating import TaxNotKnownError, work_out_now
from storefront.payments.clicks import Bought, Click, HasOpenOrderError
from storefront.payments.closing import close_at_stripe
from storefront.payments.consequences import order_paid
from storefront.payments.hosted import refuse_too_many_open
from storefront.payments.landing import Landed, landed_on, landing_on
from storefront.payments.models import IntentState, Payment, PaymentStatus
from storefront.payments.paying_again import try_next
from storefront.payments.standing import order_status
from storefront.payments.stripe_gateway.changing import seat
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError
from storefront.payments.tries import count_new_card, refuse_too_many_tries

# Asked, begun again; and the same once more where another order was faster, or a price changed in between.
_TAX_TRIES: Final = 4


class _TaxNeededError(Exception):
    """Nothing is placed before the tax is known."""

    def __init__(self, question: TaxQuestion) -> None:
        super().__init__()
        self.question = question


Begin = Callable[[Click], Sending | Placed | Landed]


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
            landed = landed_on(click)
        if landed is None:
            raise
        return Bought(landed.public_id, again=True)


def _buy(click: Click) -> Bought:
    begun = _begin_or_land(click, _count_and_begin)
    if isinstance(begun, Landed):
        return _land(begun, click)
    page = send(begun) if isinstance(begun, Sending) else None
    return Bought(begun.public_id, again=False, page=page)


def _begin(click: Click) -> Sending | Placed | Landed:
    """T1: everything that must be true before Stripe hears of it, in one transaction."""
    with transaction():
        mine, alike = orders_met_by(click.wanted, _asked_about(click))
        if mine:
            return landing_on(mine, click)
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


def _count_and_begin(click: Click) -> Sending | Placed | Landed:
    if isinstance(click.how.means, WithNewCard):
        count_new_card(click.wanted.buyer.user_id, click.wanted.buyer.email_key)
    return _begin_with_tax(click)


def _begin_or_land(click: Click, begin: Begin) -> Sending | Placed | Landed:
    try:
        return begin(click)
    except (TokenTakenError, ShopError) as why:
        # What stood in the way may be what another press of this very button did a moment ago.
        with transaction():
            landed = landed_on(click)
        if landed is None:
            raise
        if isinstance(why, TooManyTriesError) and (landed.can_try_next or landed.begins_anew):
            raise
        return landed


def _begin_with_tax(click: Click) -> Sending | Placed | Landed:
    """Where the tax is not known yet, Stripe is asked first, outside of any transaction; and once more if another order was faster."""
    for _ in range(_TAX_TRIES):
        try:
            return _begin(click)
        except _TaxNeededError as needed:
            work_out_now(needed.question)
        except TaxTakenError:
            continue
    raise TaxNotKnownError


def _land(landed: Landed, click: Click) -> Bought:
    if landed.begins_anew:
        return _close_and_begin_anew(landed, click)
    if landed.unknown_attempt is not None:
        with suppress(OutcomeUnknownError):  # still unknown: that is what is shown
            ask_about_attempt(landed.unknown_attempt)
    elif landed.can_try_next is not None:
        try_next(landed.order_id, landed.can_try_next, click.how, click.wanted.buyer.user_id)
    return Bought(landed.public_id, again=True)


def _close_and_begin_anew(landed: Landed, click: Click) -> Bought:
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
    return Bought(begun.public_id, again=isinstance(begun, Landed), page=page)
