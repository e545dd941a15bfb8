"""Tables of what is sold."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.core.clock import now
from storefront.core.database import Base, MinorUnits


class Product(Base):
    """Something sold, in one or more variants. `handle` is its place in the URL.

    `description` is HTML as somebody wrote it: show it by `catalog.words.shown` alone.
    """

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The sentinel lets SQLite insert many rows with one statement and still tell whose id is whose.
    handle: Mapped[str] = mapped_column(unique=True, insert_sentinel=True)
    title: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    vendor: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    facts: Mapped[list[list[str]]] = mapped_column(default=list)
    options: Mapped[list[str]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)
    published: Mapped[bool] = mapped_column(default=True, index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)

    variants: Mapped[list["Variant"]] = relationship(
        back_populates="product", order_by="Variant.position", cascade="all, delete-orphan"
    )
    pictures: Mapped[list["ProductImage"]] = relationship(
        back_populates="product", order_by="ProductImage.position", cascade="all, delete-orphan"
    )


class ProductImage(Base):
    """A picture of a product: `path` below the static folder, or below the media folder when it begins with `media/`.

    `source` is the address it was imported from: the same address is not fetched twice.
    """

    __tablename__ = "product_images"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    path: Mapped[str]
    alt: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)

    product: Mapped[Product] = relationship(back_populates="pictures")


class Variant(Base):
    """What is really bought: a product in one size and colour, with its own price and stock.

    `stock` None: not counted, always there. `has_assets`: buying it brings files or links (kept by `digital.assets`).
    """

    __tablename__ = "variants"
    __table_args__ = (
        CheckConstraint("stock IS NULL OR stock >= 0", name="stock_not_negative"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    sku: Mapped[str] = mapped_column(unique=True, insert_sentinel=True)
    option_values: Mapped[list[str]] = mapped_column(default=list)
    price_minor: Mapped[MinorUnits]
    stock: Mapped[int | None]
    requires_shipping: Mapped[bool] = mapped_column(default=True)
    has_assets: Mapped[bool] = mapped_column(default=False, server_default=false())
    tax_category: Mapped[str] = mapped_column(default="standard")
    weight_grams: Mapped[int] = mapped_column(default=0)
    swatch: Mapped[list[str]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("product_images.id", ondelete="SET NULL"), index=True)

    product: Mapped[Product] = relationship(back_populates="variants")
    picture: Mapped[ProductImage | None] = relationship()

    @property
    def name(self) -> str:
        """As on a receipt: Teapot No. 3, harbour blue."""
        return ", ".join(
            [self.product.title, *(value.lower() if i == 0 else value for i, value in enumerate(self.option_values))]
        )

    @property
    def options_in_words(self) -> str:
        """Harbour blue, large."""
        return ", ".join(self.option_values)

    @property
    def is_sold_out(self) -> bool:
        """Whether none can be bought now."""
        return self.stock == 0


class Collection(Base):
    """A shelf of products."""

    __tablename__ = "collections"

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    intro: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)


class CollectionProduct(Base):
    """What stands on which shelf, and where."""

    __tablename__ = "collection_products"
    __table_args__ = (UniqueConstraint("collection_id", "product_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)


class CatalogueVersion(Base):
    """One row: raised in the transaction of every change that shows; the ETag of browsing pages."""

    __tablename__ = "catalogue_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
