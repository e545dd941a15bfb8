"""`flask shop terms`: a file in, and a table of what holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.cli import add_commands
from tests.apps import bare_app
from tests.orders.test_terms_file import WHOLE


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with bare_app(database_url) as app:
        add_commands(app)
        yield app


def types(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["shop", "terms", *words])
    return result.exit_code, result.output.replace("\u00a0", " ")


def test_what_holds_is_shown(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "terms.toml"
    file.write_text(WHOLE, encoding="utf-8")

    code, said = types(app, str(file))

    assert code == 0
    assert "Germany            DE                Parcel           4,90 €" in said
    assert "to 31500 g 39,00 €; above 89,50 €" in said
    assert "to 100,00 € 25,00 €; above 0,00 €" in said
    assert "CA/Quebec  books     QST       9.975 %" in said
    assert types(app) == (0, said)


def test_a_file_that_is_wrong_changes_nothing(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "terms.toml"
    file.write_text(WHOLE, encoding="utf-8")
    _, before = types(app, str(file))
    file.write_text(WHOLE.replace("9.975", "-1"), encoding="utf-8")

    code, said = types(app, str(file))

    assert (code, said) == (1, "Error: taxes 2 (QST): percent must be a percentage such as 19 or 9.975.\n")
    assert types(app) == (0, before)


def test_without_terms_it_says_so(app: Flask) -> None:
    said = "Delivery costs nothing, wherever it goes.\n\nThere are no taxes.\n"

    assert types(app) == (0, said)
