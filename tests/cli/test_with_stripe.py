"""Commands that move money or ask Stripe, on a shop with a paid order."""

from click.testing import Result

from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.webhooks.models import StripeEvent, Unmatched
from tests.people import Shopper
from tests.stack import Shop


def types(shop: Shop, *words: str) -> Result:
    result: Result = shop.app.test_cli_runner().invoke(args=list(words))
    return result


def test_a_part_is_paid_back_and_then_the_rest(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")

    part = types(shop, "payments", "refund", "K-1001", "--amount", "10")
    rest = types(shop, "payments", "refund", "1001")
    more = types(shop, "payments", "refund", "1001")

    assert part.output.replace("\u00a0", " ") == "10,00 € of K-1001: succeeded\n"
    assert rest.output.replace("\u00a0", " ") == "14,00 € of K-1001: succeeded\n"
    assert (more.exit_code, more.output.startswith("Error: ")) == (1, True)
    assert shop.given_back() == [Money(1000, "eur"), Money(1400, "eur")]
    assert alice.orders() == [("Teapot", "refunded")]


def test_a_refund_whose_answer_is_lost_is_not_called_failed(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")
    shop.sandbox.fault("cut_after", "/v1/refunds", times=5)

    said = types(shop, "payments", "refund", "1001")
    shop.sandbox.forget_faults()
    shop.settle()

    assert "failed" not in said.output
    assert shop.given_back() == [Money(2400, "eur")]


def test_a_command_typed_once_more_gives_nothing_more_back(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")
    five = ("payments", "refund", "K-1001", "--amount", "5")

    types(shop, *five)  # and the terminal is gone
    repeated = types(shop, *five)
    meant = types(shop, *five, "--again")
    shop.clock.forward(minutes=11)
    later = types(shop, *five)

    assert (repeated.exit_code, "went on its way a moment ago (succeeded)" in repeated.output) == (1, True)
    assert (meant.exit_code, later.exit_code) == (0, 0)
    assert shop.given_back() == [Money(500, "eur")] * 3


def summary(said: str) -> dict[str, int]:
    """The table at the end of `flask payments reconcile`."""
    rows = said.rpartition("----\n")[2].splitlines()
    return {what: int(many) for what, many in (row.rsplit(None, 1) for row in rows)}


def test_reconciling_finds_what_nobody_told_us(shop: Shop, alice: Shopper) -> None:
    shop.sandbox.hold_webhooks()
    shop.sandbox.fault("cut_after", times=5)
    alice.buys("Teapot")
    shop.sandbox.forget_faults()
    assert alice.orders() == [("Teapot", "pending")]

    tried = types(shop, "payments", "reconcile", "--dry-run")
    still = alice.orders()
    done = types(shop, "payments", "reconcile")

    assert summary(tried.output)["to be asked about"] == 1
    assert summary(tried.output)["to be recorded from Stripe's lists"] == 1
    assert still == [("Teapot", "pending")]
    assert done.exit_code == 0, done.output
    assert alice.orders() == [("Teapot", "paid")]
    assert shop.charged() == [Money(2400, "eur")]


def test_while_stripe_is_away_nothing_is_reconciled(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")
    shop.sandbox.fault("error_before", "*", verb="GET", times=200)

    said = types(shop, "payments", "reconcile")

    assert said.exit_code == 1
    assert "sessions: no answer" in said.output
    assert "Stripe does not answer" in said.output


def test_a_refund_brings_its_goods_back(shop: Shop, alice: Shopper) -> None:
    alice.buys("Mug")

    wrong = types(shop, "payments", "refund", "K-1001", "--line", "mug:1")
    odd = types(shop, "payments", "refund", "K-1001", "--restock", "--line", "mug")
    right = types(shop, "payments", "refund", "K-1001", "--restock", "--line", "mug:1")

    assert (wrong.exit_code, odd.exit_code, right.exit_code) == (1, 1, 0)
    assert shop.stock("Mug") == 40


def test_the_owner_takes_something_off_the_list(shop: Shop) -> None:
    with shop.inside(), transaction() as session:
        session.add(Unmatched(object_id="pi_1", why="we know no such order", amount=2400, currency="eur"))

    without_words = types(shop, "payments", "unmatched", "--settle", "1")
    settled = types(shop, "payments", "unmatched", "--settle", "1", "--note", "a test of mine")
    again = types(shop, "payments", "unmatched", "--settle", "1", "--note", "a test of mine")

    assert (without_words.exit_code, settled.exit_code, again.exit_code) == (1, 0, 1)
    assert settled.output == "pi_1 is off the list.\n"
    assert shop.all(Unmatched.note) == ["a test of mine"]
    assert types(shop, "payments", "unmatched").output == "Everything we know of at Stripe fits an order.\n"


def test_a_webhook_is_applied_again_by_its_id(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")
    shop.settle()
    event_id = shop.all(StripeEvent.stripe_event_id)[0]

    said = types(shop, "events", "replay", event_id)

    assert (said.exit_code, said.output) == (0, f"{event_id}: applied\n")


def test_an_unknown_event_is_one_sentence(shop: Shop) -> None:
    said = types(shop, "events", "replay", "evt_unknown")

    assert (said.exit_code, said.output.startswith("Error: Stripe refused: ")) == (1, True)
