"""How the shop is put together: reads as its table of contents."""

import os
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from config import Settings, read_settings
from storefront import models as _models  # noqa: F401  the mapper needs every table
from storefront.cli import add_commands
from storefront.core import clock
from storefront.core.database import engine_options, set_up_engine
from storefront.extensions import compress, db, htmx, limiter, login_manager, migrate
from storefront.payments.modes import check_at_start
from storefront.stripe import client as stripe_line
from storefront.web.htmx import init_pages
from storefront.web.operations.proxies import watch_for_proxies
from storefront.web.security import init_security
from storefront.web.static_files import init_static_files

MIGRATIONS = Path(__file__).parent.parent / "migrations"


class IdConverter(IntegerConverter):
    """A number that a row can have; at a larger one there is nothing."""

    def __init__(self, map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = 2**31 - 1) -> None:  # noqa: A002
        super().__init__(map, fixed_digits, min, max)


def create(settings: Settings | None = None) -> Flask:
    """Put the shop together."""
    settings = settings or read_settings(os.environ)
    app = Flask("storefront")
    app.url_map.converters["int"] = IdConverter
    configure(app, settings)
    bind_extensions(app)
    init_security(app)
    init_static_files(app)
    init_pages(app)
    stripe_line.init_stripe(app, settings)
    register_blueprints(app)
    watch_for_proxies(app)
    register_jobs()
    add_commands(app)
    with app.app_context():
        check_at_start()
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Hand the settings to Flask and its extensions."""
    clock.read_from(settings.clock_file)
    app.config.from_mapping(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.secure,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1024 * 1024,
        # Of a form in parts: how long one of them may be, and how many there are.
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        MAX_FORM_PARTS=200,
        WTF_CSRF_ENABLED=False,  # cross-site writes are refused by fetch metadata: see security.py
        RATELIMIT_STORAGE_URI="storefront-sql://",
        # Pages of people with a session too. Guessing a secret by how well it packs (BREACH) takes many requests with the
        # victim's cookie, which SameSite=Lax does not send for other sites, and a secret: a checkout token is none. It
        # tells one click from two, and helps nobody who is not signed in as its user, or holds its cart.
        COMPRESS_MIMETYPES=["text/html", "application/json", "image/svg+xml"],
        COMPRESS_ALGORITHM=["zstd", "br", "gzip"],
        COMPRESS_STREAMS=False,
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False,  # pages that may be asked about do so themselves, before they are drawn
    )
    if settings.trusted_proxies:
        # The address alone: where the shop is and whether by https, BASE_URL says.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0)  # type: ignore[method-assign]


def bind_extensions(app: Flask) -> None:
    """Bind the extensions to this app."""
    compress.init_app(app)  # first, so that it is the last to touch an answer
    db.init_app(app)
    with app.app_context():
        set_up_engine(db.engine)
    migrate.init_app(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    login_manager.init_app(app, add_context_processor=False)  # it would load the user for every fragment
    htmx.init_app(app)
    limiter.init_app(app)


def register_blueprints(app: Flask) -> None:
    """The ways in: one Blueprint each."""
    from storefront.demo.views import demo  # noqa: PLC0415
    from storefront.web.account.views import account  # noqa: PLC0415  doors need the extensions bound
    from storefront.web.auth.views import auth  # noqa: PLC0415
    from storefront.web.browse.views import browse  # noqa: PLC0415
    from storefront.web.cart.views import cart  # noqa: PLC0415
    from storefront.web.checkout.views import checkout  # noqa: PLC0415
    from storefront.web.downloads.views import downloads  # noqa: PLC0415
    from storefront.web.operations.views import operations  # noqa: PLC0415
    from storefront.web.orders.views import orders  # noqa: PLC0415
    from storefront.web.webhooks.views import webhooks  # noqa: PLC0415

    for door in (browse, auth, cart, checkout, orders, downloads, account, webhooks, operations):
        app.register_blueprint(door)
    if app.config["SETTINGS"].talks_to_sandbox:
        app.register_blueprint(demo)


def register_jobs() -> None:
    """Tell the queue and the outbox what there is to do."""
    from storefront import job_registry as _payments  # noqa: F401, PLC0415
    from storefront.core.mail import delivery as _delivery  # noqa: F401, PLC0415
    from storefront.customers import jobs as _customers  # noqa: F401, PLC0415  importing registers
    from storefront.orders import email_clashes as _clashes  # noqa: F401, PLC0415
