"""What the owner types about discounts, and what the shop answers."""

import pytest
from flask import Flask

from storefront.discounts.lookup import find_discount
from storefront.discounts.rules import DiscountKind
from storefront.orders.totals import PricingContext
from tests.catalog.goods import put, shelve
from tests.cli.test_commands import Shell, app, shell

__all__ = ["app", "shell"]


def listed(shell: Shell) -> list[str]:
    rows = shell.types("shop", "discounts", "list").output.replace("\u00a0", " ").splitlines()[2:]
    return [" | ".join(part.strip() for part in row.split("  ") if part.strip()) for row in rows]


def test_codes_are_offered_listed_and_ended(shell: Shell) -> None:
    create = ("shop", "discounts", "create")
    assert shell.types("shop", "discounts", "list").output == "There are no codes.\n"

    assert (
        shell.types(*create, "WELCOME10", "--percent", "10", "--once-per-customer").output
        == "WELCOME10 counts from now on.\n"
    )
    shell.types(*create, "HALF", "--percent", "12,5", "--uses", "3", "--until", "2020-01-01")
    shell.types(
        *create, "FIVE", "--amount", "5.00", "--minimum", "40", "--from", "2099-01-01T08:30", "--until", "2099-02-01"
    )
    shell.types(*create, "ShipFree", "--free-shipping")
    ended = shell.types("shop", "discounts", "end", "shipfree")

    assert ended.output == "shipfree counts no more.\n"
    assert listed(shell) == [
        "ShipFree | delivery | 0 | ended",
        "FIVE | 5,00 €, from 40,00 € on | 0 | from 2099-01-01 08:30 until 2099-02-01 00:00",
        "HALF | 12.5 % | 0 of 3 | is over",
        "WELCOME10 | 10 %, once per customer | 0 | yes",
    ]


def test_a_code_is_for_some_goods_only(app: Flask, shell: Shell) -> None:
    with app.app_context():
        [tea], [mug], [vase, bowl] = put("Teapot"), put("Mug"), put("Vase", prices=(1, 1), stocks=(1, 1))
        [lamp] = put("Lamp")
        shelve("light", "Lamp")

    shell.types(
        "shop", "discounts", "create", "SOME", "--amount", "5", "--product", "teapot", "--variant", "vase-1", "--collection", "light",
    )  # fmt: skip

    with app.app_context():
        found = find_discount(PricingContext(discount_code="some"), [tea, mug, vase, bowl, lamp])
        none = find_discount(PricingContext(discount_code="some"), [mug])
    assert found is not None
    assert (found.goods, found.offer.kind, found.offer.value) == (
        frozenset({tea, bowl, lamp}),
        DiscountKind.amount,
        500,
    )
    assert none is not None
    assert none.standing.is_for_these is False
    assert listed(shell) == ["SOME | 5,00 €, some goods only | 0 | yes"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("TWO WORDS", "--percent", "10"), "A code is one word of at most 40 letters and digits, such as WELCOME10."),
        (("X" * 41, "--percent", "10"), "A code is one word"),
        (("X",), "Say what it does: one of --percent, --amount and --free-shipping."),
        (("X", "--percent", "10", "--free-shipping"), "Say what it does"),
        (("X", "--percent", "0"), "A percentage is more than 0 and at most 100."),
        (("X", "--percent", "100.5"), "A percentage is more than 0 and at most 100."),
        (("X", "--percent", "ten"), "'ten' is no percentage. For example: 10 or 12.5"),
        (("X", "--percent", "1.234"), "'1.234' is no percentage."),
        (("X", "--percent", "Infinity"), "'Infinity' is no percentage."),
        (("X", "--amount", "0"), "'0' is no amount of EUR."),
        (("X", "--amount", "5", "--product", "nothing"), "There is no product called nothing."),
        (("X", "--amount", "5", "--from", "2027-01-02", "--until", "2027-01-01"), "It would be over before it begins."),
        (("taken", "--amount", "5"), "There is a code taken already. End it, and choose another word."),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(shell: Shell, words: tuple[str, ...], answer: str) -> None:
    shell.types("shop", "discounts", "create", "Taken", "--percent", "1")

    refused = shell.types("shop", "discounts", "create", *words)

    assert answer in refused.output
    assert refused.exit_code != 0
    assert len(listed(shell)) == 1


def test_ending_a_code_that_is_not_there(shell: Shell) -> None:
    assert shell.types("shop", "discounts", "end", "NONE").output == "Error: There is no code NONE.\n"
