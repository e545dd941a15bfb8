import pytest

from storefront.catalog.facts import Availability
from storefront.catalog.models import Collection
from storefront.catalog.products import (
    PAGE_SIZE,
    collection,
    collections,
    front_page,
    handles,
    product_page,
)
from storefront.catalog.search import all_cards, cards_of
from storefront.core.database import end_read, transaction
from storefront.core.money import Money
from tests.catalog.goods import counted_statements, put, shelve


def test_a_card_tells_the_lowest_price_and_whether_there_are_others(shop: None) -> None:
    put("Teapot", prices=(2400, 1450), stocks=(5, 5))
    put("Mug", prices=(1800,))

    teapot, mug = all_cards("eur").cards

    assert (teapot.price, teapot.price_varies) == (Money(1450, "eur"), True)
    assert (mug.price, mug.price_varies) == (Money(1800, "eur"), False)
    assert mug.picture is not None
    assert mug.picture.alt == "A Mug"


@pytest.mark.parametrize(
    ("stocks", "said", "line"),
    [
        ((0, 0), Availability.sold_out, "Stoneware · sold out"),
        ((0, 1), Availability.last_one, "Stoneware · last one"),
        ((0, 2), Availability.there, "Stoneware"),
        ((0, None), Availability.there, "Stoneware"),
        ((None, None), Availability.there, "Stoneware"),
    ],
)
def test_a_card_tells_what_is_left(shop: None, stocks: tuple[int | None, ...], said: Availability, line: str) -> None:
    put("Teapot", prices=(1, 1), stocks=stocks)

    (card,) = all_cards("eur").cards

    assert (card.availability, card.line) == (said, line)


def test_what_is_not_published_is_nowhere(shop: None) -> None:
    put("Teapot", published=False)

    assert all_cards("eur").cards == ()
    assert product_page("teapot", "eur") is None
    assert handles() == ((), ())


def test_a_shelf_has_its_own_order(shop: None) -> None:
    for title in ("Teapot", "Mug", "Bowl"):
        put(title)
    shelve("table", "Bowl", "Teapot")

    shelf = collection("table")

    assert [card.title for card in cards_of("table", "eur").cards] == ["Bowl", "Teapot"]
    assert shelf is not None
    assert (shelf.title, shelf.intro) == ("Table", "All for the table.")
    assert [one.handle for one in collections()] == ["table"]


def test_the_front_page_is_no_shelf_of_the_masthead(shop: None) -> None:
    with transaction() as session:
        session.add(Collection(handle="frontpage", title="For the table, and around it"))

    front = front_page()

    assert front is not None
    assert front.title == "For the table, and around it"
    assert collections() == ()


def test_a_long_shelf_has_pages(shop: None) -> None:
    for number in range(PAGE_SIZE + 1):
        put(f"Mug {number}")

    first, second, third = (all_cards("eur", page) for page in (1, 2, 3))

    assert (len(first.cards), first.is_last) == (PAGE_SIZE, False)
    assert (len(second.cards), second.is_last) == (1, True)
    assert third.cards == ()


def test_a_product_page_knows_its_variants(shop: None) -> None:
    first, second = put("Teapot", prices=(2400, 2600), stocks=(0, 3))

    page = product_page("teapot", "eur")

    assert page is not None
    assert [(one.id, one.words, one.price, one.sold_out, one.few_left) for one in page.variants] == [
        (first, "Glaze 0", Money(2400, "eur"), True, ""),
        (second, "Glaze 1", Money(2600, "eur"), False, "3 left"),
    ]


def test_more_products_take_no_more_statements(shop: None) -> None:
    put("Teapot")
    shelve("table", "Teapot")
    one = _statements()
    put("Mug", prices=(1, 2), stocks=(1, 2))
    put("Bowl")

    assert _statements() == one == [3, 3, 3]


def _statements() -> list[int]:
    counts = []
    for ask in (
        lambda: all_cards("eur"),
        lambda: cards_of("table", "eur"),
        lambda: product_page("teapot", "eur"),
    ):
        end_read()
        with counted_statements() as sent:
            ask()
        counts.append(len(sent))
    return counts
