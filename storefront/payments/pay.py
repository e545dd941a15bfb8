"""Landing: what a press leads to whose button has an order already.

Paying: commit, call, record. One click is one order, one request and one call to Stripe, whatever happens in between."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select

from storefront.abuse.limits import check_limits, count_new_card
from storefront.carts.models import Cart, CartLine, CartState
from storefront.core.database import current_session, end_read, transaction
from storefront.core.errors import BusyError, ConflictError, InvalidRequestError, RateLimitedError, ShopError
from storefront.orders.models import Order, OrderSource
from storefront.orders.placing import (
    AlreadyPlacedError,
    PlacedOrder,
    check_deliverable,
    find_existing_orders,
    place_order,
)
from storefront.orders.pricing import price_goods, why_not_chargeable
from storefront.orders.totals import TaxQuestion, Totals
from storefront.payments.attempts import (
    OnHostedPage,
    PreparedRequest,
    WithNewCard,
    find_payer,
    open_payment,
    send,
    write_attempt,
)
from storefront.payments.cancel import cancel_at_stripe
from storefront.payments.hosted import check_open_sessions
from storefront.payments.ledger.effects import order_paid
from storefront.payments.ledger.models import AttemptKind, AttemptState, IntentState, Payment, PaymentStatus
from storefront.payments.ledger.states import order_status
from storefront.payments.requests import NotYourButtonError, OpenOrderError, PaymentRequest, PaymentResult
from storefront.payments.retry import try_next
from storefront.payments.stripe_tax import TaxNotKnownError, calculate_tax_now
from storefront.reconcile.attempt import reconcile_attempt
from storefront.shipping_and_tax.calculated_tax import TaxCalculationUsedError
from storefront.stripe.errors import OutcomeUnknownError
from storefront.stripe.guard import write_slot


@dataclass(frozen=True)
class ExistingOrder:
    """The click's button has an order."""

    order_id: int
    public_id: str
    unknown_attempt: int | None
    can_try_next: int | None
    begins_anew: bool


def find_existing_order(click: PaymentRequest) -> ExistingOrder | None:
    """Where the order of this button stands; None where there is none yet."""
    order = current_session().scalar(select(Order).where(Order.checkout_token == click.wanted.checkout_token))
    return existing_order(order, click) if order else None


def existing_order(order: Order, click: PaymentRequest) -> ExistingOrder:
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
    return ExistingOrder(
        order_id=order.id,
        public_id=order.public_id,
        unknown_attempt=last.id if last and last.state is AttemptState.unknown else None,
        can_try_next=last.number + 1 if last and failed and new_card and order.is_open else None,
        begins_anew=order.is_open
        and click.wanted.source is OrderSource.cart
        and (whose != click.wanted.buyer.user_id or _differs(order, click) or _uses_other_method(click, payment)),
    )


def _used(means: WithNewCard, payment: Payment) -> bool:
    return any(one.request["params"].get("confirmation_token") == means.confirmation_token for one in payment.attempts)


def _uses_other_method(click: PaymentRequest, payment: Payment) -> bool:
    """An order is paid by our own intent or on Stripe's page, with the customer it began with; the other way is another order."""
    last, guests = payment.last_attempt, click.how.guests_customer
    if guests is not None and guests != payment.stripe_customer_id:
        return True  # a guest who ticked at the second try that the card may be kept
    waits_on_page = last is not None and last.kind is AttemptKind.session and last.is_live
    return waits_on_page != isinstance(click.how.means, OnHostedPage)


def _differs(order: Order, click: PaymentRequest) -> bool:
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


# Asked, begun again; and the same once more where another order was faster, or a price changed in between.
_TAX_TRIES: Final = 4


class _TaxNeededError(Exception):
    """Nothing is placed before the tax is known."""

    def __init__(self, question: TaxQuestion) -> None:
        super().__init__()
        self.question = question


Begin = Callable[[PaymentRequest], PreparedRequest | PlacedOrder | ExistingOrder]


def process_payment(click: PaymentRequest) -> PaymentResult:
    """Place the order this button stands for and charge it; pressed again, it leads to the same order.

    Raises TotalChangedError, SoldOutError, OpenOrderError, NotYourButtonError (409), InvalidRequestError (422), NotFoundError
    (404) and BusyError (503); then nothing was placed and nothing charged.
    """
    try:
        with write_slot() if click.wanted.expected_total else nullcontext():
            return _process(click)
    except BusyError:
        # That nothing was charged is only true where no other press of this very button was faster.
        with transaction():
            landed = find_existing_order(click)
        if landed is None:
            raise
        return PaymentResult(landed.public_id, again=True)


def _process(click: PaymentRequest) -> PaymentResult:
    begun = _begin_or_find_order(click, _begin_counted)
    if isinstance(begun, ExistingOrder):
        return _continue_order(begun, click)
    page = send(begun) if isinstance(begun, PreparedRequest) else None
    return PaymentResult(begun.public_id, again=False, page=page)


def _place_and_write_attempt(click: PaymentRequest) -> PreparedRequest | PlacedOrder | ExistingOrder:
    """T1: everything that must be true before Stripe hears of it, in one transaction."""
    with transaction():
        mine, alike = find_existing_orders(click.wanted, _asked_about(click))
        if mine:
            return existing_order(mine, click)
        check_limits(click.wanted.buyer)
        if isinstance(click.how.means, OnHostedPage):
            check_open_sessions(click.wanted.buyer)
        goods, code = _goods_and_code(click)
        wanted = replace(click.wanted, discount_code=code)
        totals = price_goods(goods, wanted.deal)
        _check_deliverable(click, totals)
        if alike:
            raise OpenOrderError(alike.public_id)
        _check_chargeable(totals)
        placed = place_order(wanted, totals)
        payer = find_payer(click.wanted.buyer.user_id, click.how)
        payment = open_payment(placed, payer)
        if not placed.total:
            _apply_free(payment)
            return placed
        return write_attempt(payment, placed.public_id, 1, click.how, click.wanted.buyer.user_id)


def _asked_about(click: PaymentRequest) -> Iterable[int]:
    """What may not stand in another open order of the buyer's; a cart has one open order at most, and guests are not asked."""
    is_asked = click.wanted.source is not OrderSource.cart and not click.asked_before
    return click.goods if is_asked and click.wanted.buyer.user_id is not None else ()


def _goods_and_code(click: PaymentRequest) -> tuple[dict[int, int], str | None]:
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
        raise ConflictError("Your cart has changed. Nothing was charged.")
    return {line.variant_id: line.quantity for line in found}, found[0].discount_code


def _check_deliverable(click: PaymentRequest, totals: Totals) -> None:
    if totals.is_sent and click.wanted.address is None:
        raise InvalidRequestError("Please tell us where to send it.")
    check_deliverable(totals)


def _check_chargeable(totals: Totals) -> None:
    if totals.tax_question and not totals.tax_calculation:
        raise _TaxNeededError(totals.tax_question)
    if totals.total and not totals.total.is_chargeable:
        raise InvalidRequestError(why_not_chargeable(totals))


def _apply_free(payment: Payment) -> None:
    """A total of 0 is a payment of 0: nothing to ask Stripe."""
    payment.intent_state, payment.status = IntentState.succeeded, PaymentStatus.succeeded
    order = current_session().get_one(Order, payment.order_id)
    order.status = order_status(payment, order.status)
    order_paid(order)


def _begin_counted(click: PaymentRequest) -> PreparedRequest | PlacedOrder | ExistingOrder:
    if isinstance(click.how.means, WithNewCard):
        count_new_card(click.wanted.buyer.user_id, click.wanted.buyer.email_key)
    return _begin_asking_tax(click)


def _begin_or_find_order(click: PaymentRequest, begin: Begin) -> PreparedRequest | PlacedOrder | ExistingOrder:
    try:
        return begin(click)
    except (AlreadyPlacedError, ShopError) as why:
        # What stood in the way may be what another press of this very button did a moment ago.
        with transaction():
            landed = find_existing_order(click)
        if landed is None:
            raise
        if isinstance(why, RateLimitedError) and (landed.can_try_next or landed.begins_anew):
            raise
        return landed


def _begin_asking_tax(click: PaymentRequest) -> PreparedRequest | PlacedOrder | ExistingOrder:
    """Where the tax is not known yet, Stripe is asked first, outside of any transaction; and once more if another order was faster."""
    for _ in range(_TAX_TRIES):
        try:
            return _place_and_write_attempt(click)
        except _TaxNeededError as needed:
            calculate_tax_now(needed.question)
        except TaxCalculationUsedError:
            continue
    raise TaxNotKnownError


def _continue_order(landed: ExistingOrder, click: PaymentRequest) -> PaymentResult:
    if landed.begins_anew:
        return _replace_order(landed, click)
    if landed.unknown_attempt is not None:
        with suppress(OutcomeUnknownError):  # still unknown: that is what is shown
            reconcile_attempt(landed.unknown_attempt)
    elif landed.can_try_next is not None:
        try_next(landed.order_id, landed.can_try_next, click.how, click.wanted.buyer.user_id)
    return PaymentResult(landed.public_id, again=True)


def _replace_order(landed: ExistingOrder, click: PaymentRequest) -> PaymentResult:
    """The cart or its road changed since its order was placed: close that one at Stripe first; if it turns out paid, it is shown."""
    with suppress(OutcomeUnknownError):  # not known to be closed: it is what is shown, and nothing new is placed
        cancel_at_stripe(landed.order_id)
    cart = select(Cart.checkout_token).where(Cart.id == click.wanted.cart_id, Cart.state == CartState.open)
    fresh = current_session().scalar(cart)
    closed = current_session().get_one(Order, landed.order_id).canceled_at is not None
    end_read()
    if not closed or fresh is None:
        return PaymentResult(landed.public_id, again=True)
    begun = _begin_or_find_order(replace(click, wanted=replace(click.wanted, checkout_token=fresh)), _begin_asking_tax)
    page = send(begun) if isinstance(begun, PreparedRequest) else None
    return PaymentResult(begun.public_id, again=isinstance(begun, ExistingOrder), page=page)
