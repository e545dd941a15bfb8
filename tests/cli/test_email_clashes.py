"""The owner sees which addresses clashed, and lets an account sign in again."""

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from storefront.core.database import current_session, transaction
from storefront.core.mail.models import OutboundMail
from storefront.customers.joining import join, newcomer
from storefront.customers.models import User
from storefront.customers.people import user_by_email
from storefront.orders.email_clashes import tell_of_email_clashes
from storefront.orders.models import Order, OrderStatus
from tests.cli.test_commands import Shell, app, shell
from tests.mail.orders import place

__all__ = ["app", "shell"]
WORDS = "long enough now"


@pytest.fixture
def clash(app: Flask) -> Flask:
    """As the migration leaves it: user 2 has the mailbox of user 1, and user 1 an order of weiss.example."""
    with app.app_context():
        with transaction():
            join(newcomer("Bert", "bert@weiß.example", WORDS))
            join(newcomer("Bert", "old@weiß.example", WORDS))
        place(OrderStatus.paid, 1)
        with transaction() as session:
            session.execute(
                update(User).where(User.id == 2).values(email="bert@xn--wei-7ka.example", email_key="clash:2")
            )
            session.execute(update(Order).values(user_id=1, email="bert@weiss.example", email_key="bert@weiss.example"))
            session.execute(delete(OutboundMail))
    return app


def test_both_kinds_are_listed(clash: Flask, shell: Shell) -> None:
    said = shell.types("shop", "email-clashes").output

    assert "bert@xn--wei-7ka.example" in said
    assert "user 1 (bert@weiß.example) has the same mailbox and keeps it." in said
    assert "order K-1001, placed with bert@weiss.example, is in this account." in said


def test_the_owner_is_told_once_without_addresses(clash: Flask) -> None:
    with clash.app_context():
        tell_of_email_clashes()
        tell_of_email_clashes()

        mails = current_session().scalars(select(OutboundMail)).all()
        assert [(mail.kind, mail.to) for mail in mails] == [("owner_alarm", "olive@kiesel.example")]
        assert "order K-1001" in mails[0].context["why"]
        assert "User 2" in mails[0].context["why"]
        assert "@" not in mails[0].context["why"]


def test_an_account_that_clashes_gets_another_address(clash: Flask, shell: Shell) -> None:
    taken = shell.types("shop", "email-clashes", "--give", "2", "bert@WEIß.example")
    other = shell.types("shop", "email-clashes", "--give", "1", "berta@example.org")
    given = shell.types("shop", "email-clashes", "--give", "2", "berta@example.org")

    assert (taken.exit_code, "account with this e-mail already" in taken.output) == (1, True)
    assert (other.exit_code, "No such account" in other.output) == (1, True)
    assert given.exit_code == 0
    with clash.app_context():
        berta = user_by_email("berta@example.org")
        assert berta is not None
        assert (berta.id, berta.email_verified_at) == (2, None)
        assert current_session().scalars(select(OutboundMail.to)).all() == ["berta@example.org"]
    assert "bert@xn--" not in shell.types("shop", "email-clashes").output


def test_nothing_clashes_in_most_shops(shell: Shell) -> None:
    assert shell.types("shop", "email-clashes").output == "No addresses clash.\n"
