"""A quick way to put things on the shelves, and to count what asking for them costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, event, select

from storefront.catalog.models import Collection, CollectionProduct, Product, ProductImage, Variant
from storefront.catalog.version import bump_version
from storefront.core.database import current_session, end_read, transaction
from storefront.extensions import db

APPAREL = Path(__file__).parent / "apparel.csv"


def put(
    title: str, *, prices: tuple[int, ...] = (2400,), stocks: tuple[int | None, ...] = (5,), published: bool = True
) -> list[int]:
    """Put a product with a picture on the shelf; returns the ids of its variants."""
    handle = title.lower().replace(" ", "-")
    with transaction() as session:
        product = Product(handle=handle, title=title, note="Stoneware", tags=["tea"], published=published)
        product.pictures = [ProductImage(path="demo/teapot-blue.svg", alt=f"A {title}")]
        product.options = ["Glaze"] if len(prices) > 1 else []
        for number, (price, stock) in enumerate(zip(prices, stocks, strict=True)):
            values = [f"Glaze {number}"] if len(prices) > 1 else []
            product.variants.append(
                Variant(sku=f"{handle}-{number}", option_values=values, price_minor=price, stock=stock, position=number)
            )
        session.add(product)
        session.flush()
        ids = [variant.id for variant in product.variants]
        bump_version()
    return ids


def shelve(handle: str, *titles: str) -> None:
    """Put these products on a shelf called so."""
    with transaction() as session:
        shelf = Collection(handle=handle, title=handle.capitalize(), intro=f"All for the {handle}.")
        session.add(shelf)
        session.flush()
        for position, title in enumerate(titles):
            product = session.scalars(select(Product).where(Product.title == title)).one()
            session.add(CollectionProduct(collection_id=shelf.id, product_id=product.id, position=position))
        bump_version()


def stock_of(variant_id: int) -> int | None:
    end_read()
    return current_session().scalars(select(Variant.stock).where(Variant.id == variant_id)).one()


@contextmanager
def counted_statements(engine: Engine | None = None) -> Iterator[list[str]]:
    """The SQL that was sent meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT")):
            sent.append(statement)

    engine = engine or db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
