"""What owner and staff have done is written down with the change itself, and shown."""

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.cli import add_commands
from storefront.core import audit
from storefront.core.audit import AuditEntry, delete_old_entries, record
from storefront.core.clock import now
from storefront.core.database import current_session, transaction
from storefront.customers.models import Role
from storefront.customers.people import user_by_email
from storefront.invoices.seller import Seller, change_seller
from storefront.orders import fulfilment
from storefront.orders.models import OrderStatus
from storefront.web.login import current_customer
from storefront.webhooks.models import EventState, StripeEvent
from tests.apps import bare_app
from tests.doors import register
from tests.mail.orders import place
from tests.people import Shopper
from tests.stack import Shop


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url) as app:
        add_commands(app)
        with app.app_context():
            yield app


def noted() -> list[tuple[str, str]]:
    return [(entry.what, entry.about) for entry in reversed(audit.entries())]


def types(app: Flask, *words: str) -> str:
    result = app.test_cli_runner().invoke(args=list(words))
    assert result.exit_code == 0, result.output
    return str(result.output)


@pytest.mark.usefixtures("app")
class TestNoting:
    def test_it_stands_and_falls_with_the_change(self) -> None:
        with pytest.raises(KeyError):
            _do_half()
        with transaction():
            record("did all of it", "the shop")

        assert noted() == [("did all of it", "the shop")]

    def test_no_secret_is_written_down_and_nothing_long(self) -> None:
        with transaction():
            record(
                "tried",
                "it",
                before={"smtp_password": "hunter2", "api_key": "sk"},
                after={"words": "x" * 500, "left": 3},
            )

        entry = audit.entries()[0]
        assert entry.before == {"smtp_password": "(not told)", "api_key": "(not told)"}
        assert entry.after == {"words": "x" * 199 + "…", "left": 3}

    def test_the_command_line_is_called_by_its_user(self) -> None:
        with transaction():
            record("tried", "it")

        entry = audit.entries()[0]
        assert entry.who.startswith("the command line")
        assert (entry.user_id, entry.address_hash) == (None, "")

    def test_a_user_without_a_name_is_the_command_line_all_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("getpass.getuser", _nobody)

        with transaction():
            record("tried", "it")

        assert audit.entries()[0].who == "the command line"

    def test_it_is_kept_for_a_year(self) -> None:
        with transaction() as session:
            for days in (366, 364):
                session.add(
                    AuditEntry(at=now() - dt.timedelta(days=days), who="anna", what=f"{days} days ago", about="it")
                )

        delete_old_entries()

        assert noted() == [("364 days ago", "it")]

    def test_who_sells_is_told_before_and_after(self) -> None:
        change_seller(Seller("Kiesel GmbH", ("Fährstraße 11", "20457 Hamburg"), email="olive@kiesel.example"))

        entry = audit.entries()[0]
        assert (entry.what, entry.about) == ("changed who sells", "the shop")
        assert entry.before == {"name": "Kiesel", "address": ""}
        assert entry.after == {"name": "Kiesel GmbH", "address": "Fährstraße 11, 20457 Hamburg"}

    def test_a_parcel_is_noted_when_sent_and_once_when_it_came(self) -> None:
        place(OrderStatus.paid, 1)

        fulfilment.ship(1001, "DHL 1")
        for _ in range(2):
            fulfilment.deliver(1001)

        assert noted() == [("sent", "order K-1001"), ("noted as delivered", "order K-1001")]
        assert audit.entries()[1].after == {"tracking": "DHL 1"}


def _do_half() -> None:
    with transaction():
        record("did half of it", "the shop")
        raise KeyError


def _nobody() -> str:
    raise KeyError("getpwuid(): uid not found")


def test_in_a_browser_it_is_who_is_signed_in(doors: Flask, browser: FlaskClient) -> None:
    def act() -> str:
        with transaction():
            record("tried", "it")
        return ""

    doors.add_url_rule("/act", "act", act, methods=["POST"])
    browser.post("/act")
    register(browser)
    browser.post("/act")

    with doors.app_context():
        user = user_by_email("alice@example.org")
        assert user is not None
        stranger, alice = reversed(audit.entries())
        assert (stranger.who, stranger.user_id) == ("somebody not signed in", None)
        assert (alice.who, alice.user_id) == (f"user {user.id}", user.id)
        assert len(alice.address_hash) == 20
        assert current_customer() is None


def test_owners_are_made_and_named(app: Flask) -> None:
    words = ("shop", "create-owner", "anna@kiesel.example", "--name", "Anna", "--password", "kiesel-owner")
    types(app, *words)
    types(app, *words)
    anna = user_by_email("anna@kiesel.example")
    assert anna is not None

    assert noted() == [("made an owner", f"user {anna.id}"), ("changed the role", f"user {anna.id}")]
    with transaction() as session:
        by_anna = {"who": f"user {anna.id}", "user_id": anna.id}
        session.add(AuditEntry(**by_anna, what="refunded", about="order K-1", before={"a": 1}, after={"a": 2, "b": 3}))
    shown = types(app, "shop", "audit").splitlines()
    assert [line.split()[0] for line in shown[:1]] == ["when"]
    assert "anna@kiesel.example" in shown[2]
    assert shown[2].endswith("a: 1 → 2, b: 3")
    assert anna.role is Role.owner


def test_one_may_ask_since_when(app: Flask) -> None:
    with transaction() as session:
        session.add(AuditEntry(at=now() - dt.timedelta(days=3), who="anna", what="refunded", about="order K-1"))

    today = f"{now():%Y-%m-%d}"
    assert types(app, "shop", "audit", "--since", today) == "Nothing was done by hand yet.\n"
    assert "order K-1" in types(app, "shop", "audit")


def test_a_replay_that_did_something_is_written_down(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")
    shop.settle()
    with shop.inside(), transaction() as session:
        event = session.scalars(select(StripeEvent).where(StripeEvent.type == "payment_intent.succeeded")).one()
        event_id, event.state = event.stripe_event_id, EventState.failed

    for _ in range(2):
        shop.app.test_cli_runner().invoke(args=["events", "replay", event_id])

    with shop.inside():
        assert noted() == [("replayed", f"event {event_id}")]


def test_refunds_and_adopting_are_written_down(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")
    shop.settle()
    run = shop.app.test_cli_runner().invoke
    before = shop.url

    run(args=["payments", "refund", "K-1001", "--amount", "10"])
    refused = run(args=["payments", "refund", "K-1001", "--amount", "100"])
    run(args=["shop", "adopt", "--yes"])

    assert refused.exit_code == 1
    with shop.inside():
        assert noted() == [("refunded", "order K-1001"), ("adopted", "the shop")]
        refund = audit.entries()[1].after
        assert (refund["amount"].replace("\u00a0", " "), refund["reason"]) == ("10,00 €", "requested_by_customer")
        assert audit.entries()[0].after == {"base_url": before}
        assert current_session().query(AuditEntry).count() == 2
