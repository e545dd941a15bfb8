"""What the live Stripe does and a sandbox need not: clocks that differ, keys without a right, methods that a dashboard switches on."""

import pytest

from storefront.core.mail.models import OutboundMail
from storefront.payments.ledger.models import PaymentAttempt
from storefront.stripe.client import _skew
from tests.journeys.guests import goes_to_stripe, guest
from tests.journeys.wallet import starts_adding
from tests.people import Shopper
from tests.stack import Sandbox, Shop


def alerts(shop: Shop) -> list[str]:
    return [one.dedupe_key for one in shop.all(OutboundMail) if one.kind == "owner_alarm"]


@pytest.mark.parametrize(
    ("began", "ended", "there", "skew"),
    [
        (100.0, 100.2, 100, 0), (100.9, 101.1, 100, 0), (100.9, 101.1, 101, 0), (100.0, 120.0, 110, 0),
        (200.0, 200.5, 100, 99), (100.0, 100.5, 200, -99.5),
    ],
)  # fmt: skip
def test_a_clock_is_off_only_where_no_moment_in_between_fits(
    began: float, ended: float, there: float, skew: float
) -> None:
    assert _skew(began, ended, there) == skew


@pytest.mark.parametrize(("seconds", "words"), [(90, "behind Stripe's"), (-90, "ahead of Stripe's")])
def test_a_clock_that_is_off_is_reported_once(
    shop: Shop, sandbox: Sandbox, alice: Shopper, seconds: int, words: str
) -> None:
    sandbox.control("PUT", "/date", seconds=seconds)

    for thing in ("Mug", "Notebook"):
        assert alice.buys(thing).state == "paid"

    [mail] = [one for one in shop.all(OutboundMail) if one.dedupe_key.startswith("alarm:clock-skew:")]
    assert words in mail.context["what"]
    metrics = alice.browser.get(f"{shop.url}/metrics", timeout=20).text
    told = float(metrics.partition("\nstorefront_clock_skew_seconds ")[2].split()[0])
    assert abs(told + seconds) < 5


def test_a_clock_that_is_a_little_off_is_not(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.control("PUT", "/date", seconds=20)

    assert alice.buys().state == "paid"
    assert alerts(shop) == []


def test_a_right_that_the_key_lacks_is_told_and_not_put_on_the_bank(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    sandbox.fault("forbid_403")

    answer = alice.buys()

    assert "The payment could not be started" in answer.page.text
    assert "Nothing was charged" in answer.page.text
    assert [key.rpartition(":")[0] for key in alerts(shop)] == ["alarm:stripe-key-right:"]


def test_everything_that_is_made_at_stripe_is_for_cards_alone(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys()
    starts_adding(alice)
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    goes_to_stripe(gita)

    stripe = sandbox.stripe.v1
    told = [
        *stripe.payment_intents.list().to_dict(for_json=True)["data"],
        *stripe.setup_intents.list().to_dict(for_json=True)["data"],
        *stripe.checkout.sessions.list().to_dict(for_json=True)["data"],
    ]
    assert {one["object"] for one in told} == {"payment_intent", "setup_intent", "checkout.session"}
    assert [one["id"] for one in told if one["allowed_payment_method_types"] != ["card"]] == []
    requests = [one["params"] for one in shop.all(PaymentAttempt.request) if "line_items" in one["params"]]
    assert [one["wallet_options"] for one in requests] == [{"link": {"display": "never"}}]


def test_stripes_page_is_open_longer_than_a_slow_clock_needs(shop: Shop) -> None:
    gita = guest(shop)
    gita.puts_in_cart("Mug")
    goes_to_stripe(gita)

    [request] = [one["params"] for one in shop.all(PaymentAttempt.request)]
    assert request["expires_at"] - shop.seconds_now() > 35 * 60
