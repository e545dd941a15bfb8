"""The customer's cards: looked at, added, chosen, removed. No page asks Stripe anything; only the way back from adding does."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Response, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from storefront.abuse.limits import count_new_card
from storefront.cards import setup_intents
from storefront.cards.saved_cards import choose_default, remove_card
from storefront.core.errors import InvalidRequestError, ShopError
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.web.account import saved_cards as wallet
from storefront.web.account.blueprint import account
from storefront.web.htmx import redirect_to, render, respond, set_retry_after
from storefront.web.login import customer_required, fresh_login_required, is_fresh, signed_in


@account.get("/cards")
@customer_required
def cards() -> ResponseReturnValue:
    """Their saved cards."""
    me = signed_in().id
    if "added" in request.args:
        return _show_cards(**wallet.said_of(me, request.args["added"]))
    return _show_cards(kept_id=request.args.get("kept", type=int))


@account.post("/cards/setup")
@customer_required
def set_up_card() -> ResponseReturnValue:
    """Begin to save a card: for our script alone, since the card is typed into Stripe's own fields."""
    try:
        begun = _begin(signed_in().id, setup_intents.begin)
    except ShopError as refused:
        return _refusal(refused)
    back = url_for(".card_return", setup=begun.public_id)
    base_url = current_app.config["SETTINGS"].base_url
    return jsonify(client_secret=begun.client_secret, return_url=f"{base_url}{back}", then=back)


@account.post("/cards/hosted")
@customer_required
def set_up_on_page() -> ResponseReturnValue:
    """Save a card on Stripe's page: for browsers without scripts."""
    try:
        begun = _begin(signed_in().id, setup_intents.begin_on_page)
    except ShopError as refused:
        return set_retry_after(_show_cards(status=refused.status, fault=refused.words), refused)
    return redirect_to(begun.page)


@account.get("/cards/return")
@customer_required
def card_return() -> ResponseReturnValue:
    """Back from Stripe, or from the bank: ask how it went, while that is open."""
    me, public_id = signed_in().id, request.args.get("setup", "")
    # Not known yet is what is said then, and reconciliation goes on asking.
    with suppress(OutcomeUnknownError, StripeRefusedError):
        setup_intents.ask_about_own(me, public_id)
    # A browser's address holds Stripe's secret now: it is led away from it.
    said = wallet.said_of(me, public_id)
    return respond(
        "account/cards_changed.hx.html", then=url_for(".cards", added=public_id), **wallet.context(me, **said)
    )


@account.post("/cards/<int:card_id>/default")
@customer_required
def choose_default_card(card_id: int) -> ResponseReturnValue:
    """From now on a click pays with this one."""
    me = signed_in().id
    try:
        choose_default(me, card_id)
    except InvalidRequestError as refused:
        return _show_cards(status=refused.status, fault=refused.words)
    return respond("account/cards_changed.hx.html", then=url_for(".cards"), **wallet.context(me, chosen=True))


@account.get("/cards/<int:card_id>/removal")
@customer_required
def ask_about_removal(card_id: int) -> ResponseReturnValue:
    """Really? Asked where the card stands, and after the password rather than before it."""
    context = wallet.context(signed_in().id, confirming_id=card_id)
    card = wallet.find_card(context["cards"], card_id)
    if not is_fresh():
        return redirect_to(url_for("auth.confirm", next=request.path))
    return render("account/_saved_card.html", page="account/saved_cards.html", card=card, **context)


@account.post("/cards/<int:card_id>/removal")
@fresh_login_required
def remove_saved_card(card_id: int) -> ResponseReturnValue:
    """Remove it, for good."""
    me = signed_in().id
    before = wallet.shown_cards_of(me)
    remove_card(me, card_id)
    removed = next((card for card in before if card.id == card_id), None)
    return respond("account/cards_changed.hx.html", then=url_for(".cards"), **wallet.context(me, removed=removed))


def _begin(user_id: int, begin: Callable[[int], setup_intents.Begun]) -> setup_intents.Begun:
    if request.form.get("consent") != "yes":
        raise InvalidRequestError("Please tick the box: without your word we may not keep a card.")
    count_new_card(user_id)
    try:
        return begin(user_id)
    except (OutcomeUnknownError, StripeRefusedError) as refused:
        raise ShopError("Our payment provider could not do that. Please try again in a moment.") from refused


def _refusal(refused: ShopError) -> ResponseReturnValue:
    answer = jsonify(error=refused.words)
    answer.status_code = refused.status
    return set_retry_after(answer, refused)


def _show_cards(*, status: int = 200, **said: Any) -> Response:
    context = wallet.context(signed_in().id, **said)
    return render("account/_saved_cards.html", page="account/saved_cards.html", status=status, **context)
