"""The shop's settings, read once from the environment; a bad one stops the start and says what to write instead."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storefront.core.money import CURRENCIES
from storefront.customers.countries import country_name

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
STRIPE_API = "https://api.stripe.com"
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"
_PREFIX = re.compile(r"/([\w.-]+/)+")


class BadSettingError(Exception):
    """A setting is missing or wrong; the message names it, says what is wrong and gives an example."""

    def __init__(self, name: str, wrong: str, example: str) -> None:
        super().__init__(f"{name} {wrong}. For example: {name}={example}")
        self.name = name


@dataclass(frozen=True)
class Settings:
    """Everything an owner can set. Build it with `read_settings`."""

    database_url: str
    secret_key: str
    base_url: str
    shop_name: str
    currency: str
    stripe_secret_key: str
    stripe_publishable_key: str
    stripe_webhook_secrets: tuple[str, ...]
    stripe_api_base: str
    stripe_js_url: str
    mail_url: str
    owner_email: str
    alert_webhook_url: str
    staging_copy: bool
    clock_file: Path | None
    demo: bool
    metrics_token: str = ""
    trusted_proxies: int = 0
    new_card_breaker: int = 15
    files_dir: Path | None = None
    files_accel: str = ""
    prices_include_tax: bool = True
    home_country: str = "DE"
    stripe_tax: bool = False
    # None: that of the machine.
    timezone: ZoneInfo | None = None

    @property
    def livemode(self) -> bool:
        """Whether the Stripe keys move real money."""
        return "_live_" in self.stripe_secret_key

    @property
    def talks_to_sandbox(self) -> bool:
        """Whether Stripe is our own sandbox on this machine."""
        return urlsplit(self.stripe_api_base).hostname in LOOPBACK

    @property
    def secure(self) -> bool:
        """Whether customers reach the shop over https."""
        return self.base_url.startswith("https://")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check every setting; raises BadSettingError for the first that cannot work."""
    told = _Told(environ)
    api_base = told.url("STRIPE_API_BASE", STRIPE_API)
    settings = Settings(
        database_url=told.database_url(),
        secret_key=told.long_secret("SECRET_KEY"),
        base_url=told.origin("BASE_URL", "http://127.0.0.1:5000"),
        shop_name=told.text("SHOP_NAME", "Storefront"),
        currency=told.currency("CURRENCY", "eur"),
        stripe_secret_key=told.stripe_key("STRIPE_SECRET_KEY", ("sk", "rk")),
        stripe_publishable_key=told.stripe_key("STRIPE_PUBLISHABLE_KEY", ("pk",)),
        stripe_webhook_secrets=told.webhook_secrets(),
        stripe_api_base=api_base,
        stripe_js_url=told.url("STRIPE_JS_URL", _stripe_js_for(api_base)),
        mail_url=told.mail_url(),
        owner_email=told.text("OWNER_EMAIL", ""),
        alert_webhook_url=told.alert_webhook_url(),
        staging_copy=told.yes_or_no("STAGING_COPY", default=False),
        clock_file=Path(told.text("CLOCK_FILE", "")) if told.text("CLOCK_FILE", "") else None,
        demo=told.text("STOREFRONT_DEMO", "") == "1",
        metrics_token=told.text("METRICS_TOKEN", ""),
        new_card_breaker=told.count("NEW_CARD_BREAKER", "15"),
        trusted_proxies=told.count("TRUSTED_PROXIES", "0"),
        files_dir=Path(told.text("FILES_DIR", "")).absolute() if told.text("FILES_DIR", "") else None,
        files_accel=told.files_accel(),
        prices_include_tax=told.yes_or_no("PRICES_INCLUDE_TAX", default=True),
        home_country=told.country("HOME_COUNTRY", "DE"),
        stripe_tax=told.yes_or_no("STRIPE_TAX", default=False),
        timezone=told.timezone(),
    )
    _refuse_contradictions(settings)
    return settings


def read_database_url(written: str) -> str:
    """The address of another database, checked as DATABASE_URL is."""
    return _Told({"DATABASE_URL": written}).database_url()


def _stripe_js_for(api_base: str) -> str:
    return f"{api_base}/js/stripe.js" if urlsplit(api_base).hostname in LOOPBACK else STRIPE_JS


def _refuse_contradictions(settings: Settings) -> None:
    if settings.livemode != ("_live_" in settings.stripe_publishable_key):
        raise BadSettingError(
            "STRIPE_PUBLISHABLE_KEY", "is of another mode than STRIPE_SECRET_KEY", "pk_test_… beside sk_test_…"
        )
    if not settings.livemode:
        return
    if settings.talks_to_sandbox:
        raise BadSettingError("STRIPE_API_BASE", "is the sandbox, but the keys are live", STRIPE_API)
    if settings.clock_file:
        raise BadSettingError("CLOCK_FILE", "moves the clock, which live keys do not allow", "(leave it out)")
    if not settings.secure:
        raise BadSettingError("BASE_URL", "must be https with live keys", "https://shop.example")


class _Told:
    """What the environment says; `NAME_FILE` names a file that holds `NAME`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str | None = None, example: str = "…") -> str:
        value = self._environ.get(name, "").strip() or self._from_file(name)
        if value:
            return value
        if default is None:
            raise BadSettingError(name, "is not set", example)
        return default

    def _from_file(self, name: str) -> str:
        path = self._environ.get(f"{name}_FILE", "").strip()
        if not path:
            return ""
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadSettingError(f"{name}_FILE", f"cannot be read ({error.strerror})", "/run/secrets/name") from error

    def database_url(self) -> str:
        url = self.text("DATABASE_URL", "sqlite:///storefront.db")
        if url.startswith("postgres://"):
            url = "postgresql://" + url.removeprefix("postgres://")
        if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise BadSettingError("DATABASE_URL", "must be SQLite or Postgres", "sqlite:////var/lib/shop/shop.db")
        return url

    def long_secret(self, name: str) -> str:
        value = self.text(name, example="a long random text, such as `openssl rand -hex 32` prints")
        if len(value) < 16:
            raise BadSettingError(name, "is too short: give it 16 characters or more", "`openssl rand -hex 32`")
        return value

    def count(self, name: str, default: str) -> int:
        value = self.text(name, default)
        if not value.isdecimal():
            raise BadSettingError(name, f"is {value!r}, no number", "1")
        return int(value)

    def url(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc:
            raise BadSettingError(name, "is no http address", default)
        return value

    def origin(self, name: str, default: str) -> str:
        value = self.url(name, default)
        if urlsplit(value).path or urlsplit(value).query:
            raise BadSettingError(name, "must be the bare address of the shop, without a path", "https://shop.example")
        return value

    def currency(self, name: str, default: str) -> str:
        value = self.text(name, default).lower()
        if value not in CURRENCIES:
            raise BadSettingError(name, f"is {value!r}, no currency we know", "eur")
        return value

    def yes_or_no(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "yes" if default else "no").lower()
        if value not in {"yes", "no", "1", "0", "true", "false"}:
            raise BadSettingError(name, f"is {value!r}, neither yes nor no", "yes")
        return value in {"yes", "1", "true"}

    def country(self, name: str, default: str) -> str:
        value = self.text(name, default).upper()
        if country_name(value) == value:
            raise BadSettingError(name, f"is {value!r}, no country we know", "DE")
        return value

    def stripe_key(self, name: str, kinds: tuple[str, ...]) -> str:
        value = self.text(name, example=f"{kinds[0]}_test_…")
        if not value.startswith(tuple(f"{kind}_{mode}_" for kind in kinds for mode in ("test", "live"))):
            raise BadSettingError(name, f"must begin with {kinds[0]}_test_ or {kinds[0]}_live_", f"{kinds[0]}_test_…")
        return value

    def webhook_secrets(self) -> tuple[str, ...]:
        secrets = tuple(part.strip() for part in self.text("STRIPE_WEBHOOK_SECRET", "").split(",") if part.strip())
        if not all(secret.startswith("whsec_") and len(secret) > len("whsec_") for secret in secrets):
            raise BadSettingError(
                "STRIPE_WEBHOOK_SECRET", "must begin with whsec_", "whsec_… (two, with a comma, while rolling)"
            )
        return secrets

    def mail_url(self) -> str:
        value = self.text("MAIL_URL", "outbox:")
        if urlsplit(value).scheme not in {"smtp", "smtps", "outbox"}:
            raise BadSettingError(
                "MAIL_URL", "must be smtp://, smtps:// or outbox:", "smtps://user:password@mail.example:465"
            )
        return value

    def timezone(self) -> ZoneInfo | None:
        value = self.text("TIMEZONE", "")
        try:
            return ZoneInfo(value) if value else None
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise BadSettingError(
                "TIMEZONE", f"is {value!r}, no time zone of the IANA list", "Europe/Berlin"
            ) from error

    def alert_webhook_url(self) -> str:
        value = self.text("ALERT_WEBHOOK_URL", "")
        where = urlsplit(value)
        if value and not (where.hostname and (where.scheme == "https" or where.hostname in LOOPBACK)):
            raise BadSettingError(
                "ALERT_WEBHOOK_URL", "must begin with https://", "https://hooks.slack.com/services/T000/B000/xxxx"
            )
        return value

    def files_accel(self) -> str:
        """Empty: the shop sends files itself; `x-sendfile`; or the prefix of X-Accel-Redirect, such as `/private-files/`."""
        value = self.text("FILES_ACCEL", "none")
        prefix = value.removeprefix("x-accel-redirect:")
        if value == "none":
            return ""
        if value == "x-sendfile" or (prefix != value and _PREFIX.fullmatch(prefix)):
            return prefix
        raise BadSettingError(
            "FILES_ACCEL", "must be none, x-sendfile or x-accel-redirect:/prefix/", "x-accel-redirect:/private-files/"
        )
