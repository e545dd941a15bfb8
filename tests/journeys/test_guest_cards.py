"""A guest ticks that the card may be kept: only then is there a customer at Stripe, and whoever placed the order gets the card."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.ledger.models import AttemptState, Payment, PaymentAttempt
from storefront.privacy.erase import delete_account
from storefront.web.checkout import views
from tests.journeys.guests import goes_to_stripe, guest, pays
from tests.people import PASSWORD, Answer, Shopper, at_once
from tests.stack import Sandbox, Shop

CUSTOMERS = "/v1/customers"
DECLINED = "pm_card_visa_chargeDeclined"
BOTH_TRIES = 2
STAYS_DOWN = 200
A_DAY = 24


@pytest.fixture
def gita(shop: Shop) -> Iterator[Shopper]:
    """Nobody knows her; a mug is in her cart."""
    person = guest(shop)
    person.puts_in_cart("Mug")
    yield person
    person.browser.close()


def customers(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What Stripe was asked to make since the test began."""
    return [one["params"] for one in sandbox.requests("POST", CUSTOMERS) if one["path"] == CUSTOMERS]


def joins(person: Shopper) -> Answer:
    """By the password on the order's page."""
    return person.presses(person.sees_order().page.form("/account"), htmx=False, typed={"password": PASSWORD})


def proves(person: Shopper) -> None:
    """By the link in the mail; then the worker does what follows."""
    person.shop.work()
    found = re.search(r"/auth/verify/\S+", person.shop.letter("verify_email"))
    assert found
    # The password is asked where nobody is signed in, and looked at by nobody else.
    person.presses(person.opens(found[0]).page.form(found[0]), htmx=False, typed={"password": PASSWORD})
    person.shop.settle()


def cards(shop: Shop) -> list[tuple[str, bool, bool]]:
    """Last digits; whether consent stands with it; whether it is still there."""
    rows = shop.all(SavedCard)
    return [(one.last4, bool(one.consent_at and one.consent_words), one.removed_at is None) for one in rows]


class TestKeeping:
    def test_ticked_there_is_a_customer_before_the_charge(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        paid = pays(gita, save_card="yes")
        shop.settle()

        [row] = shop.all(StripeCustomer)
        [intent] = shop.intents_at_stripe()
        [consent] = shop.all(PaymentAttempt.consent_words)
        assert paid.state == "paid"
        assert (row.user_id, row.stripe_id) == (None, intent["customer"])
        assert shop.all(Payment.stripe_customer_id) == [row.stripe_id]
        assert intent["setup_future_usage"] == "off_session"
        assert consent.startswith("Keep this card for one-click buying.")
        at_stripe = sandbox.stripe.v1.customers.retrieve(row.stripe_id)
        assert (at_stripe.email, at_stripe.name) == (gita.email, "Gita Green")
        assert at_stripe.metadata is not None
        assert (at_stripe.metadata["userId"], at_stripe.metadata["source"]) == ("guest", "guest_checkout")
        assert shop.all(SavedCard) == []  # nobody's yet
        assert shop.failed_jobs() == []

    def test_unticked_there_is_none(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        pays(gita)
        shop.settle()

        assert (customers(sandbox), shop.count(StripeCustomer)) == ([], 0)
        assert shop.intents_at_stripe()[0]["setup_future_usage"] is None

    def test_on_stripes_page_too(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        page = goes_to_stripe(gita, save_card="yes")
        session = page.at_stripe()

        gita.opens(page.pays())
        shop.settle()

        [row] = shop.all(StripeCustomer)
        assert (session.customer, session.customer_email) == (row.stripe_id, None)
        assert shop.orders() == [(1250, "paid")]
        assert len(sandbox.stripe.v1.customers.payment_methods.list(row.stripe_id).data) == 1

    def test_two_presses_make_one(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        form = gita.opens("/checkout").page.form("/checkout/pay")
        typed = {
            "email": gita.email, "name": "Gita", "line1": "L 4", "postal_code": "10969", "city": "Berlin", "country": "DE",
            "save_card": "yes", "confirmation_token": sandbox.confirmation_token("pm_card_visa"),
        }  # fmt: skip

        at_once([lambda: gita.another_tab().presses(form, typed=typed)] * 2)

        assert shop.orders() == [(1250, "paid")]
        assert shop.count(StripeCustomer) == 1
        assert len({one["idempotency_key"] for one in sandbox.requests("POST", CUSTOMERS)}) == 1

    def test_another_try_keeps_with_the_same(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        declined = pays(gita, DECLINED, save_card="yes")
        form = next(one for one in declined.page.forms if "confirmation_token" in one.fields)
        token = sandbox.confirmation_token("pm_card_visa")

        paid = gita.presses(form, typed={"confirmation_token": token, "save_card": "yes"})

        assert "save_card" in declined.html
        assert paid.state == "paid"
        assert len(customers(sandbox)) == 1
        assert [bool(consent) for consent in shop.all(PaymentAttempt.consent_at)] == [True, True]

    def test_ticked_at_the_second_try_is_another_order_with_a_customer(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper
    ) -> None:
        pays(gita, DECLINED)

        paid = pays(gita, save_card="yes")

        [row] = shop.all(StripeCustomer)
        assert paid.state == "paid"
        assert shop.orders() == [(1250, "canceled"), (1250, "paid")]
        assert shop.all(Payment.stripe_customer_id) == [None, row.stripe_id]
        assert shop.charged() == [Money(1250, "eur")]

    def test_stripe_does_not_make_one_and_the_card_pays_all_the_same(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper
    ) -> None:
        sandbox.fault("error_before", CUSTOMERS, times=STAYS_DOWN)

        paid = pays(gita, save_card="yes")
        sandbox.forget_faults()
        shop.clock.forward(minutes=2)
        shop.settle()

        assert paid.state == "paid"
        assert shop.all(PaymentAttempt.consent_at) == [None]
        # Nobody waits for it any more.
        assert [row.deleted_at is not None for row in shop.all(StripeCustomer)] == [True]
        assert shop.failed_jobs() == []

    def test_so_many_are_made_for_one_address_and_no_more(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(views, "GUESTS_CUSTOMERS", "1 per hour")
        pays(gita, save_card="yes")
        otto = guest(shop, "Otto")
        otto.puts_in_cart("Mug")

        paid = pays(otto, save_card="yes")

        assert paid.state == "paid"
        assert len(customers(sandbox)) == 1
        assert [bool(consent) for consent in shop.all(PaymentAttempt.consent_at)] == [True, False]

    def test_a_lost_answer_leaves_none_behind(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        sandbox.fault("cut_after", CUSTOMERS, times=BOTH_TRIES)

        pays(gita, save_card="yes")
        shop.work()
        meanwhile = [row.deleted_at for row in shop.all(StripeCustomer)]
        shop.clock.forward(minutes=2)
        shop.settle()

        [row] = shop.all(StripeCustomer)
        assert meanwhile == [None]
        assert row.deleted_at is not None
        assert sandbox.stripe.v1.customers.retrieve(row.stripe_id).deleted

    def test_refused_before_anything_was_asked(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from storefront.abuse import limits  # noqa: PLC0415

        pays(gita, DECLINED)
        monkeypatch.setattr(limits, "MAX_DECLINES", 1)

        assert pays(gita, save_card="yes").status == 429
        assert customers(sandbox) == []


class TestBecomingACustomer:
    def test_the_card_is_theirs_and_the_next_purchase_is_one_click(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper
    ) -> None:
        pays(gita, save_card="yes")
        shop.settle()
        [as_guest] = shop.all(StripeCustomer.stripe_id)
        joins(gita)
        shop.settle()
        before = cards(shop)

        proves(gita)
        clicked = gita.buys("Teapot")

        assert before == []
        assert cards(shop) == [("4242", True, True)]
        assert clicked.state == "paid"
        assert shop.charged() == [Money(1250, "eur"), Money(2400, "eur")]
        assert shop.all(Payment.stripe_customer_id) == [as_guest, as_guest]
        [user_id] = {row.user_id for row in shop.all(SavedCard)}
        assert [row.stripe_id for row in shop.all(StripeCustomer) if row.user_id == user_id] == [as_guest]
        at_stripe = sandbox.stripe.v1.customers.retrieve(as_guest)
        assert at_stripe.metadata is not None
        assert at_stripe.metadata["userId"] == str(user_id)
        # The one that joining had asked for held nothing.
        [other] = [row.stripe_id for row in shop.all(StripeCustomer) if row.user_id is None]
        assert other is None or sandbox.stripe.v1.customers.retrieve(other).deleted
        assert shop.failed_jobs() == []

    def test_verified_elsewhere_it_is_the_one_who_joined_here(self, shop: Shop, gita: Shopper) -> None:
        pays(gita, save_card="yes")
        joins(gita)

        proves(guest(shop, "Her phone"))

        assert cards(shop) == [("4242", True, True)]
        assert gita.buys("Teapot").state == "paid"

    def test_33_who_owns_the_mailbox_but_did_not_pay_gets_the_orders_alone(self, shop: Shop, gita: Shopper) -> None:
        pays(gita, save_card="yes", email="typo@example.org")
        shop.settle()
        stranger = Shopper(shop, "Tyra Typo", "typo@example.org")
        link = re.search(r"/orders/open/\S+", shop.letter("receipt"))
        assert link
        stranger.opens(link[0])
        stranger.registers()

        proves(stranger)

        assert shop.all(Order.user_id) == [stranger.user_id]
        assert cards(shop) == []

    def test_the_payer_comes_later_and_gets_the_card(self, shop: Shop, gita: Shopper) -> None:
        pays(gita, save_card="yes")
        phone = Shopper(shop, gita.name, gita.email)
        phone.registers()
        proves(phone)
        before = cards(shop)

        gita.signs_in()
        shop.settle()

        assert before == []
        assert cards(shop) == [("4242", True, True)]

    def test_33_a_stranger_who_joins_with_the_e_mail_has_no_card_while_it_is_not_proven(
        self, shop: Shop, gita: Shopper
    ) -> None:
        pays(gita, save_card="yes")
        mallory = Shopper(shop, "Mallory", gita.email)
        mallory.registers()
        shop.settle()

        assert cards(shop) == []
        assert mallory.opens("/products/teapot").panel == "plain"

    def test_an_account_with_cards_of_its_own_keeps_its_customer(
        self, shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
    ) -> None:
        carol = someone("Carol Clay")
        proves(carol)
        carol.has_card("pm_card_mastercard")
        again = Shopper(shop, carol.name, carol.email)
        again.puts_in_cart("Mug")
        pays(again, save_card="yes")

        again.signs_in()
        shop.settle()

        assert shop.all(Order.user_id) == [carol.user_id]
        assert [(last4, here) for last4, _, here in cards(shop)] == [("4444", True)]
        assert again.opens("/account/cards").status == 200
        shop.clock.forward(hours=A_DAY * 91)
        shop.settle()
        [kept] = [row for row in shop.all(StripeCustomer) if row.user_id is None]
        assert sandbox.stripe.v1.customers.retrieve(kept.stripe_id).deleted

    def test_two_orders_with_kept_cards_bring_the_newest(self, shop: Shop, gita: Shopper) -> None:
        pays(gita, save_card="yes")
        gita.puts_in_cart("Notebook")
        pays(gita, "pm_card_mastercard", save_card="yes")
        joins(gita)

        proves(gita)

        assert [last4 for last4, _, _ in cards(shop)] == ["4444"]
        assert gita.buys("Teapot").state == "paid"

    def test_paid_after_they_became_a_customer(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        """Another order of the same customer at Stripe, told of late: its card is the user's as well."""
        sandbox.hold_webhooks()
        pays(gita, save_card="yes")
        joins(gita)
        sandbox.release_webhooks(order="reversed", repeat=2)
        proves(gita)

        assert cards(shop) == [("4242", True, True)]
        assert shop.all(PaymentAttempt.state) == [AttemptState.succeeded]


class TestLettingGo:
    def test_what_nothing_was_bought_with_goes_after_a_day(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        pays(gita, DECLINED, save_card="yes")
        [made] = shop.all(StripeCustomer.stripe_id)

        shop.clock.forward(hours=A_DAY + 1)
        shop.settle()
        shop.clock.forward(hours=A_DAY + 1)
        shop.settle()

        assert shop.orders() == [(1250, "canceled")]
        assert sandbox.stripe.v1.customers.retrieve(made).deleted
        assert [row.deleted_at is not None for row in shop.all(StripeCustomer)] == [True]

    def test_a_card_that_paid_waits_for_three_months(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        pays(gita, save_card="yes")
        [made] = shop.all(StripeCustomer.stripe_id)

        shop.clock.forward(hours=A_DAY * 88)
        shop.settle()
        before = getattr(sandbox.stripe.v1.customers.retrieve(made), "deleted", False)
        shop.clock.forward(hours=A_DAY * 3)
        shop.settle()

        assert before is False
        assert sandbox.stripe.v1.customers.retrieve(made).deleted
        assert shop.orders() == [(1250, "paid")]

    def test_who_leaves_takes_also_what_was_kept_as_a_guest(
        self, shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
    ) -> None:
        carol = someone("Carol Clay")
        proves(carol)
        carol.has_card("pm_card_mastercard")
        again = Shopper(shop, carol.name, carol.email)
        again.puts_in_cart("Mug")
        pays(again, save_card="yes")
        again.signs_in()
        shop.settle()
        with shop.inside():
            from storefront.orders.fulfilment import ship  # noqa: PLC0415

            ship(shop.all(Order.number)[0], "")
            delete_account(carol.user_id)

        shop.settle()

        rows = shop.all(StripeCustomer)
        assert len(rows) == 2
        assert all(sandbox.stripe.v1.customers.retrieve(row.stripe_id).deleted for row in rows)
        assert [(row.user_id, row.claimed_by_id, row.guest_token, row.request) for row in rows] == [
            (None, None, None, {})
        ] * 2
        assert shop.all(Order.placed_from) == [None]

    def test_where_an_order_came_from_is_forgotten_after_a_day(self, shop: Shop, gita: Shopper) -> None:
        pays(gita)
        shop.work()
        before = shop.all(Order.placed_from)

        shop.clock.forward(hours=A_DAY * 2)
        shop.work()

        assert before != [None]
        assert shop.all(Order.placed_from) == [None]
