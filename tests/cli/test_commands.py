"""What the owner types, and what the shop answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click import ClickException
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from storefront.catalog.models import Variant
from storefront.cli import add_commands
from storefront.cli.printing import minor_units, order_number
from storefront.core.database import current_session, transaction
from storefront.core.mail.models import OutboundMail
from storefront.customers import jobs
from storefront.customers.joining import join, newcomer
from storefront.customers.models import Role, User
from storefront.customers.passwords import is_password_of
from storefront.extensions import db
from storefront.orders.models import FulfilmentStatus, Order, OrderStatus
from storefront.webhooks.models import Unmatched
from tests.apps import bare_app
from tests.mail.orders import place

HEAD = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Published\n"
REGISTERED = jobs


class Shell:
    """Where the owner types."""

    def __init__(self, app: Flask) -> None:
        self._runner = app.test_cli_runner()

    def types(self, *words: str, then: str = "") -> Result:
        result: Result = self._runner.invoke(args=list(words), input=then)
        return result


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with bare_app(database_url) as app:
        add_commands(app)
        app.instance_path = str(tmp_path)
        yield app


@pytest.fixture
def shell(app: Flask) -> Shell:
    return Shell(app)


def an_order(app: Flask, status: OrderStatus = OrderStatus.paid, number: int = 1) -> None:
    with app.app_context():
        place(status, number)


class TestOrders:
    def test_the_list_says_what_for_whom_and_how_it_stands(self, app: Flask, shell: Shell) -> None:
        an_order(app)

        row = shell.types("orders", "list").output.splitlines()[2].replace("\u00a0", " ")

        assert row.startswith("K-1001  ")
        for words in ("paid", "unfulfilled", "52,90 €", "mara@kiesel.example", "2 × Teapot No. 3, harbour blue"):
            assert words in row

    def test_the_newest_is_first_and_one_may_ask_for_a_status(self, app: Flask, shell: Shell) -> None:
        an_order(app, OrderStatus.paid, 1)
        an_order(app, OrderStatus.failed, 2)
        an_order(app, OrderStatus.paid, 3)

        listed = shell.types("orders", "list", "--status", "paid").output.splitlines()[2:]

        assert [row.split()[0] for row in listed] == ["K-1003", "K-1001"]

    def test_an_empty_list_says_so(self, shell: Shell) -> None:
        assert shell.types("orders", "list").output == "No orders.\n"
        assert shell.types("orders", "list", "--status", "paid").output == "No order is paid.\n"

    @pytest.mark.parametrize("written", ["K-1001", "1001", "k1001"])
    def test_a_paid_order_is_sent_and_its_customer_written_to(self, app: Flask, shell: Shell, written: str) -> None:
        an_order(app)

        said = shell.types("orders", "ship", written, "--tracking", "DHL-7")

        assert (said.exit_code, said.output) == (0, "K-1001 was sent. We write to mara@kiesel.example.\n")
        with app.app_context():
            order = current_session().scalars(select(Order)).one()
            assert (order.fulfilment_status, order.tracking) == (FulfilmentStatus.fulfilled, "DHL-7")
            assert list(current_session().scalars(select(OutboundMail.kind))) == ["shipped"]

    def test_it_is_sent_once(self, app: Flask, shell: Shell) -> None:
        an_order(app)
        shell.types("orders", "ship", "1001")

        said = shell.types("orders", "ship", "1001")

        assert said.exit_code == 1
        assert said.output.startswith("Error: K-1001 was sent before, on ")

    @pytest.mark.parametrize(
        "status", [OrderStatus.pending, OrderStatus.failed, OrderStatus.canceled, OrderStatus.refunded]
    )
    def test_what_is_not_paid_is_not_sent(self, app: Flask, shell: Shell, status: OrderStatus) -> None:
        an_order(app, status)

        said = shell.types("orders", "ship", "1001")

        assert (said.exit_code, said.output) == (1, f"Error: K-1001 is {status}, not paid: nothing was sent.\n")

    def test_an_unknown_number_is_named(self, shell: Shell) -> None:
        assert shell.types("orders", "ship", "1001").output == "Error: There is no order K-1001.\n"
        assert "For example: K-1043" in shell.types("orders", "ship", "first").output


class TestPayments:
    def test_money_without_an_order_is_listed(self, app: Flask, shell: Shell) -> None:
        assert shell.types("payments", "unmatched").output == "Everything we know of at Stripe fits an order.\n"
        with app.app_context(), transaction() as session:
            session.add(Unmatched(object_id="pi_1", why="we know no such order", amount=2400, currency="eur"))

        row = shell.types("payments", "unmatched").output.splitlines()[2].replace("\u00a0", " ")

        assert row.endswith("pi_1       24,00 €  we know no such order")

    def test_with_nothing_open_there_is_nothing_to_reconcile(self, shell: Shell) -> None:
        said = shell.types("payments", "reconcile", "--dry-run")

        assert said.exit_code == 0, said.output
        assert {line.rsplit(None, 1)[-1] for line in said.output.splitlines()[3:]} == {"0"}

    def test_an_unpaid_order_is_not_paid_back(self, app: Flask, shell: Shell) -> None:
        an_order(app, OrderStatus.canceled)

        said = shell.types("payments", "refund", "K-1001", "--amount", "10")

        assert (said.exit_code, said.output.startswith("Error: ")) == (1, True)

    @pytest.mark.parametrize("amount", ["-1", "0", "10.001", "ten", "nan", "1e99999"])
    def test_a_wrong_amount_is_named(self, app: Flask, shell: Shell, amount: str) -> None:
        an_order(app)

        said = shell.types("payments", "refund", "K-1001", f"--amount={amount}")

        assert said.exit_code == 1
        assert "is no amount of EUR" in said.output

    @pytest.mark.parametrize(("written", "currency"), [("1.250", "eur"), ("1,250", "eur"), ("5.0", "jpy")])
    def test_what_may_be_meant_as_thousands_is_none(self, written: str, currency: str) -> None:
        with pytest.raises(ClickException, match="is no amount"):
            minor_units(written, currency)

    @pytest.mark.parametrize(
        ("written", "currency", "minor"),
        [("12.50", "eur", 1250), ("12,5", "eur", 1250), ("500", "jpy", 500), ("1.25", "kwd", 1250)],
    )
    def test_amounts_are_read_in_their_currency(self, written: str, currency: str, minor: int) -> None:
        assert minor_units(written, currency) == minor


class TestDatabase:
    """What is wrong with it is a sentence, not a traceback."""

    def test_tables_that_are_not_there(self, app: Flask, shell: Shell) -> None:
        with app.app_context():
            db.session.remove()
            with db.engine.begin() as connection:
                connection.exec_driver_sql("DROP TABLE unmatched")

        said = shell.types("payments", "unmatched")

        assert (said.exit_code, "run `flask db upgrade` first" in said.output) == (1, True)

    def test_one_that_cannot_be_reached(self) -> None:
        with bare_app("postgresql://nobody@127.0.0.1:1/shop") as app:
            add_commands(app)
            said = Shell(app).types("orders", "list")

        assert (said.exit_code, "Is DATABASE_URL right" in said.output) == (1, True)

    @pytest.mark.parametrize("words", [("payments", "unmatched", "--settle"), ("shop", "assets", "remove")])
    def test_a_number_that_no_row_can_have(self, shell: Shell, words: tuple[str, ...]) -> None:
        assert shell.types(*words, "99999999999999999999").exit_code == 2

    def test_words_about_nothing(self, shell: Shell) -> None:
        said = shell.types("payments", "unmatched", "--note", "refunded by hand")

        assert (said.exit_code, "--settle" in said.output) == (1, True)


class TestOwner:
    def test_an_owner_is_made_and_can_log_in_at_once(self, app: Flask, shell: Shell) -> None:
        said = shell.types(
            "shop", "create-owner", "anna@kiesel.example", "--name", "Anna", "--password", "long enough now"
        )

        assert (said.exit_code, said.output) == (0, "anna@kiesel.example can log in as an owner now.\n")
        with app.app_context():
            user = current_session().scalars(select(User)).one()
            assert (user.role, user.email_verified_at is not None) == (Role.owner, True)

    def test_what_is_not_given_is_asked_for(self, app: Flask, shell: Shell) -> None:
        said = shell.types("shop", "create-owner", then="Olive\nlong enough now\nlong enough now\n")

        assert said.output.endswith("olive@kiesel.example can log in as an owner now.\n")

    def test_a_customer_becomes_an_owner_and_keeps_the_password(self, app: Flask, shell: Shell) -> None:
        shell.types("shop", "create-owner", "anna@kiesel.example", "--name", "Anna", "--password", "long enough now")
        with app.app_context(), transaction() as session:
            user = session.scalars(select(User)).one()
            user.role = Role.customer
            password = user.password_hash

        said = shell.types("shop", "create-owner", "Anna@kiesel.example")

        assert said.exit_code == 0
        with app.app_context():
            user = current_session().scalars(select(User)).one()
            assert (user.role, user.password_hash) == (Role.owner, password)

    def test_a_login_that_nobody_has_proven_gets_a_new_password(self, app: Flask, shell: Shell) -> None:
        with app.app_context(), transaction():
            join(newcomer("Eve", "anna@kiesel.example", "known to Eve alone"))
        words = ("shop", "create-owner", "anna@kiesel.example", "--password")

        short = shell.types(*words, "short")
        said = shell.types(*words, "long enough now")

        assert (short.exit_code, said.exit_code) == (1, 0)
        assert "nobody had proven" in said.output
        with app.app_context():
            user = current_session().scalars(select(User)).one()
            assert (user.role, user.session_version, user.email_verified_at is not None) == (Role.owner, 2, True)
            assert is_password_of(user, "long enough now")

    @pytest.mark.parametrize("email", ["anna", "anna@", "anna kiesel@kiesel.example"])
    def test_an_email_that_is_none_is_refused(self, app: Flask, shell: Shell, email: str) -> None:
        said = shell.types("shop", "create-owner", email, "--name", "Anna", "--password", "long enough now")

        assert (said.exit_code, "is no e-mail" in said.output) == (1, True)

    def test_a_short_password_is_refused(self, app: Flask, shell: Shell) -> None:
        said = shell.types("shop", "create-owner", "anna@kiesel.example", "--name", "Anna", "--password", "short")

        assert (said.exit_code, "too short" in said.output) == (1, True)
        with app.app_context():
            assert current_session().scalars(select(User)).all() == []


class TestImport:
    def test_products_come_in(self, app: Flask, shell: Shell, tmp_path: Path) -> None:
        file = tmp_path / "goods.csv"
        file.write_text(HEAD + "mug,Mug,Title,Default Title,MUG-1,12.50,3,true\n", encoding="utf-8")

        said = shell.types("shop", "import", str(file))

        assert (said.exit_code, "1 products with 1 variants came in." in said.output) == (0, True), said.output
        with app.app_context():
            assert list(current_session().execute(select(Variant.sku, Variant.price_minor))) == [("MUG-1", 1250)]

    def test_a_bad_row_is_named_with_its_line(self, app: Flask, shell: Shell, tmp_path: Path) -> None:
        file = tmp_path / "goods.csv"
        file.write_text(HEAD + "mug,Mug,Title,Default Title,MUG-1,much,3,true\n", encoding="utf-8")

        said = shell.types("shop", "import", str(file))

        assert said.exit_code == 1
        assert said.output.splitlines()[-1].startswith("2     mug")

    def test_a_missing_file_is_named(self, shell: Shell) -> None:
        said = shell.types("shop", "import", "nowhere.csv")

        assert (said.exit_code, "nowhere.csv" in said.output) == (2, True)


def test_order_numbers_are_read_as_owners_write_them() -> None:
    assert [order_number(written) for written in ("K-1043", "k-1043", "K1043", " 1043 ")] == [1043] * 4
