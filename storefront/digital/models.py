"""Tables of digital goods: what a variant brings, who was given it, and each time it was fetched."""

import datetime as dt
import enum
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.core.clock import now
from storefront.core.database import Base

USUAL_LIMIT: Final = 10


class AssetKind(enum.StrEnum):
    """A file of our own, or an address somewhere else."""

    file = "file"
    link = "link"


class Closed(enum.StrEnum):
    """Why a grant was taken back."""

    refunded = "refunded"
    dispute_lost = "dispute_lost"


class Asset(Base):
    """What buying a variant brings: a file (`path` below the private folder) or a link (`url`).

    Never deleted: one that was removed from its variant stays for those who have it. `max_downloads` None: as often as
    they like; `days` None: for ever.
    """

    __tablename__ = "assets"

    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id", ondelete="SET NULL"), index=True)
    kind: Mapped[AssetKind]
    name: Mapped[str]
    path: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    content_type: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    max_downloads: Mapped[int | None]
    days: Mapped[int | None]
    added_at: Mapped[dt.datetime] = mapped_column(default=now)
    removed_at: Mapped[dt.datetime | None]


class Grant(Base):
    """One asset for one order line. `name` and the limits are copies; `used` counts its downloads, under the row's lock."""

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("order_line_id", "asset_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id", ondelete="CASCADE"))
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"), index=True)
    name: Mapped[str]
    max_downloads: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    granted_at: Mapped[dt.datetime] = mapped_column(default=now)
    expires_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    revoked_because: Mapped[Closed | None]

    asset: Mapped[Asset] = relationship()


class Download(Base):
    """A download that counted. `client_hash` tells one browser from another for a day, and is emptied after that."""

    __tablename__ = "downloads"
    __table_args__ = (Index("ix_downloads_client_hash_at", "client_hash", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"), index=True)
    at: Mapped[dt.datetime] = mapped_column(default=now)
    first_byte: Mapped[int] = mapped_column(BigInteger, default=0)
    client_hash: Mapped[str] = mapped_column(default="")
