"""The pages a customer's browser gets: Stripe.js, the card frame and the bank that asks whether it is you.

All links are relative, so the same pages stand at the root of an origin of their own or below a shop's path.
"""

from dataclasses import dataclass
from typing import Protocol, cast

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.sandbox.browser.amounts import amount_in_words
from storefront.sandbox.browser.countries import countries
from storefront.sandbox.browser.stripe_js import stripe_js_source
from storefront.sandbox.browser.trial_cards import TRIAL_CARDS
from storefront.sandbox.challenges import Challenge
from storefront.sandbox.errors import StripeError

SEE_OTHER = 303
BRANDS = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}

# Any shop may frame these pages; they themselves load and ask nothing but the sandbox (and a shop's web font).
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src * data:; "
    "base-uri 'none'; frame-ancestors *"
)

pages = Blueprint(
    "sandbox_pages",
    __name__,
    static_folder="static",
    static_url_path="/frames/files",
    template_folder="templates",
)


class Bank(Protocol):
    """What these pages need of the sandbox that runs them."""

    def challenge(self, intent_id: str) -> Challenge: ...

    def answer_challenge(self, intent_id: str, passed: bool) -> Challenge: ...  # noqa: FBT001 - the sandbox's own


@dataclass(frozen=True)
class BankView:
    """What the bank's page says, in a frame or on its own."""

    heading: str
    words: str
    facts: tuple[tuple[str, str], ...] = ()
    is_open: bool = False
    outcome: str = ""
    way_back: str | None = None

    @property
    def is_framed(self) -> bool:
        return _is_framed()


NOTHING = BankView("We have nothing to ask you", "This request is not known here, or has ended.", outcome="none")


@pages.get("/js/stripe.js")
@pages.get("/js/endive/stripe.js")
def stripe_js() -> ResponseReturnValue:
    """Serve the stand-in for Stripe.js."""
    response = Response(stripe_js_source(), mimetype="text/javascript")
    response.add_etag()
    return response.make_conditional(request)


@pages.get("/frames/card")
def card_frame() -> str:
    """Show the form a card number is typed into."""
    return render_template("sandbox/card.html", cards=TRIAL_CARDS, countries=countries())


@pages.get("/frames/controller")
def controller_frame() -> str:
    """Serve the hidden frame that asks the API where no card is typed."""
    return render_template("sandbox/controller.html")


@pages.get("/3ds/<intent_id>")
def bank_page(intent_id: str) -> str:
    """Ask the customer, as the bank, whether this payment is theirs."""
    return render_template("sandbox/bank.html", view=_view_of(_challenge(intent_id)))


@pages.post("/3ds/<intent_id>")
def bank_answer(intent_id: str) -> ResponseReturnValue:
    """Take the customer's answer, then lead back to the shop, or show the answer in the frame."""
    answer = request.form.get("answer")
    if answer not in {"approve", "refuse"}:
        abort(400)
    _challenge(intent_id)
    answered = _bank().answer_challenge(intent_id, answer == "approve")
    if _is_framed():
        return redirect(f"{intent_id}?frame=1", SEE_OTHER)
    return redirect(answered["return_url"] or intent_id, SEE_OTHER)


@pages.errorhandler(404)
def no_such_challenge(_: Exception) -> ResponseReturnValue:
    """Say in the bank's own page that there is nothing to answer."""
    return render_template("sandbox/bank.html", view=NOTHING), 404


@pages.after_request
def guard(response: Response) -> Response:
    """Let any shop frame the pages, and keep them out of caches."""
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _bank() -> Bank:
    return cast("Bank", current_app.extensions["sandbox"])


def _challenge(intent_id: str) -> Challenge:
    try:
        return _bank().challenge(intent_id)
    except StripeError:
        abort(404)


def _is_framed() -> bool:
    return "frame" in request.args


def _view_of(challenge: Challenge) -> BankView:
    if challenge["status"] == "open":
        return _question(challenge)
    if challenge["status"] == "none":
        return NOTHING
    passed = challenge["status"] == "passed"
    return BankView(
        "Thank you, you approved it" if passed else "It was not approved",
        "You can go back to the shop now.",
        outcome="approved" if passed else "refused",
        way_back=challenge["return_url"],
    )


def _question(challenge: Challenge) -> BankView:
    card = ("Card", f"{_brand(challenge)} •• {challenge['last4']}")
    if challenge["amount"] is None or challenge["currency"] is None:
        words = "A shop asks to keep your card for later payments. Is it you?"
        return BankView("Keep this card?", words, (card,), is_open=True)
    amount = ("Amount", amount_in_words(challenge["amount"], challenge["currency"]))
    words = "A shop asks for a payment with your card. Is it you?"
    return BankView("Approve this payment?", words, (amount, card), is_open=True)


def _brand(challenge: Challenge) -> str:
    brand = str(challenge["card_brand"])
    return BRANDS.get(brand, brand.title())
