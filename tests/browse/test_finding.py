"""Finding products as visitors do, by addresses and what the pages answer."""

from contextlib import suppress
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from storefront.catalog.indexing import reindex
from storefront.catalog.models import Product, Variant
from storefront.catalog.products import PAGE_SIZE
from storefront.core.database import current_session, transaction
from tests.browse.conftest import Keeper
from tests.browse.test_pages import HTMX
from tests.reading import read

Ware = tuple[str, str, list[str], list[tuple[str, tuple[str, str], int, int | None]]]
# Each with its description and tags; of its variants SKU, colour and size, price and stock.
WARES: tuple[Ware, ...] = (
    ("Teapot", "<p>Pours without dripping.</p>", ["tea"], [("TP-3-BLU", ("Blue", "M"), 2400, 5)]),
    ("Mug", "<p>Goes with the teapot.</p>", ["tea"], [("MUG-1", ("Blue", "S"), 1200, 0), ("MUG-2", ("Green", "M"), 1300, 2)]),
    ("Kännchen", "<p>For milk.</p>", ["Teapot"], [("KN-1", ("Green", "S"), 900, None)]),
    ("T-shirt", "", [], [("SH-1", ("Blue", "S"), 3000, 1), ("SH-2", ("Green", "M"), 3000, 0)]),
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(autouse=True)
def _wares(app: Flask, keeper: Keeper) -> None:
    with app.app_context(), transaction() as session:
        for position, (title, description, tags, variants) in enumerate(WARES):
            made = [
                Variant(sku=sku, option_values=list(values), price_minor=price, stock=stock, position=place)
                for place, (sku, values, price, stock) in enumerate(variants)
            ]
            told = {"title": title, "description": description, "tags": tags, "position": position}
            session.add(Product(handle=title.lower(), options=["Colour", "Size"], variants=made, **told))
    keeper.shelves("table", "Mug", "Teapot")


def titles(page: str) -> list[str]:
    return [part.partition("<")[0] for part in page.split('<span class="product-card__name">')[1:]]


def counts(page: str) -> dict[str, int]:
    """What the filters say each value leads to."""
    rows = [part.partition("</label>")[0] for part in page.split('<label><input type="checkbox"')[1:]]
    told = [(row.split("<span>")[1].split("<")[0], row.split("<small>")[1].split("<")[0]) for row in rows]
    return {name: int(number) for name, number in told}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("teapot", ["Teapot", "Kännchen", "Mug"]),  # by name, by tag, by description
        ("TEAPOT pours", ["Teapot"]),
        ("pours teap", ["Teapot"]),
        ("dripp pours", []),  # only the last word may be a beginning
        ("kannch", ["Kännchen"]),
        ("TP-3-BLU", ["Teapot"]),
        ("tp3blu", ["Teapot"]),
        ("tshirt", ["T-shirt"]),
        ("green milk", ["Kännchen"]),
        ("teepot", ["Teapot", "Kännchen", "Mug"]),
        ("milk for kanchen", ["Kännchen"]),
        ("tp-4-blu", []),
        ("%", []),
        ('"te*" OR mug:', []),
        ("') & !'x':*", []),
    ],
)
def test_words_find_names_then_tags_then_descriptions(visitor: FlaskClient, words: str, found: list[str]) -> None:
    page = visitor.get("/search", query_string={"q": words}).text

    assert titles(page) == found


def test_mended_words_are_said_and_lead_to_themselves(visitor: FlaskClient) -> None:
    page = visitor.get("/search?q=blue+teepot").text

    assert "No results for “blue teepot”. Showing results for blue teapot." in read(page).text
    assert 'href="/search?q=blue+teapot"' in page
    assert "Did you mean" not in visitor.get("/search?q=blue+teapot").text


def test_known_words_that_are_nowhere_together_may_be_misspelt_too(keeper: Keeper, visitor: FlaskClient) -> None:
    keeper.puts("Map")

    page = visitor.get("/search?q=map+green").text

    assert titles(page) == []
    assert titles(visitor.get("/search?q=mup+green").text) == ["Mug"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    word=st.sampled_from(["teapot", "kannchen", "shirt", "dripping"]),
    place=st.integers(0, 7),
    letter=st.sampled_from(LETTERS),
    slip=st.sampled_from(["other", "more", "less", "swapped"]),
)
def test_one_wrong_letter_finds_it(visitor: FlaskClient, word: str, place: int, letter: str, slip: str) -> None:
    place = min(place, len(word) - 2)
    left, right = word[:place], word[place:]
    typed = {
        "other": left + letter + right[1:],
        "more": left + letter + right,
        "less": left + right[1:],
        "swapped": left + right[1] + right[0] + right[2:],
    }[slip]

    found = titles(visitor.get("/search", query_string={"q": typed}).text)

    assert found == titles(visitor.get("/search", query_string={"q": word}).text)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/collections/table", ["Mug", "Teapot"]),
        ("/collections/table?option=colour:blue", ["Mug", "Teapot"]),
        ("/collections/table?option=Colour:Blue&option=size:M", ["Teapot"]),  # no mug is blue and M
        ("/search?option=colour:blue&option=colour:green&option=size:s", ["Mug", "Kännchen", "T-shirt"]),
        ("/search?option=colour:green&in_stock=1", ["Mug", "Kännchen"]),
        ("/search?price_from=12&price_to=24,00", ["Teapot", "Mug"]),
        ("/search?price_from=12.50&price_to=20", ["Mug"]),
        ("/search?q=teapot&price_to=10", ["Kännchen"]),
        ("/search?in_stock=1&sort=price", ["Kännchen", "Mug", "Teapot", "T-shirt"]),
        ("/search?in_stock=1&sort=-price", ["T-shirt", "Teapot", "Mug", "Kännchen"]),
        ("/search?in_stock=1&sort=name", ["Kännchen", "Mug", "T-shirt", "Teapot"]),
        ("/search?in_stock=1&sort=newest", ["T-shirt", "Kännchen", "Mug", "Teapot"]),
        (
            "/search?in_stock=1&price_from=-1&price_to=nan&sort=x&option=colour",
            ["Teapot", "Mug", "Kännchen", "T-shirt"],
        ),
        ("/search?option=colour:purple", []),
        ("/search", []),
    ],
)
def test_filters_and_orders_are_in_the_address(visitor: FlaskClient, address: str, found: list[str]) -> None:
    assert titles(visitor.get(address).text) == found


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/collections/table", {"Blue": 2, "Green": 1, "S": 1, "M": 2, "In stock": 2}),
        # The other colours are counted as if none were chosen; all else as it would be.
        ("/collections/table?option=size:m", {"Blue": 1, "Green": 1, "S": 1, "M": 2, "In stock": 2}),
        ("/search?q=teapot&in_stock=1", {"Blue": 1, "Green": 2, "S": 1, "M": 2, "In stock": 3}),
        ("/search?price_to=12&price_from=12", {"In stock": 0}),
    ],
)
def test_each_filter_tells_what_it_leads_to(visitor: FlaskClient, address: str, told: dict[str, int]) -> None:
    page = visitor.get(address).text

    assert counts(page) == told


def test_what_is_chosen_stays_chosen_without_scripts(visitor: FlaskClient) -> None:
    page = visitor.get("/search?q=teapot&option=colour:green&price_to=20&in_stock=1&sort=price").text

    form = next(form for form in read(page).forms if form.id == "finding")
    assert (form.method, form.action) == ("get", "/search")
    assert form.fields == {
        "sort": "price", "option": "colour:green", "price_from": "", "price_to": "20", "in_stock": "1"
    }  # fmt: skip
    assert 'name="q" form="finding" type="search" value="teapot"' in page
    assert 'href="/search?q=teapot">Clear filters</a>' in page


def test_nothing_found_is_said_with_a_way_on(visitor: FlaskClient) -> None:
    nothing = visitor.get("/search?q=zzzzzz").text
    too_much = visitor.get("/collections/table?option=size:m&price_from=900").text

    assert "Nothing found for “zzzzzz”" in nothing
    assert "Nothing matches all of these filters. Clear filters, or remove one of them." in read(too_much).text
    assert 'href="/collections/table">Clear filters</a>' in too_much


@pytest.mark.parametrize("address", ["/search?q=teapot&option=colour:blue&sort=price", "/collections/table?in_stock=1"])
def test_results_alone_are_those_of_the_page_and_tell_its_address(visitor: FlaskClient, address: str) -> None:
    answer = visitor.get(address + "&price_from=&price_to=", headers=HTMX)

    assert answer.text.startswith('<div class="results" id="results"')
    assert answer.text.strip() in visitor.get(address).text
    assert unescape(answer.headers["HX-Push-Url"]).replace("%3A", ":").partition("?")[0] == address.partition("?")[0]
    assert "price_from" not in answer.headers["HX-Push-Url"]
    assert titles(visitor.get(answer.headers["HX-Push-Url"]).text) == titles(answer.text)


def test_results_are_kept_for_everybody_until_something_changes(keeper: Keeper, visitor: FlaskClient) -> None:
    first, second = (visitor.get(f"/search?option=colour:{colour}") for colour in ("blue", "green"))
    with keeper.counts() as sent:
        again = visitor.get("/search?option=colour:blue", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, sent) == (304, [])
    assert titles(first.text) != titles(second.text)
    keeper.puts("Blue bowl")
    assert visitor.get("/search?q=bowl", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_pages_keep_the_filters(keeper: Keeper, visitor: FlaskClient) -> None:
    for number in range(PAGE_SIZE + 1):
        keeper.puts(f"Jug {number}")

    first = visitor.get("/search?q=jug&in_stock=1&sort=name").text
    second = visitor.get("/search?q=jug&in_stock=1&sort=name&page=2").text

    assert 'rel="next" href="/search?q=jug&amp;sort=name&amp;in_stock=1&amp;page=2"' in first
    assert f"{PAGE_SIZE + 1} products" in first
    assert len(titles(second)) == 1
    assert visitor.get("/search?q=jug&page=3").status_code == 404


@pytest.mark.parametrize("address", ["/search?q=teapot", "/search?q=teepot", "/collections/table?option=colour:blue"])
def test_more_products_take_no_more_statements(keeper: Keeper, visitor: FlaskClient, address: str) -> None:
    numbers = []
    for title in ("Teapot two", "Teapot three"):
        keeper.puts(title)
        with keeper.counts() as sent:
            visitor.get(address)
        numbers.append(len(sent))

    assert numbers[0] == numbers[1] <= 14


# Keeping the index


def test_what_is_changed_is_found_as_it_is_now(app: Flask, visitor: FlaskClient) -> None:
    with app.app_context():
        with transaction() as session:
            teapot = session.scalars(select(Product).where(Product.title == "Teapot")).one()
            teapot.title, teapot.variants[0].sku = "Samovar", "SAM-1"
        with transaction() as session:
            session.scalars(select(Product).where(Product.title == "Mug")).one().published = False
            session.delete(session.scalars(select(Product).where(Product.title == "T-shirt")).one())

    assert titles(_fresh(visitor, "samovr")) == ["Samovar"]
    assert titles(_fresh(visitor, "sam-1")) == ["Samovar"]
    assert [titles(_fresh(visitor, word)) for word in ("tp-3-blu", "mug", "tshirt")] == [[], [], []]


def test_what_is_rolled_back_is_found_as_it_was(app: Flask, visitor: FlaskClient) -> None:
    with app.app_context():
        with suppress(ZeroDivisionError), transaction() as session:
            session.scalars(select(Product).where(Product.title == "Teapot")).one().title = "Samovar"
            session.flush()
            raise ZeroDivisionError
        with transaction():
            pass

    assert titles(_fresh(visitor, "pours")) == ["Teapot"]
    assert titles(_fresh(visitor, "samovar")) == []


def test_reindexing_finds_what_came_in_past_us_and_forgets_what_left(app: Flask, visitor: FlaskClient) -> None:
    with app.app_context():
        with transaction() as session:
            connection = session.connection()
            connection.execute(delete(Product).where(Product.title == "Kännchen"))
            connection.execute(insert(Product), [{"id": 99, "handle": "urn", "title": "Urn"}])
            connection.execute(
                insert(Variant), [{"product_id": 99, "sku": "URN-1", "option_values": [], "price_minor": 1}]
            )
        assert titles(visitor.get("/search?q=urn").text) == []

        said = app.test_cli_runner().invoke(args=["shop", "reindex"]).output
        current_session().rollback()

    assert "4 products can be found now." in said
    assert titles(visitor.get("/search?q=urm").text) == ["Urn"]
    assert titles(visitor.get("/search?q=kannchen").text) == []
    with app.app_context():
        assert reindex() == 4


def _fresh(visitor: FlaskClient, words: str) -> str:
    """Past what is kept: the catalogue's version was not raised."""
    visitor.set_cookie("cart", "something")
    return visitor.get("/search", query_string={"q": words}).text
