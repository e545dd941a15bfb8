"""Webhooks fail for days: orders are paid all the same, and the owner is told that nothing comes, and when it does again (case 12)."""

from storefront.core.mail.models import OutboundMail
from storefront.web.operations import metrics
from storefront.webhooks.models import StripeEvent
from tests.people import Shopper
from tests.stack import OWNER, Sandbox, Shop


def told(shop: Shop) -> list[tuple[str, str]]:
    """What the owner was told of webhooks, and where it went."""
    mails = shop.all(OutboundMail.dedupe_key, OutboundMail.to)
    return [(key.split(":")[1], to) for key, to in mails if key.startswith("alarm:webhooks_")]


def hours(shop: Shop, number: int) -> None:
    for _ in range(number):
        shop.clock.forward(hours=1, minutes=1)
        shop.work()


def measured(shop: Shop) -> float:
    with shop.inside():
        by_name = {one.name: one.values[0][1] for one in metrics.metrics() if one.values}
    return by_name["storefront_webhooks_silent"]


def test_12_webhooks_are_silent_for_days_and_the_owner_hears_it_once(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    alice.buys("Teapot")
    shop.settle()
    hours(shop, 3)
    while_well = [*told(shop), measured(shop)]
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", "/v1/payment_intents", times=2)

    alice.buys("Mug")
    sandbox.forget_faults()
    shop.work()
    soon = len(told(shop))
    hours(shop, 48)

    assert while_well == [0.0]
    assert alice.orders() == [("Teapot", "paid"), ("Mug", "paid")]
    assert soon == 0
    assert told(shop) == [("webhooks_silent", OWNER)]
    assert measured(shop) == 1
    assert f"{shop.url}/webhooks/stripe" in shop.letter("owner_alarm")


def test_12_it_is_said_when_they_are_back_and_the_next_silence_is_another(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    sandbox.hold_webhooks()
    alice.buys("Teapot")
    hours(shop, 2)
    first = told(shop)
    sandbox.release_webhooks()
    shop.settle()
    hours(shop, 2)
    back = told(shop)
    sandbox.hold_webhooks()
    alice.buys("Mug")
    hours(shop, 2)

    assert first == [("webhooks_silent", OWNER)]
    assert back == [("webhooks_silent", OWNER), ("webhooks_back", OWNER)]
    assert told(shop) == [*back, ("webhooks_silent", OWNER)]


def test_12_an_event_that_we_fetched_does_not_mean_that_they_come(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    alice.buys("Teapot")
    [intent] = shop.intents()
    events = sandbox.stripe.v1.events.list({"type": "payment_intent.succeeded", "limit": 20}).data
    event = next(one.id for one in events if one.data.object["id"] == intent)

    shop.app.test_cli_runner().invoke(args=["events", "replay", event])
    hours(shop, 2)

    assert shop.all(StripeEvent.fetched)[-1]
    assert told(shop) == [("webhooks_silent", OWNER)]


def test_nothing_sold_is_no_silence(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    hours(shop, 30)

    assert told(shop) == []
