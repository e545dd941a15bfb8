"""A shop without its doors: enough for the database, the queue, the outbox and the commands."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from config import Settings, read_settings
from storefront.app import bind_extensions, configure
from storefront.extensions import db
from storefront.stripe.client import init_stripe

ENVIRONMENT = {
    "SECRET_KEY": "a secret only for tests",
    "BASE_URL": "http://shop.test",
    "SHOP_NAME": "Kiesel",
    "OWNER_EMAIL": "olive@kiesel.example",
    "STRIPE_SECRET_KEY": "sk_test_shop",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_shop",
    "STRIPE_API_BASE": "http://127.0.0.1:1",
}


def settings_for(database_url: str, **others: str) -> Settings:
    """Settings of a shop on this database; `others` are named as in the environment."""
    return read_settings(ENVIRONMENT | {"DATABASE_URL": database_url} | others)


@contextmanager
def bare_app(database_url: str, **others: str) -> Iterator[Flask]:
    """The app with its settings and extensions, and nothing open when it is put away."""
    app = Flask("storefront")
    configure(app, settings_for(database_url, **others))
    bind_extensions(app)
    init_stripe(app, app.config["SETTINGS"])
    with app.app_context():
        engine = db.engine
    try:
        yield app
    finally:
        engine.dispose()
