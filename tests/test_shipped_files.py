"""What browsers may keep of the shop's own files."""

import gzip
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from flask import Flask, render_template_string, url_for
from flask.testing import FlaskClient

from storefront.web.static_files import init_static_files

SHIPPED = Path(__file__).parent.parent / "storefront" / "static"
FOR_GOOD = "public, max-age=31536000, immutable"
FONT = "fonts/hanken-grotesk-latin.woff2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "static"))


@pytest.fixture
def files(folder: Path) -> Flask:
    return started(folder)


@pytest.fixture
def client(files: Flask) -> FlaskClient:
    return files.test_client()


def started(folder: Path, *, debug: bool = False) -> Flask:
    app = Flask("files", static_folder=folder)
    app.debug = debug
    init_static_files(app)
    return app


def address_of(files: Flask, name: str) -> str:
    with files.test_request_context():
        address = url_for("static", filename=name)
        if ".." not in name:
            assert render_template_string("{{ url_for('static', filename=name) }}", name=name) == address
        return address


def version_of(files: Flask) -> str:
    return address_of(files, "mark.svg").split("/")[2]


def test_a_file_is_kept_for_good_under_an_address_that_tells_the_version(files: Flask, client: FlaskClient) -> None:
    address = address_of(files, "css/tokens.css")
    assert re.fullmatch(r"/static/[0-9a-f]{12}/css/tokens\.css", address)

    answer = client.get(address)

    assert (answer.status_code, answer.data) == (200, (SHIPPED / "css/tokens.css").read_bytes())
    assert answer.headers["Cache-Control"] == FOR_GOOD
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_type == "text/css; charset=utf-8"


def test_a_change_of_any_file_is_another_version(files: Flask, folder: Path) -> None:
    (folder / "js/busy.js").write_text("export const begin = 1;", encoding="utf-8")

    assert version_of(started(folder)) != version_of(files)


def test_two_machines_with_the_same_files_give_the_same_version(files: Flask, tmp_path: Path) -> None:
    other = shutil.copytree(SHIPPED, tmp_path / "other")
    os.utime(other / "mark.svg", (1, 1))

    assert version_of(started(Path(other))) == version_of(files)


@pytest.mark.parametrize(
    ("accepted", "coding", "unpack"),
    [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip;q=1.0, br;q=0", "gzip", gzip.decompress),
        ("", None, bytes),
    ],
)
def test_text_comes_as_small_as_the_browser_can_read_it(
    files: Flask, client: FlaskClient, accepted: str, coding: str | None, unpack: Callable[[bytes], bytes]
) -> None:
    answer = client.get(address_of(files, "css/form.css"), headers={"Accept-Encoding": accepted})

    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert unpack(answer.data) == (SHIPPED / "css/form.css").read_bytes()


def test_fonts_come_as_they_are_and_may_be_worn_by_stripes_frame(files: Flask, client: FlaskClient) -> None:
    for address in (address_of(files, FONT), f"/static/{FONT}", f"/static/0123456789ab/{FONT}"):
        with client.get(address, headers={"Accept-Encoding": "br"}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert "Content-Encoding" not in answer.headers
            assert answer.data == (SHIPPED / FONT).read_bytes()


@pytest.mark.parametrize("before", ["/static/0123456789ab/", "/static/"])
def test_an_old_address_is_answered_and_asked_about_each_time(client: FlaskClient, before: str) -> None:
    with client.get(f"{before}js/paying.js") as answer:
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
        assert "Access-Control-Allow-Origin" not in answer.headers
        seen = answer.headers["ETag"]

    with client.get(f"{before}js/paying.js", headers={"If-None-Match": seen}) as again:
        assert again.status_code == 304


def test_a_file_that_is_not_there_is_not_kept(files: Flask, client: FlaskClient) -> None:
    for address in (address_of(files, "css/none.css"), address_of(files, "../house.py"), "/static/css/none.css"):
        with client.get(address) as answer:
            assert answer.status_code == 404
            assert "Cache-Control" not in answer.headers


def test_what_is_served_is_what_was_there_at_the_start(files: Flask, client: FlaskClient, folder: Path) -> None:
    address = address_of(files, "css/tokens.css")
    (folder / "css/tokens.css").write_text("a { color: red }", encoding="utf-8")

    assert client.get(address).data == (SHIPPED / "css/tokens.css").read_bytes()


def test_only_reading_is_answered(files: Flask, client: FlaskClient) -> None:
    address = address_of(files, "mark.svg")

    head = client.head(address)

    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) == (SHIPPED / "mark.svg").stat().st_size
    assert client.post(address).status_code == 405


def test_whoever_works_on_the_files_sees_them_at_once(folder: Path) -> None:
    files = started(folder, debug=True)

    assert address_of(files, "css/tokens.css") == "/static/css/tokens.css"
    (folder / "css/tokens.css").write_text("a { color: red }", encoding="utf-8")
    with files.test_client().get("/static/css/tokens.css") as answer:
        assert answer.data == b"a { color: red }"
