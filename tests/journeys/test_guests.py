"""Buying with an e-mail alone. Numbers are those of the table of failures."""

import json
from collections.abc import Iterator

import pytest

from storefront.abuse import limits
from storefront.cards.models import StripeCustomer
from storefront.carts.models import Cart, CartState
from storefront.core.money import Money
from storefront.customers.models import User
from storefront.orders.models import Order
from storefront.payments.ledger.models import AttemptKind, AttemptState, Payment, PaymentAttempt, Refund, RefundKind
from tests.journeys.guests import goes_to_stripe, guest, pays, types
from tests.journeys.hosted import PAY_HOSTED, SESSIONS, HostedPage, as_a_stranger
from tests.people import Answer, Shopper, at_once
from tests.stack import OWNER, Sandbox, Shop

VASE = Money(6900, "eur")
DECLINED = "pm_card_visa_chargeDeclined"
ASKS = "pm_card_authenticationRequired"
BOTH_TRIES = 2


@pytest.fixture
def gita(shop: Shop) -> Iterator[Shopper]:
    """Nobody knows her; the last vase is in her cart."""
    person = guest(shop)
    person.puts_in_cart("Vase")
    yield person
    person.browser.close()


def attempts(shop: Shop) -> list[tuple[int, AttemptState]]:
    return shop.all(PaymentAttempt.number, PaymentAttempt.state)


class TestPaying:
    def test_an_e_mail_and_a_card_are_enough(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        checkout = gita.opens("/checkout")

        paid = pays(gita)
        shop.settle()

        assert "/auth/login?next=/checkout" in checkout.html
        assert paid.state == "paid"
        assert "Lindenstraße 4" in paid.page.text
        assert shop.all(Order.user_id, Order.email, Order.status) == [(None, gita.email, "paid")]
        assert shop.charged() == [VASE]
        assert shop.stock("Vase") == 0
        assert gita.mails("receipt") == ["receipt"]
        assert ("order_for_owner", OWNER) in shop.mails()
        assert shop.failed_jobs() == []
        assert (shop.count(User), shop.count(StripeCustomer), shop.all(Payment.stripe_customer_id)) == (0, 0, [None])
        assert sandbox.requests("POST", "/v1/customers") == []

    def test_without_scripts_too(self, shop: Shop, gita: Shopper) -> None:
        assert pays(gita, htmx=False).state == "paid"
        assert shop.charged() == [VASE]

    @pytest.mark.parametrize("htmx", [True, False])
    def test_what_was_typed_wrong_stays(self, shop: Shop, gita: Shopper, *, htmx: bool) -> None:
        for wrong in ({"email": ""}, {"email": "gita"}, {"city": ""}):
            answer = pays(gita, htmx=htmx, **wrong)

            assert answer.status == 422
            assert 'value="Lindenstraße 4"' in answer.html
        assert shop.order_ids() == []

    def test_a_link_to_one_thing_leads_to_the_checkout(self, shop: Shop) -> None:
        walter = guest(shop, "Walter White")
        button = walter.opens("/buy/teapot").page.form("/cart/items")

        there = walter.presses(button, button.buttons[0], htmx=False)
        paid = pays(walter)

        assert there.url == f"{shop.url}/checkout"
        assert paid.state == "paid"
        assert shop.charged() == [Money(2400, "eur")]

    def test_where_she_is_is_kept_as_a_hash_alone(self, shop: Shop, gita: Shopper) -> None:
        pays(gita)

        [placed_from] = shop.all(Order.placed_from)
        assert len(placed_from) == 20
        assert "127" not in str(shop.all(Order.shipping_address))

    def test_an_empty_cart_leads_to_the_cart(self, shop: Shop) -> None:
        assert guest(shop, "Nemo").opens("/checkout").url == f"{shop.url}/cart"

    def test_a_free_order_needs_no_card(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        shop.set_price("Vase", 0)

        assert pays(gita).state == "paid"
        assert sandbox.requests("POST") == []


class TestOneButtonOneOrder:
    def test_three_presses_at_once(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        form = gita.opens("/checkout").page.form("/checkout/pay")
        typed = types(gita, confirmation_token=sandbox.confirmation_token("pm_card_visa"))

        def press() -> Answer:
            tab = gita.another_tab()
            answer = tab.presses(form, typed=typed)
            assert answer.redirect, (answer.status, answer.html)
            return tab.opens(answer.redirect)

        seen = at_once([press] * 3)

        assert [one.page.order for one in seen] == shop.order_ids() * 3
        assert all("Lindenstraße 4" in one.page.text for one in seen)  # each of them is hers
        assert shop.orders() == [(6900, "paid")]
        assert shop.charged() == [VASE]

    def test_3_the_answer_is_lost_and_the_form_is_sent_again(self, shop: Shop, gita: Shopper) -> None:
        form = gita.opens("/checkout").page.form("/checkout/pay")
        typed = types(gita, confirmation_token=shop.sandbox.confirmation_token("pm_card_visa"))
        gita.another_tab().presses(form, typed=typed)  # that tab's cookies never reach her browser

        again = gita.presses(form, htmx=False, typed=typed)

        assert again.page.order == shop.order_ids()[0]
        assert "Lindenstraße 4" in again.page.text
        assert shop.charged() == [VASE]

    def test_a_second_tab_lands_on_the_same_order(self, shop: Shop, gita: Shopper) -> None:
        second = gita.opens("/checkout").page.form("/checkout/pay")
        first = pays(gita, DECLINED)

        typed = types(gita, confirmation_token=shop.sandbox.confirmation_token("pm_card_visa"))
        paid = gita.presses(second, htmx=False, typed=typed)

        assert first.state == "declined"
        assert paid.state == "paid"
        assert attempts(shop) == [(1, AttemptState.declined), (2, AttemptState.succeeded)]
        assert len(shop.order_ids()) == 1

    def test_another_browser_gets_nothing_from_her_button(self, shop: Shop, gita: Shopper) -> None:
        form = gita.opens("/checkout").page.form("/checkout/pay")
        pays(gita, DECLINED)
        mallory = guest(shop, "Mallory")
        without_cart = mallory.presses(form, htmx=False, typed=types(mallory))
        mallory.puts_in_cart("Mug")

        typed = types(mallory, confirmation_token=shop.sandbox.confirmation_token("pm_card_visa"))
        with_cart = mallory.presses(form, htmx=False, typed=typed)

        assert without_cart.status == 404
        assert with_cart.status == 409
        assert shop.orders() == [(6900, "failed")]
        assert shop.charged() == []

    def test_7_the_cart_changes_between_two_tries(self, shop: Shop, gita: Shopper) -> None:
        pays(gita, DECLINED)
        gita.puts_in_cart("Mug")

        paid = pays(gita)

        assert paid.state == "paid"
        assert shop.orders() == [(6900, "canceled"), (8150, "paid")]
        assert shop.charged() == [Money(8150, "eur")]


class TestWhatCameOfIt:
    def test_another_card_after_a_decline(self, shop: Shop, gita: Shopper) -> None:
        declined = pays(gita, DECLINED)
        form = next(one for one in declined.page.forms if "confirmation_token" in one.fields)

        paid = gita.presses(form, typed={"confirmation_token": shop.sandbox.confirmation_token("pm_card_visa")})

        assert declined.state == "declined"
        assert "save_card" not in declined.html
        assert paid.state == "paid"
        assert attempts(shop) == [(1, AttemptState.declined), (2, AttemptState.succeeded)]
        assert len(shop.intents_at_stripe()) == 1

    def test_a_declined_try_is_prefilled_at_the_checkout(self, gita: Shopper) -> None:
        pays(gita, DECLINED)

        form = gita.opens("/checkout").page.form("/checkout/pay")

        assert form.fields["email"] == gita.email
        assert form.fields["line1"] == "Lindenstraße 4"

    def test_the_bank_asks_in_place(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        asked = pays(gita, ASKS)
        order = shop.order_ids()[0]
        secret = gita.browser.post(f"{shop.url}/orders/{order}/challenge", headers={"Accept": "application/json"})
        sandbox.hold_webhooks()
        sandbox.answer_bank(shop.intents()[0], passed=True)

        shown = gita.sends(f"/orders/{order}/challenge", {})

        assert asked.state == "challenge"
        assert json.loads(secret.text)["client_secret"].startswith("pi_")
        assert shown.state == "paid"

    def test_the_bank_asks_on_a_page_of_its_own(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        asked = pays(gita, ASKS, htmx=False)
        at_bank = gita.presses(asked.page.form("/challenge"), htmx=False)
        sandbox.hold_webhooks()
        sandbox.answer_bank(shop.intents()[0], passed=True)

        back = gita.opens(f"/checkout/return/{shop.order_ids()[0]}")

        assert f"{sandbox.url}/" in at_bank.html
        assert back.state == "paid"
        assert "Lindenstraße 4" in back.page.text

    def test_giving_it_up(self, shop: Shop, gita: Shopper) -> None:
        asked = pays(gita, ASKS)

        given_up = gita.presses(asked.page.form("/cancellation"))

        assert given_up.state == "canceled"
        assert shop.stock("Vase") == 1
        assert gita.mails("order_canceled") == ["order_canceled"]

    def test_9_unknown_is_polled_and_never_shown_as_failed(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        sandbox.fault("cut_after", times=BOTH_TRIES)
        sandbox.hold_webhooks()

        checking = pays(gita)
        shop.work()
        polled = gita.opens(f"/orders/{shop.order_ids()[0]}/status")

        assert checking.state == "checking"
        assert polled.state == "paid"
        assert shop.charged() == [VASE]


class TestStrangers:
    @pytest.fixture
    def order(self, shop: Shop, gita: Shopper) -> str:
        pays(gita, DECLINED)
        return shop.order_ids()[0]

    @pytest.mark.parametrize("path", ["payment", "challenge", "cancellation", "hosted", "again"])
    def test_nobody_else_does_a_thing_with_it(self, shop: Shop, bob: Shopper, order: str, path: str) -> None:
        mallory = guest(shop, "Mallory")
        fields = {"attempt": "2", "card_id": str(bob.cards["pm_card_mastercard"])}

        assert [who.sends(f"/orders/{order}/{path}", fields).status for who in (mallory, bob)] == [404, 404]
        assert attempts(shop) == [(1, AttemptState.declined)]

    def test_the_link_alone_shows_little(self, shop: Shop, gita: Shopper, order: str) -> None:
        seen = as_a_stranger(f"{shop.url}/orders/{order}")

        assert seen.state == "declined"
        assert "For Gita in Berlin · g•••@example.org" in seen.page.text
        assert [
            words for words in ("Green", "Lindenstraße", gita.email, f"/{order}/payment") if words in seen.html
        ] == []

    def test_a_paid_ones_paper_is_hers(self, shop: Shop, gita: Shopper, order: str) -> None:
        pays(gita)

        assert guest(shop, "Mallory").opens(f"/orders/{order}/invoice.pdf").status == 404
        assert gita.browser.get(f"{shop.url}/orders/{order}/invoice.pdf").content.startswith(b"%PDF")

    def test_no_saved_card_of_anybody_pays_for_a_guest(self, shop: Shop, gita: Shopper, alice: Shopper) -> None:
        form = gita.opens("/checkout").page.form("/checkout/pay")

        answer = gita.presses(form, htmx=False, typed=types(gita, card_id=str(alice.cards["pm_card_visa"])))

        assert answer.status == 404
        assert shop.charged() == []

    def test_no_address_of_anybody_either(self, shop: Shop, gita: Shopper, alice: Shopper) -> None:
        form = gita.opens("/checkout").page.form("/checkout/pay")

        answer = gita.sends(
            "/checkout/hosted", form.fields | {"line1": "", "address_id": str(alice.has_address())}, htmx=False
        )

        assert answer.status == 404
        assert shop.order_ids() == []


class TestSigningInMeanwhile:
    def test_an_open_order_is_closed_and_the_cart_paid_as_a_customers(
        self, shop: Shop, gita: Shopper, bob: Shopper
    ) -> None:
        pays(gita, DECLINED)
        gita.email, gita.user_id = bob.email, bob.user_id
        gita.signs_in()

        paid = gita.pays_at_checkout(htmx=False)

        assert paid.state == "paid"
        assert shop.all(Order.user_id, Order.status) == [(None, "canceled"), (bob.user_id, "paid")]
        assert shop.charged() == [VASE]

    def test_a_page_of_stripes_that_was_paid_counts(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper, bob: Shopper
    ) -> None:
        page = goes_to_stripe(gita)
        sandbox.hold_webhooks()
        page.pays()
        gita.email, gita.user_id = bob.email, bob.user_id
        gita.signs_in()

        shown = gita.pays_at_checkout(htmx=False)

        assert shown.state == "paid"
        assert shop.all(Order.user_id, Order.status) == [(None, "paid")]
        assert shop.charged() == [VASE]

    @pytest.mark.parametrize("paid", [True, False])
    def test_a_page_of_stripes_counts_before_its_cart_meets_another(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper, bob: Shopper, *, paid: bool
    ) -> None:
        bob.puts_in_cart("Teapot")
        page = goes_to_stripe(gita)
        sandbox.hold_webhooks()
        if paid:
            page.pays()
        gita.email, gita.user_id = bob.email, bob.user_id
        gita.signs_in()
        page.pays()

        cart = gita.opens("/cart").page.text

        assert ("Vase" in cart) is not paid
        assert "sold out" not in cart
        assert shop.all(Order.user_id, Order.status) == [(None, "paid" if paid else "canceled")]
        assert shop.charged() == ([VASE] if paid else [])
        assert shop.stock("Vase") == (0 if paid else 1)

    def test_without_stripes_answer_they_come_in_all_the_same(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper, bob: Shopper
    ) -> None:
        bob.puts_in_cart("Teapot")
        pays(gita, DECLINED)
        sandbox.fault("error_before", "/v1/payment_intents/*/cancel", times=2)
        gita.email, gita.user_id = bob.email, bob.user_id

        gita.signs_in()

        assert "Teapot" in gita.opens("/cart").page.text
        assert shop.all(Order.status) == ["failed"]

    def test_what_the_browser_placed_stays_its_own_until_it_signs_out(
        self, shop: Shop, gita: Shopper, bob: Shopper
    ) -> None:
        pays(gita)
        gita.email = bob.email
        gita.signs_in()
        signed_in = gita.sees_order().page.text
        gita.sends("/auth/logout", {}, htmx=False)

        assert "Lindenstraße 4" in signed_in
        assert "Lindenstraße 4" not in gita.sees_order().page.text


class TestOnStripesPage:
    def test_a_guest_pays_there_and_comes_back(self, shop: Shop, gita: Shopper) -> None:
        page = goes_to_stripe(gita)
        session = page.at_stripe()

        back = gita.opens(page.pays())
        shop.settle()

        assert (session.customer, session.customer_email) == (None, gita.email)
        assert back.state == "paid"
        assert "Lindenstraße 4" in back.page.text
        assert shop.charged() == [VASE]
        assert shop.all(Cart.state) == [CartState.ordered]
        assert shop.count(StripeCustomer) == 0

    def test_canceling_there_leads_back_to_a_full_cart(self, shop: Shop, gita: Shopper) -> None:
        page = goes_to_stripe(gita)

        back = gita.opens(page.at_stripe().cancel_url)
        on = gita.presses(back.page.form("/hosted"), htmx=False)

        assert (back.panel, back.state) == ("hosted", "checking")
        assert "Vase" in gita.opens("/cart").page.text
        assert on.url == page.url

    def test_two_presses_lead_to_one_page(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        assert goes_to_stripe(gita) == goes_to_stripe(gita)
        assert len(sandbox.requests("POST", SESSIONS)) == 1

    def test_giving_it_up_closes_the_page_first(self, shop: Shop, gita: Shopper) -> None:
        page = goes_to_stripe(gita)

        given_up = gita.presses(gita.sees_order().page.form("/cancellation"))

        assert given_up.state == "canceled"
        assert page.at_stripe().status == "expired"
        assert shop.stock("Vase") == 1

    def test_11_the_hold_and_the_page_end_together(self, shop: Shop, gita: Shopper) -> None:
        page = goes_to_stripe(gita)

        shop.clock.forward(minutes=41)
        shop.work()
        shop.settle()

        assert page.at_stripe().status == "expired"
        assert shop.orders() == [(6900, "canceled")]
        assert shop.stock("Vase") == 1
        assert gita.mails("order_canceled") == ["order_canceled"]

    def test_11_paid_a_moment_before_the_hold_ends(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        page = goes_to_stripe(gita)
        sandbox.hold_webhooks()
        page.pays()

        shop.clock.forward(minutes=41)
        shop.work()

        assert shop.orders() == [(6900, "paid")]
        assert shop.stock("Vase") == 0

    @pytest.mark.parametrize("webhooks", [True, False])
    def test_14_the_tab_is_closed_after_paying(
        self, shop: Shop, sandbox: Sandbox, gita: Shopper, *, webhooks: bool
    ) -> None:
        page = goes_to_stripe(gita)
        if not webhooks:
            sandbox.hold_webhooks()
        page.pays()

        shop.clock.forward(minutes=6)
        shop.settle() if webhooks else shop.work()

        assert shop.orders() == [(6900, "paid")]
        assert gita.mails("receipt") == ["receipt"]

    def test_17_money_for_an_order_given_up_goes_back(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        sandbox.hold_webhooks()
        sandbox.fault("cut_after", SESSIONS, times=BOTH_TRIES)
        form = gita.opens("/checkout").page.form("/checkout/pay")
        checking = gita.presses(form, PAY_HOSTED, htmx=False, typed=types(gita))
        latest = sandbox.stripe.v1.checkout.sessions.list({"limit": 1}).data[0]
        gita.presses(checking.page.form("/cancellation"))
        HostedPage(shop, latest.url or "").pays()

        shop.clock.forward(minutes=3)
        shop.work()

        assert checking.state == "checking"
        assert shop.orders() == [(6900, "canceled")]
        assert shop.all(Refund.kind, Refund.amount) == [(RefundKind.late, 6900)]
        assert shop.given_back() == [VASE]
        assert gita.mails("late_money_returned") == ["late_money_returned"]

    def test_19_the_cookie_is_missing_on_the_way_back(self, shop: Shop, sandbox: Sandbox, gita: Shopper) -> None:
        page = goes_to_stripe(gita)
        sandbox.hold_webhooks()

        back = as_a_stranger(page.pays())

        assert back.url == f"{shop.url}/orders/{shop.order_ids()[0]}"
        assert back.state == "paid"
        assert gita.email not in back.html


class TestSoManyAndNoMore:
    def test_declines_are_counted_by_e_mail(
        self, shop: Shop, gita: Shopper, alice: Shopper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "MAX_DECLINES", 2)
        for _ in range(2):
            gita.puts_in_cart("Mug")
            pays(gita, DECLINED)

        refused = pays(gita)
        other = pays(gita, email="other@example.org")

        assert refused.status == 429
        assert other.state == "paid"

    def test_declines_are_counted_by_where_they_come_from(
        self, shop: Shop, gita: Shopper, alice: Shopper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "MAX_DECLINES_PER_ADDRESS", 2)
        for number in range(2):
            tester = guest(shop, f"Tester{number}")
            tester.puts_in_cart("Mug")
            pays(tester, DECLINED)

        refused = pays(gita)

        assert refused.status == 429
        assert "Too many tries" in refused.page.text
        assert alice.buys().state == "paid"

    def test_whoever_signs_in_is_not_kept_from_paying_by_guests_with_their_e_mail(
        self, shop: Shop, gita: Shopper, alice: Shopper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "MAX_DECLINES", 1)
        pays(gita, DECLINED, email=alice.email)

        assert pays(gita, email=alice.email).status == 429
        assert alice.buys().state == "paid"

    def test_pages_of_stripes_that_wait_are_counted_by_e_mail_and_place(self, shop: Shop) -> None:
        for number in range(3):
            person = guest(shop, f"Holder{number}")
            person.puts_in_cart("Mug")
            goes_to_stripe(person, email="same@example.org")
        fourth = guest(shop, "Holder4")
        fourth.puts_in_cart("Mug")
        form = fourth.opens("/checkout").page.form("/checkout/pay")

        refused = fourth.presses(form, PAY_HOSTED, htmx=False, typed=types(fourth, email="Same@example.org"))

        assert refused.status == 422
        assert "wait to be paid on Stripe’s page" in refused.page.text
        assert shop.all(PaymentAttempt.kind) == [AttemptKind.session] * 3
        assert shop.stock("Mug") == 37
