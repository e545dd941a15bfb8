"""What an owner would do in Stripe's dashboard: over its API, before the shop opens."""

from typing import Any, Final

import requests

from storefront.demo.folder import DemoFolder
from storefront.demo.plan import SECRET_KEY

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT: Final = 10


class SandboxApi:
    """The sandbox, by the secret key."""

    def __init__(self, url: str) -> None:
        self._url = url

    def webhook_secret(self, base_url: str, folder: DemoFolder) -> str:
        """The secret of the webhook endpoint at this shop: the one made last time, else a new one."""
        address = f"{base_url}/webhooks/stripe"
        there = self._ask("GET", "webhook_endpoints?limit=100")["data"]
        known = [one["id"] for one in there if one["url"] == address]
        if folder.recall("webhook_endpoint") in known:
            return str(folder.recall("webhook_secret"))
        for one in there:
            self._ask("DELETE", f"webhook_endpoints/{one['id']}")
        wanted = {"url": address, "enabled_events[]": "*", "api_version": API_VERSION}
        made = self._ask("POST", "webhook_endpoints", wanted)
        folder.remember("webhook_secret", str(made["secret"]))
        folder.remember("webhook_endpoint", str(made["id"]))
        return str(made["secret"])

    def keep_card(self, customer: str, card: str) -> dict[str, Any]:
        """Attach a test card, such as `pm_card_visa`, to a customer; answers the PaymentMethod."""
        return self._ask("POST", f"payment_methods/{card}/attach", {"customer": customer})

    def _ask(self, method: str, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {SECRET_KEY}", "Stripe-Version": API_VERSION}
        answer = requests.request(method, f"{self._url}/v1/{path}", data=params, headers=headers, timeout=TIMEOUT)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told
