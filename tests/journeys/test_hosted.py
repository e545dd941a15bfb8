"""An order that is paid on Stripe's page: one road, one intent, one charge. Numbers are those of the table of failures."""

import datetime as dt
from collections.abc import Callable

import pytest

from storefront.cards.models import CardSetup, SavedCard, SetupState
from storefront.carts.models import Cart, CartState
from storefront.core.clock import now
from storefront.core.mail.models import OutboundMail
from storefront.core.money import Money
from storefront.orders.models import Order
from storefront.payments.ledger.models import AttemptKind, AttemptState, Payment, PaymentAttempt, Refund, RefundKind
from tests.journeys.hosted import DECLINED, SESSIONS, HostedPage, as_a_stranger, goes_to_stripe, press_hosted
from tests.people import Shopper
from tests.stack import OWNER, Sandbox, Shop

VASE = Money(6900, "eur")
BOTH_TRIES = 2
STAYS_DOWN = 200


@pytest.fixture
def dora(someone: Callable[[str], Shopper]) -> Shopper:
    """New here: no card, no address, and one vase, the last, in her cart."""
    person = someone("Dora Dean")
    person.is_at_stripe()
    person.puts_in_cart("Vase")
    return person


def kinds(shop: Shop) -> list[tuple[AttemptKind, AttemptState]]:
    return shop.all(PaymentAttempt.kind, PaymentAttempt.state)


class TestPaying:
    def test_stripe_is_told_what_the_shop_sells_and_for_how_long(self, shop: Shop, dora: Shopper) -> None:
        dora.puts_in_cart("Mug", 2)

        session = goes_to_stripe(dora).at_stripe()

        [order] = shop.order_ids()
        [attempt] = shop.all(PaymentAttempt.public_id)
        [hold] = shop.all(Order.hold_until)
        assert (session.amount_total, session.currency, session.customer) == (6900 + 2500, "eur", dora.customer)
        assert session.client_reference_id == session.metadata["order_id"] == order
        assert session.metadata["attempt_id"] == attempt
        assert session.success_url == f"{shop.url}/checkout/return/{order}"
        assert session.cancel_url == f"{shop.url}/orders/{order}"
        assert session.expires_at == hold.timestamp()
        assert dt.timedelta(minutes=39) < hold - now() < dt.timedelta(minutes=40)
        assert shop.stock("Vase") == 0
        assert kinds(shop) == [(AttemptKind.session, AttemptState.requires_action)]

    def test_a_new_card_pays_and_leads_back(self, shop: Shop, dora: Shopper) -> None:
        back = dora.opens(goes_to_stripe(dora).pays())
        shop.settle()

        assert back.url.endswith(f"/orders/{shop.order_ids()[0]}")
        assert back.state == "paid"
        assert dora.orders() == [("Vase", "paid")]
        assert dora.charged() == [VASE]
        assert shop.intents() == [one["id"] for one in shop.intents_at_stripe()]
        assert shop.all(Payment.card_brand, Payment.card_last4) == [("visa", "4242")]
        assert shop.all(Cart.state) == [CartState.ordered]
        assert dora.mails("receipt") == ["receipt"]
        assert shop.failed_jobs() == []

    def test_a_saved_address_is_enough(self, shop: Shop, dora: Shopper) -> None:
        chosen = dora.has_address(city="Potsdam")
        token = dora.opens("/checkout").page.form("/checkout/pay").fields["checkout_token"]

        answer = dora.sends(
            "/checkout/hosted", {"checkout_token": token, "expected_total": "6900", "address_id": str(chosen)}
        )

        assert answer.redirect.startswith(f"{shop.sandbox.url}/pay/cs_test_")
        [address] = shop.all(Order.shipping_address)
        assert address["city"] == "Potsdam"

    @pytest.mark.parametrize("ticked", [True, False])
    def test_a_card_is_kept_where_its_customer_ticked_that(self, shop: Shop, dora: Shopper, *, ticked: bool) -> None:
        goes_to_stripe(dora, keeping=ticked).pays()
        shop.settle()

        with shop.inside() as session:
            consents = [bool(card.consent_at and card.consent_words) for card in session.query(SavedCard)]
        assert consents == ([True] if ticked else [])

    def test_a_declined_card_there_leaves_the_page_open_for_another(self, shop: Shop, dora: Shopper) -> None:
        page = goes_to_stripe(dora)
        page.pays(DECLINED)
        shop.settle()
        meanwhile = (kinds(shop), dora.sees_order().panel, dora.orders())

        page.pays()
        shop.settle()

        assert meanwhile == ([(AttemptKind.session, AttemptState.requires_action)], "hosted", [("Vase", "pending")])
        assert dora.orders() == [("Vase", "paid")]
        assert dora.charged() == [VASE]
        assert dora.mails("payment_failed") == []

    def test_two_presses_lead_to_one_page(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        first, second = goes_to_stripe(dora), goes_to_stripe(dora)

        assert first == second
        assert len(shop.order_ids()) == 1
        assert len(sandbox.requests("POST", SESSIONS)) == 1

    def test_what_was_typed_wrong_stays(self, shop: Shop, dora: Shopper) -> None:
        answer = press_hosted(dora, {"city": ""}, htmx=True)

        assert answer.status == 422
        assert 'value="Lindenstraße 4"' in answer.html
        assert shop.order_ids() == []

    def test_another_total_is_asked_about(self, shop: Shop, dora: Shopper) -> None:
        form = dora.opens("/checkout").page.form("/checkout/pay")
        shop.set_price("Vase", 7000)

        answer = dora.presses(
            form, {"id": "pay-hosted"}, typed={"line1": "L 4", "postal_code": "10969", "city": "Berlin"}
        )

        assert (answer.status, shop.order_ids()) == (409, [])
        assert "The price has changed" in answer.page.text


class TestNewsOnItsWay:
    """What was paid on Stripe's page, and not told yet, is not said to be unpaid."""

    def test_the_orders_page_does_not_say_that_nothing_was_charged(
        self, shop: Shop, sandbox: Sandbox, dora: Shopper
    ) -> None:
        sandbox.hold_webhooks()
        goes_to_stripe(dora).pays()

        seen = dora.sees_order()

        assert (seen.panel, dora.charged()) == ("hosted", [VASE])
        assert "Nothing was charged" not in seen.page.text
        assert "not paid" not in seen.page.text.lower()

    @pytest.mark.parametrize("htmx", [True, False])
    def test_a_button_for_the_same_thing_does_not_say_so_either(
        self, shop: Shop, sandbox: Sandbox, alice: Shopper, *, htmx: bool
    ) -> None:
        sandbox.hold_webhooks()
        alice.puts_in_cart("Mug")
        goes_to_stripe(alice).pays()

        seen = alice.presses(alice.one_click_button("Mug"), htmx=htmx)

        words = seen.page.text.lower().replace("nothing was charged now", "")
        assert (seen.status, seen.panel) == (409, "open_order")
        assert "not paid" not in words
        assert "nothing was charged" not in words


class TestAnotherRoad:
    """Another way of paying is another order, placed only after the Session has expired."""

    def test_a_card_pays_a_new_order_once_the_page_is_closed(self, shop: Shop, dora: Shopper) -> None:
        page = goes_to_stripe(dora)

        paid = dora.pays_at_checkout(htmx=False)
        shop.settle()

        assert page.at_stripe().status == "expired"
        assert page.pays() == ""
        assert paid.state == "paid"
        assert dora.orders() == [("Vase", "canceled"), ("Vase", "paid")]
        assert dora.charged() == [VASE]
        assert shop.stock("Vase") == 0

    def test_a_page_that_was_paid_meanwhile_counts(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        checkout = dora.opens("/checkout").page.form("/checkout/pay")
        page = goes_to_stripe(dora)
        sandbox.hold_webhooks()
        page.pays()

        shown = dora.presses(
            checkout, htmx=False, typed={
                "name": "Dora", "line1": "Elsewhere 1", "postal_code": "10969", "city": "Berlin",
                "confirmation_token": sandbox.confirmation_token(),
            },
        )  # fmt: skip

        assert shown.state == "paid"
        assert dora.orders() == [("Vase", "paid")]
        assert dora.charged() == [VASE]

    def test_a_declined_card_gives_way_to_the_page(self, shop: Shop, dora: Shopper) -> None:
        declined = dora.pays_at_checkout("pm_card_chargeDeclined", htmx=False)

        goes_to_stripe(dora).pays()
        shop.settle()

        assert declined.state == "declined"
        assert dora.orders() == [("Vase", "canceled"), ("Vase", "paid")]
        assert dora.charged() == [VASE]

    def test_an_order_that_waits_there_takes_no_card_here(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        alice.puts_in_cart("Vase")
        goes_to_stripe(alice)
        order = shop.order_ids()[0]

        alice.sends(f"/orders/{order}/payment", {"attempt": "2", "card_id": str(alice.cards["pm_card_visa"])})

        assert kinds(shop) == [(AttemptKind.session, AttemptState.requires_action)]
        assert alice.charged() == []


class TestComingBack:
    def test_a_full_cart_and_a_way_on(self, shop: Shop, dora: Shopper) -> None:
        page = goes_to_stripe(dora)

        back = dora.opens(page.at_stripe().cancel_url)
        on = dora.presses(back.page.form("/hosted"), htmx=False)

        assert (back.panel, back.state) == ("hosted", "checking")
        assert dora.opens("/cart").page.text.count("Vase") > 0
        assert on.url == page.url

    def test_under_htmx_the_whole_browser_goes_on(self, shop: Shop, dora: Shopper) -> None:
        page = goes_to_stripe(dora)

        assert dora.presses(dora.sees_order().page.form("/hosted")).redirect == page.url

    def test_giving_it_up_closes_the_page_first(self, shop: Shop, dora: Shopper) -> None:
        page = goes_to_stripe(dora)

        given_up = dora.presses(dora.sees_order().page.form("/cancellation"))

        assert given_up.state == "canceled"
        assert page.at_stripe().status == "expired"
        assert shop.stock("Vase") == 1

    def test_going_on_with_what_is_paid_shows_that(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        page = goes_to_stripe(dora)
        button = dora.sees_order().page.form("/hosted")
        sandbox.hold_webhooks()
        page.pays()

        assert dora.presses(button, htmx=False).state == "paid"
        assert dora.presses(button, htmx=False).state == "paid"

    def test_going_on_while_stripe_is_away(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        goes_to_stripe(dora)
        button = dora.sees_order().page.form("/hosted")
        sandbox.fault("error_before", f"{SESSIONS}/*", verb="GET", times=STAYS_DOWN)

        assert dora.presses(button, htmx=False).panel == "hosted"

    def test_strangers_learn_little_and_cannot_pay(self, shop: Shop, dora: Shopper) -> None:
        goes_to_stripe(dora)

        seen = as_a_stranger(f"{shop.url}/orders/{shop.order_ids()[0]}")

        assert (seen.panel, seen.state) == ("hosted", "checking")
        assert [
            form.action for form in seen.page.forms if "/orders/" in form.action and "find" not in form.action
        ] == []


class TestFailures:
    def test_11_paid_a_moment_before_the_hold_ends(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        page = goes_to_stripe(dora)
        sandbox.hold_webhooks()
        page.pays()

        shop.clock.forward(minutes=41)
        shop.work()

        assert dora.orders() == [("Vase", "paid")]
        assert shop.stock("Vase") == 0

    def test_11_the_hold_and_the_page_end_together(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        page = goes_to_stripe(dora)

        shop.clock.forward(minutes=41)
        shop.work()
        shop.settle()

        assert page.at_stripe().status == "expired"
        assert dora.orders() == [("Vase", "canceled")]
        assert kinds(shop) == [(AttemptKind.session, AttemptState.superseded)]
        assert shop.stock("Vase") == 1
        assert dora.mails("order_canceled") == ["order_canceled"]

    def test_11_the_payment_settles_after_the_hold(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        page = goes_to_stripe(dora)
        sandbox.control("POST", f"/checkout_sessions/{page.session}", pays="later")
        back = dora.opens(page.pays())

        shop.clock.forward(minutes=40)
        shop.work()
        meanwhile = (dora.orders(), shop.stock("Vase"), kinds(shop))
        sandbox.control("POST", f"/checkout_sessions/{page.session}", outcome="succeeded")
        shop.settle()

        assert back.state == "checking"
        assert meanwhile == ([("Vase", "pending")], 0, [(AttemptKind.session, AttemptState.processing)])
        assert dora.orders() == [("Vase", "paid")]
        assert dora.charged() == [VASE]

    def test_11_the_payment_fails_after_all(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        page = goes_to_stripe(dora)
        sandbox.control("POST", f"/checkout_sessions/{page.session}", pays="later")
        page.pays()
        shop.settle()
        sandbox.control("POST", f"/checkout_sessions/{page.session}", outcome="failed")
        shop.settle()

        assert kinds(shop) == [(AttemptKind.session, AttemptState.declined)]
        assert dora.orders() == [("Vase", "canceled")]
        assert shop.stock("Vase") == 1
        assert dora.charged() == []

    def test_14_the_tab_is_closed_after_paying(self, shop: Shop, dora: Shopper) -> None:
        goes_to_stripe(dora).pays()
        shop.settle()

        assert dora.orders() == [("Vase", "paid")]
        assert dora.mails("receipt") == ["receipt"]
        assert ("order_for_owner", OWNER) in shop.mails()

    def test_14_the_tab_is_closed_and_no_webhook_comes(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        page = goes_to_stripe(dora)
        sandbox.hold_webhooks()
        page.pays()

        shop.clock.forward(minutes=6)
        shop.work()

        assert dora.orders() == [("Vase", "paid")]
        assert dora.mails("receipt") == ["receipt"]

    def test_17_money_for_an_order_given_up_goes_back(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        sandbox.hold_webhooks()
        sandbox.fault("cut_after", SESSIONS, times=BOTH_TRIES)
        checking = press_hosted(dora)
        page = HostedPage(shop, sandbox.stripe.v1.checkout.sessions.list({"customer": dora.customer}).data[0].url or "")
        dora.presses(checking.page.form("/cancellation"))
        page.pays()

        shop.clock.forward(minutes=3)
        shop.work()

        assert checking.state == "checking"
        assert dora.orders() == [("Vase", "canceled")]
        assert shop.all(Refund.kind, Refund.amount) == [(RefundKind.late, 6900)]
        assert shop.given_back() == [VASE]
        assert shop.stock("Vase") == 1
        assert dora.mails("late_money_returned") == ["late_money_returned"]

    def test_19_the_session_cookie_is_missing_on_the_way_back(
        self, shop: Shop, sandbox: Sandbox, dora: Shopper
    ) -> None:
        page = goes_to_stripe(dora)
        sandbox.hold_webhooks()

        back = as_a_stranger(page.pays())

        assert back.url.endswith(f"/orders/{shop.order_ids()[0]}")
        assert back.state == "paid"
        assert dora.email not in back.html
        assert dora.orders() == [("Vase", "paid")]

    def test_38_a_total_below_what_stripe_takes(self, shop: Shop, dora: Shopper) -> None:
        shop.set_price("Vase", 20)

        answer = press_hosted(dora, htmx=True)

        assert (answer.status, shop.order_ids()) == (422, [])
        assert "The least we can charge a card is" in answer.page.text

    def test_38_a_free_order_needs_no_page(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        shop.set_price("Vase", 0)

        answer = press_hosted(dora)

        assert answer.state == "paid"
        assert sandbox.requests("POST", SESSIONS) == []


class TestNoAnswer:
    def test_the_same_page_is_asked_for_again(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        sandbox.fault("cut_after", SESSIONS, times=BOTH_TRIES)

        checking = press_hosted(dora)
        shop.work()
        page = goes_to_stripe(dora)
        page.pays()
        shop.settle()

        assert checking.panel == "checking"
        assert len({one["idempotency_key"] for one in sandbox.requests("POST", SESSIONS)}) == 1
        assert dora.orders() == [("Vase", "paid")]
        assert dora.charged() == [VASE]

    def test_pressed_again_it_leads_there(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        sandbox.fault("cut_after", SESSIONS, times=BOTH_TRIES)
        press_hosted(dora)

        goes_to_stripe(dora)

        assert kinds(shop) == [(AttemptKind.session, AttemptState.requires_action)]

    def test_given_up_its_page_is_looked_for_and_closed(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        sandbox.fault("cut_after", SESSIONS, times=BOTH_TRIES)
        dora.presses(press_hosted(dora).page.form("/cancellation"))
        sent = len(sandbox.requests("POST", SESSIONS))

        shop.clock.forward(minutes=2)
        shop.work()

        [session] = sandbox.stripe.v1.checkout.sessions.list({"customer": dora.customer}).data
        assert session.status == "expired"
        assert [one["path"] for one in sandbox.requests("POST", SESSIONS)[sent:]] == [f"{SESSIONS}/{session.id}/expire"]
        assert dora.orders() == [("Vase", "canceled")]
        assert shop.stock("Vase") == 1

    def test_a_page_behind_an_error_that_stripe_keeps_repeating_is_found(
        self, shop: Shop, sandbox: Sandbox, dora: Shopper
    ) -> None:
        sandbox.fault("error_after", SESSIONS)

        checking = press_hosted(dora)
        set_up = {"mode": "setup", "currency": "eur", "customer": dora.customer, "success_url": shop.url}
        sandbox.stripe.v1.checkout.sessions.create(set_up)  # type: ignore[arg-type]  # found on the way, and not ours
        shop.work()

        assert checking.panel == "checking"
        assert kinds(shop) == [(AttemptKind.session, AttemptState.requires_action)]
        assert dora.sees_order().panel == "hosted"

    def test_what_was_never_opened_is_let_go_after_an_hour(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        sandbox.fault("error_before", SESSIONS, times=STAYS_DOWN)
        press_hosted(dora)
        sandbox.forget_faults()

        shop.clock.forward(minutes=41)
        shop.work()
        after_the_hold = (dora.orders(), shop.stock("Vase"))
        shop.clock.forward(minutes=65)
        shop.work()

        assert after_the_hold == ([("Vase", "pending")], 0)
        assert kinds(shop) == [(AttemptKind.session, AttemptState.never_sent)]
        assert dora.orders() == [("Vase", "canceled")]
        assert shop.stock("Vase") == 1

    def test_stripes_refusal_is_told_and_a_card_still_pays(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        sandbox.fault("refuse_400", SESSIONS, code="parameter_invalid")

        refused = press_hosted(dora)
        paid = dora.pays_at_checkout(htmx=False)

        assert refused.panel == "declined"
        assert "Stripe’s page did not open" in refused.page.text
        assert paid.state == "paid"
        assert dora.orders() == [("Vase", "paid")]

    def test_without_a_customer_at_stripe_the_e_mail_is_enough(
        self, shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
    ) -> None:
        sandbox.fault("error_before", "/v1/customers", times=STAYS_DOWN)
        erin = someone("Erin East")
        erin.puts_in_cart("Vase")

        page = goes_to_stripe(erin, keeping=True)
        page.pays()
        sandbox.forget_faults()
        shop.settle()

        assert (page.at_stripe().customer_email, page.at_stripe().customer) == (erin.email, None)
        assert erin.orders() == [("Vase", "paid")]


def test_a_page_to_link_to(shop: Shop, alice: Shopper) -> None:
    stranger = as_a_stranger(f"{shop.url}/buy/teapot")
    bought = alice.presses(alice.opens("/buy/teapot").page.form("/checkout/one-click"))
    missing = as_a_stranger(f"{shop.url}/buy/nothing")
    shop.set_stock("Vase", 0)
    sold_out = as_a_stranger(f"{shop.url}/buy/vase")

    plain = stranger.page.form("/cart/items")
    assert (stranger.panel, plain.fields["variant_id"]) == ("plain", str(shop.products["Teapot"]))
    assert plain.buttons == [plain.buttons[0] | {"name": "then", "value": "checkout"}]
    assert bought.state == "paid"
    assert missing.status == 404
    assert sold_out.panel == "sold_out"
    assert shop.all(OutboundMail.kind).count("receipt") == 1


class TestSavingACard:
    """On Stripe's page, for browsers without scripts."""

    def test_it_is_kept_with_the_consent_given_before(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        page = opens_page_for_a_card(dora)
        sandbox.hold_webhooks()

        back = dora.opens(page.pays())

        assert "ending in 4242" in back.page.text
        [(consented, words)] = shop.all(SavedCard.consent_at, SavedCard.consent_words)
        assert (consented is not None, words) == (True, shop.all(CardSetup.consent_words)[0])
        assert shop.all(CardSetup.state) == [SetupState.succeeded]

    def test_a_tab_closed_then_is_no_harm(self, shop: Shop, dora: Shopper) -> None:
        opens_page_for_a_card(dora).pays()
        shop.settle()

        assert shop.all(SavedCard.last4) == ["4242"]
        assert shop.failed_jobs() == []

    def test_without_a_word_nothing_is_kept(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        answer = dora.sends("/account/cards/hosted", {}, htmx=False)

        assert (answer.status, shop.count(CardSetup)) == (422, 0)
        assert "Please tick the box" in answer.page.text
        assert sandbox.requests("POST", SESSIONS) == []

    def test_what_nobody_finished_ends_with_its_page(self, shop: Shop, dora: Shopper) -> None:
        page = opens_page_for_a_card(dora)

        shop.clock.forward(minutes=62)
        shop.work()
        shop.settle()

        assert page.at_stripe().status == "expired"
        assert shop.all(CardSetup.state) == [SetupState.canceled]

    def test_a_lost_answer_is_asked_for_again(self, shop: Shop, sandbox: Sandbox, dora: Shopper) -> None:
        sandbox.fault("cut_after", SESSIONS, times=BOTH_TRIES)

        answer = dora.sends("/account/cards/hosted", {"consent": "yes"}, htmx=False)
        shop.clock.forward(minutes=2)
        shop.work()

        assert answer.status == 503
        assert shop.all(CardSetup.state) == [SetupState.requires_payment_method]
        assert len({one["idempotency_key"] for one in sandbox.requests("POST", SESSIONS)}) == 1


def opens_page_for_a_card(person: Shopper) -> HostedPage:
    answer = person.sends("/account/cards/hosted", {"consent": "yes"}, htmx=False)
    assert answer.url.startswith(f"{person.shop.sandbox.url}/pay/"), answer.html
    return HostedPage(person.shop, answer.url)
