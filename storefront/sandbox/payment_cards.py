"""From a card's number, or a test token, to the card that a PaymentMethod shows."""

import hashlib
import time
from typing import Any

from storefront.sandbox import cards, declines
from storefront.sandbox.call import Call
from storefront.sandbox.cards import TestCard
from storefront.sandbox.declines import Decline
from storefront.sandbox.errors import DeclinedError, Document, StripeError, missing_parameter, no_such

_TEST_CARD_EXPIRES_IN_YEARS = 8
_CENTURY = 2000
_LAST_MONTH = 12


def card_of(payment_method: Document) -> TestCard:
    """The test card behind a PaymentMethod; a renewed card keeps its behaviour."""
    return cards.by_number(payment_method["_number"]) or TestCard(payment_method["_number"])


def entered_card(call: Call, sent: Document, param: str) -> tuple[TestCard, Document]:
    """The test card, and the `card` hash to show, for a number typed or a token given."""
    if "token" in sent:
        card = cards.by_token(sent["token"])
        if card is None:
            raise no_such("token", sent["token"], param=f"{param}[token]", in_path=False)
        return card, shown_card(call, card)
    _check_may_send_numbers(call)
    for name in ("number", "exp_month", "exp_year"):
        if name not in sent:
            raise missing_parameter(f"{param}[{name}]")
    card = _numbered(str(sent["number"]), param)
    expiry = _expiry(int(sent["exp_month"]), int(sent["exp_year"]), param)
    _check_cvc(card, sent.get("cvc"), param)
    return card, shown_card(call, card, expiry, has_cvc=bool(sent.get("cvc")))


def _check_may_send_numbers(call: Call) -> None:
    """Browsers may send a card's number; a server only where that was switched on. The hosted page is Stripe's own."""
    is_server = call.request_id is not None and not call.is_browser
    if is_server and not call.sandbox.takes_card_numbers:
        message = (
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens"
            " that map to the test card you are using, see https://stripe.com/docs/testing. To enable raw card data"
            " APIs in test mode, see"
            " https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis."
        )
        # 402, though it is no decline: so Stripe answers it.
        raise StripeError(402, message)


def shown_card(call: Call, card: TestCard, expiry: tuple[int, int] | None = None, *, has_cvc: bool = True) -> Document:
    month, year = expiry or (_LAST_MONTH, time.gmtime(call.now).tm_year + _TEST_CARD_EXPIRES_IN_YEARS)
    checks = {"address_line1_check": None, "address_postal_code_check": None,
              "cvc_check": card.cvc_check if has_cvc else None}  # fmt: skip
    return {
        "brand": card.brand, "checks": checks, "country": card.country, "display_brand": _display_brand(card.brand),
        "exp_month": month, "exp_year": year, "fingerprint": fingerprint(card.number), "funding": card.funding,
        "generated_from": None, "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None}, "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": card.brand != "unionpay"}, "wallet": None,
    }  # fmt: skip


def fingerprint(number: str) -> str:
    """The same for the same number, whoever enters it, and after a restart."""
    return hashlib.blake2b(number.encode(), digest_size=8, person=b"card").hexdigest()


def _numbered(typed: str, param: str) -> TestCard:
    number = typed.replace(" ", "").replace("-", "")
    if not number.isdigit() or not cards.passes_luhn(number):
        message = "Your card number is incorrect."
        raise DeclinedError(message, code="incorrect_number", param=f"{param}[number]")
    card = cards.by_number(number)
    if card is None:
        raise declined(declines.LIVE_CARD)
    return card


def _expiry(month: int, year: int, param: str) -> tuple[int, int]:
    year = year if year > _CENTURY else year + _CENTURY
    today = time.gmtime()
    if not 1 <= month <= _LAST_MONTH:
        message = "Your card's expiration month is invalid."
        raise DeclinedError(message, code="invalid_expiry_month", param=f"{param}[exp_month]")
    if (year, month) < (today.tm_year, today.tm_mon) or year > today.tm_year + 50:
        message = "Your card's expiration year is invalid."
        raise DeclinedError(message, code="invalid_expiry_year", param=f"{param}[exp_year]")
    return month, year


def _check_cvc(card: TestCard, cvc: str | None, param: str) -> None:
    lengths = {3, 4} if card.brand == "amex" else {3}
    if cvc is not None and not (cvc.isdigit() and len(cvc) in lengths):
        message = "Your card's security code is invalid."
        raise DeclinedError(message, code="invalid_cvc", param=f"{param}[cvc]")


def declined(decline: Decline, **objects: Any) -> DeclinedError:
    return DeclinedError(
        decline.message, code=decline.code, decline_code=decline.reason, advice_code=decline.advice,
        network_decline_code=decline.network_code, **objects,
    )  # fmt: skip


def _display_brand(brand: str) -> str:
    return {"amex": "american_express", "diners": "diners_club", "unionpay": "union_pay"}.get(brand, brand)
