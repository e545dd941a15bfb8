"""What browsers may keep of the shop's own files."""

import os
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from storefront.shipped_files import set_up_files

FOR_GOOD = "public, max-age=31536000, immutable"


@pytest.fixture
def files(tmp_path: Path) -> Flask:
    shipped = Path(__file__).parent.parent / "storefront" / "static"
    app = Flask("files", static_folder=shutil.copytree(shipped, tmp_path / "static"))
    set_up_files(app)
    return app


@pytest.fixture
def client(files: Flask) -> FlaskClient:
    return files.test_client()


def address_of(files: Flask, name: str) -> str:
    with files.test_request_context():
        return url_for("static", filename=name)


def test_a_style_is_kept_for_good_under_an_address_that_tells_its_content(files: Flask, client: FlaskClient) -> None:
    before = address_of(files, "css/tokens.css")
    assert re.fullmatch(r"/static/css/tokens\.css\?v=[0-9a-f]{12}", before)
    with client.get(before) as answer:
        assert answer.headers["Cache-Control"] == FOR_GOOD

    style = Path(str(files.static_folder), "css/tokens.css")
    style.write_text("a { color: red }", encoding="utf-8")
    os.utime(style, (1, 1))

    assert address_of(files, "css/tokens.css") != before


def test_scripts_which_name_each_other_are_asked_about_each_time(files: Flask, client: FlaskClient) -> None:
    assert address_of(files, "js/paying.js") == "/static/js/paying.js"
    with client.get("/static/js/paying.js") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_fonts_are_kept_and_may_be_worn_by_stripes_frame(client: FlaskClient) -> None:
    with client.get("/static/fonts/hanken-grotesk-latin.woff2") as answer:
        assert answer.headers["Cache-Control"] == FOR_GOOD
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_file_that_is_not_there_is_not_kept(client: FlaskClient) -> None:
    with client.get("/static/fonts/none.woff2") as answer:
        assert answer.status_code == 404
        assert "Cache-Control" not in answer.headers
