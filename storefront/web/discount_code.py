"""A discount code is typed, in the cart or at the checkout: it goes on the cart, or it is said why not."""

from dataclasses import dataclass, replace
from typing import Final

from storefront.carts.carts import CartOwner, set_code
from storefront.carts.models import Cart
from storefront.core.database import end_read
from storefront.core.rate_limits import throttle_address
from storefront.discounts.lookup import normalised_code
from storefront.orders.pricing import price_goods
from storefront.orders.totals import PricingContext, Totals

# Nobody mistypes their code so often; whoever guesses gets nowhere.
MAX_GUESSES: Final = "20 per hour"
TOO_MANY_GUESSES: Final = "Too many codes. Please try again in an hour; your cart stays as it is."

_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True)
class CodeField:
    """The field as a page draws it: what stands in it, whether it counts, and else why not, in words.

    `is_answer`: it was typed just now.
    """

    typed: str = ""
    counts: bool = False
    words: str = ""
    is_answer: bool = False


def code_field(cart: Cart, totals: Totals) -> CodeField:
    """The field for what is on the cart."""
    return _drawn(cart.discount_code, totals)


def apply_code(owner: CartOwner, cart: Cart, typed: str, deal: PricingContext) -> CodeField:
    """Put a typed code on the cart; nothing typed takes off what is there. `deal`: what the cart's price depends on.

    What can come to count for this very cart is kept too, with the reason why it does not count yet. Any other code is
    not, and the one before stays.
    """
    typed = typed.strip()[:_LONGEST_SHOWN]
    if normalised_code(typed) == normalised_code(cart.discount_code) == "":
        return CodeField()
    if not typed:
        end_read()
        set_code(owner, "")
        return CodeField()
    goods = {line.variant_id: line.quantity for line in cart.lines if line.variant.product.published}
    if normalised_code(typed) != normalised_code(cart.discount_code):
        throttle_address("discount-code", limit=MAX_GUESSES, words=TOO_MANY_GUESSES)
    totals = price_goods(goods, replace(deal, discount_code=typed))
    end_read()
    if totals.code_refused is None or totals.code_refused.may_count_later:
        set_code(owner, typed)
    return replace(_drawn(typed, totals), is_answer=True)


def code_to_pay_with(owner: CartOwner, cart: Cart, typed: str | None, deal: PricingContext) -> CodeField | None:
    """What becomes of the code in a form that pays; None where it has no such field, or the cart's own code in it.

    Another code changes the total, so that the customer is asked before anything is charged.
    """
    if typed is None or normalised_code(typed) == normalised_code(cart.discount_code):
        return None
    return apply_code(owner, cart, typed, deal)


def _drawn(typed: str, totals: Totals) -> CodeField:
    if totals.code_refused is not None:
        return CodeField(typed, words=totals.code_refused.words)
    # As the owner writes it, once it is known.
    return CodeField(totals.discount_name or typed, counts=totals.discount_id is not None)
