"""A discount code is typed, in the cart or at the checkout: it goes on the cart, or it is said why not."""

from dataclasses import dataclass, replace
from typing import Final

from storefront.database import leave
from storefront.orders.carts import CartOwner, keep_code
from storefront.orders.discount_codes import key_of
from storefront.orders.models import Cart
from storefront.orders.pricing import price
from storefront.orders.totals import Deal, Totals
from storefront.throttling import throttle_address

# Nobody mistypes their code so often; whoever guesses gets nowhere.
GUESSES: Final = "20 per hour"
TOO_OFTEN: Final = "Too many codes. Please try again in an hour; your cart stays as it is."

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


def use_code(owner: CartOwner, cart: Cart, typed: str, deal: Deal) -> CodeField:
    """Put a typed code on the cart; nothing typed takes off what is there. `deal`: what the cart's price depends on.

    What can come to count for this very cart is kept too, with the reason why it does not count yet. Any other code is
    not, and the one before stays.
    """
    typed = typed.strip()[:_LONGEST_SHOWN]
    if key_of(typed) == key_of(cart.discount_code) == "":
        return CodeField()
    if not typed:
        leave()
        keep_code(owner, "")
        return CodeField()
    goods = {line.variant_id: line.quantity for line in cart.lines if line.variant.product.published}
    if key_of(typed) != key_of(cart.discount_code):
        throttle_address("discount-code", limit=GUESSES, words=TOO_OFTEN)
    totals = price(goods, replace(deal, discount_code=typed))
    leave()
    if totals.code_refused is None or totals.code_refused.may_count_later:
        keep_code(owner, typed)
    return replace(_drawn(typed, totals), is_answer=True)


def code_to_pay_with(owner: CartOwner, cart: Cart, typed: str | None, deal: Deal) -> CodeField | None:
    """What becomes of the code in a form that pays; None where it has no such field, or the cart's own code in it.

    Another code changes the total, so that the customer is asked before anything is charged.
    """
    if typed is None or key_of(typed) == key_of(cart.discount_code):
        return None
    return use_code(owner, cart, typed, deal)


def _drawn(typed: str, totals: Totals) -> CodeField:
    if totals.code_refused is not None:
        return CodeField(typed, words=totals.code_refused.words)
    # As the owner writes it, once it is known.
    return CodeField(totals.discount_name or typed, counts=totals.discount_id is not None)
