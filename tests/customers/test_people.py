"""One person, however their address is written."""

import pytest
from flask import Flask
from sqlalchemy import event

from storefront.core.database import transaction
from storefront.customers.joining import KnownEmailError, join, newcomer
from storefront.customers.login_sessions import begin_session, user_of_token
from storefront.customers.models import Role
from storefront.customers.passwords import change_password, is_password_of
from storefront.customers.people import user_by_email, user_by_id
from storefront.extensions import db
from tests.doors import PASSWORD


@pytest.mark.usefixtures("inside")
def test_a_user_is_a_copy_that_asks_nothing_more(doors: Flask) -> None:
    with transaction():
        join(newcomer("Alice", "alice@example.org", PASSWORD))
    found = [user_by_email("ALICE@example.org"), user_by_id(1), user_of_token(signed_in())]
    statements: list[object] = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: statements.append(told))

    with transaction():
        statements.clear()
        names = [user.first_name for user in found if user]

    assert names == ["Alice"] * 3
    assert statements == []


@pytest.mark.usefixtures("inside")
def test_an_owner_joins_like_everybody() -> None:
    with transaction():
        join(newcomer("Olive", "olive@example.org", PASSWORD), role=Role.owner)
    with transaction(), pytest.raises(KnownEmailError):
        join(newcomer("Olive", "Olive@example.org", PASSWORD))

    olive = user_by_email("olive@example.org")
    assert olive is not None
    assert olive.role is Role.owner


@pytest.mark.usefixtures("inside")
def test_a_changed_password_ends_every_session() -> None:
    with transaction():
        join(newcomer("Alice", "alice@example.org", PASSWORD))
    token = signed_in()

    changed = change_password(1, "quite another one")

    assert is_password_of(changed, "quite another one")
    assert not is_password_of(changed, PASSWORD)
    assert not is_password_of(None, "nobody's")
    assert user_of_token(token) is None


def signed_in() -> str:
    """The token of a session of the one user there is."""
    user = user_by_id(1)
    assert user is not None
    begin_session(user, "Firefox on Linux")
    return user.get_id()
