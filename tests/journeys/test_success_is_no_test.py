"""Card testing is told by declines: whoever pays, however often, is not held up."""

from storefront.abuse.new_card_counts import MAX_NEW_CARDS
from storefront.core.rate_limits import Throttle
from storefront.orders.models import OrderStatus
from tests.journeys.guests import guest, pays
from tests.people import Shopper
from tests.stack import Sandbox, Shop

MOST = int(MAX_NEW_CARDS.split()[0])


def test_guests_under_one_e_mail_buy_as_often_as_they_like(shop: Shop) -> None:
    gita = guest(shop)
    for _ in range(MOST + 2):
        gita.puts_in_cart("Notebook")
        answer = pays(gita)

        assert answer.state == "paid"


def test_a_customer_with_a_new_card_each_time(shop: Shop, alice: Shopper) -> None:
    for _ in range(MOST + 1):
        alice.puts_in_cart("Notebook")

        assert alice.pays_at_checkout("pm_card_mastercard").state == "paid"


def test_a_payment_that_the_bank_asked_about_is_taken_back_too(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.puts_in_cart("Notebook")
    alice.pays_at_checkout("pm_card_authenticationRequired")
    counted = tries(shop)
    sandbox.answer_bank(shop.intents()[0], passed=True)
    shop.settle()

    assert [status for _, status in alice.orders()] == [OrderStatus.paid]
    assert sum(tries(shop)) == sum(counted) - 2  # of the customer, and of where they are


def test_declines_still_count(shop: Shop, alice: Shopper) -> None:
    alice.puts_in_cart("Notebook")
    told = [alice.pays_at_checkout("pm_card_visa_chargeDeclined") for _ in range(MOST + 1)]

    assert told[-1].state != "paid"
    assert "Please try again" in told[-1].page.text


def tries(shop: Shop) -> list[int]:
    with shop.inside() as session:
        return [row.tries for row in session.query(Throttle) if row.tries]
