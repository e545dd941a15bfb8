"""Those who keep the shop running learn whether it is alive, ready and keeping up."""

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.jobs.models import Job
from storefront.orders.models import OrderStatus
from storefront.web.operations.views import operations
from tests.apps import bare_app
from tests.mail.orders import place


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url, METRICS_TOKEN="let me count") as app:
        app.register_blueprint(operations)
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def wait_since(app: Flask, seconds: float, **others: object) -> None:
    """A job that is due for so long."""
    job = Job(kind="rest", args={}, run_at=now() - dt.timedelta(seconds=seconds), **others)
    with app.app_context(), transaction() as session:
        session.add(job)


def test_alive_and_ready(client: FlaskClient) -> None:
    assert (client.get("/healthz").text, client.get("/readyz").text) == ("ok\n", "ready\n")


def test_a_job_may_wait_a_little(app: Flask, client: FlaskClient) -> None:
    wait_since(app, 50)

    assert client.get("/readyz").status_code == 200


def test_a_job_that_waits_long_means_that_nobody_works(app: Flask, client: FlaskClient) -> None:
    wait_since(app, 65)

    answer = client.get("/readyz")

    assert (answer.status_code, "flask worker" in answer.text) == (503, True)


def test_a_job_in_hand_does_not_wait(app: Flask, client: FlaskClient) -> None:
    wait_since(app, 300, lease_token="mine", lease_until=now() + dt.timedelta(seconds=30))

    assert client.get("/readyz").status_code == 200


def test_a_job_whose_worker_died_waits_again(app: Flask, client: FlaskClient) -> None:
    wait_since(app, 300, lease_token="dead", lease_until=now() - dt.timedelta(seconds=30))

    assert client.get("/readyz").status_code == 503


def test_without_tables_it_is_not_ready_but_alive(empty_database_url: str) -> None:
    with bare_app(empty_database_url) as app:
        app.register_blueprint(operations)
        client = app.test_client()

        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503


class TestMetrics:
    def test_states_are_counted(self, app: Flask, client: FlaskClient) -> None:
        with app.app_context():
            place(OrderStatus.paid, 1)
            place(OrderStatus.paid, 2)
            place(OrderStatus.failed, 3)
        wait_since(app, 5)

        lines = client.get("/metrics").text.splitlines()

        assert 'storefront_orders{state="paid"} 2' in lines
        assert 'storefront_orders{state="failed"} 1' in lines
        assert "storefront_jobs_unfinished 1" in lines
        assert "storefront_unmatched 0" in lines
        assert "# TYPE storefront_orders gauge" in lines

    def test_from_afar_they_take_the_token(self, client: FlaskClient) -> None:
        afar = {"REMOTE_ADDR": "192.0.2.1"}

        def status(authorization: str) -> int:
            return client.get("/metrics", environ_base=afar, headers={"Authorization": authorization}).status_code

        assert (status("Bearer let me count"), status("Bearer guess"), status("")) == (200, 404, 404)

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
    def test_what_a_proxy_hands_on_is_not_near(self, client: FlaskClient, header: str) -> None:
        assert client.get("/metrics", headers={header: "192.0.2.1"}).status_code == 404

    def test_without_a_token_set_no_token_is_right(self, database_url: str) -> None:
        with bare_app(database_url) as app:
            app.register_blueprint(operations)
            answer = app.test_client().get(
                "/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}, headers={"Authorization": "Bearer "}
            )

        assert answer.status_code == 404
