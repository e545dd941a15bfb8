"""Test keys and live keys on one database: what belongs to the other mode is left alone, and what cannot be is refused."""

from pathlib import Path

from flask import current_app
from sqlalchemy import URL, select
from sqlalchemy.exc import DBAPIError

from config import BadSettingError, Settings
from storefront.core import installation
from storefront.core.database import current_session, end_read
from storefront.extensions import db
from storefront.orders.models import Order


def check_at_start() -> None:
    """Refuse to serve a shop that has sold for real money with test keys; note where a live shop is.

    Cards and customers alone may wait in a database for their keys to come back: they are not shown meanwhile. Orders may not:
    with test keys nothing could ask what became of them. A copy for trying things says so with STAGING_COPY=1.
    """
    settings: Settings = current_app.config["SETTINGS"]
    if _is_still_to_be_made(db.engine.url):
        return
    try:
        sold_for_real = not settings.livemode and _has_live_orders()
        installation.check_base_url()
    except DBAPIError:
        # No tables yet, or no database: `flask db upgrade` must be able to start, and /readyz tells.
        end_read()
        return
    finally:
        # Servers fork after this, and a connection is nothing to share.
        db.engine.dispose()
    if sold_for_real and not settings.staging_copy:
        raise BadSettingError(
            "STRIPE_SECRET_KEY",
            "is a test key, but DATABASE_URL is a shop with live orders (for a copy of it, set STAGING_COPY=1)",
            "sk_live_…",
        )


def _is_still_to_be_made(url: URL) -> bool:
    # Looking into an SQLite database that is not there would make it.
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def _has_live_orders() -> bool:
    found = current_session().scalar(select(Order.id).where(Order.livemode.is_(True)).limit(1))
    end_read()
    return found is not None
