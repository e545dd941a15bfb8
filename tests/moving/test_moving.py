"""A shop is moved whole or not at all."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from storefront.core.database import current_session, transaction
from storefront.core.installation import Installation
from storefront.core.jobs.models import Job
from storefront.database_copy import copy
from storefront.orders.models import Order, OrderStatus
from tests.apps import ENVIRONMENT, bare_app
from tests.mail.orders import place
from tests.moving.both import content, is_empty, looking_at, written
from tests.moving.conftest import MANY, OTHER, Types


def test_a_database_without_tables_gets_them(types: Types, database_url: str, bare_target: str) -> None:
    said = types(bare_target)

    assert said.exit_code == 0, said.output
    assert content(bare_target)["orders"] == content(database_url)["orders"]


def test_every_row_arrives_as_it_was(types: Types, database_url: str, target: str) -> None:
    said = types(target)

    assert said.exit_code == 0, said.output
    before, after = content(database_url), content(target)
    # The jobs are let go: see below.
    assert [row[:8] for row in after.pop("jobs")] == [row[:8] for row in before.pop("jobs")]
    assert after == before
    assert len(after["carts"]) == MANY
    nulls = "SELECT checkout_token, merged_from IS NULL FROM carts WHERE checkout_token LIKE '%null' ORDER BY 1"
    assert [(token, bool(is_null)) for token, is_null in written(target, nulls)] == [
        ("json null", False),
        ("null", True),
    ]
    assert "carts" in said.output
    assert "Now set DATABASE_URL" in said.output


def test_the_shop_goes_on_there(types: Types, target: str) -> None:
    types(target)

    with bare_app(target) as there, there.app_context():
        highest = current_session().scalars(select(Order.number).order_by(Order.id.desc())).first() or 0
        number = place_another()
        leases = current_session().execute(select(Job.lease_token, Job.lease_until)).all()
        words = "SELECT count(*) FROM search_index"
        [found] = current_session().connection().execute(text(words)).scalars()
    assert number == highest + 1
    assert set(map(tuple, leases)) == {(None, None)}
    assert found == 1


def place_another() -> int:
    place(OrderStatus.paid, 2)
    return current_session().scalars(select(Order.number).order_by(Order.id.desc())).first() or 0


def test_it_is_the_same_shop_there(types: Types, database_url: str, target: str) -> None:
    before = written(database_url, "SELECT shop, base_url FROM installation")

    types(target)

    assert written(target, "SELECT shop, base_url FROM installation") == before


# Databases that do other things with a row than one wrote.
MEDDLING = {
    "lost": {
        "sqlite": [
            "CREATE TRIGGER meddle AFTER INSERT ON carts WHEN new.id = 7 BEGIN DELETE FROM carts WHERE id = 7; END"
        ],
        "postgres": [
            "CREATE FUNCTION meddle() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER meddle BEFORE INSERT ON carts FOR EACH ROW WHEN (new.id = 7) EXECUTE FUNCTION meddle()",
        ],
    },
    "changed": {
        "sqlite": [
            "CREATE TRIGGER meddle AFTER INSERT ON carts WHEN new.id = 7 BEGIN UPDATE carts SET merged_from = '{}' WHERE id = 7; END"
        ],
        "postgres": [
            "CREATE FUNCTION meddle() RETURNS trigger AS $$ BEGIN new.merged_from = '{}'; RETURN new; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER meddle BEFORE INSERT ON carts FOR EACH ROW WHEN (new.id = 7) EXECUTE FUNCTION meddle()",
        ],
    },
}


@pytest.mark.parametrize("how", MEDDLING)
def test_a_difference_undoes_it(types: Types, target: str, database_engine: str, how: str) -> None:
    with looking_at(target) as engine, engine.begin() as connection:
        for statement in MEDDLING[how][OTHER[database_engine]]:
            connection.exec_driver_sql(statement)

    said = types(target)

    assert said.exit_code == 1
    there = MANY - 1 if how == "lost" else MANY
    assert f"The copy is not the same, and was thrown away: carts ({MANY} rows here, {there} there)" in said.output
    assert is_empty(target)


def test_killed_half_way_it_can_be_started_again(types: Types, database_url: str, target: str, tmp_path: Path) -> None:
    environment = os.environ | ENVIRONMENT | {"DATABASE_URL": database_url}
    command = [sys.executable, "-m", "flask", "--app", "wsgi:app", "shop", "move", target]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as moving:
        assert moving.stderr is not None
        for line in moving.stderr:
            if line.startswith("jobs"):
                break
        moving.send_signal(signal.SIGKILL)

    assert is_empty(target)
    assert types(target).exit_code == 0
    assert content(target)["carts"] == content(database_url)["carts"]


def test_who_wants_to_write_waits(app: Flask, database_url: str, target: str) -> None:
    began = threading.Event()
    order: list[str] = []

    def write_a_word() -> None:
        with app.app_context():
            began.wait()
            with transaction() as session:
                session.execute(update(Installation).values(currency="gbp"))
            order.append("written")

    def note_the_end() -> None:
        time.sleep(0.2)  # long enough for who does not wait
        order.append("moved")

    writer = threading.Thread(target=write_a_word)
    writer.start()
    with app.app_context():
        copy.move(target, progress=lambda *_: began.set(), before_writing_goes_on=note_the_end)
    writer.join()

    assert order == ["moved", "written"]
    assert written(target, "SELECT currency FROM installation") == [("",)]
    assert written(database_url, "SELECT currency FROM installation") == [("gbp",)]


@pytest.mark.engines("sqlite")
def test_pictures_go_along(app: Flask, types: Types, database_url: str, target: str) -> None:
    media = Path(database_url.removeprefix("sqlite:///")).parent / "media"
    media.mkdir()
    (media / "teapot.webp").write_bytes(b"a picture")

    said = types(target)

    there = Path(app.instance_path) / "media"
    assert (there / "teapot.webp").read_bytes() == b"a picture"
    assert f"Copied the folder {media} to {there}." in said.output
