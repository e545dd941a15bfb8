"""Leaving: what keeps one, what goes, what stays, and that Stripe hears of it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.cards.models import CardSetup, SavedCard, StripeCustomer
from storefront.carts.models import Cart
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.core.jobs.models import Job
from storefront.core.mail.models import MailState, OutboundMail
from storefront.customers.addresses import addresses_of
from storefront.customers.models import Role, User
from storefront.orders.models import FulfilmentStatus, Order, OrderStatus
from storefront.payments.ledger.models import (
    AttemptState,
    Dispute,
    IntentState,
    Payment,
    PaymentAttempt,
    PaymentStatus,
    Refund,
    RefundState,
)
from storefront.privacy.forget import erase_last_mails
from storefront.webhooks.models import EventState, StripeEvent
from tests.account.people import Customer
from tests.doors import mails, register, sign_in, stock_up

SENT = FulfilmentStatus.fulfilled
HOME = {"name": "Alice Archer", "line1": "Lindenstraße 4", "city": "Berlin", "country": "DE", "phone": "030 1234"}


def order_of(customer: Customer, status: OrderStatus = OrderStatus.paid, **more: Any) -> int:
    """An order with its payment; the payment's id."""
    more = {"shipping_address": HOME, "paid_at": now() if status is OrderStatus.paid else None} | more
    number = customer.ordered("Teapot", status=status, **more)
    with customer.shop.app_context(), transaction() as session:
        order = session.query(Order).filter_by(number=number).one()
        paid = status is OrderStatus.paid
        payment = Payment(
            order_id=order.id, amount=2400, currency="eur", livemode=False, amount_captured=2400 if paid else 0,
            status=PaymentStatus.succeeded if paid else PaymentStatus.canceled, stripe_payment_intent_id=f"pi_{number}",
            intent_state=IntentState.succeeded if paid else IntentState.canceled,
        )  # fmt: skip
        payment.attempts = [
            PaymentAttempt(
                public_id=f"att_{number}", number=1, operation="create", idempotency_key=f"key_{number}", asked_at=now(),
                state=AttemptState.succeeded if paid else AttemptState.declined, request={"params": {"shipping": HOME}},
                card_last4="4242", stripe_payment_method_id=f"pm_{number}",
            )
        ]  # fmt: skip
        session.add(payment)
        session.flush()
        return payment.id


def add(customer: Customer, *rows: Any) -> None:
    with customer.shop.app_context(), transaction() as session:
        session.add_all(rows)


def rows(customer: Customer, table: Any, *where: Any) -> list[Any]:
    with customer.shop.app_context():
        return list(current_session().scalars(select(table).where(*where).order_by(table.id)))


def lets_go(customer: Customer) -> bool:
    """Press the button: whether the account is gone."""
    answer = customer.sends("/account/deletion")
    if answer.status_code != 303:
        assert answer.status_code == 422
        return False
    assert answer.location == "/account/goodbye"
    return True


# What keeps one


def an_unpaid_order(customer: Customer) -> None:
    order_of(customer, OrderStatus.failed)


def a_parcel_to_send(customer: Customer) -> None:
    order_of(customer)


def a_parcel_that_was_sent(customer: Customer) -> None:
    order_of(customer, fulfilment_status=SENT)


def an_order_given_up(customer: Customer) -> None:
    order_of(customer, OrderStatus.canceled)


def a_payment_under_way(customer: Customer) -> None:
    payment_id = order_of(customer, OrderStatus.pending)
    with customer.shop.app_context(), transaction() as session:
        session.get_one(Payment, payment_id).attempts[0].state = AttemptState.unknown


def a_refund(state: RefundState) -> Callable[[Customer], None]:
    def keep(customer: Customer) -> None:
        payment_id = order_of(customer, fulfilment_status=SENT)
        add(
            customer,
            Refund(public_id="re", payment_id=payment_id, amount=500, state=state, idempotency_key="re", request={}),
        )

    keep.__name__ = f"refund_{state}"
    return keep


def a_dispute(status: str) -> Callable[[Customer], None]:
    def keep(customer: Customer) -> None:
        payment_id = order_of(customer, fulfilment_status=SENT)
        facts = {"stripe_dispute_id": "dp", "reason": "fraudulent", "amount": 2400, "currency": "eur"}
        add(customer, Dispute(payment_id=payment_id, status=status, **facts))

    keep.__name__ = f"dispute_{status}"
    return keep


@pytest.mark.parametrize(
    ("under_way", "words"),
    [
        (an_unpaid_order, "K-1001 is not paid yet."),
        (a_payment_under_way, "K-1001 is being paid at this moment."),
        (a_parcel_to_send, "K-1001 is paid, and not sent yet."),
        *((a_refund(state), "the refund is still open") for state in list(RefundState)[:4]),
        (a_dispute("needs_response"), "that dispute is not decided yet"),
        (a_dispute("warning_under_review"), "that dispute is not decided yet"),
    ],
)
def test_what_is_under_way_has_to_end_first(alice: Customer, under_way: Callable[[Customer], None], words: str) -> None:
    under_way(alice)

    asked, sent = alice.sees("/account/deletion").text, alice.sends_part("/account/deletion")

    assert sent.status_code == 422
    assert words in sent.text
    assert words in asked
    assert "Delete my account for good" not in asked + sent.text
    assert alice.sees("/account/profile").status_code == 200
    assert rows(alice, User)[0].email == "alice@example.org"


@pytest.mark.parametrize(
    "over",
    [
        a_parcel_that_was_sent,
        an_order_given_up,
        a_refund(RefundState.succeeded),
        a_refund(RefundState.failed),
        a_dispute("won"),
        a_dispute("lost"),
        a_dispute("warning_closed"),
    ],
)
def test_what_is_over_keeps_nobody(alice: Customer, over: Callable[[Customer], None]) -> None:
    over(alice)

    assert lets_go(alice)


def test_what_is_only_downloaded_keeps_nobody(alice: Customer) -> None:
    order_of(alice)
    with alice.shop.app_context(), transaction() as session:
        session.query(Order).one().lines[0].requires_shipping = False

    assert lets_go(alice)


def test_the_one_who_runs_the_shop_stays(alice: Customer) -> None:
    with alice.shop.app_context(), transaction() as session:
        session.get_one(User, alice.id).role = Role.owner

    assert not lets_go(alice)


def test_bobs_order_keeps_bob_alone(alice: Customer, bob: Customer) -> None:
    an_unpaid_order(bob)

    assert lets_go(alice)
    assert not lets_go(bob)


# What goes, and what stays


def test_the_page_says_what_goes_and_what_is_kept(alice: Customer) -> None:
    page = alice.sees("/account/deletion").text

    assert "What goes, at once and for good" in page
    assert "paid orders and their invoices kept" in page
    assert 'action="/account/deletion" method="post"' in page
    assert alice.sees_part("/account/deletion").text.strip() in page


def test_their_own_things_go(alice: Customer, bob: Customer) -> None:
    bob.keeps_address()
    bob.keeps_card("0001")
    alice.keeps_address()
    alice.keeps_card("4242")
    setup = {
        "public_id": "s",
        "idempotency_key": "s",
        "request": {},
        "asked_at": now(),
        "consent_at": now(),
        "livemode": False,
    }
    add(alice, CardSetup(user_id=alice.id, consent_words="", **setup))
    alice.sends("/cart/items", variant_id=str(stock_up(alice.shop, "Vase")), quantity="1")

    assert lets_go(alice)

    with alice.shop.app_context():
        assert list(addresses_of(alice.id)) == []
    assert rows(alice, CardSetup) == rows(alice, Cart) == []
    assert [card.last4 for card in rows(alice, SavedCard)] == ["0001"]
    user = rows(alice, User)[0]
    assert (user.name, user.email, user.email_wanted, user.password_hash) == ("", "", "", "")
    assert "alice" not in user.email_key
    assert bob.book() == [("Lindenstraße 4", True)]
    assert rows(alice, User)[1].email == "bob@example.org"


def test_paid_orders_stay_as_the_tax_office_wants_them(alice: Customer) -> None:
    order_of(alice, fulfilment_status=SENT)

    assert lets_go(alice)

    (order,) = rows(alice, Order)
    assert (order.number, order.total, order.email) == (1001, 2400, "alice@example.org")
    assert order.shipping_address == HOME | {"phone": ""}
    (attempt,) = rows(alice, PaymentAttempt)
    assert (attempt.request, attempt.card_last4) == ({}, "4242")


def test_unpaid_orders_say_nothing_of_them(alice: Customer) -> None:
    order_of(alice, OrderStatus.canceled)

    assert lets_go(alice)

    (order,) = rows(alice, Order)
    assert (order.total, order.email, order.email_key, order.shipping_address) == (2400, "", "", None)
    (attempt,) = rows(alice, PaymentAttempt)
    assert (attempt.request, attempt.card_last4, attempt.stripe_payment_method_id) == ({}, "", None)


def test_what_stripe_told_of_them_is_emptied(alice: Customer, bob: Customer) -> None:
    order_of(alice, fulfilment_status=SENT)
    order_of(bob, fulfilment_status=SENT)
    told = {"api_version": "", "livemode": False, "payload": {"name": "Somebody"}, "state": EventState.applied}
    known = [
        StripeEvent(stripe_event_id=f"evt_{one}", type="payment_intent.succeeded", object_id=one, **told)
        for one in ("pi_1001", "pm_1001", "pi_1002")
    ]
    add(alice, *known)

    assert lets_go(alice)

    payloads = {event.object_id: event.payload for event in rows(alice, StripeEvent)}
    assert payloads == {"pi_1001": {}, "pm_1001": {}, "pi_1002": {"name": "Somebody"}}


def test_mails_lose_their_words_and_what_is_only_about_the_account_is_not_sent(alice: Customer, bob: Customer) -> None:
    order_of(alice, fulfilment_status=SENT)
    (order,) = rows(alice, Order)
    text = {"subject": "Thank you", "body_text": "Lindenstraße 4", "state": MailState.sent, "sent_at": now()}
    about = {"context": {"order_id": order.id}, "kind": "receipt"}
    add(
        alice,
        OutboundMail(dedupe_key="1", message_id="1", to="alice@example.org", **about, **text),
        OutboundMail(dedupe_key="2", message_id="2", to="olive@kiesel.example", **about, **text),
        OutboundMail(dedupe_key="3", message_id="3", to="alice@example.org", **about),
    )

    assert bob.id
    assert lets_go(alice)

    kept = [(mail.kind, mail.to, mail.state.value, mail.body_text) for mail in rows(alice, OutboundMail)]
    assert kept == [
        ("verify_email", "", "dropped", ""),
        ("verify_email", "bob@example.org", "queued", ""),
        ("receipt", "", "sent", ""),
        ("receipt", "olive@kiesel.example", "sent", ""),
        ("receipt", "alice@example.org", "queued", ""),
        ("goodbye", "alice@example.org", "queued", ""),
    ]


def test_a_week_later_the_last_words_are_gone_too(alice: Customer) -> None:
    order_of(alice, fulfilment_status=SENT)
    assert lets_go(alice)
    (job,) = rows(alice, Job, Job.kind == "forget_last_words")
    told = {"api_version": "", "livemode": False, "payload": {"name": "Alice"}, "state": EventState.applied}
    add(alice, StripeEvent(stripe_event_id="evt", type="charge.updated", object_id="pi_1001", **told))

    with alice.shop.app_context():
        erase_last_mails(**job.args)

    assert dt.timedelta(days=6) < job.run_at - now() < dt.timedelta(days=8)
    assert [event.payload for event in rows(alice, StripeEvent)] == [{}]
    assert [(mail.to, mail.context) for mail in rows(alice, OutboundMail)] == [("", {})] * 2


def test_every_session_ends_and_the_way_in_is_closed(alice: Customer, stranger: FlaskClient) -> None:
    sign_in(stranger)

    assert lets_go(alice)

    assert "You are welcome back at any time." in alice.sees("/account/goodbye").text
    assert alice.sees("/account/profile").status_code == 303
    assert stranger.get("/account/profile").status_code == 303
    assert sign_in(stranger).status_code == 422
    assert mails(alice.shop)[-1] == ("goodbye", "alice@example.org")


def test_whoever_registers_with_the_same_email_is_somebody_new(alice: Customer) -> None:
    order_of(alice, fulfilment_status=SENT)
    alice.keeps_address()
    before = alice.id
    assert lets_go(alice)

    browser = alice.shop.test_client()
    register(browser, "alice@example.org", name="Alice Again")

    again = Customer(alice.shop, browser, "alice@example.org")
    assert again.id != before
    assert again.book() == []
    assert "Teapot" not in again.sees("/account/orders").text
    # The old cookie is nobody's, whatever it says.
    assert alice.sees("/account/profile").status_code == 303


def test_a_job_is_left_to_delete_the_customer_at_stripe(alice: Customer) -> None:
    assert lets_go(alice)

    (customer,) = rows(alice, StripeCustomer)
    assert (customer.user_id, customer.deleted_at is not None) == (None, True)
    assert [job.args for job in rows(alice, Job, Job.kind == "delete_customer")] == [{"customer_id": customer.id}]


def test_leaving_twice_is_leaving_once(alice: Customer) -> None:
    assert lets_go(alice)
    again = alice.sends("/account/deletion")

    assert again.location.startswith("/auth/login")
    assert [kind for kind, _ in mails(alice.shop)].count("goodbye") == 1
