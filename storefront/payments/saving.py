"""Saving a card without paying: the consent and the exact request are a row first, then a SetupIntent is asked for."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app

from storefront.caller import address_hash
from storefront.clock import now
from storefront.database import leave, transaction
from storefront.errors import BusyError
from storefront.installation import this_shop
from storefront.payments.card_models import CardSetup, SetupState
from storefront.payments.cards import refuse_one_too_many
from storefront.payments.customers import customer_to_charge
from storefront.payments.models import Source
from storefront.payments.news.customers import customer_news
from storefront.payments.record import record
from storefront.payments.setups import OPEN_FOR, close_setup, read_answer, send_setup
from storefront.payments.stripe_gateway.changing import seat
from storefront.payments.stripe_gateway.customers import fetch_customer
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError, RefusedByStripeError

CONSENT: Final = (
    "{shop} may keep this card and charge it when I press a pay button. "
    "Stripe keeps the number, the shop keeps the last four digits."
)
# What Stripe is asked for, by the customer there and our marks.
Ask = Callable[[str, dict[str, str]], dict[str, Any]]


@dataclass(frozen=True)
class Begun:
    """A set-up that the browser may finish, by its secret or on Stripe's page. They are handed on, and kept nowhere."""

    public_id: str
    client_secret: str = ""
    page: str = ""


def consent_words() -> str:
    """What a customer agrees to, as it stands beside the box and in the row."""
    return CONSENT.format(shop=current_app.config["SETTINGS"].shop_name)


def begin(user_id: int) -> Begun:
    """Begin to save a card, the customer having agreed to `consent_words`.

    Raises RefusedError where there are too many cards already, and BusyError where Stripe does not answer.
    """
    return _begin(user_id, _params)


def begin_on_page(user_id: int) -> Begun:
    """The same on a page of Stripe's, which needs no script of ours."""
    return _begin(user_id, _page_params)


def _begin(user_id: int, ask: Ask) -> Begun:
    refuse_one_too_many(user_id)
    leave()
    with seat():
        customer = _customer(user_id)
        try:
            return _send_first(user_id, customer, ask)
        except RefusedByStripeError:
            # The customer may be gone at Stripe, and we have not heard: ask, and then there is a new one.
            _notice_deletion(customer)
            if (healed := _customer(user_id)) == customer:
                raise
            return _send_first(user_id, healed, ask)


def _customer(user_id: int) -> str:
    customer = customer_to_charge(user_id)
    if customer is None:
        raise BusyError("Our payment provider does not answer just now. Please try again in a moment.")
    return customer


def _notice_deletion(customer: str) -> None:
    livemode = current_app.config["SETTINGS"].livemode
    told = customer_news(fetch_customer(customer), Source.api, livemode=livemode)
    if told.deleted:
        record(told)


def _send_first(user_id: int, customer: str, ask: Ask) -> Begun:
    setup_id, public_id, request, key = _write(user_id, customer, ask)
    try:
        facts = send_setup(request, key)
    except OutcomeUnknownError as lost:
        close_setup(setup_id, SetupState.unknown)
        raise BusyError("Our payment provider does not answer just now. Please try again in a moment.") from lost
    except RefusedByStripeError:
        close_setup(setup_id, SetupState.refused)
        raise
    record(read_answer(facts, Source.api, key))
    if facts["object"] == "checkout.session":
        return Begun(public_id, page=str(facts["url"]))
    return Begun(public_id, client_secret=str(facts["client_secret"]))


def _params(customer: str, marks: dict[str, str]) -> dict[str, Any]:
    return {
        "customer": customer,
        "usage": "off_session",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": marks,
    }


def _page_params(customer: str, marks: dict[str, str]) -> dict[str, Any]:
    settings = current_app.config["SETTINGS"]
    return {
        "mode": "setup",
        "ui_mode": "hosted_page",
        "currency": settings.currency,
        "customer": customer,
        "metadata": marks,
        # The set-up does not inherit the Session's marks.
        "setup_intent_data": {"metadata": marks},
        "success_url": f"{settings.base_url}/account/cards/return?setup={marks['setup_id']}",
        "cancel_url": f"{settings.base_url}/account/cards",
        # The page ends by itself when a set-up does: nobody but Stripe cancels that of a page.
        "expires_at": int((now() + OPEN_FOR).timestamp()),
    }


def _write(user_id: int, customer: str, ask: Ask) -> tuple[int, str, dict[str, Any], str]:
    public_id, key = secrets.token_hex(16), secrets.token_hex(20)
    with transaction() as session:
        params = ask(customer, {"setup_id": public_id, "shop": this_shop(), "userId": str(user_id)})
        setup = CardSetup(
            public_id=public_id, user_id=user_id, idempotency_key=key, request={"params": params}, consent_at=now(),
            consent_words=consent_words(), asked_at=now(), livemode=current_app.config["SETTINGS"].livemode,
            new_card_from=address_hash(),
        )  # fmt: skip
        session.add(setup)
        session.flush()
        return setup.id, public_id, setup.request, key
