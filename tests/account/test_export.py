"""A customer's data, to take along."""

import io
import json
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.mail.models import MailState, OutboundMail
from storefront.customers.models import User
from storefront.orders.models import Order
from storefront.payments.ledger.models import (
    AttemptState,
    IntentState,
    Payment,
    PaymentAttempt,
    PaymentStatus,
    Refund,
    RefundState,
)
from tests.account.people import Customer
from tests.doors import stock_up

PARTS = {"profile", "addresses", "orders", "saved_cards", "consents", "mails", "carts", "logins"}
WORDS = "Keep this card for the next time."


def taken(customer: Customer) -> zipfile.ZipFile:
    answer = customer.sends("/account/export")
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.data))


def part(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(f"{name}.json"))


def paid(customer: Customer, number: int) -> None:
    """The payment of an order, with everything that can hang on one."""
    with customer.shop.app_context(), transaction() as session:
        order = session.query(Order).filter_by(number=number).one()
        payment = Payment(
            order_id=order.id, amount=order.total, currency="eur", status=PaymentStatus.succeeded, livemode=False, card_last4="4242",
            intent_state=IntentState.succeeded, amount_captured=order.total, stripe_payment_intent_id=f"pi_{number}",
        )  # fmt: skip
        payment.attempts = [
            PaymentAttempt(
                public_id=f"att_{number}", number=1, operation="create", idempotency_key=f"key_{number}", state=AttemptState.succeeded,
                request={"params": {"description": "not theirs to see"}}, asked_at=now(), consent_at=now(), consent_words=WORDS,
            )
        ]  # fmt: skip
        payment.refunds = [
            Refund(public_id=f"ref_{number}", amount=500, state=RefundState.succeeded, idempotency_key=f"r_{number}", request={})
        ]  # fmt: skip
        session.add(payment)


@pytest.fixture
def owning(alice: Customer) -> Customer:
    """Alice, with some of everything."""
    alice.keeps_address()
    alice.keeps_card("4242", consent_at=now(), consent_words=WORDS)
    paid(alice, alice.ordered("Teapot", "Mug", shipping_address={"name": "Alice Archer", "city": "Berlin"}))
    alice.sends("/cart/items", variant_id=str(stock_up(alice.shop, "Vase")), quantity="2")
    return alice


def test_everything_of_theirs_is_in_it(owning: Customer) -> None:
    archive = taken(owning)

    assert archive.testzip() is None
    assert set(archive.namelist()) == {f"{name}.json" for name in PARTS} | {"index.html", "style.css"}
    assert (part(archive, "profile")["name"], part(archive, "profile")["email"]) == (
        "Alice Archer",
        "alice@example.org",
    )
    assert [(one["line1"], one["is_default"]) for one in part(archive, "addresses")] == [("Lindenstraße 4", True)]
    assert [(one["brand"], one["last4"]) for one in part(archive, "saved_cards")] == [("visa", "4242")]
    assert [line["name"] for line in part(archive, "carts")[0]["lines"]] == ["Vase"]
    assert [one["kind"] for one in part(archive, "mails")] == ["verify_email"]


def test_orders_come_with_their_lines_payment_and_refunds(owning: Customer) -> None:
    (order,) = part(taken(owning), "orders")

    assert [line["name"] for line in order["lines"]] == ["Teapot", "Mug"]
    assert order["total"] == {"minor": 4800, "currency": "eur", "written": "48,00\xa0€"}
    assert order["shipping_address"]["city"] == "Berlin"
    assert order["payment"]["card_last4"] == "4242"
    assert order["payment"]["refunds"][0]["amount"]["minor"] == 500
    assert order["payment"]["attempts"][0]["state"] == "succeeded"


def test_what_they_agreed_to_comes_with_its_words_and_time(owning: Customer) -> None:
    consents = part(taken(owning), "consents")

    assert sorted((one["with"], one["words"]) for one in consents) == [
        ("a saved card", WORDS),
        ("paying with a card and saving it", WORDS),
    ]
    assert all(one["when"].startswith(str(now().year)) for one in consents)


def test_a_page_to_read_says_the_same(owning: Customer) -> None:
    page = taken(owning).read("index.html").decode()

    for words in (
        "Alice Archer",
        "Lindenstraße 4",
        "Teapot",
        "48,00\xa0€",
        "4242",
        WORDS,
        "Vase",
        "Your data at Kiesel",
    ):
        assert words in page


def test_what_we_sent_to_stripe_and_keep_secret_is_not_in_it(owning: Customer) -> None:
    archive = taken(owning)
    everything = "".join(archive.read(name).decode() for name in archive.namelist())

    for secret in ("not theirs to see", "key_", "$argon2", "password_hash"):
        assert secret not in everything


def test_another_customers_things_are_not_in_it(owning: Customer, bob: Customer) -> None:
    archive = taken(bob)
    everything = "".join(archive.read(name).decode() for name in archive.namelist())

    assert part(archive, "orders") == part(archive, "saved_cards") == part(archive, "addresses") == []
    assert "bob@example.org" in everything
    for hers in ("alice", "Alice", "Lindenstraße", "Teapot", "4242", WORDS, "Vase"):
        assert hers not in everything


def test_mails_to_an_address_nobody_proved_are_not_handed_out(alice: Customer) -> None:
    # Somebody else bought as a guest with this address; whoever registers it has not shown that it is theirs.
    with alice.shop.app_context(), transaction() as session:
        session.add(
            OutboundMail(
                kind="receipt", dedupe_key="guest", message_id="guest", to="alice@example.org", context={"order_id": 99},
                subject="Your order", body_text="to Secret Street 1", state=MailState.sent,
            )
        )  # fmt: skip
    before = [one["kind"] for one in part(taken(alice), "mails")]

    with alice.shop.app_context(), transaction() as session:
        session.execute(update(OutboundMail).values(context={}))
        session.execute(update(User).values(email_verified_at=now()))
    after = [one["kind"] for one in part(taken(alice), "mails")]

    assert before == ["verify_email"]
    assert after == ["verify_email", "receipt"]


@pytest.mark.parametrize("kind", ["verify_email", "reset_password", "change_email"])
def test_a_link_that_proves_who_reads_a_mail_is_not_handed_out(alice: Customer, kind: str) -> None:
    # Else somebody could prove any address to be theirs without ever reading its mail.
    with alice.shop.app_context(), transaction() as session:
        session.add(
            OutboundMail(
                kind=kind, dedupe_key=kind, message_id=kind, to="alice@example.org", context={"user_id": alice.id},
                subject="Is it you?", body_text="http://shop.test/auth/verify/secret", state=MailState.sent,
            )
        )  # fmt: skip
    archive = taken(alice)

    assert part(archive, "mails")[-1]["subject"] == "Is it you?"
    assert all(b"verify/secret" not in archive.read(name) for name in archive.namelist())


def test_it_is_a_file_to_keep_and_a_plain_form_gets_it(alice: Customer) -> None:
    page = alice.sees("/account/export").text

    answer = alice.sends("/account/export")

    assert '<form action="/account/export" method="post">' in page
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=my-data-{now().date()}.zip"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.is_streamed


def test_it_is_made_a_few_times_an_hour(alice: Customer, bob: Customer) -> None:
    statuses = [alice.sends("/account/export").status_code for _ in range(11)]

    assert statuses == [200] * 10 + [429]
    assert bob.sends("/account/export").status_code == 200


def test_nobody_signed_in_gets_none(stranger: FlaskClient) -> None:
    assert stranger.post("/account/export").status_code == 303
