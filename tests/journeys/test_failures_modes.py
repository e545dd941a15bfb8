"""Keys of another mode, and copies of the shop on another host: cases 26 and 27."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import update

from config import BadSettingError, Settings
from storefront import create_app
from storefront.cards.models import CardSetup, SavedCard, StripeCustomer
from storefront.cards.saved_cards import remove_card
from storefront.core.database import end_read, transaction
from storefront.core.errors import BusyError
from storefront.core.installation import Installation, check_base_url, is_staging_copy
from storefront.core.jobs.models import Job
from storefront.core.mail.models import OutboundMail
from storefront.extensions import db
from storefront.orders.models import Order
from storefront.stripe import api as stripe_refunds
from storefront.stripe import client as stripe_line
from storefront.stripe.api import (
    allow_redisplay,
    cancel_intent,
    cancel_setup_intent,
    create_customer,
    create_setup_intent,
    detach_card,
    send_payment,
    update_customer,
)
from storefront.stripe.guard import write_slot
from tests.people import Shopper
from tests.stack import Sandbox, Shop

VISA = "ending in 4242"
LIVE = {"stripe_secret_key": "sk_live_shop", "stripe_publishable_key": "pk_live_shop"}


def become(shop: Shop, **others: Any) -> None:
    """The same shop, as if started with other settings; Stripe stays the sandbox, where live keys open nothing."""
    settings: Settings = replace(shop.app.config["SETTINGS"], **others)
    shop.app.config["SETTINGS"] = settings
    shop.app.extensions.pop("stands_on_its_own", None)
    stripe_line.init_stripe(shop.app, settings)


def with_live_keys(shop: Shop) -> Settings:
    before: Settings = shop.app.config["SETTINGS"]
    become(shop, **LIVE)
    return before


def back_to(shop: Shop, settings: Settings) -> None:
    become(shop, stripe_secret_key=settings.stripe_secret_key, stripe_publishable_key=settings.stripe_publishable_key)


def test_26_cards_of_the_other_keys_are_away_and_come_back(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    test_keys = with_live_keys(shop)

    while_live = alice.opens("/account/cards").page.text
    clicked = alice.opens("/products/teapot")
    chosen = alice.sends(f"/account/cards/{alice.cards['pm_card_visa']}/default", {})
    back_to(shop, test_keys)

    assert VISA not in while_live
    assert (clicked.status, VISA in clicked.page.text) == (200, False)
    assert chosen.status == 404
    assert VISA in alice.opens("/account/cards").page.text
    assert alice.buys().state == "paid"
    assert shop.all(StripeCustomer.livemode, StripeCustomer.stripe_id) == [(False, alice.customer)]


def test_26_work_for_the_other_keys_waits_for_them(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    with shop.inside():
        remove_card(alice.user_id, alice.cards["pm_card_visa"])
    method = alice.card_at_stripe()
    test_keys = with_live_keys(shop)
    sandbox.control("DELETE", "/requests")

    shop.work()
    asked_meanwhile = [one["path"] for one in sandbox.control("GET", "/requests")]
    waits = [(kind, error.partition(":")[0]) for kind, error in shop.failed_jobs() if kind == "detach_card"]
    back_to(shop, test_keys)
    still_attached = sandbox.stripe.v1.payment_methods.retrieve(method).customer
    shop.clock.forward(hours=2)
    shop.settle()

    assert (asked_meanwhile, waits) == ([], [("detach_card", "RetryLaterError")])
    assert still_attached == alice.customer
    assert sandbox.stripe.v1.payment_methods.retrieve(method).customer is None


def test_26_a_shop_that_sold_for_real_refuses_test_keys(shop: Shop, alice: Shopper) -> None:
    alice.buys()
    with shop.inside(), transaction() as session:
        session.execute(update(Order).values(livemode=True))
    settings: Settings = shop.app.config["SETTINGS"]

    with pytest.raises(
        BadSettingError, match="STRIPE_SECRET_KEY is a test key, but DATABASE_URL is a shop with live orders"
    ):
        create_app(settings)

    copy = create_app(replace(settings, staging_copy=True))
    with copy.app_context():
        db.engine.dispose()


def test_26_a_live_customer_is_not_made_with_test_keys(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    shop.settle()
    request = {"params": {"name": alice.name, "email": alice.email, "metadata": {"userId": "1"}}}
    with shop.inside(), transaction() as session:
        session.add(StripeCustomer(user_id=alice.user_id, livemode=True, idempotency_key="live", request=request))
    sandbox.control("DELETE", "/requests")

    shop.clock.forward(minutes=5)
    shop.work()

    assert sandbox.requests("POST", "/v1/customers") == []
    assert shop.all(StripeCustomer.stripe_id) == [alice.customer, None]


# A copy of the shop


def become_copy(shop: Shop, how: str) -> None:
    """A copy on another host: it says so, or it was forgotten to say so and there are live keys."""
    with shop.inside(), transaction() as session:
        session.execute(update(Installation).values(base_url="https://shop.example", livemode=True))
    if how == "says so":
        become(shop, staging_copy=True)
        return
    with shop.inside(), transaction() as session:
        for table in (StripeCustomer, SavedCard):
            session.execute(update(table).values(livemode=True))
    become(shop, **LIVE)


@pytest.fixture(params=["says so", "has live keys"])
def a_copy(request: pytest.FixtureRequest, shop: Shop, alice: Shopper) -> Shop:
    shop.settle()
    become_copy(shop, request.param)
    return shop


def test_27_a_copy_leaves_the_card_alone(a_copy: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    method = alice.card_at_stripe()
    sandbox.control("DELETE", "/requests")

    answer = alice.sends(f"/account/cards/{alice.cards['pm_card_visa']}/removal", {})
    a_copy.work()
    a_copy.clock.forward(hours=3)
    a_copy.work()

    assert answer.status == 200
    assert [one for one in sandbox.control("GET", "/requests") if one["method"] != "GET"] == []
    assert sandbox.stripe.v1.payment_methods.retrieve(method).customer == alice.customer
    with a_copy.inside() as session:
        job = session.query(Job).filter_by(kind="detach_card").one()
        assert (job.finished_at, job.gave_up_at, job.tries) == (None, None, 0)
        assert "This is a copy of the shop" in job.last_error


def test_27_a_copy_sells_nothing_and_says_so(a_copy: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    sandbox.control("DELETE", "/requests")

    clicked = alice.presses(button)
    added = alice.browser.post(f"{a_copy.url}/account/cards/setup", data={"consent": "yes"}, timeout=30)

    assert (clicked.status, "This is a copy of the shop" in clicked.page.text) == (503, True)
    assert (added.status_code, "This is a copy of the shop" in added.json()["error"]) == (503, True)
    assert (a_copy.count(Order), a_copy.count(CardSetup)) == (0, 0)
    assert sandbox.control("GET", "/requests") == []


def test_27_a_copy_writes_to_nobody(a_copy: Shop, alice: Shopper) -> None:
    before = a_copy.count(OutboundMail)
    alice.sends("/auth/password-reset", {"email": alice.email})

    a_copy.work()

    newest = a_copy.all(OutboundMail)[-1]
    assert (a_copy.count(OutboundMail), newest.kind, newest.state) == (before + 1, "reset_password", "queued")


@pytest.mark.parametrize("how", ["says so", "has live keys"])
def test_27_an_adopted_copy_is_a_shop(shop: Shop, alice: Shopper, how: str) -> None:
    shop.settle()
    become_copy(shop, how)
    with shop.inside():
        assert is_staging_copy()

    said = adopt(shop)

    assert said.exit_code == 0, said.output
    assert f"The shop is at {shop.url}, which was at https://shop.example until now." in said.output
    with shop.inside():
        assert not is_staging_copy()
        end_read()
        with write_slot():
            pass


def adopt(shop: Shop) -> Result:
    """What its owner types."""
    return shop.app.test_cli_runner().invoke(args=["shop", "adopt", "--yes"])


def test_27_every_changing_call_refuses_in_a_copy(shop: Shop, sandbox: Sandbox) -> None:
    become(shop, staging_copy=True)
    sandbox.control("DELETE", "/requests")
    changing: tuple[Callable[[], Any], ...] = (
        lambda: send_payment("create", {"params": {}}, "key"),
        lambda: cancel_intent("pi_1"),
        lambda: stripe_refunds.create_refund({"params": {}}, "key"),
        lambda: create_customer({"params": {}}, "key"),
        lambda: update_customer("cus_1", {}),
        lambda: detach_card("pm_1"),
        lambda: allow_redisplay("pm_1"),
        lambda: create_setup_intent({"params": {}}, "key"),
        lambda: cancel_setup_intent("seti_1"),
    )

    with shop.inside():
        for call in changing:
            with pytest.raises(BusyError, match="This is a copy of the shop"):
                call()

    assert sandbox.control("GET", "/requests") == []


def test_the_first_live_start_notes_where_the_shop_is(shop: Shop) -> None:
    become(shop, **LIVE, base_url="https://kiesel.example")

    with shop.inside():
        check_base_url()
        first = is_staging_copy()
    become(shop, base_url="https://staging.kiesel.example")
    with shop.inside():
        check_base_url()
        second = is_staging_copy()

    assert (first, second) == (False, True)
    assert shop.all(Installation.base_url, Installation.livemode) == [("https://kiesel.example", True)]
