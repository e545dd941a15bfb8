"""Taking over a shop's products from the file that Shopify exports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.catalog.models import Collection, CollectionProduct, Product, ProductImage, Variant
from storefront.catalog.pictures import PictureFetcher, draw
from storefront.catalog.shopify import ListedPicture, ListedProduct, ListedVariant, listed_product, slug
from storefront.catalog.spreadsheet import BadRowError, Problem, SheetRow, read_sheet
from storefront.catalog.version import bump_version
from storefront.core.database import current_session, end_read, transaction

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Imported:
    """What came in; `drawn` products got a drawn picture because theirs could not be fetched."""

    products: int
    variants: int
    problems: tuple[Problem, ...]
    drawn: int = 0


@dataclass(frozen=True)
class _Placed:
    """A picture and where it is now."""

    path: str
    alt: str
    source: str


def import_file(path: Path, *, progress: Progress | None = None, fetcher: PictureFetcher | None = None) -> Imported:
    """Bring in every product of the file, each as a whole or, with its bad line named, not at all.

    Again is safe: products are found by their handle, variants by their SKU, and both keep their ids.
    `progress` hears how many of how many are done.
    """
    sheet = read_sheet(path)
    problems = list(sheet.problems)
    came = _Count()
    fetcher = fetcher or PictureFetcher()
    for number, rows in enumerate(sheet.products.values(), start=1):
        try:
            came.add(_import_product(rows, fetcher))
        except BadRowError as bad:
            problems.append(Problem(bad.line, rows[0]["Handle"], bad.reason))
        if progress:
            progress(number, len(sheet.products))
    problems.sort(key=lambda problem: problem.line)
    return Imported(came.products, came.variants, tuple(problems), came.drawn)


@dataclass
class _Count:
    products: int = 0
    variants: int = 0
    drawn: int = 0

    def add(self, one: "_Count") -> None:
        self.products += one.products
        self.variants += one.variants
        self.drawn += one.drawn


def _import_product(rows: Sequence[SheetRow], fetcher: PictureFetcher) -> _Count:
    wanted = listed_product(rows, current_app.config["SETTINGS"].currency)
    placed = _place_pictures(wanted, fetcher)
    drawn = not placed
    if drawn:
        placed = [_Placed(draw(wanted.handle, wanted.title, wanted.kind), wanted.title, "")]
    with transaction() as session:
        product = _product(session, wanted)
        pictures = _hang(product, placed)
        _set_variants(session, product, wanted.variants, pictures)
        _put_on_shelf(session, product, wanted.kind)
        bump_version()
    return _Count(1, len(wanted.variants), int(drawn))


def _place_pictures(wanted: ListedProduct, fetcher: PictureFetcher) -> list[_Placed]:
    known = _known_pictures(wanted.handle)
    end_read()
    return [placed for picture in wanted.pictures if (placed := _place(picture, known, fetcher))]


def _place(picture: ListedPicture, known: dict[str, str], fetcher: PictureFetcher) -> _Placed | None:
    path = known.get(picture.source) or fetcher.fetch(picture.source)
    return _Placed(path, picture.alt, picture.source) if path else None


def _known_pictures(handle: str) -> dict[str, str]:
    rows = current_session().execute(
        select(ProductImage.source, ProductImage.path)
        .join(Product)
        .where(Product.handle == handle, ProductImage.source != "")
    )
    return {row.source: row.path for row in rows}


def _product(session: Session, wanted: ListedProduct) -> Product:
    product = session.scalars(select(Product).where(Product.handle == wanted.handle)).one_or_none()
    if product is None:
        last = session.scalar(select(func.max(Product.position)))
        product = Product(handle=wanted.handle, position=0 if last is None else last + 1, kind="")
        session.add(product)
    elif product.kind != wanted.kind:
        _take_off_shelf(session, product)
    for name in ("title", "note", "description", "vendor", "kind", "tags", "published", "options"):
        setattr(product, name, getattr(wanted, name))
    return product


def _hang(product: Product, placed: Sequence[_Placed]) -> dict[str, ProductImage]:
    old = {picture.path: picture for picture in product.pictures}
    hung: dict[str, ProductImage] = {}
    for position, wanted in enumerate(placed):
        # Two addresses may show the same picture: it hangs once.
        picture = old.get(wanted.path) or ProductImage(path=wanted.path)
        if picture not in hung.values():
            picture.alt, picture.source, picture.position = wanted.alt, wanted.source, position
        old[wanted.path] = picture
        hung[wanted.source] = picture
    product.pictures[:] = dict.fromkeys(hung.values())
    return hung


def _set_variants(
    session: Session, product: Product, listed: Sequence[ListedVariant], pictures: dict[str, ProductImage]
) -> None:
    session.flush()
    _refuse_taken_skus(session, product, listed)
    old = _matched(product.variants, listed)
    kept: list[Variant] = []
    for position, wanted in enumerate(listed):
        variant = old.get(wanted.sku) or Variant()
        variant.sku, variant.option_values, variant.position = wanted.sku, wanted.options, position
        variant.price_minor, variant.stock = wanted.price_minor, wanted.stock
        variant.weight_grams, variant.requires_shipping = wanted.weight_grams, wanted.requires_shipping
        variant.tax_category = wanted.tax_category
        picture = pictures.get(wanted.picture) if wanted.picture else None
        variant.picture_id = picture.id if picture else None
        kept.append(variant)
    product.variants[:] = kept


def _matched(variants: Sequence[Variant], listed: Sequence[ListedVariant]) -> dict[str, Variant]:
    """The variants we have, by the SKU they shall have; one that only got another SKU is known by its options."""
    skus = {wanted.sku for wanted in listed}
    by_sku = {variant.sku: variant for variant in variants if variant.sku in skus}
    by_options = {tuple(variant.option_values): variant for variant in variants if variant.sku not in skus}
    for wanted in listed:
        same = by_options.pop(tuple(wanted.options), None)
        if same is not None and wanted.sku not in by_sku:
            by_sku[wanted.sku] = same
    return by_sku


def _refuse_taken_skus(session: Session, product: Product, listed: Sequence[ListedVariant]) -> None:
    taken = session.execute(
        select(Variant.sku, Product.title)
        .join(Product)
        .where(Variant.sku.in_([wanted.sku for wanted in listed]), Variant.product_id != product.id)
    ).first()
    if taken is not None:
        line = next(wanted.line for wanted in listed if wanted.sku == taken.sku)
        raise BadRowError(line, f"the SKU {taken.sku} belongs to “{taken.title}”")


def _put_on_shelf(session: Session, product: Product, kind: str) -> None:
    handle = slug(kind)
    if not handle:
        return
    shelf = session.scalars(select(Collection).where(Collection.handle == handle)).one_or_none()
    if shelf is None:
        last = session.scalar(select(func.max(Collection.position)))
        shelf = Collection(handle=handle, title=kind[:1].upper() + kind[1:], position=0 if last is None else last + 1)
        session.add(shelf)
        session.flush()
    place = select(CollectionProduct).where(
        CollectionProduct.collection_id == shelf.id, CollectionProduct.product_id == product.id
    )
    if session.scalars(place).one_or_none() is None:
        session.add(CollectionProduct(collection_id=shelf.id, product_id=product.id, position=product.position))


def _take_off_shelf(session: Session, product: Product) -> None:
    place = session.scalars(
        select(CollectionProduct)
        .join(Collection, Collection.id == CollectionProduct.collection_id)
        .where(CollectionProduct.product_id == product.id, Collection.handle == slug(product.kind))
    ).one_or_none()
    if place is not None:
        session.delete(place)
