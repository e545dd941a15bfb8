"""The address book: one default, nobody else's, nothing twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.core.database import current_session, end_read, transaction
from storefront.core.errors import NotFoundError
from storefront.customers.addresses import (
    Place,
    add_address,
    address_of,
    addresses_of,
    change_address,
    default_address,
    make_default,
    remove_address,
)
from storefront.customers.models import Address, User

HOME = Place(name="Alice Archer", line1="Lindenstraße 4", postal_code="10969", city="Berlin", country="DE")
WORK = replace(HOME, line1="Hafenweg 1", line2="Second floor")
ALICE, BOB = 1, 2


@pytest.fixture
def people(doors: Flask, inside: None) -> None:
    with transaction() as session:
        for name in ("alice", "bob"):
            session.add(User(email=f"{name}@example.org", email_key=f"{name}@example.org", password_hash="", name=name))


def book(user_id: int) -> list[tuple[str, bool]]:
    """Each street, and whether it is the default."""
    end_read()
    return [(address.line1, address.is_default) for address in addresses_of(user_id)]


@pytest.mark.usefixtures("people")
class TestBook:
    def test_the_first_is_the_default(self) -> None:
        add_address(ALICE, HOME)
        add_address(ALICE, WORK)

        assert book(ALICE) == [("Lindenstraße 4", True), ("Hafenweg 1", False)]
        assert book(BOB) == []
        assert default_address(BOB) is None

    def test_nothing_stands_in_it_twice(self) -> None:
        first = add_address(ALICE, HOME)

        assert add_address(ALICE, HOME) == first
        assert len(book(ALICE)) == 1

    def test_another_may_be_the_default(self) -> None:
        add_address(ALICE, HOME)
        work = add_address(ALICE, WORK)

        make_default(ALICE, work)
        make_default(ALICE, work)

        assert book(ALICE) == [("Hafenweg 1", True), ("Lindenstraße 4", False)]

    def test_the_default_goes_on_to_the_newest_when_it_is_removed(self) -> None:
        home = add_address(ALICE, HOME)
        work = add_address(ALICE, WORK)

        remove_address(ALICE, home)
        after_first = book(ALICE)
        remove_address(ALICE, work)

        assert after_first == [("Hafenweg 1", True)]
        assert book(ALICE) == []

    def test_one_is_corrected(self) -> None:
        home = add_address(ALICE, HOME)

        change_address(ALICE, home, replace(HOME, line1="Lindenstraße 4a"))

        assert book(ALICE) == [("Lindenstraße 4a", True)]

    def test_bobs_are_not_alices(self) -> None:
        home = add_address(ALICE, HOME)

        for deed in (
            lambda: address_of(BOB, home),
            lambda: make_default(BOB, home),
            lambda: remove_address(BOB, home),
            lambda: change_address(BOB, home, WORK),
        ):
            with pytest.raises(NotFoundError):
                deed()
        assert book(ALICE) == [("Lindenstraße 4", True)]


@pytest.mark.usefixtures("people")
def test_many_tabs_at_once_make_one_default(doors: Flask) -> None:
    def add(number: int) -> None:
        with doors.app_context():
            add_address(ALICE, replace(HOME, line1=f"Street {number}"))

    with ThreadPoolExecutor(4) as tabs:
        list(tabs.map(add, range(8)))

    end_read()
    assert current_session().scalar(select(func.count(Address.id)).where(Address.is_default)) == 1
    assert len(book(ALICE)) == 8
