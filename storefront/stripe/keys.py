"""Which Stripe account a secret key opens, and whether that is this shop's: asked by a job, kept here, never asked at the start.

Ids of customers and cards mean nothing to another account's keys. While such keys are set, those cards are not shown and
nothing is changed at Stripe; with the right keys back all is as it was, and `flask shop adopt` takes the other account for good.
"""

import datetime as dt
import enum
import hashlib
import hmac

from flask import current_app
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Mapped, mapped_column

from config import Settings
from storefront.core.clock import now
from storefront.core.database import Base, current_session, end_read

_KNOWN = "stripe_key_is_home"


class KeyOwner(enum.StrEnum):
    """What a key is to the shop: its account's, another account's, not asked about yet, or the first that there was."""

    home = "home"
    foreign = "foreign"
    new = "new"
    first = "first"


class StripeKey(Base):
    """One secret key that was used here. `is_home`: it opens this shop's own account of that mode, which is the first one's."""

    __tablename__ = "stripe_keys"

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    livemode: Mapped[bool]
    is_home: Mapped[bool]
    seen_at: Mapped[dt.datetime] = mapped_column(default=now)


def known_key() -> StripeKey | None:
    """What we know of today's key."""
    return current_session().get(StripeKey, _hash())


def owner_of_key() -> KeyOwner:
    """What today's key is to the shop. Asks nothing once it is known to open the shop's own account."""
    if current_app.extensions.get(_KNOWN):
        return KeyOwner.home
    settings: Settings = current_app.config["SETTINGS"]
    keys = select(StripeKey.key_hash, StripeKey.is_home).where(StripeKey.livemode.is_(settings.livemode))
    known = {key_hash: is_home for key_hash, is_home in current_session().execute(keys)}  # noqa: C416  rows
    end_read()
    is_home = known.get(_hash())
    if is_home is None:
        return KeyOwner.new if known else KeyOwner.first
    # For as long as the process lives: a key does not change its account.
    current_app.extensions[_KNOWN] = is_home
    return KeyOwner.home if is_home else KeyOwner.foreign


def is_of_this_account() -> ColumnElement[bool]:
    """For queries of what has an id at Stripe: nothing while the key opens another account."""
    return ~select(StripeKey.key_hash).where(StripeKey.key_hash == _hash(), StripeKey.is_home.is_(False)).exists()


def remember_account(account: str) -> bool:
    """Inside a transaction: today's key opens this account; whether that is the shop's own. The first of a mode is.

    Without a name Stripe would not say: a restricted key may not ask. It is taken for the shop's own.
    """
    settings: Settings = current_app.config["SETTINGS"]
    session = current_session()
    homes = select(StripeKey.account).where(StripeKey.livemode.is_(settings.livemode), StripeKey.is_home.is_(True))
    home = session.scalar(homes.limit(1))
    is_home = not account or home in {None, "", account}
    current_app.extensions[_KNOWN] = is_home
    session.merge(StripeKey(key_hash=_hash(), account=account, livemode=settings.livemode, is_home=is_home))
    return is_home


def claim_account(key: StripeKey) -> None:
    """Inside a transaction: this key's account is the shop's from now on, and no other of its mode."""
    others = update(StripeKey).where(StripeKey.livemode.is_(key.livemode))
    current_session().execute(others.values(is_home=StripeKey.account == key.account))


def _hash() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return hmac.new(settings.secret_key.encode(), settings.stripe_secret_key.encode(), hashlib.sha256).hexdigest()
