"""Balance transactions: what moved on the account's balance, and Stripe's fee."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document
from storefront.sandbox.paging import equal, page
from storefront.sandbox.routing import endpoint

_CATEGORIES = {"payment_refund": "refund", "adjustment": "dispute"}


@endpoint("GET", "/v1/balance_transactions/<transaction_id>", "BalanceTransactionRetrieveParams")
def retrieve(call: Call, transaction_id: str) -> Document:
    return call.named_by_path("balance_transaction", transaction_id)


@endpoint("GET", "/v1/balance_transactions", "BalanceTransactionListParams")
def list_all(call: Call) -> Document:
    return page(call, "balance_transaction", *equal(call, "currency", "source", "type"))


def book(call: Call, kind: str, source: Document, amount: int, *, fee: int | None = None) -> Document:
    """Book an amount, negative when it leaves; a charge costs 2.9 % and 30, everything else what is said."""
    cost = fee if fee is not None else (round(amount * 0.029) + 30 if kind == "charge" else 0)
    details = [{"amount": cost, "application": None, "currency": source["currency"],
                "description": "Stripe processing fees", "type": "stripe_fee"}] if cost else []  # fmt: skip
    return call.new(
        "balance_transaction", "txn", amount=amount, available_on=call.now, balance_type="payments",
        currency=source["currency"], description=source.get("description"), exchange_rate=None, fee=cost,
        fee_details=details, net=amount - cost, reporting_category=_CATEGORIES.get(kind, kind), source=source["id"],
        status="available", type=kind,
    )  # fmt: skip
