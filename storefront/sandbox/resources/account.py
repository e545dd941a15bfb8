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
        "id": call.sandbox.account_id, "object": "account", "business_profile": _BUSINESS_PROFILE,
        "business_type": "company", "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True, "controller": {"type": "account"}, "country": "US",
        "created": call.sandbox.account_created, "default_currency": "usd", "details_submitted": True,
        "email": "owner@example.com", "external_accounts": _no_external_accounts(call),
        "future_requirements": _NOTHING_REQUIRED, "metadata": {}, "payouts_enabled": True,
        "requirements": _NOTHING_REQUIRED, "settings": _SETTINGS,
        "tos_acceptance": {"date": call.sandbox.account_created}, "type": "standard",
    }  # fmt: skip


def _no_external_accounts(call: Call) -> Document:
    url = f"/v1/accounts/{call.sandbox.account_id}/external_accounts"
    return {"object": "list", "data": [], "has_more": False, "url": url}


_BUSINESS_PROFILE = {
    "annual_revenue": None, "estimated_worker_count": None, "mcc": "5999", "name": "Sandbox shop",
    "product_description": None, "support_address": None, "support_email": "owner@example.com", "support_phone": None,
    "support_url": None, "url": None,
}  # fmt: skip
_NOTHING_REQUIRED: Document = {
    "alternatives": [], "current_deadline": None, "currently_due": [], "disabled_reason": None, "errors": [],
    "eventually_due": [], "past_due": [], "pending_verification": [],
}  # fmt: skip
_DESCRIPTORS = ("statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji")
_SETTINGS = {
    "bacs_debit_payments": {"display_name": None, "service_user_number": None},
    "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
    "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
    "card_payments": {"decline_on": {"avs_failure": False, "cvc_failure": False}, "statement_descriptor_prefix": "SANDBOX",
                      **dict.fromkeys(_DESCRIPTORS)},
    "dashboard": {"display_name": "Sandbox shop", "timezone": "Etc/UTC"},
    "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
    "payments": {"statement_descriptor": "SANDBOX", "statement_descriptor_kana": None,
                 "statement_descriptor_kanji": None},
    "payouts": {"debit_negative_balances": True, "schedule": {"delay_days": 2, "interval": "daily"},
                "statement_descriptor": None},
    "sepa_debit_payments": {},
}  # fmt: skip
