"""What is kept only to find products fast: all of it follows from the catalogue, and `flask shop reindex` makes it anew.

The words themselves are in `search_index`, which each database makes in its own way: see `catalog.fulltext`.
"""

import datetime as dt

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.database import Base, MinorUnits


class SearchEntry(Base):
    """A product that can be found, published and with a variant, and what results are sorted by."""

    __tablename__ = "search_entries"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    title_key: Mapped[str] = mapped_column(index=True)
    lowest_minor: Mapped[MinorUnits] = mapped_column(index=True)
    highest_minor: Mapped[MinorUnits] = mapped_column(index=True)
    position: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[dt.datetime] = mapped_column(index=True)


class OptionValue(Base):
    """Something variants can be chosen by, such as Colour: Blue. The keys are folded: "colour" and "Colour" are one."""

    __tablename__ = "option_values"
    __table_args__ = (UniqueConstraint("name_key", "value_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name_key: Mapped[str]
    value_key: Mapped[str]
    name: Mapped[str]
    value: Mapped[str]


class VariantValue(Base):
    """Which variant has which value. The product comes along, so that counting products needs no other table."""

    __tablename__ = "variant_values"
    __table_args__ = ({"sqlite_with_rowid": False},)

    value_id: Mapped[int] = mapped_column(ForeignKey("option_values.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, index=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"), primary_key=True, index=True)


class WordKey(Base):
    """A word of the catalogue under itself and under each of its spellings with one letter left out.

    Two words that are one wrong letter apart share a key.
    """

    __tablename__ = "word_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
