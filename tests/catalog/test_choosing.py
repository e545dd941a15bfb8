"""What is chosen of a product, what is still to be chosen, and what is said of the rest."""

import pytest

from storefront.catalog.choosing import Choice, choose
from storefront.catalog.facts import ProductPage, VariantChoice
from storefront.core.money import Money


def product(
    *told: tuple[tuple[str, ...], int, int | None], options: tuple[str, ...] = ("Colour", "Size")
) -> ProductPage:
    """Of variants told as options, price and stock; their ids count from 1."""
    variants = tuple(
        VariantChoice(number, values, Money(price, "eur"), stock, (), None)
        for number, (values, price, stock) in enumerate(told, 1)
    )
    return ProductPage("shirt", "Shirt", "", "", "", (), options, (), variants)


SHIRT = product(
    (("Blue", "S"), 2400, 5), (("Blue", "M"), 2400, 0), (("Sand", "S"), 2600, 5), (("Sand", "L"), 2600, None)
)
SIZES = product((("S",), 2400, 5), (("M",), 2500, 5), options=("Size",))


def notes(choice: Choice) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    return [(one.legend, [(o.words, o.note, o.chosen) for o in one.options]) for one in choice.pickers()]


def test_nothing_is_chosen_where_there_is_a_choice() -> None:
    choice = choose(SHIRT)

    assert choice.chosen is None
    assert choice.missing == "Choose a colour and a size"
    assert (choice.price, choice.price_varies) == (Money(2400, "eur"), True)
    assert notes(choice) == [
        ("Colour", [("Blue", "", False), ("Sand", "", False)]),
        ("Size", [("S", "", False), ("M", "sold out", False), ("L", "", False)]),
    ]


def test_what_does_not_go_with_what_is_picked_says_so() -> None:
    choice = choose(SHIRT, told={0: "Blue"})

    assert (choice.chosen, choice.missing) == (None, "Choose a size")
    assert (choice.price, choice.price_varies) == (Money(2400, "eur"), False)
    assert notes(choice) == [
        ("Colour", [("Blue", "", True), ("Sand", "", False)]),
        ("Size", [("S", "", False), ("M", "sold out", False), ("L", "not available", False)]),
    ]


def test_what_is_not_made_is_no_other_variant() -> None:
    choice = choose(SHIRT, told={0: "Blue", 1: "L"})

    assert choice.chosen is None
    assert choice.missing == "There is no Shirt in Blue, L. Choose another size"
    assert [one.fault for one in choice.pickers(is_missed=True)] == ["", choice.missing]


@pytest.mark.parametrize(
    ("variant_id", "told", "chosen"),
    [
        (3, None, 3),
        (2, None, 2),  # sold out, and asked for
        (4711, None, None),
        (1, {0: "Sand", 1: "S"}, 3),  # what is picked wins
        (1, {0: "Sand"}, None),
        (None, {0: "Red", 1: "S"}, None),
    ],
)
def test_addresses_and_forms_choose(variant_id: int | None, told: dict[int, str] | None, chosen: int | None) -> None:
    found = choose(SHIRT, variant_id, told).chosen

    assert (found.id if found else None) == chosen


def test_the_only_one_that_can_be_bought_is_chosen() -> None:
    left = product((("S",), 2400, 0), (("M",), 2500, 1), options=("Size",))

    assert choose(left).chosen == left.variants[1]
    assert choose(left, told={}).chosen is None  # a form that says nothing buys nothing
    gone = choose(product((("S",), 2400, 0), (("M",), 2500, 0), options=("Size",)))
    assert (gone.chosen, gone.sold_out) == (None, True)


def test_one_colour_is_not_asked_for() -> None:
    choice = choose(product((("Blue", "S"), 1, 1), (("Blue", "M"), 1, 1)))

    assert choice.missing == "Choose a size"
    assert [one.chosen_words for one in choice.pickers()] == ["Blue", ""]


def test_one_option_is_chosen_by_the_variant_itself() -> None:
    (picker,) = choose(SIZES).pickers(is_missed=True)

    assert (picker.field, picker.legend, picker.fault) == ("variant_id", "Size", "Choose a size")
    assert [one.value for one in picker.options] == ["1", "2"]


def test_options_without_a_name_are_asked_for_all_the_same() -> None:
    unnamed = product((("S",), 1, 1), (("M", "Wide"), 1, 1), options=())

    choice = choose(unnamed)

    assert choice.missing == "Choose an option"
    assert choose(unnamed, told={0: "S", 1: "—"}).chosen == unnamed.variants[0]


def test_one_thing_needs_no_choice() -> None:
    mug = product(((), 1250, 3), options=())

    assert choose(mug).chosen == mug.variants[0]
    assert choose(mug).pickers() == ()
