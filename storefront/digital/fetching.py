"""Letting somebody in to a file or link: whether they may, and counting it once.

A download is counted when its first piece goes out. The same browser asking again is the same download: for an hour
whatever it asks for (a second press, a broken line, a reader that fetches page by page), and for a day where it asks for
a later part (a paused download that goes on). Another browser, or later, is another download.
"""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy import select, update

from storefront.core.alerts import alert_owner
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.errors import NotFoundError, ShopError
from storefront.core.jobs.queue import job
from storefront.digital.folder import files_folder
from storefront.digital.models import Asset, AssetKind, Download, Grant
from storefront.digital.showing import Stand, stand_of
from storefront.orders.labels import label
from storefront.orders.models import Order

_SAME_FOR: Final = dt.timedelta(hours=1)
_GOES_ON_FOR: Final = dt.timedelta(days=1)


class DownloadRefusedError(ShopError):
    """It cannot be fetched; `heading` and `words` say why, and what can be done."""

    status: ClassVar[int] = 403
    heading: ClassVar[str] = "This is closed"


class TakenBackError(DownloadRefusedError):
    """The money for it went back."""

    words = "Its order was paid back, so its files are closed. If that is a mistake, answer our mail about the order."


class DisputeLostError(DownloadRefusedError):
    """The customer's bank took the money for it."""

    words = (
        "Your bank took the money for this order back, so its files are closed. If that is a mistake, answer our mail."
    )


class UsedUpError(DownloadRefusedError):
    """So many times, and no more."""

    heading = "Fetched as often as it can be"
    words = "All the downloads of this file are used. If you need it again, answer our mail about the order: we help."


class OverError(DownloadRefusedError):
    """It was there for a while only."""

    status: ClassVar[int] = 410
    heading = "Its time is over"
    words = "This file could be fetched for a while, and that is over. If you need it, answer our mail about the order."


class MissingFileError(DownloadRefusedError):
    """We have lost it."""

    status: ClassVar[int] = 503
    heading = "The file is missing on our side"
    words = "It is yours, and this try did not count. We have been told; please come back a little later."


@dataclass(frozen=True)
class Goods:
    """What is to be sent."""

    grant_id: int
    order: str
    name: str
    kind: AssetKind
    path: str
    url: str
    content_type: str
    sha256: str
    changed_at: dt.datetime


_REFUSALS: Final[dict[Stand, type[DownloadRefusedError]]] = {
    Stand.refunded: TakenBackError,
    Stand.dispute_lost: DisputeLostError,
    Stand.over: OverError,
}


def goods_of(grant_id: int) -> Goods:
    """What this grant lets fetch; raises DownloadRefusedError where it is closed, or its file is gone (the owner hears of it)."""
    found = current_session().execute(
        select(Grant, Asset, Order.public_id)
        .join(Asset, Asset.id == Grant.asset_id)
        .join(Order, Order.id == Grant.order_id)
        .where(Grant.id == grant_id)
    )
    grant, asset, order = found.one_or_none() or (None, None, "")
    if grant is None or asset is None:
        raise NotFoundError
    _refuse(grant)
    goods = Goods(
        grant.id, order, grant.name, asset.kind, asset.path, asset.url, asset.content_type, asset.sha256, asset.added_at
    )
    if asset.kind is AssetKind.file and not (files_folder() / asset.path).is_file():
        _tell_owner(asset, grant.order_id)
        raise MissingFileError
    return goods


def count(grant_id: int, client: str, first_byte: int) -> None:
    """Count a download that begins, once; raises DownloadRefusedError where it is one too many, or was closed just now."""
    if _goes_on(grant_id, client, first_byte):
        return
    with transaction() as session:
        grant = session.get_one(Grant, grant_id, with_for_update=True)
        _refuse(grant)
        if _goes_on(grant_id, client, first_byte):
            return
        if stand_of(grant) is Stand.used_up:
            raise UsedUpError
        grant.used += 1
        session.add(Download(grant_id=grant_id, first_byte=first_byte, client_hash=client))


@job("forget_clients", every_seconds=86_400)
def forget_clients() -> None:
    """Which browser it was is known for as long as a download may go on, and a day more."""
    with transaction() as session:
        old = update(Download).where(Download.client_hash != "", Download.at < now() - 2 * _GOES_ON_FOR)
        session.execute(old.values(client_hash=""))


def _refuse(grant: Grant) -> None:
    refusal = _REFUSALS.get(stand_of(grant))
    if refusal is not None:
        raise refusal


def _goes_on(grant_id: int, client: str, first_byte: int) -> bool:
    since = now() - (_GOES_ON_FOR if first_byte else _SAME_FOR)
    begun = select(Download.id).where(
        Download.grant_id == grant_id, Download.client_hash == client, Download.at > since
    )
    return current_session().scalar(begun.limit(1)) is not None


def _tell_owner(asset: Asset, order_id: int) -> None:
    with transaction():
        alert_owner(
            f"asset:{asset.id}:{now().date()}",
            f"The file “{asset.name}” is missing",
            f"The customer of order {label(_number(order_id))} wanted it, and was asked to come back. "
            f"It should be {files_folder() / asset.path}.",
            "Put it back there from your backup; nothing else is needed.",
        )


def _number(order_id: int) -> int:
    return current_session().scalars(select(Order.number).where(Order.id == order_id)).one()
