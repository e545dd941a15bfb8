import pytest
from flask.testing import FlaskClient

from tests.browse.conftest import Keeper

ADDRESSES = ["/", "/collections/table", "/search?q=teapot", "/products/teapot"]


@pytest.fixture(autouse=True)
def _goods(keeper: Keeper) -> None:
    keeper.puts("Teapot")
    keeper.shelves("table", "Teapot")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_visitors_page_may_be_kept_by_anybody(visitor: FlaskClient, address: str) -> None:
    response = visitor.get(address)

    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert set(response.vary) == {"Cookie", "HX-Request", "Accept-Encoding"}
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_with_a_session_is_nobody_elses(guest: FlaskClient, address: str) -> None:
    response = guest.get(address)

    assert response.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in response.headers


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_unchanged_page_is_answered_by_its_version_alone(keeper: Keeper, visitor: FlaskClient, address: str) -> None:
    tag = visitor.get(address).headers["ETag"]

    with keeper.counts() as sent:
        response = visitor.get(address, headers={"If-None-Match": tag})

    assert (response.status_code, response.data, sent) == (304, b"", [])
    assert response.headers["ETag"] == tag
    assert response.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_drawn_before_is_not_drawn_again(keeper: Keeper, visitor: FlaskClient, address: str) -> None:
    first = visitor.get(address)

    with keeper.counts() as sent:
        second = visitor.get(address + ("&" if "?" in address else "?") + "utm_source=mail")

    assert sent == []
    assert second.data == first.data
    assert dict(second.headers) == dict(first.headers)


@pytest.mark.parametrize(
    ("accepted", "coding"), [("gzip, deflate, br", "br"), ("gzip, deflate, br, zstd", "zstd"), ("", None)]
)
def test_a_visitors_page_is_packed_once_for_whoever_can_read_it(
    keeper: Keeper, visitor: FlaskClient, accepted: str, coding: str | None
) -> None:
    plain = visitor.get("/").data

    for _ in range(2):
        response = visitor.get("/", headers={"Accept-Encoding": accepted})

        assert response.headers.get("Content-Encoding") == coding
        assert response.headers.getlist("Content-Length") == [str(len(response.data))]
        assert "Date" not in response.headers
        assert (response.data == plain) == (coding is None)


@pytest.mark.parametrize("shape", ['W/"{}"', '"{}:zstd"', '"other", "{}"'])
def test_a_tag_is_known_again_however_it_was_compressed(visitor: FlaskClient, shape: str) -> None:
    tag = visitor.get("/").headers["ETag"].removeprefix("W/").strip('"')

    assert visitor.get("/", headers={"If-None-Match": shape.format(tag)}).status_code == 304


def test_a_change_is_seen_at_once(keeper: Keeper, visitor: FlaskClient) -> None:
    before = visitor.get("/")
    keeper.puts("Mug")

    after = visitor.get("/", headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert "Mug" in after.text


def test_a_guests_grid_is_drawn_once(keeper: Keeper, guest: FlaskClient) -> None:
    guest.get("/")

    with keeper.counts() as sent:
        guest.get("/")

    assert not [statement for statement in sent if "products" in statement or "collections" in statement]


def test_a_fragment_and_its_page_are_told_apart(visitor: FlaskClient) -> None:
    page = visitor.get("/products/teapot")

    fragment = visitor.get("/products/teapot", headers={"HX-Request": "true", "If-None-Match": page.headers["ETag"]})

    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    assert "<html" in visitor.get("/products/teapot").text


def test_what_is_not_found_is_asked_for_again(keeper: Keeper, visitor: FlaskClient) -> None:
    assert visitor.get("/products/mug").status_code == 404

    keeper.puts("Mug")

    assert visitor.get("/products/mug").status_code == 200


def test_every_change_makes_another_page(keeper: Keeper, visitor: FlaskClient) -> None:
    tags = []
    for number in range(3):
        tags.append(visitor.get("/").headers["ETag"])
        keeper.puts(f"Mug {number}")

    assert len(set(tags)) == 3
