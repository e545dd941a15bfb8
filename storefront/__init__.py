"""Storefront: a self-hosted shop in which a returning customer pays with one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The shop, ready to serve; settings come from the environment unless given."""
    from storefront.app import create  # noqa: PLC0415  `python -m storefront.sandbox` must start without the shop

    return create(settings)
