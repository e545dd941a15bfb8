"""Keys of another Stripe account: case 26. Its cards are not shown, nothing breaks, and all is back when the keys are."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from storefront.cards.models import SavedCard, StripeCustomer
from storefront.cards.saved_cards import remove_card
from storefront.core import audit
from storefront.core.database import transaction
from storefront.core.errors import BusyError, InvalidRequestError
from storefront.core.mail.models import OutboundMail
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.ledger.models import AttemptState, PaymentAttempt, Refund, RefundKind, RefundState
from storefront.payments.refunds import refund_order, request_token
from storefront.stripe.keys import StripeKey
from storefront.webhooks.models import Unmatched
from tests.journeys.test_failures_modes import VISA, adopt, become, with_live_keys
from tests.journeys.wallet import adds_card, begins
from tests.people import Shopper
from tests.stack import KEY, OWNER, Sandbox, Shop

OTHER = "sk_test_other"
OLD = "acct_ofthisshop"
REFUNDS = "/v1/refunds"


def keys(shop: Shop) -> list[tuple[str, bool]]:
    """The accounts that were seen, and whether each is the shop's."""
    with shop.inside() as session:
        return [(key.account, key.is_home) for key in session.query(StripeKey).order_by(StripeKey.seen_at)]


def alarms(shop: Shop) -> list[tuple[str, str]]:
    mails = shop.all(OutboundMail.dedupe_key, OutboundMail.to, OutboundMail.state)
    return [(to, state.value) for key, to, state in mails if key.startswith("alarm:stripe_account:")]


def another_account(shop: Shop) -> None:
    """The sandbox has one account: so the shop's own was another until now."""
    with shop.inside(), transaction() as session:
        session.execute(update(StripeKey).values(account=OLD))
    with_key(shop, OTHER)
    shop.clock.forward(minutes=11)
    shop.work()


def with_key(shop: Shop, key: str) -> None:
    shop.app.extensions.pop("stripe_key_is_home", None)
    become(shop, stripe_secret_key=key)


@pytest.fixture
def noted(shop: Shop, alice: Shopper) -> Shop:
    """The shop knows its account."""
    shop.settle()
    assert [is_home for _, is_home in keys(shop)] == [True]
    return shop


def test_26_another_accounts_keys_show_no_cards_and_sell_nothing(noted: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    another_account(noted)
    sandbox.control("DELETE", "/requests")

    wallet = alice.opens("/account/cards")
    product = alice.opens("/products/teapot")
    clicked = alice.presses(button)
    adding = begins(alice)

    assert (wallet.status, VISA in wallet.page.text) == (200, False)
    assert (product.status, VISA in product.page.text) == (200, False)
    assert (clicked.status, "Paying is not possible just now" in clicked.page.text) == (503, True)
    assert adding.status_code == 503
    assert noted.count(Order) == 0
    assert [one for one in sandbox.control("GET", "/requests") if one["method"] != "GET"] == []
    noted.work()
    assert alarms(noted) == [(OWNER, "sent")]


def test_26_they_are_back_when_the_keys_are(noted: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    another_account(noted)
    with_key(noted, KEY)

    assert VISA in alice.opens("/account/cards").page.text
    assert alice.buys().state == "paid"
    assert keys(noted)[0] == (OLD, True)


def test_26_work_waits_for_the_right_account(noted: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    method = alice.card_at_stripe()
    with noted.inside():
        remove_card(alice.user_id, alice.cards["pm_card_visa"])
    another_account(noted)
    meanwhile = sandbox.stripe.v1.payment_methods.retrieve(method).customer
    with_key(noted, KEY)
    noted.clock.forward(hours=1)
    noted.settle()

    assert meanwhile == alice.customer
    assert sandbox.stripe.v1.payment_methods.retrieve(method).customer is None


def test_26_what_is_open_is_asked_about_with_the_right_accounts_keys_alone(
    noted: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    alice.buys()
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", REFUNDS, times=2)
    gives_back(noted)
    sandbox.fault("cut_after", times=2)
    alice.buys("Mug")
    another_account(noted)
    sandbox.control("DELETE", "/requests")

    noted.clock.forward(hours=30)
    noted.work()
    asked = [one["path"] for one in sandbox.control("GET", "/requests")]
    meanwhile = noted.all(Refund.state), noted.all(PaymentAttempt.state)
    with_key(noted, KEY)
    noted.clock.forward(hours=1)
    noted.work()

    assert asked == []
    assert meanwhile == ([RefundState.unknown], [AttemptState.succeeded, AttemptState.unknown])
    assert noted.all(Refund.kind, Refund.state)[0] == (RefundKind.asked, RefundState.succeeded)
    assert noted.count(Unmatched) == 0
    assert alice.orders() == [("Teapot", "partially_refunded"), ("Mug", "paid")]
    assert noted.given_back() == [Money(500, "eur")]


@pytest.mark.parametrize("change", [another_account, with_live_keys])
def test_26_other_keys_give_nothing_back_and_leave_nothing_to_be_given(
    noted: Shop, alice: Shopper, change: Callable[[Shop], object]
) -> None:
    alice.buys()
    change(noted)

    with pytest.raises((BusyError, InvalidRequestError)):
        gives_back(noted)

    assert noted.count(Refund) == 0


def gives_back(shop: Shop) -> None:
    with shop.inside():
        refund_order(1, amount=500, reason="duplicate", requested_by="olive", request_token=request_token())


def test_26_adopting_takes_the_other_account_and_gives_its_cards_up(
    noted: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    another_account(noted)

    said = adopt(noted)
    noted.app.extensions.pop("stripe_key_is_home", None)
    adds_card(alice, "pm_card_mastercard")

    account = keys(noted)[-1][0]
    assert f"Its Stripe account is {account} now" in said.output
    assert [is_home for _, is_home in keys(noted)] == [False, True]
    assert [card.last4 for card in noted.all(SavedCard) if card.removed_at is None] == ["4444"]
    assert noted.all(StripeCustomer.stripe_id) != [alice.customer]
    assert alice.buys().state == "paid"
    with noted.inside():
        assert audit.entries()[0].what == "took another Stripe account"
    assert "Its Stripe account is" not in adopt(noted).output


def test_26_a_new_key_of_the_same_account_changes_nothing(noted: Shop, alice: Shopper) -> None:
    with_key(noted, OTHER)
    noted.clock.forward(minutes=11)
    noted.work()

    assert [is_home for _, is_home in keys(noted)] == [True, True]
    assert len({account for account, _ in keys(noted)}) == 1
    assert alice.buys().state == "paid"
    assert alarms(noted) == []


def test_26_a_new_key_is_asked_about_before_anything_is_changed_with_it(
    noted: Shop, sandbox: Sandbox, alice: Shopper
) -> None:
    with noted.inside(), transaction() as session:
        session.execute(update(StripeKey).values(account=OLD))
    with_key(noted, OTHER)
    sandbox.fault("error_before", "/v1/account", verb="GET", times=2)

    unanswered = alice.buys()
    sandbox.forget_faults()
    answered = begins(alice)

    assert (unanswered.status, answered.status_code) == (503, 503)
    assert noted.count(Order) == 0
    assert [is_home for _, is_home in keys(noted)] == [True, False]


def test_while_stripe_is_down_the_shop_starts_and_asks_later(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    with shop.inside(), transaction() as session:
        session.query(StripeKey).delete()
    sandbox.fault("cut_before", "/v1/account", verb="GET", times=2)
    shop.clock.forward(minutes=11)
    shop.work()
    unknown = keys(shop)

    bought = alice.buys()
    sandbox.forget_faults()
    shop.clock.forward(minutes=11)
    shop.work()

    assert unknown == []
    assert bought.state == "paid"
    assert [is_home for _, is_home in keys(shop)] == [True]
