"""Keeping what is found in step with what is sold: in the transaction of each change, by itself."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, event, insert, select
from sqlalchemy.orm import Session, object_session

from storefront.catalog import fulltext
from storefront.catalog.index_models import OptionValue, SearchEntry, VariantValue, WordKey
from storefront.catalog.models import Product, Variant
from storefront.catalog.spelling import folded, keys_of, may_be_misspelt, words_and_compounds, words_of
from storefront.catalog.version import bump_version
from storefront.catalog.words import to_text
from storefront.core.database import current_session, end_read, transaction, upsert

_CHANGED: Final = "products to be indexed anew"
_AT_ONCE: Final = 500
# A description longer than this is a manual; its beginning says what it is.
_MOST_WORDS: Final = 2000
AnyRow = Row[*tuple[Any, ...]]


@event.listens_for(Product, "after_insert")
@event.listens_for(Product, "after_update")
def note_product(_mapper: object, _connection: object, product: Product) -> None:
    """Remember whose words may be others now."""
    _note(product, product.id)


@event.listens_for(Variant, "after_insert")
@event.listens_for(Variant, "after_update")
@event.listens_for(Variant, "after_delete")
def note_variant(_mapper: object, _connection: object, variant: Variant) -> None:
    """A variant brings SKU, price and options to its product."""
    _note(variant, variant.product_id)


def _note(changed: Product | Variant, product_id: int) -> None:
    session = object_session(changed)
    assert session is not None
    # Rows that were only written over with what they held are told of too.
    if changed in session.deleted or session.is_modified(changed, include_collections=False):
        session.info.setdefault(_CHANGED, set()).add(product_id)


@event.listens_for(Session, "before_commit")
def index_changes(session: Session) -> None:
    """Once for the whole transaction: what is committed is found as it is now."""
    session.flush()
    changed = session.info.pop(_CHANGED, None)
    if changed:
        index_products(session.connection(), sorted(changed))


@event.listens_for(Session, "after_rollback")
def clear_changes(session: Session) -> None:
    """What is rolled back is found as it was."""
    session.info.pop(_CHANGED, None)


def index_products(connection: Connection, ids: Iterable[int]) -> set[str]:
    """Have these products found as they are now, or no more; returns all their words."""
    words: set[str] = set()
    for some in _batches(ids):
        words |= _index(connection, some)
    return words


def reindex(progress: Callable[[int, int], None] | None = None) -> int:
    """Make the whole index anew while the shop goes on; returns how many products were looked at."""
    ids = current_session().scalars(select(Product.id).order_by(Product.id)).all()
    before = _known_words()
    end_read()
    words: set[str] = set()
    for number, some in enumerate(_batches(ids)):
        with transaction() as session:
            words |= index_products(session.connection(), some)
        if progress:
            progress(min((number + 1) * _AT_ONCE, len(ids)), len(ids))
    _forget(before - words)
    return len(ids)


def _batches(ids: Iterable[int]) -> Iterable[tuple[int, ...]]:
    left = list(ids)
    return (tuple(left[start : start + _AT_ONCE]) for start in range(0, len(left), _AT_ONCE))


def _index(connection: Connection, ids: Sequence[int]) -> set[str]:
    products = connection.execute(
        select(
            Product.id, Product.title, Product.note, Product.description, Product.vendor, Product.kind, Product.tags,
            Product.options, Product.position, Product.created_at,
        ).where(Product.id.in_(ids), Product.published)
    ).all()  # fmt: skip
    variants: dict[int, list[AnyRow]] = defaultdict(list)
    for variant in connection.execute(
        select(Variant.id, Variant.product_id, Variant.sku, Variant.option_values, Variant.price_minor)
        .where(Variant.product_id.in_(ids))
        .order_by(Variant.product_id, Variant.position, Variant.id)
    ):
        variants[variant.product_id].append(variant)
    sold = [product for product in products if product.id in variants]
    connection.execute(delete(SearchEntry).where(SearchEntry.product_id.in_(ids)))
    connection.execute(delete(VariantValue).where(VariantValue.product_id.in_(ids)))
    if not sold:
        return set()
    connection.execute(insert(SearchEntry), [_entry(product, variants[product.id]) for product in sold])
    _put_options(connection, [(product, variants[product.id]) for product in sold])
    found = [_words(product, variants[product.id]) for product in sold]
    fulltext.put(connection, found)
    words = {word for one in found for part in (one.title, one.named, one.described) for word in part}
    _learn(connection, words)
    return words


def _entry(product: AnyRow, variants: Sequence[AnyRow]) -> dict[str, Any]:
    prices = [variant.price_minor for variant in variants]
    return {
        "product_id": product.id,
        "title_key": " ".join(words_of(product.title)),
        "lowest_minor": min(prices),
        "highest_minor": max(prices),
        "position": product.position,
        "created_at": product.created_at,
    }


def _words(product: AnyRow, variants: Sequence[AnyRow]) -> fulltext.IndexedWords:
    of_variants = (word for variant in variants for word in (variant.sku, *variant.option_values))
    named = words_and_compounds([product.note, product.kind, product.vendor, *product.tags, *of_variants])
    return fulltext.IndexedWords(
        product.id,
        title=sorted(words_and_compounds([product.title])),
        named=sorted(named),
        described=sorted(set(words_of(to_text(product.description))[:_MOST_WORDS])),
    )


def _put_options(connection: Connection, products: Sequence[tuple[AnyRow, Sequence[AnyRow]]]) -> None:
    labels: dict[tuple[str, str], tuple[str, str]] = {}
    had: set[tuple[tuple[str, str], int, int]] = set()
    for product, variants in products:
        for variant in variants:
            for name, value in zip(product.options, variant.option_values, strict=False):
                key = folded(name).strip(), folded(value).strip()
                labels.setdefault(key, (name.strip(), value.strip()))
                had.add((key, product.id, variant.id))
    if not had:
        return
    ids = _option_ids(connection, labels)
    rows = [{"value_id": ids[key], "product_id": product, "variant_id": variant} for key, product, variant in had]
    connection.execute(insert(VariantValue), rows)


def _option_ids(connection: Connection, labels: dict[tuple[str, str], tuple[str, str]]) -> dict[tuple[str, str], int]:
    ask = select(OptionValue.id, OptionValue.name_key, OptionValue.value_key).where(
        OptionValue.name_key.in_({name for name, _ in labels}),
        OptionValue.value_key.in_({value for _, value in labels}),
    )
    known = {(row.name_key, row.value_key) for row in connection.execute(ask)}
    new = [
        {"name_key": key[0], "value_key": key[1], "name": label[0], "value": label[1]}
        for key, label in labels.items()
        if key not in known
    ]
    _insert_missing(connection, OptionValue, new)
    return {(row.name_key, row.value_key): row.id for row in connection.execute(ask)}


def _learn(connection: Connection, words: Iterable[str]) -> None:
    """Let these words be found with a wrong letter."""
    forgiven = sorted(word for word in words if may_be_misspelt(word))
    known: set[str] = set()
    for start in range(0, len(forgiven), _AT_ONCE):
        some = forgiven[start : start + _AT_ONCE]
        known.update(connection.scalars(select(WordKey.word).where(WordKey.key.in_(some), WordKey.key == WordKey.word)))
    new = [{"key": key, "word": word} for word in forgiven if word not in known for key in sorted(keys_of(word))]
    _insert_missing(connection, WordKey, new)


def _insert_missing(connection: Connection, model: type, rows: Sequence[dict[str, Any]]) -> None:
    # Somebody else may be adding the same at this moment.
    if rows:
        connection.execute(upsert(model, connection.dialect.name).on_conflict_do_nothing(), rows)


def _known_words() -> set[str]:
    return set(current_session().scalars(select(WordKey.word).where(WordKey.key == WordKey.word)))


def _forget(words: Iterable[str]) -> None:
    """Words that no product has any more are not suggested."""
    pairs = [{"gone_key": key, "gone_word": word} for word in sorted(words) for key in sorted(keys_of(word))]
    one = delete(WordKey).where(WordKey.key == bindparam("gone_key"), WordKey.word == bindparam("gone_word"))
    with transaction() as session:
        if pairs:
            session.connection().execute(one, pairs)
        bump_version()
