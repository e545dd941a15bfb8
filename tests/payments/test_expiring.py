"""Mails about cards that expire: a month and a week before, once each, and only while it is true."""

import datetime as dt

import pytest

from storefront.cards.expiring import last_day, warn_of_expiring_cards
from storefront.cards.models import SavedCard
from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.mail.models import OutboundMail
from tests.people import Shopper
from tests.stack import Shop


@pytest.fixture
def warned(shop: Shop, alice: Shopper) -> Shop:
    """Alice's card is good until the end of February 2032; it is the first of January."""
    shop.settle()
    with shop.inside(), transaction() as session:
        card = session.get_one(SavedCard, alice.cards["pm_card_visa"])
        card.exp_year, card.exp_month = 2032, 2
    go_to(shop, dt.datetime(2032, 1, 1, 12, tzinfo=dt.UTC))
    return shop


def go_to(shop: Shop, day: dt.datetime) -> None:
    shop.clock.forward(seconds=(day - now()).total_seconds() + 1)


def told(shop: Shop, day: int, month: int = 2) -> list[str]:
    """What was ever queued about expiring cards, seen on this day of 2032 after the day's work."""
    go_to(shop, dt.datetime(2032, month, day, 12, tzinfo=dt.UTC))
    with shop.inside():
        warn_of_expiring_cards()
        warn_of_expiring_cards()
    return [key for kind, key in shop.all(OutboundMail.kind, OutboundMail.dedupe_key) if kind == "card_expiring"]


def test_thirty_and_seven_days_before_once_each(warned: Shop, alice: Shopper) -> None:
    card = alice.cards["pm_card_visa"]
    month, week = f"card_expiring:{card}:2032-02:30", f"card_expiring:{card}:2032-02:7"

    assert told(warned, 29, month=1) == []
    assert told(warned, 30, month=1) == [month]
    assert told(warned, 21) == [month]
    assert told(warned, 22) == [month, week]
    assert told(warned, 29) == [month, week]
    assert told(warned, 1, month=3) == [month, week]


def test_the_mail_names_the_card_and_its_last_day(warned: Shop, alice: Shopper) -> None:
    told(warned, 22)
    warned.work()

    assert warned.mails("card_expiring") == [("card_expiring", alice.email)]
    letter = warned.letter("card_expiring")
    assert "the card you keep with us, Visa •• 4242, can pay until 29 February 2032." in letter
    assert f"{warned.url}/account/cards" in letter


def test_a_worker_that_slept_makes_up_for_it_with_one(warned: Shop) -> None:
    assert [key.rpartition(":")[2] for key in told(warned, 25)] == ["7"]


@pytest.mark.parametrize("change", ["removed", "renewed", "of the other mode"])
def test_what_is_no_longer_true_is_not_sent(warned: Shop, alice: Shopper, change: str) -> None:
    told(warned, 22)
    with warned.inside(), transaction() as session:
        card = session.get_one(SavedCard, alice.cards["pm_card_visa"])
        if change == "removed":
            card.removed_at = now()
        elif change == "renewed":
            card.exp_year = 2036
        else:
            card.livemode = True

    warned.work()

    states = [state for kind, state in warned.all(OutboundMail.kind, OutboundMail.state) if kind == "card_expiring"]
    assert states == ["dropped"]


def test_a_removed_card_is_not_written_about(warned: Shop, alice: Shopper) -> None:
    with warned.inside(), transaction() as session:
        session.get_one(SavedCard, alice.cards["pm_card_visa"]).removed_at = now()

    assert told(warned, 22) == []


def test_a_date_that_the_bank_moved_is_told_of_again(warned: Shop, alice: Shopper) -> None:
    told(warned, 22)
    with warned.inside(), transaction() as session:
        card = session.get_one(SavedCard, alice.cards["pm_card_visa"])
        card.exp_month = 3

    assert told(warned, 3, month=3)[-1] == f"card_expiring:{alice.cards['pm_card_visa']}:2032-03:30"


@pytest.mark.parametrize(("year", "month", "day"), [(2032, 2, 29), (2033, 2, 28), (2032, 12, 31)])
def test_a_card_is_good_until_the_end_of_its_month(year: int, month: int, day: int) -> None:
    assert last_day(year, month) == dt.date(year, month, day)
