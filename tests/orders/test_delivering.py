"""Parcels arrive, once they were sent."""

from collections.abc import Iterator

import pytest
from flask import Flask

from storefront.cli import add_commands
from storefront.core.database import current_session
from storefront.core.errors import InvalidRequestError, NotFoundError
from storefront.orders.fulfilment import deliver, ship
from storefront.orders.models import FulfilmentStatus, Order
from tests.apps import bare_app
from tests.mail.orders import place


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url) as app, app.app_context():
        add_commands(app)
        place()
        yield app


@pytest.mark.usefixtures("app")
def test_what_was_sent_arrives_once() -> None:
    ship(1001)
    deliver(1001)
    first = current_session().query(Order).one().delivered_at
    deliver(1001)

    order = current_session().query(Order).one()
    assert (order.fulfilment_status, order.delivered_at) == (FulfilmentStatus.delivered, first)


@pytest.mark.usefixtures("app")
def test_what_was_not_sent_does_not_arrive() -> None:
    with pytest.raises(InvalidRequestError, match="K-1001 was not sent yet"):
        deliver(1001)
    with pytest.raises(NotFoundError):
        deliver(4711)


def test_the_owner_notes_it(app: Flask) -> None:
    ship(1001)

    said = app.test_cli_runner().invoke(args=["orders", "deliver", "K-1001"])

    assert said.output == "K-1001 is noted as delivered.\n"
