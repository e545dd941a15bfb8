import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.media import save_picture
from storefront.web.pictures import picture_url


@pytest.mark.parametrize(("name", "kind"), [("drawn/a.svg", "image/svg+xml"), ("pictures/a.webp", "image/webp")])
def test_a_picture_is_served_for_ever_and_can_do_nothing(
    app: Flask, visitor: FlaskClient, name: str, kind: str
) -> None:
    with app.test_request_context():
        address = picture_url(save_picture(name, b"<svg><script>x()</script></svg>"))

    with visitor.get(address) as response:
        assert address == f"/media/{name}"
        assert response.data == b"<svg><script>x()</script></svg>"
        assert response.mimetype == kind
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Content-Security-Policy"].endswith("; sandbox")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["../shop.db", ".a.svg.partial", "drawn/.hidden.svg", "note.html", "drawn"])
def test_only_pictures_are_served(app: Flask, visitor: FlaskClient, name: str) -> None:
    with app.app_context():
        save_picture("drawn/.hidden.svg", b"<svg/>")
        save_picture("note.html", b"<p>")

    assert visitor.get(f"/media/{name}").status_code == 404


def test_a_picture_of_our_own_is_static(app: Flask) -> None:
    with app.test_request_context():
        assert re.fullmatch(r"/static/[0-9a-f]{12}/demo/teapot-blue\.svg", picture_url("demo/teapot-blue.svg"))
