"""What a variant brings: putting files and links to it, and taking them off again."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select

from storefront.catalog.models import Variant
from storefront.core import audit
from storefront.core.clock import now
from storefront.core.database import current_session, end_read, transaction
from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.digital.folder import take_in
from storefront.digital.models import USUAL_LIMIT, Asset, AssetKind, Grant

_UNKNOWN: Final = "application/octet-stream"


@dataclass(frozen=True)
class Terms:
    """How often and how long it may be fetched; None is without a limit. An empty name is the file's own."""

    name: str = ""
    max_downloads: int | None = USUAL_LIMIT
    days: int | None = None


@dataclass(frozen=True)
class Listed:
    """An asset as the owner's list shows it; `path_id`: to how many order lines."""

    id: int
    sku: str
    name: str
    kind: AssetKind
    size: int
    url: str
    max_downloads: int | None
    days: int | None
    given: int


def add_file(sku: str, source: Path, terms: Terms) -> int:
    """Let a variant bring a copy of this file, for orders from now on; its id."""
    _variant_id(sku)
    end_read()
    kept = take_in(source)
    name = _called(terms.name or source.name, source.suffix)
    kind = mimetypes.guess_type(name)[0] or mimetypes.guess_type(source.name)[0] or _UNKNOWN
    return _add(
        sku,
        terms,
        kind=AssetKind.file,
        name=name,
        path=kept.path,
        size=kept.size,
        sha256=kept.sha256,
        content_type=kind,
    )


def add_link(sku: str, url: str, terms: Terms) -> int:
    """Let a variant bring the way to this address, for orders from now on; its id."""
    try:
        address = urlsplit(url)
    except ValueError:
        address = urlsplit("")
    if address.scheme not in {"http", "https"} or not address.hostname or not url.isprintable() or " " in url:
        raise InvalidRequestError(f"{url!r} is no web address. For example: https://videos.example/course")
    name = terms.name or unquote(address.path.rstrip("/").rpartition("/")[2]) or address.hostname
    return _add(sku, terms, kind=AssetKind.link, name=name, url=url)


def remove(asset_id: int) -> int:
    """Orders from now on do not bring it; who has it keeps it, and its file stays. To how many order lines it was given."""
    with transaction() as session:
        asset = session.get(Asset, asset_id, with_for_update=True)
        if asset is None or asset.removed_at is not None:
            raise NotFoundError(f"There is no asset {asset_id}. See: flask shop assets list")
        asset.removed_at = now()
        audit.record("removed an asset", f"asset {asset_id}", before={"name": asset.name})
        session.flush()
        variant = session.get(Variant, asset.variant_id, with_for_update=True) if asset.variant_id else None
        if variant is not None:
            others = select(Asset.id).where(Asset.variant_id == variant.id, Asset.removed_at.is_(None)).limit(1)
            variant.has_assets = session.scalar(others) is not None
        return session.scalar(select(func.count()).select_from(Grant).where(Grant.asset_id == asset_id)) or 0


def listed(sku: str | None = None) -> Sequence[Listed]:
    """What the shop's variants, or one of them, bring."""
    given = select(func.count()).select_from(Grant).where(Grant.asset_id == Asset.id).scalar_subquery()
    query = (
        select(Asset, Variant.sku, given)
        .join(Variant, Variant.id == Asset.variant_id)
        .where(Asset.removed_at.is_(None))
        .order_by(Variant.sku, Asset.position, Asset.id)
    )
    if sku is not None:
        query = query.where(Variant.id == _variant_id(sku))
    return [
        Listed(one.id, of, one.name, one.kind, one.size, one.url, one.max_downloads, one.days, count)
        for one, of, count in current_session().execute(query)
    ]


def is_sent_too(sku: str) -> bool:
    """Whether a parcel goes out for this variant as well."""
    return current_session().scalars(select(Variant.requires_shipping).where(Variant.sku == sku)).one()


def _add(sku: str, terms: Terms, **facts: Any) -> int:
    with transaction() as session:
        variant = session.get_one(Variant, _variant_id(sku), with_for_update=True)
        last = session.scalar(select(func.max(Asset.position)).where(Asset.variant_id == variant.id))
        asset = Asset(
            variant_id=variant.id, position=0 if last is None else last + 1, added_at=now(),
            max_downloads=terms.max_downloads, days=terms.days, **facts,
        )  # fmt: skip
        session.add(asset)
        variant.has_assets = True
        session.flush()
        audit.record("added an asset", f"variant {sku}", after={"number": asset.id, "name": asset.name})
        return asset.id


def _called(name: str, suffix: str) -> str:
    """A name that can stand in a list and on a disk: without slashes, and with the ending that programs know it by."""
    plain = "".join(letter if letter.isprintable() and letter not in "/\\" else "-" for letter in name)
    return plain if plain.lower().endswith(suffix.lower()) else plain + suffix


def _variant_id(sku: str) -> int:
    found = current_session().scalar(select(Variant.id).where(Variant.sku == sku))
    if found is None:
        raise NotFoundError(f"There is no variant with the SKU {sku!r}.")
    return found
