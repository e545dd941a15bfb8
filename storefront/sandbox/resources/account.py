"""The account: one, the same for every test key."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, no_such
from storefront.sandbox.routing import endpoint


@endpoint("GET", "/v1/account", "AccountRetrieveCurrentParams")
def retrieve_current(call: Call) -> Document:
    return _account(call)


@endpoint("GET", "/v1/accounts/<account_id>", "AccountRetrieveParams")
def retrieve(call: Call, account_id: str) -> Document:
    account = _account(call)
    if account_id != account["id"]:
        raise no_such("account", account_id, param="account", in_path=True)
    return account


def _account(call: Call) -> Document:
    return {
        "id": call.sandbox.account_id, "object": "account", "business_profile": {"name": "Sandbox shop", "url": None},
        "business_type": None, "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True, "country": "US", "default_currency": "usd", "details_submitted": True,
        "email": "owner@example.com", "payouts_enabled": True,
        "settings": {"branding": {}, "dashboard": {"display_name": "Sandbox shop", "timezone": "Etc/UTC"},
                     "payments": {"statement_descriptor": "SANDBOX"}},
        "type": "standard",
    }  # fmt: skip
