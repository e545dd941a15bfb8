"""Set-ups: what becomes of a try to save a card without paying, and when it is asked about.

Saving a card without paying: the consent and the exact request are a row first, then a SetupIntent is asked for."""

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select

from storefront.cards.customers import KEY_LIFETIME, customer_to_charge
from storefront.cards.models import OPEN_SETUPS, CardSetup, SavedCard, SetupState
from storefront.cards.saved_cards import check_card_limit
from storefront.core.client_address import address_hash
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.errors import BusyError, NotFoundError
from storefront.core.installation import this_shop
from storefront.payments.ledger.models import Source
from storefront.payments.ledger.record import record
from storefront.stripe.api import (
    CARDS_ONLY,
    NO_LINK,
    cancel_setup_intent,
    create_session,
    create_setup_intent,
    fetch_customer,
    fetch_setup_intent,
)
from storefront.stripe.errors import OutcomeUnknownError, StripeRefusedError
from storefront.stripe.guard import write_slot
from storefront.stripe.objects import (
    SetupIntentUpdate,
    StripeObject,
    customer_update,
    hosted_setup_intent_update,
    setup_intent_update,
)
from storefront.webhooks.models import StripeEvent

MOST_DECLINES_OF_A_FORM: Final = 5
# Longer than the client's whole budget: until then the answer may still be on its way to the one who asked.
STILL_SENDING: Final = dt.timedelta(seconds=90)
ASK_EVERY: Final = dt.timedelta(seconds=60)
ASK_IDLE_EVERY: Final = dt.timedelta(minutes=10)
LOOK_AT_MOST_EVERY: Final = dt.timedelta(seconds=2)
# A form left open does not leave a door open: what nobody has finished by then is canceled at Stripe.
OPEN_FOR: Final = dt.timedelta(hours=1)
_ASKED_FOR: Final = (SetupState.sending, SetupState.unknown)


@dataclass(frozen=True)
class Outcome:
    """How a set-up stands; `card_id` is the card it led to, which may be one that was there already."""

    state: SetupState
    card_id: int | None
    code: str
    words: str

    @property
    def is_open(self) -> bool:
        """Whether a card may still come of it."""
        return self.state in OPEN_SETUPS and self.state is not SetupState.requires_payment_method


def ask_about_own(user_id: int, public_id: str) -> None:
    """Back from Stripe: ask how it stands while it is open, at most every two seconds. NotFoundError if it is another's."""
    with transaction() as session:
        mine = (CardSetup.public_id == public_id, CardSetup.user_id == user_id)
        setup = session.scalar(select(CardSetup).where(*mine).with_for_update())
        if setup is None:
            raise NotFoundError
        asked_lately = setup.looked_at is not None and now() - setup.looked_at < LOOK_AT_MOST_EVERY
        if not setup.is_open or asked_lately or setup.stripe_setup_intent_id is None:
            return
        setup.looked_at = now()
        stripe_id = setup.stripe_setup_intent_id
    _look(stripe_id, Source.api)


def outcome_of(user_id: int, public_id: str) -> Outcome | None:
    """How this user's set-up stands, as far as we know; None where there is none."""
    mine = (CardSetup.public_id == public_id, CardSetup.user_id == user_id)
    setup = current_session().scalar(select(CardSetup).where(*mine))
    if setup is None:
        return None
    card = current_session().get(SavedCard, setup.saved_card_id) if setup.saved_card_id else None
    card_id = (card.replaced_by_id or card.id) if card else None
    return Outcome(setup.state, card_id, setup.decline_code, setup.decline_words)


def ask_about_setup(setup_id: int, source: Source = Source.reconciliation) -> None:
    """Find out what became of a set-up: sent again with its own key while that is good, else looked at, and ended after an hour."""
    with transaction() as session:
        setup = session.get(CardSetup, setup_id, with_for_update=True)
        if setup is None or not setup.is_open or setup.livemode != current_app.config["SETTINGS"].livemode:
            return
        stripe_id, request, key, age = (
            setup.stripe_setup_intent_id,
            setup.request,
            setup.idempotency_key,
            now() - setup.created_at,
        )
        setup.asked_at = now()
    if stripe_id is None:
        _send_again(setup_id, request, key, still_good=age < KEY_LIFETIME)
    elif not _look(stripe_id, source) and age > OPEN_FOR:
        _cancel(stripe_id, source)


def _send_again(setup_id: int, request: dict[str, Any], key: str, *, still_good: bool) -> None:
    if not still_good:
        # Its secret never reached a browser: nobody can have finished it.
        close_setup(setup_id, SetupState.never_sent)
        return
    try:
        facts = send_setup(request, key)
    except OutcomeUnknownError:
        close_setup(setup_id, SetupState.unknown)
        raise
    except StripeRefusedError as refused:
        if refused.status not in {401, 403}:
            close_setup(setup_id, SetupState.refused)
        raise
    record(read_answer(facts, Source.reconciliation, key))


def _look(stripe_id: str, source: Source) -> bool:
    """Record how it stands; whether that is the end of it."""
    told = setup_intent_update(fetch_setup_intent(stripe_id), source)
    record(told)
    return told.status in {SetupState.succeeded, SetupState.canceled}


def _cancel(stripe_id: str, source: Source) -> None:
    try:
        facts = cancel_setup_intent(stripe_id)
    except StripeRefusedError:
        _look(stripe_id, source)
    else:
        record(setup_intent_update(facts, source))


def end_if_tried_too_often(stripe_id: str) -> None:
    """Whoever tries one card after another in one form has to begin anew, where it is counted."""
    declines = select(func.count(StripeEvent.id)).where(
        StripeEvent.object_id == stripe_id, StripeEvent.type == "setup_intent.setup_failed"
    )
    still_open = select(CardSetup.id).where(
        CardSetup.stripe_setup_intent_id == stripe_id, CardSetup.state.in_(OPEN_SETUPS)
    )
    session = current_session()
    too_often = (session.scalar(declines) or 0) >= MOST_DECLINES_OF_A_FORM and session.scalar(still_open) is not None
    end_read()
    if too_often:
        _cancel(stripe_id, Source.webhook)


def send_setup(request: dict[str, Any], key: str) -> StripeObject:
    """Ask Stripe for a set-up, or for the page of one."""
    on_page = request["params"].get("mode") == "setup"
    return (create_session if on_page else create_setup_intent)(request, key)


def read_answer(facts: StripeObject, source: Source, key: str) -> SetupIntentUpdate:
    """Read what Stripe answered to that."""
    read = hosted_setup_intent_update if facts["object"] == "checkout.session" else setup_intent_update
    return read(facts, source, answers=key)


def close_setup(setup_id: int, state: SetupState) -> None:
    """Note how asking ended, unless news was faster."""
    with transaction() as session:
        setup = session.get_one(CardSetup, setup_id, with_for_update=True)
        if setup.state in _ASKED_FOR:
            setup.state = state


def setups_due() -> Sequence[int]:
    """The set-ups of today's mode that it is time to ask about."""
    at = now()
    waiting = CardSetup.state.in_([SetupState.requires_action, SetupState.processing])
    due = or_(
        (CardSetup.state == SetupState.unknown) & (CardSetup.asked_at <= at - ASK_EVERY),
        (CardSetup.state == SetupState.sending) & (CardSetup.asked_at <= at - STILL_SENDING),
        waiting & (CardSetup.asked_at <= at - ASK_EVERY),
        (CardSetup.state == SetupState.requires_payment_method) & (CardSetup.asked_at <= at - ASK_IDLE_EVERY),
    )
    return current_session().scalars(select(CardSetup.id).where(due, _mode()).order_by(CardSetup.id)).all()


def open_setups(since: dt.datetime | None = None) -> Sequence[int]:
    """All that a card may still come of."""
    query = select(CardSetup.id).where(CardSetup.state.in_(OPEN_SETUPS), _mode()).order_by(CardSetup.id)
    return current_session().scalars(query.where(CardSetup.created_at >= since) if since else query).all()


def _mode() -> ColumnElement[bool]:
    return CardSetup.livemode.is_(current_app.config["SETTINGS"].livemode)


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

    Raises InvalidRequestError where there are too many cards already, and BusyError where Stripe does not answer.
    """
    return _begin(user_id, _params)


def begin_on_page(user_id: int) -> Begun:
    """The same on a page of Stripe's, which needs no script of ours."""
    return _begin(user_id, _page_params)


def _begin(user_id: int, ask: Ask) -> Begun:
    check_card_limit(user_id)
    end_read()
    with write_slot():
        customer = _customer(user_id)
        try:
            return _send_first(user_id, customer, ask)
        except StripeRefusedError:
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
    told = customer_update(fetch_customer(customer), Source.api, livemode=livemode)
    if told.deleted:
        record(told)


def _send_first(user_id: int, customer: str, ask: Ask) -> Begun:
    setup_id, public_id, request, key = _write(user_id, customer, ask)
    try:
        facts = send_setup(request, key)
    except OutcomeUnknownError as lost:
        close_setup(setup_id, SetupState.unknown)
        raise BusyError("Our payment provider does not answer just now. Please try again in a moment.") from lost
    except StripeRefusedError:
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
        "allowed_payment_method_types": CARDS_ONLY,
        "metadata": marks,
    }


def _page_params(customer: str, marks: dict[str, str]) -> dict[str, Any]:
    settings = current_app.config["SETTINGS"]
    return {
        "mode": "setup",
        "ui_mode": "hosted_page",
        "allowed_payment_method_types": CARDS_ONLY,
        "wallet_options": NO_LINK,
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
