"""An order's way, in plain words."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from storefront.core.money import Money
from storefront.orders.models import OrderSource
from storefront.payments.order_view import CardShown, MoneyBack, OrderView, Shown
from storefront.web.orders.timeline import Step, timeline

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
VISA = CardShown(None, "visa", "4242")
ZERO = Money(0, "eur")
PAID = OrderView(
    id=1, public_id="one", number=1001, user_id=1, cart_id=None, email="mara@kiesel.example", state=Shown.paid, source=OrderSource.cart,
    placed_at=NOON, paid_at=NOON, canceled_at=None, shipped_at=None, delivered_at=None, tracking="", held_until=NOON,
    arrives_on=dt.date(2026, 11, 24), lines=(), subtotal=Money(2400, "eur"), discount=ZERO, shipping=ZERO, shipping_name="Parcel", tax=ZERO,
    total=Money(2400, "eur"), refunded=ZERO, has_refunds=False, address={"line1": "Lindenstraße 4", "city": "Berlin"}, card=VISA,
    next_attempt=2, failure=None, gives_up=False, is_unknown=False, is_processing=False, asked_at=None, disputes=(),
)  # fmt: skip


def later(hours: int) -> dt.datetime:
    return NOON + dt.timedelta(hours=hours)


def back(minor: int, hours: int, *, failed: bool = False) -> MoneyBack:
    return MoneyBack(Money(minor, "eur"), later(hours), failed=failed)


def steps(*money_back: MoneyBack, whole: bool = True, **changes: Any) -> list[Step]:
    return timeline(replace(PAID, **changes), money_back, whole=whole)


def titles(told: list[Step]) -> list[str]:
    """With a star where it stands, and brackets for what is to come."""
    names = [f"{step.title}*" if step.is_current else step.title for step in told]
    return [f"({name})" if step.is_next else name for name, step in zip(names, told, strict=True)]


def test_a_paid_order_is_packed_and_comes() -> None:
    told = steps()

    assert titles(told) == ["Paid*", "(Packed)", "(At your door)"]
    assert (told[0].words, told[0].at, told[0].card) == ("24,00\u00a0€", NOON, VISA)
    assert told[2].on == dt.date(2026, 11, 24)


def test_what_is_not_sent_has_nothing_to_come() -> None:
    assert titles(steps(address=None, arrives_on=None)) == ["Paid*"]


@pytest.mark.parametrize(
    ("tracking", "words", "follow"),
    [("DHL-7", "tracking DHL-7", ""), ("https://dhl.example/7", "", "https://dhl.example/7"), ("", "", "")],
)
def test_a_sent_order_is_on_its_way(tracking: str, words: str, follow: str) -> None:
    told = steps(shipped_at=later(4), tracking=tracking)

    assert titles(told) == ["Paid", "On its way to Berlin*", "(At your door)"]
    assert (told[1].words, told[1].follow) == (words, follow)


def test_a_delivered_order_is_there() -> None:
    assert titles(steps(shipped_at=later(4), delivered_at=later(40))) == ["Paid", "Sent to Berlin", "Delivered*"]


def test_money_that_goes_back_stands_where_it_happened() -> None:
    told = steps(back(1000, 2), back(400, 9), shipped_at=later(4), refunded=Money(1400, "eur"))

    assert titles(told) == [
        "Paid",
        "Part of it given back",
        "On its way to Berlin",
        "Part of it given back*",
        "(At your door)",
    ]
    assert told[1].words.startswith("10,00\u00a0€ to the card that paid")


def test_a_refund_that_did_not_arrive_is_told() -> None:
    told = steps(back(1000, 2), back(1000, 9, failed=True))

    assert titles(told) == ["Paid", "Part of it given back", "A refund did not arrive*", "(Packed)", "(At your door)"]
    assert "Your bank did not take 10,00\u00a0€." in told[2].words


def test_all_of_it_given_back_ends_the_way() -> None:
    assert titles(steps(back(2400, 2), state=Shown.refunded)) == ["Paid", "Given back*"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Shown.checking, "We are checking with your bank"),
        (Shown.challenge, "Your bank needs to confirm it’s you"),
        (Shown.declined, "Not paid yet"),
    ],
)
def test_an_open_order_waits(state: Shown, words: str) -> None:
    told = steps(state=state, paid_at=None, held_until=later(1))

    assert titles(told) == ["Placed", f"({words}*)"]
    assert told[1].until == later(1)


@pytest.mark.parametrize(
    ("money_back", "refunded", "told"),
    [
        ((), 0, ["Placed", "Canceled*"]),
        ((), 2400, ["Placed", "Canceled*"]),
        ((back(2400, 3),), 2400, ["Placed", "Given back", "Canceled*"]),
    ],
)
def test_a_canceled_order_is_over(money_back: tuple[MoneyBack, ...], refunded: int, told: list[str]) -> None:
    way = steps(*money_back, state=Shown.canceled, canceled_at=later(5), refunded=Money(refunded, "eur"))

    assert titles(way) == told
    words = (
        "" if money_back else "24,00\u00a0€ goes back to the card that paid." if refunded else "Nothing was charged."
    )
    assert way[-1].words == words


def test_a_stranger_learns_neither_card_nor_parcel_nor_what_went_wrong() -> None:
    told = steps(
        back(1000, 2), back(1000, 9, failed=True), whole=False, shipped_at=later(4), tracking="https://dhl.example/7"
    )

    assert titles(told) == ["Paid", "Part of it given back", "On its way to Berlin*", "(At your door)"]
    assert [step.card for step in told] == [None] * 4
    assert "dhl" not in repr(told)
