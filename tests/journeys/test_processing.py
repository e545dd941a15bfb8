"""A payment that a bank processes for days: told as it is, not canceled again and again, and paid when the bank says so."""

from collections.abc import Callable

import pytest

from storefront.cards.models import SavedCard
from storefront.core.database import transaction
from storefront.payments.ledger.models import AttemptState, PaymentAttempt
from tests.people import Shopper
from tests.stack import Sandbox, Shop

GOOD, BAD = "DE89370400440532013000", "DE62370400440532013001"


@pytest.fixture
def debit(shop: Shop, sandbox: Sandbox, alice: Shopper, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Alice's saved card becomes a bank account at Stripe, in a shop that takes those; banks wait until they are told to go on."""
    monkeypatch.setattr("storefront.payments.attempts.CARDS_ONLY", ["card", "sepa_debit"])
    sandbox.control("POST", "/tasks", hold=True)

    def become(iban: str) -> None:
        account = sandbox.stripe.v1.payment_methods.create(
            {
                "type": "sepa_debit",
                "sepa_debit": {"iban": iban},
                "billing_details": {"name": "A", "email": "a@example.org"},
            }
        )
        sandbox.stripe.v1.payment_methods.attach(account.id, {"customer": alice.customer})
        with shop.inside(), transaction() as session:
            session.get_one(SavedCard, alice.cards["pm_card_visa"]).stripe_payment_method_id = account.id

    return become


def asked(sandbox: Sandbox, verb: str) -> list[str]:
    return [
        one["path"]
        for one in sandbox.control("GET", "/requests")
        if one["method"] == verb and "payment_intents" in one["path"]
    ]


@pytest.mark.parametrize(("iban", "became"), [(GOOD, ("paid", 0)), (BAD, ("canceled", 1))])
def test_it_waits_for_its_bank(
    shop: Shop, alice: Shopper, debit: Callable[[str], None], iban: str, became: tuple[str, int]
) -> None:
    sandbox = shop.sandbox
    debit(iban)
    answer = alice.buys("Vase")
    assert answer.state == "checking"
    assert "Your bank is processing the payment" in answer.page.text
    assert "which can take a few days" in answer.page.text
    shop.settle()
    sandbox.control("DELETE", "/requests")
    for _ in range(6):
        shop.clock.forward(minutes=20)
        shop.work()

    assert asked(sandbox, "POST") == []
    assert len([path for path in asked(sandbox, "GET") if "/pi_" in path]) <= 2
    assert alice.orders() == [("Vase", "pending")]
    assert shop.all(PaymentAttempt.state) == [AttemptState.processing]
    assert shop.stock("Vase") == 0

    sandbox.control("POST", "/tasks")
    shop.settle()
    shop.clock.forward(minutes=20)
    shop.work()
    shop.settle()

    assert (alice.orders(), shop.stock("Vase")) == ([("Vase", became[0])], became[1])
