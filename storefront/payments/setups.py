"""Set-ups: what becomes of a try to save a card without paying, and when it is asked about."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select

from storefront.clock import now
from storefront.database import current_session, leave, transaction
from storefront.errors import NotYoursError
from storefront.payments.card_models import OPEN_SETUPS, CardSetup, SavedCard, SetupState
from storefront.payments.customers import KEY_GOOD_FOR
from storefront.payments.inbox_models import StripeEvent
from storefront.payments.models import Source
from storefront.payments.news.facts import Facts
from storefront.payments.news.setups import SetupNews, hosted_setup_news, setup_news
from storefront.payments.record import record
from storefront.payments.stripe_gateway.cards import cancel_setup, create_setup, fetch_setup
from storefront.payments.stripe_gateway.errors import OutcomeUnknownError, RefusedByStripeError
from storefront.payments.stripe_gateway.sessions import open_session

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
    """Back from Stripe: ask how it stands while it is open, at most every two seconds. NotYoursError if it is another's."""
    with transaction() as session:
        mine = (CardSetup.public_id == public_id, CardSetup.user_id == user_id)
        setup = session.scalar(select(CardSetup).where(*mine).with_for_update())
        if setup is None:
            raise NotYoursError
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
        _send_again(setup_id, request, key, still_good=age < KEY_GOOD_FOR)
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
    except RefusedByStripeError as refused:
        if refused.status not in {401, 403}:
            close_setup(setup_id, SetupState.refused)
        raise
    record(read_answer(facts, Source.reconciliation, key))


def _look(stripe_id: str, source: Source) -> bool:
    """Record how it stands; whether that is the end of it."""
    told = setup_news(fetch_setup(stripe_id), source)
    record(told)
    return told.status in {SetupState.succeeded, SetupState.canceled}


def _cancel(stripe_id: str, source: Source) -> None:
    try:
        facts = cancel_setup(stripe_id)
    except RefusedByStripeError:
        _look(stripe_id, source)
    else:
        record(setup_news(facts, source))


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
    leave()
    if too_often:
        _cancel(stripe_id, Source.webhook)


def send_setup(request: dict[str, Any], key: str) -> Facts:
    """Ask Stripe for a set-up, or for the page of one."""
    on_page = request["params"].get("mode") == "setup"
    return (open_session if on_page else create_setup)(request, key)


def read_answer(facts: Facts, source: Source, key: str) -> SetupNews:
    """Read what Stripe answered to that."""
    read = hosted_setup_news if facts["object"] == "checkout.session" else setup_news
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
