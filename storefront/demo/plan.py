"""Who runs where, with which settings."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storefront.demo.folder import DemoFolder
from storefront.demo.ports import any_port, choose_port, is_free

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
SECRET_KEY = "sk_test_demo"  # noqa: S105  the sandbox takes any; there is no account behind it
PUBLISHABLE_KEY = "pk_test_demo"
# What the visitor's own .env may hold must not leak into the demo.
UNSET = ("ALERT_WEBHOOK_URL", "STAGING_COPY", "STRIPE_WEBHOOK_SECRET", "METRICS_TOKEN", "TIMEZONE")


@dataclass(frozen=True)
class Plan:
    """One demo: addresses, folder, and the commands of its three processes."""

    folder: DemoFolder
    host: str
    port: int
    base_url: str
    sandbox_port: int
    secret: str

    @property
    def local_url(self) -> str:
        """The shop as this machine reaches it."""
        return f"http://{LOOPBACK if self.host == '0.0.0.0' else self.host}:{self.port}"  # noqa: S104

    @property
    def sandbox_url(self) -> str:
        """The stand-in for Stripe; browsers get its pages at `/sandbox/` of the shop."""
        return f"http://{LOOPBACK}:{self.sandbox_port}"

    @property
    def database_url(self) -> str:
        """The shop's database."""
        return f"sqlite:///{self.folder.database}"

    @property
    def sandbox_command(self) -> list[str]:
        """Forgets nothing between runs."""
        where = ["--port", str(self.sandbox_port), "--data", str(self.folder.sandbox)]
        seen_from_outside = ["--public-url", f"{self.base_url}/sandbox", "--clock-file", str(self.folder.clock)]
        return [sys.executable, "-m", "storefront.sandbox", "run", *where, *seen_from_outside]

    @property
    def shop_command(self) -> list[str]:
        """As in production."""
        crew = [
            "--worker-class",
            "gthread",
            "--workers",
            "2",
            "--threads",
            "8",
            "--timeout",
            "60",
            "--no-control-socket",
        ]
        bind = ["--bind", f"{self.host}:{self.port}", "--log-level", "warning"]
        return [sys.executable, "-m", "gunicorn", *crew, *bind, "wsgi:app"]

    @property
    def worker_command(self) -> list[str]:
        """Mail, and asking about what is open."""
        return [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """All settings of the shop, whatever else the surroundings say."""
        ours = dict.fromkeys(UNSET, "") | {
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": self.secret,
            "BASE_URL": self.base_url,
            "SHOP_NAME": "Kiesel",
            "CURRENCY": "eur",
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_API_BASE": self.sandbox_url,
            "STRIPE_JS_URL": f"{self.base_url}/sandbox/js/stripe.js",
            "MAIL_URL": "outbox:",
            "OWNER_EMAIL": "shop@kiesel.example",
            "CLOCK_FILE": str(self.folder.clock),
            "STOREFRONT_DEMO": "1",
            "PYTHONUNBUFFERED": "1",
        }
        files = {f"{name}_FILE": "" for name in ours if f"{name}_FILE" not in ours}
        return dict(os.environ) | files | ours | dict(more)


def plan_for(folder: DemoFolder, *, host: str, port: int | None, base_url: str | None) -> Plan:
    """Choose ports, the same as last time where they are free."""
    chosen = choose_port(host, port, _last(folder, "port"))
    sandbox_port = _last(folder, "sandbox_port")
    if not sandbox_port or sandbox_port == chosen or not is_free(LOOPBACK, sandbox_port):
        sandbox_port = any_port()
    folder.remember("port", chosen)
    folder.remember("sandbox_port", sandbox_port)
    seen_at = LOOPBACK if host == "0.0.0.0" else host  # noqa: S104
    address = (base_url or f"http://{seen_at}:{chosen}").rstrip("/")
    return Plan(folder, host, chosen, address, sandbox_port, folder.secret("secret_key"))


def _last(folder: DemoFolder, name: str) -> int | None:
    port = folder.recall(name)
    return port if isinstance(port, int) else None
