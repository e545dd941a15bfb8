"""What an order's buyer reads of their downloads: frozen, one statement however many there are."""

import datetime as dt
import enum
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select

from storefront.core.clock import now
from storefront.core.database import current_session
from storefront.digital.models import Asset, AssetKind, Closed, Grant
from storefront.digital.wording import size_in_words


class Stand(enum.StrEnum):
    """Whether it can be fetched, and why not."""

    open = "open"
    used_up = "used_up"
    over = "over"
    refunded = "refunded"
    dispute_lost = "dispute_lost"


@dataclass(frozen=True)
class DownloadShown:
    """One file or link of an order. `left` of `most` downloads; both None where there is no limit."""

    grant_id: int
    name: str
    what: str
    is_link: bool
    stand: Stand
    left: int | None
    most: int | None
    until: dt.datetime | None


def downloads_of(order_id: int) -> tuple[DownloadShown, ...]:
    """What an order was given, in the order of its lines."""
    given = select(Grant, Asset).join(Asset).where(Grant.order_id == order_id)
    rows = current_session().execute(given.order_by(Grant.order_line_id, Asset.position, Grant.id)).all()
    return tuple(_shown(grant, asset) for grant, asset in rows)


def stand_of(grant: Grant) -> Stand:
    """Whether it can be fetched now; one that is used up may still go on with a download that has begun."""
    if grant.revoked_at is not None:
        return Stand(grant.revoked_because or Closed.refunded)
    if grant.expires_at is not None and grant.expires_at <= now():
        return Stand.over
    if grant.max_downloads is not None and grant.used >= grant.max_downloads:
        return Stand.used_up
    return Stand.open


def _shown(grant: Grant, asset: Asset) -> DownloadShown:
    most = grant.max_downloads
    return DownloadShown(
        grant_id=grant.id,
        name=grant.name,
        what=size_in_words(asset.size) if asset.kind is AssetKind.file else urlsplit(asset.url).hostname or "",
        is_link=asset.kind is AssetKind.link,
        stand=stand_of(grant),
        left=None if most is None else max(0, most - grant.used),
        most=most,
        until=grant.expires_at,
    )
