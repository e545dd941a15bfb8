"""What the hosted page says, in words and amounts."""

from dataclasses import dataclass

from babel import Locale

from storefront.sandbox.browser.amounts import amount_in_words
from storefront.sandbox.browser.trial_cards import TRIAL_CARDS, TrialCard
from storefront.sandbox.call import Call
from storefront.sandbox.checkout import paying
from storefront.sandbox.checkout.lines import lines_of
from storefront.sandbox.errors import Document

BRANDS = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}


@dataclass(frozen=True)
class LineView:
    """One thing that is bought."""

    name: str
    details: str
    quantity: int
    amount: str


@dataclass(frozen=True)
class ShippingView:
    """One way to the customer, and what all costs that way."""

    rate_id: str
    name: str
    amount: str
    total: str


@dataclass(frozen=True)
class CardView:
    """A saved card."""

    card_id: str
    name: str
    expires: str


@dataclass(frozen=True)
class PayView:
    """An open session, ready to be paid."""

    session_id: str
    heading: str
    total: str
    button: str
    lines: tuple[LineView, ...]
    sums: tuple[tuple[str, str], ...]
    shipping: tuple[ShippingView, ...]
    countries: tuple[tuple[str, str], ...]
    cards: tuple[CardView, ...]
    known_email: str | None
    wants_card: bool
    offers_saving: bool
    keeps_anyway: bool
    may_remove: bool
    cancel_url: str | None
    words: str
    trial_cards: tuple[TrialCard, ...] = TRIAL_CARDS


@dataclass(frozen=True)
class Ended:
    """A page without anything to pay."""

    heading: str
    words: str
    way_back: str | None = None
    is_recoverable: bool = False


def pay_view(call: Call, session: Document) -> PayView:
    is_payment = session["mode"] == "payment"
    total = _written(session, session["amount_total"]) if is_payment else ""
    shipping = _shipping(call, session)
    is_free = is_payment and not session["amount_total"]
    saving = session["saved_payment_method_options"] or {}
    return PayView(
        session["id"], heading=_heading(session, total), total=total,
        button=_button(session, total, several=len(shipping) > 1),
        lines=tuple(_line(session, line) for line in lines_of(call, session)), sums=_sums(session),
        shipping=shipping, countries=_countries(session),
        cards=tuple(_card(card) for card in paying.saved_cards(call, session)) if is_payment else (),
        known_email=paying.known_email(call, session), wants_card=not is_free,
        offers_saving=is_payment and saving.get("payment_method_save") == "enabled",
        keeps_anyway=not is_payment or "setup_future_usage" in session["_intent_data"],
        may_remove=saving.get("payment_method_remove") == "enabled", cancel_url=session["cancel_url"],
        words=(session["custom_text"]["submit"] or {}).get("message", ""),
    )  # fmt: skip


def ended_view(session: Document) -> Ended:
    if session["status"] == "complete":
        heading = "Your card is saved" if session["mode"] == "setup" else "You have paid"
        back = str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
        return Ended(heading, "There is nothing more to do here.", back)
    recovery = (session["after_expiration"] or {}).get("recovery") or {}
    words = "Nothing was paid. You can begin again in the shop."
    return Ended("This page has expired", words, session["cancel_url"], bool(recovery.get("url")))


def _heading(session: Document, total: str) -> str:
    if session["mode"] == "setup":
        return "Save a card"
    if len(session["shipping_options"]) > 1:
        without = session["amount_total"] - session["shipping_cost"]["amount_total"]
        return f"Pay {_written(session, without)} and shipping"
    return f"Pay {total}" if session["amount_total"] else "Nothing to pay"


def _button(session: Document, total: str, *, several: bool) -> str:
    if session["mode"] == "setup":
        return "Save card"
    if not session["amount_total"]:
        return "Complete order"
    # Without a script the button cannot follow the choice of shipping; the choices tell their totals.
    return "Pay" if several else f"Pay {total}"


def _line(session: Document, line: Document) -> LineView:
    amount = _written(session, line["amount_subtotal"])
    return LineView(line["description"], line["_details"] or "", line["quantity"], amount)


def _sums(session: Document) -> tuple[tuple[str, str], ...]:
    details = session["total_details"]
    if not details or not (details["amount_discount"] or session["shipping_cost"]):
        return ()
    sums = [("Subtotal", _written(session, session["amount_subtotal"]))]
    if details["amount_discount"]:
        sums.append(("Discount", f"−{_written(session, details['amount_discount'])}"))
    if len(session["shipping_options"]) == 1:
        sums.append(
            ("Shipping", _written(session, details["amount_shipping"]) if details["amount_shipping"] else "free")
        )
    return tuple(sums)


def _shipping(call: Call, session: Document) -> tuple[ShippingView, ...]:
    without = (session["amount_total"] or 0) - ((session["shipping_cost"] or {}).get("amount_total") or 0)
    views = []
    for option in session["shipping_options"]:
        rate = call.store.find("shipping_rate", option["shipping_rate"]) or {}
        amount = option["shipping_amount"]
        views.append(ShippingView(
            option["shipping_rate"], rate.get("display_name") or "Shipping",
            _written(session, amount) if amount else "free", _written(session, without + amount),
        ))  # fmt: skip
    return tuple(views)


def _countries(session: Document) -> tuple[tuple[str, str], ...]:
    allowed = (session["shipping_address_collection"] or {}).get("allowed_countries", [])
    names = Locale("en").territories
    return tuple(sorted(((code, names.get(code, code)) for code in allowed), key=lambda country: country[1]))


def _card(card: Document) -> CardView:
    shown = card["card"]
    brand = BRANDS.get(shown["brand"], shown["brand"].title())
    return CardView(
        card["id"], f"{brand} •• {shown['last4']}", f"{shown['exp_month']:02d} / {shown['exp_year'] % 100:02d}"
    )


def _written(session: Document, amount: int) -> str:
    return amount_in_words(amount, session["currency"])
