"""The account's balance: what its transactions add up to, by currency."""

from collections import Counter

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document
from storefront.sandbox.routing import endpoint


@endpoint("GET", "/v1/balance", "BalanceRetrieveParams")
def retrieve(call: Call) -> Document:
    return balance(call)


def balance(call: Call) -> Document:
    """All of it is available at once: a transaction here never waits for its day."""
    nets: Counter[str] = Counter()
    for transaction in call.store.select("balance_transaction"):
        nets[transaction["currency"]] += transaction["net"]
    currencies = sorted(nets) or ["usd"]
    amounts = {currency: nets[currency] for currency in currencies}
    return {
        "object": "balance", "available": [_amount(amount, currency) for currency, amount in amounts.items()],
        "livemode": False, "pending": [_amount(0, currency) for currency in amounts],
        "refund_and_dispute_prefunding": {"available": [_amount(0, currency) for currency in amounts],
                                          "pending": [_amount(0, currency) for currency in amounts]},
    }  # fmt: skip


def _amount(amount: int, currency: str) -> Document:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}
