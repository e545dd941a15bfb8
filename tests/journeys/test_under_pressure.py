"""Two things going wrong at once, and what happens between two statements: still one charge, and never a wrong word."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from storefront.abuse.limits import check_limits
from storefront.cards import apply
from storefront.cards.models import CardSetup, SavedCard
from storefront.cards.setup_intents import begin
from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.orders.placing import Buyer, OrderRequest, PlacedOrder, place_order
from storefront.orders.totals import Totals
from storefront.payments import pay, refunds
from storefront.payments.ledger.models import AttemptState, Dispute, PaymentAttempt, Refund, RefundState, Source
from storefront.payments.ledger.record import record
from storefront.privacy import erase, forget
from storefront.reconcile import attempt, scheduled
from storefront.stripe.client import MAX_CONCURRENT_WRITES
from storefront.stripe.objects import setup_intent_update
from tests.journeys.test_failures_charging import wait_until
from tests.people import HOME, HTMX, Answer, Shopper, at_once
from tests.stack import INTENTS, KEY, PATIENCE, Sandbox, Shop

TEAPOT = Money(2400, "eur")
BOTH_TRIES = 2  # the SDK tries once more by itself
CHALLENGED = "pm_card_authenticationRequired"
DECLINED = "pm_card_visa_chargeDeclined"
A_MOMENT = 0.5


def test_a_charged_attempt_sent_again_with_a_lost_key_is_not_shown_as_declined(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    first = alice.buys()

    use_key(shop, "nonsense")
    alice.opens(f"/checkout/return/{shop.order_ids()[0]}")
    meanwhile = alice.sees_order()
    use_key(shop, KEY)
    shop.work()

    assert (first.state, meanwhile.state) == ("checking", "checking")
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]


@pytest.mark.parametrize("where", ["return", "challenge", "cancellation", "cart"])
def test_a_look_that_stripe_refuses_is_no_fault_of_the_page(shop: Shop, carol: Shopper, where: str) -> None:
    carol.puts_in_cart("Teapot")
    carol.presses(carol.cart_button())
    carol.puts_in_cart("Mug")
    button = carol.cart_button()
    order = shop.order_ids()[0]
    doing: dict[str, Callable[[], Answer]] = {
        "return": lambda: carol.opens(f"/checkout/return/{order}"),
        "challenge": lambda: carol.sends(f"/orders/{order}/challenge", {}),
        "cancellation": lambda: carol.sends(f"/orders/{order}/cancellation", {}),
        "cart": lambda: carol.presses(button),
    }

    use_key(shop, "nonsense")
    answer = doing[where]()

    assert (answer.status, answer.state) == (200, "challenge")
    assert shop.orders() == [(2400, "pending")]


def test_a_stranger_who_types_a_customers_email_does_not_use_up_her_tries(
    shop: Shop, alice: Shopper, someone: Callable[[str], Shopper]
) -> None:
    mallory = someone("Mallory")
    mallory.puts_in_cart("Teapot")
    for number in range(12):
        types_a_bad_card(mallory, line1=f"Street {number}", email=alice.email)

    answer = alice.buys()

    assert (answer.status, answer.state) == (200, "paid")
    assert alice.charged() == [TEAPOT]


def test_a_card_tester_is_stopped_whatever_email_is_typed(shop: Shop, someone: Callable[[str], Shopper]) -> None:
    mallory = someone("Mallory")
    mallory.puts_in_cart("Teapot")

    answers = [
        types_a_bad_card(mallory, line1=f"Street {number}", email=f"m{number}@example.org").status
        for number in range(12)
    ]

    assert answers[-2:] == [429, 429]
    assert shop.all(PaymentAttempt.state) == [AttemptState.declined] * 10


# SQLite lets one transaction write at a time, so nobody can be overtaken inside theirs.
@pytest.mark.engines("postgres")
@pytest.mark.parametrize("road", ["product", "cart"])
def test_a_press_overtaken_by_the_same_press_shows_its_order(
    shop: Shop, sandbox: Sandbox, alice: Shopper, road: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.puts_in_cart("Teapot")
    form = alice.cart_button() if road == "cart" else alice.one_click_button()
    held, released = hold_the_first(monkeypatch)
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)

    answers: list[Answer] = []
    overtaken = threading.Thread(target=lambda: answers.append(alice.another_tab().presses(form)))
    overtaken.start()
    assert held.wait(PATIENCE)
    overtaking = alice.presses(form)
    released.set()
    overtaken.join()

    assert overtaking.state == "checking"
    assert [(one.status, one.page.order) for one in answers] == [(200, shop.order_ids()[0])]
    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]


@pytest.mark.engines("postgres")
def test_two_tabs_that_both_replace_the_order_of_a_changed_cart_place_one(
    shop: Shop, carol: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    carol.puts_in_cart("Teapot")
    carol.presses(carol.cart_button())
    carol.puts_in_cart("Mug")
    form = carol.cart_button()
    meeting = threading.Barrier(2)

    def place_together(wanted: OrderRequest, totals: Totals) -> PlacedOrder:
        meeting.wait(PATIENCE)
        return place_order(wanted, totals)

    monkeypatch.setattr(pay, "place_order", place_together)
    answers = carol.presses_at_once(form, 2)

    assert [answer.status for answer in answers] == [200, 200]
    assert {answer.page.order for answer in answers} == {shop.order_ids()[1]}
    assert shop.orders() == [(2400, "canceled"), (3650, "pending")]


def test_what_is_given_up_while_it_is_looked_for_is_not_sent_again(
    shop: Shop, sandbox: Sandbox, alice: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("cut_before", times=BOTH_TRIES)
    alice.buys()
    order = shop.order_ids()[0]
    real = attempt._is_sent_again

    def given_up_first(attempt_id: int) -> bool:
        alice.another_tab().sends(f"/orders/{order}/cancellation", {})
        return real(attempt_id)

    monkeypatch.setattr(attempt, "_is_sent_again", given_up_first)
    shop.work()

    assert shop.intents_at_stripe() == []
    assert alice.charged() == []


@pytest.mark.parametrize("part", ["", "/status"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_stranger_sees_neither_address_nor_card_of_an_order(
    shop: Shop, alice: Shopper, bob: Shopper, part: str, headers: dict[str, str]
) -> None:
    alice.buys()

    answer = bob.browser.get(f"{shop.url}/orders/{shop.order_ids()[0]}{part}", headers=headers, timeout=PATIENCE)

    assert answer.status_code == 200
    assert [secret for secret in ("Lindenstra", "4242", alice.email) if secret in answer.text] == []


def test_looking_takes_a_seat_too(shop: Shop, sandbox: Sandbox, carol: Shopper) -> None:
    carol.buys()
    order = shop.order_ids()[0]
    sandbox.wait_for_webhooks()
    asked_before = len(sandbox.requests("GET"))
    for _ in range(MAX_CONCURRENT_WRITES):
        shop.app.extensions["stripe_gateway"].seats.acquire()

    answers = [carol.opens(f"/checkout/return/{order}"), carol.sends(f"/orders/{order}/challenge", {})]

    assert len(sandbox.requests("GET")) == asked_before
    assert [answer.state for answer in answers] == ["challenge", "challenge"]


def test_a_refused_other_card_does_not_end_what_the_bank_still_asks(
    shop: Shop, sandbox: Sandbox, carol: Shopper
) -> None:
    other = carol.has_card()
    carol.buys()
    order = shop.order_ids()[0]
    sandbox.hold_webhooks()
    sandbox.fault("refuse_400", f"{INTENTS}/*/confirm")

    carol.sends(f"/orders/{order}/payment", {"attempt": "2", "card_id": str(other)})
    sandbox.answer_bank(shop.intents()[0], passed=True)
    back = carol.opens(f"/checkout/return/{order}")

    assert back.state == "paid"
    assert carol.orders() == [("Teapot", "paid")]
    assert carol.charged() == [TEAPOT]


def test_a_refused_first_attempt_is_shown_as_declined(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.fault("refuse_400")

    answer = alice.buys()

    assert (answer.status, answer.state) == (200, "declined")
    assert shop.all(PaymentAttempt.state) == [AttemptState.refused]
    assert alice.charged() == []


def test_an_attempt_that_cannot_be_asked_about_does_not_keep_the_others_waiting(
    shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper
) -> None:
    sandbox.hold_webhooks()
    for shopper in (alice, bob):
        sandbox.fault("cut_after", times=BOTH_TRIES)
        shopper.buys()
    with shop.inside(), transaction() as session:
        session.scalars(select(PaymentAttempt).order_by(PaymentAttempt.id).limit(1)).one().request = {}

    with shop.inside():
        scheduled.reconcile_due()

    assert alice.orders() == [("Teapot", "pending")]
    assert bob.orders() == [("Teapot", "paid")]


def test_an_attempt_refused_for_ever_does_not_keep_anothers_stock(
    shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper
) -> None:
    sandbox.hold_webhooks()
    button = bob.one_click_button("Vase")
    button.fields["card_id"] = str(bob.has_card("pm_card_chargeCustomerFail"))
    bob.presses(button)
    shop.clock.forward(minutes=29)
    sandbox.fault("refuse_400", times=1000)
    alice.buys()

    for _ in range(5):
        shop.clock.forward(minutes=3)
        shop.work()

    assert bob.orders() == [("Vase", "canceled")]
    assert shop.stock("Vase") == 1


def test_a_dispute_is_learned_of_though_stripe_was_down_for_half_a_day(
    shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
) -> None:
    dave = someone("Dave Dunn")
    dave.has_address()
    dave.has_card("pm_card_createDispute")
    sandbox.fault("error_before", "/v1/disputes/*", verb="GET", times=1000)
    dave.buys()
    sandbox.wait_for_webhooks()

    hours_of_work(shop, 14)
    during = shop.count(Dispute)
    sandbox.forget_faults()
    hours_of_work(shop, 3)

    assert during == 0
    assert shop.all(Dispute.status) == ["needs_response"]
    assert len(shop.mails("owner_alarm")) == 1


def test_a_refund_that_fails_after_all_is_found_without_its_webhook(
    shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
) -> None:
    dave = someone("Dave Dunn")
    dave.has_address()
    dave.has_card("pm_card_refundFail")
    dave.buys()
    shop.settle()
    sandbox.hold_webhooks()
    give_back(shop)
    wait_until(lambda: shop.given_back() == [])

    hours_of_work(shop, 4, apart=12)

    assert shop.all(Refund.state) == [RefundState.failed]
    assert dave.orders() == [("Teapot", "paid")]


def test_a_free_order_needs_no_card(shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]) -> None:
    shop.set_price("Teapot", 0)
    dave = someone("Dave Dunn")
    dave.puts_in_cart("Teapot")
    form = dave.opens("/checkout").page.form("/checkout/pay")

    dave.presses(form, typed=HOME)

    assert shop.orders() == [(0, "paid")]
    assert sandbox.requests("POST", INTENTS) == []


def test_a_charge_that_stripe_answers_500_to_for_ever_is_found_within_minutes(
    shop: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    sandbox.hold_webhooks()
    sandbox.fault("error_after")
    alice.buys()

    for _ in range(5):
        shop.clock.forward(minutes=2)
        shop.work()

    assert alice.orders() == [("Teapot", "paid")]
    assert alice.charged() == [TEAPOT]


def test_an_account_deleted_while_its_card_is_being_saved(
    shop: Shop, sandbox: Sandbox, alice: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both want the wallet and the set-up: neither may wait for the other in a circle."""
    with shop.inside():
        begin(alice.user_id)
    done: Any = {
        "payment_method": "pm_card_visa",
        "expand": ["payment_method"],
        "return_url": f"{shop.url}/account/cards",
    }
    sandbox.hold_webhooks()
    confirmed = sandbox.stripe.v1.setup_intents.confirm(shop.all(CardSetup.stripe_setup_intent_id)[0], done)
    told = setup_intent_update(confirmed.to_dict(for_json=True), Source.webhook)
    saving, leaving = threading.Event(), threading.Event()
    keep, forget_mails = apply.save_card, forget.erase_mails

    def keep_slowly(*who: Any, **how: Any) -> SavedCard:
        saving.set()
        leaving.wait(A_MOMENT)  # in the right order it never comes before we are done
        return keep(*who, **how)

    def forget_noticed(*who: Any) -> Any:
        leaving.set()
        return forget_mails(*who)

    def leave_while_saving() -> None:
        assert saving.wait(PATIENCE)
        erase.delete_account(alice.user_id)

    monkeypatch.setattr(apply, "save_card", keep_slowly)
    monkeypatch.setattr(forget, "erase_mails", forget_noticed)
    at_once([partial(inside, shop, partial(record, told)), partial(inside, shop, leave_while_saving)])

    assert alice.opens("/account").url.startswith(f"{shop.url}/auth/login")


def use_key(shop: Shop, key: str) -> None:
    """From now on the shop speaks to Stripe with this key."""
    gateway = shop.app.extensions["stripe_gateway"]
    gateway.settings = replace(gateway.settings, stripe_secret_key=key)
    gateway._client = None  # it was built with the other


def types_a_bad_card(shopper: Shopper, **other: str) -> Answer:
    """Try a card that is declined at the checkout."""
    form = shopper.opens("/checkout").page.form("/checkout/pay")
    token = shopper.shop.sandbox.confirmation_token(DECLINED)
    return shopper.presses(form, typed=HOME | other | {"confirmation_token": token})


def hold_the_first(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """The first press to come stops inside its transaction: `held` says that it did, `released` lets it go on."""
    held, released = threading.Event(), threading.Event()
    turn = threading.Lock()

    def stop_the_first(buyer: Buyer) -> None:
        if turn.acquire(blocking=False):
            held.set()
            released.wait(PATIENCE)
        check_limits(buyer)

    monkeypatch.setattr(pay, "check_limits", stop_the_first)
    return held, released


def hours_of_work(shop: Shop, times: int, *, apart: int = 1) -> None:
    """Let so many rounds of hours pass, and the worker work after each."""
    for _ in range(times):
        shop.clock.forward(hours=apart)
        shop.work()


def give_back(shop: Shop) -> None:
    """Refund the whole of the only order."""
    order = shop.all(Order.id)[0]
    with shop.inside():
        refunds.refund_order(
            order, amount=None, reason="requested_by_customer", requested_by="Olive", request_token="t" * 20
        )


def inside(shop: Shop, act: Callable[[], object]) -> None:
    """Do it as a request of its own would."""
    with shop.inside():
        act()
