"""A proxy that TRUSTED_PROXIES does not count is told to the owner: behind it all customers have one address."""

import logging
from typing import Final

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from storefront.core.alerts import alert_owner
from storefront.core.client_address import is_untold_proxy
from storefront.core.database import current_session, transaction
from storefront.core.mail.models import OutboundMail

_TOLD: Final = "storefront-untold-proxy"
_KEY: Final = "untold-proxy"
WHY: Final = (
    "A proxy stands before the shop, but TRUSTED_PROXIES does not count it. All customers seem to have one address, so "
    "that limits by address are off until it does."
)
TO_DO: Final = "Set TRUSTED_PROXIES to the number of proxies that add to X-Forwarded-For (1 for nginx alone), and restart the shop."
AT_START: Final = (
    "BASE_URL is https, so a proxy most likely stands before the shop, but TRUSTED_PROXIES is 0. With 0, limits by address "
    "are off for all that comes through it."
)
_log = logging.getLogger(__name__)


def watch_for_proxies(app: Flask) -> None:
    """Look at each request until the first that came by such a proxy; that one is logged, and mailed once."""
    app.before_request(_look)
    settings: Settings = app.config["SETTINGS"]
    if settings.secure and not settings.trusted_proxies:
        _log.warning("%s", AT_START)


def has_been_seen() -> bool:
    """Whether any process of the shop has met one and mailed the owner."""
    return (
        current_session().scalar(select(OutboundMail.id).where(OutboundMail.dedupe_key == f"alarm:{_KEY}").limit(1))
        is not None
    )


def _look() -> None:
    if _TOLD in current_app.extensions or not is_untold_proxy():
        return
    current_app.extensions[_TOLD] = True
    _log.warning("%s %s", WHY, TO_DO)
    try:
        with transaction():
            alert_owner(_KEY, "TRUSTED_PROXIES is not set right", WHY, TO_DO)
    except SQLAlchemyError:
        _log.exception("The owner could not be mailed about it.")
