"""Being signed in is a row: whoever ends it ends it for every copy of its cookie."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login import encode_cookie
from sqlalchemy import select

from storefront.core.database import current_session, write_turn
from storefront.customers.export import logins_of
from storefront.customers.login_sessions import SessionEndedError, begin_session, delete_old_sessions, user_of_token
from storefront.customers.models import LoginSession, SessionEnd
from storefront.customers.passwords import change_password
from storefront.customers.people import user_by_email
from storefront.extensions import db
from storefront.web.devices import device_name
from tests.account.people import Customer
from tests.catalog.goods import counted_statements
from tests.doors import PASSWORD, MovedClock, link_in, sign_in

PROFILE = "/account/profile"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
WEBKIT = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko)"
PIXEL = f"{WEBKIT.format('Linux; Android 16; Pixel 9')} Chrome/143.0.0.0 Mobile Safari/537.36"
HOUR = 3600


def copy_of(browser: FlaskClient, shop: Flask) -> FlaskClient:
    """Another browser with the same cookies: somebody copied them."""
    thief = shop.test_client()
    for cookie in (browser._cookies or {}).values():
        thief.set_cookie(cookie.key, cookie.value, path=cookie.path)
    return thief


def is_in(browser: FlaskClient) -> bool:
    return browser.get(PROFILE).status_code == 200


def rows(shop: Flask) -> list[tuple[str, Any]]:
    """Device, and why it ended, of every session."""
    with shop.app_context():
        query = select(LoginSession.device, LoginSession.ended_why).order_by(LoginSession.id)
        return [(row.device, row.ended_why) for row in current_session().execute(query)]


def phone_of(customer: Customer, agent: str = PIXEL) -> FlaskClient:
    phone = customer.shop.test_client()
    sign_in(phone, customer.email, headers={"User-Agent": agent})
    return phone


def test_a_copied_cookie_ends_with_its_session(alice: Customer) -> None:
    thief = copy_of(alice.browser, alice.shop)
    before = is_in(thief)

    alice.sends("/auth/logout")

    assert before
    assert not is_in(thief)
    assert not is_in(alice.browser)
    assert [why for _, why in rows(alice.shop)] == [SessionEnd.signed_out]


def test_a_remember_cookie_is_no_way_around_it(alice: Customer) -> None:
    with alice.browser.session_transaction() as session:
        token = session["_user_id"]
    with alice.shop.app_context():
        remembered = encode_cookie(token, alice.shop.secret_key)
    thief = alice.shop.test_client()
    thief.set_cookie("remember_token", remembered)

    alice.sends("/auth/logout")

    assert not is_in(thief)


def test_a_cookie_from_before_is_nobodys(alice: Customer) -> None:
    with alice.browser.session_transaction() as session:
        session["_user_id"] = f"{alice.id}.1"

    assert not is_in(alice.browser)


def test_the_cookie_tells_nothing_and_the_row_holds_no_token(alice: Customer) -> None:
    with alice.browser.session_transaction() as session:
        token = session["_user_id"]

    assert len(token) >= 43
    with alice.shop.app_context():
        assert token not in str(current_session().execute(select(LoginSession.token_hash)).all())


def test_signing_out_elsewhere_is_no_harm_here(alice: Customer) -> None:
    phone = phone_of(alice)

    phone.post("/auth/logout")

    assert is_in(alice.browser)


def test_everywhere_is_every_copy_too(alice: Customer) -> None:
    phone = phone_of(alice)
    thief = copy_of(phone, alice.shop)

    alice.sends("/account/profile/sessions")

    assert not any(map(is_in, (alice.browser, phone, thief)))
    assert {why for _, why in rows(alice.shop)} == {SessionEnd.everywhere}


def test_a_new_password_ends_copies_of_this_session_too(alice: Customer) -> None:
    phone, thief = phone_of(alice), copy_of(alice.browser, alice.shop)

    answer = alice.sends_part("/account/profile/password", old=PASSWORD, password="quite another one")

    assert is_in(alice.browser)
    assert not any(map(is_in, (phone, thief)))
    assert answer.text.count("This device") == 1
    assert 'hx-swap-oob="true"' in answer.text


def test_a_reset_ends_every_session(alice: Customer) -> None:
    phone = phone_of(alice)
    stranger = alice.shop.test_client()
    stranger.post("/auth/password-reset", data={"email": alice.email})

    stranger.post(link_in(alice.shop, "reset_password"), data={"password": "quite another one"})

    assert not any(map(is_in, (alice.browser, phone)))
    assert is_in(stranger)


def test_an_account_that_is_deleted_leaves_no_row(alice: Customer) -> None:
    thief = copy_of(alice.browser, alice.shop)

    alice.sends("/account/deletion")

    assert not is_in(thief)
    assert rows(alice.shop) == []


def test_another_login_in_this_browser_ends_the_one_before(alice: Customer, bob: Customer) -> None:
    thief = copy_of(alice.browser, alice.shop)

    sign_in(alice.browser, bob.email)

    assert is_in(alice.browser)
    assert not is_in(thief)
    assert (rows(alice.shop)[0][1]) is SessionEnd.replaced


def test_typing_the_password_again_goes_on_with_the_same_session(alice: Customer) -> None:
    other_tab = copy_of(alice.browser, alice.shop)

    alice.sends("/auth/confirm", password=PASSWORD)

    assert is_in(alice.browser)
    assert is_in(other_tab)
    assert len(rows(alice.shop)) == 1


def test_a_password_that_was_right_a_moment_ago_lets_nobody_in(alice: Customer) -> None:
    with alice.shop.app_context():
        user = user_by_email(alice.email)
        assert user is not None
        change_password(user.id, "quite another one")

        with pytest.raises(SessionEndedError):
            begin_session(user, "Firefox on Linux")


# The list


def test_the_profile_lists_where_one_is_signed_in(alice: Customer) -> None:
    phone_of(alice)
    phone_of(alice, FIREFOX)

    page = alice.sees(PROFILE).text

    assert page.count("This device") == 1
    assert page.index("Firefox on Windows") < page.index("Chrome on Android") < page.index("Unknown device")
    assert "last seen" in page


@pytest.mark.parametrize("htmx", [True, False])
def test_one_of_them_is_ended(alice: Customer, *, htmx: bool) -> None:
    phone = phone_of(alice)
    session_id = newest(alice.shop)

    answer = (alice.sends_part if htmx else alice.sends)(f"{PROFILE}/sessions/{session_id}/removal")

    assert is_in(alice.browser)
    assert not is_in(phone)
    assert "Chrome on Android" not in alice.sees(PROFILE).text
    if htmx:
        assert "That device is signed out." in answer.text
        assert answer.text.startswith('<div id="profile-sessions"')
    else:
        assert (answer.status_code, answer.location) == (303, PROFILE)


def test_ending_this_one_is_signing_out(alice: Customer) -> None:
    answer = alice.sends(f"{PROFILE}/sessions/{newest(alice.shop)}/removal")

    assert (answer.status_code, answer.location) == (303, "/auth/login")
    assert alice.browser.get_cookie("session") is None


def test_somebody_elses_is_not_there(alice: Customer, bob: Customer) -> None:
    bobs = newest(alice.shop)

    answers = [alice.sends(f"{PROFILE}/sessions/{number}/removal") for number in (bobs, 999_999)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert is_in(bob.browser)


def test_the_page_and_its_part_are_the_same(alice: Customer) -> None:
    phone_of(alice)
    part = alice.sends_part(f"{PROFILE}/sessions/{newest(alice.shop)}/removal").text

    listed = part[part.index("<ul") : part.index("</ul>")]

    assert listed in alice.sees(PROFILE).text


def test_no_session_is_asked_for_where_none_is_shown(alice: Customer) -> None:
    assert alice.statements_for(PROFILE) == alice.statements_for("/account/export") + 1


# Last seen


def writes(customer: Customer, path: str = PROFILE) -> list[str]:
    with customer.shop.app_context(), counted_statements() as sent:
        customer.sees(path)
    return [statement for statement in sent if not str(statement).lstrip().upper().startswith("SELECT")]


def test_looking_at_pages_writes_at_most_every_five_minutes(alice: Customer, later: MovedClock) -> None:
    at_once = writes(alice)
    later.forward(4 * 60)
    soon = writes(alice)
    later.forward(2 * 60)
    after_a_while = writes(alice)
    again = writes(alice)

    assert (at_once, soon, again) == ([], [], [])
    assert len(after_a_while) == 1
    assert "UPDATE login_sessions" in str(after_a_while[0])


def test_a_page_does_not_wait_for_who_is_writing(alice: Customer, later: MovedClock) -> None:
    later.forward(HOUR)
    with alice.shop.app_context():
        engine = db.engine

    with write_turn(engine):
        assert is_in(alice.browser)


def test_who_stays_away_is_signed_out_after_sixty_days(alice: Customer, later: MovedClock) -> None:
    with alice.browser.session_transaction() as session:
        token = session["_user_id"]
    with alice.shop.app_context():
        later.forward(59 * 24 * HOUR)
        before = user_of_token(token)
        later.forward(2 * 24 * HOUR)

        assert before is not None
        assert user_of_token(token) is None


def test_old_rows_are_forgotten(alice: Customer, bob: Customer, later: MovedClock) -> None:
    bob.sends("/auth/logout")
    with alice.shop.app_context():
        later.forward(29 * 24 * HOUR)
        delete_old_sessions()
        after_a_month = len(rows(alice.shop))
        later.forward(2 * 24 * HOUR)
        delete_old_sessions()
        ended_is_gone = len(rows(alice.shop))
        later.forward(30 * 24 * HOUR)
        delete_old_sessions()

    assert (after_a_month, ended_is_gone, rows(alice.shop)) == (2, 1, [])


def test_the_export_tells_them(alice: Customer) -> None:
    phone_of(alice).post("/auth/logout")
    with alice.shop.app_context():
        told = logins_of(alice.id)["sessions"]

    assert [(one["device"], one["ended_why"]) for one in told] == [
        ("Chrome on Android", SessionEnd.signed_out),
        ("Unknown device", None),
    ]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Windows"),
        (PIXEL, "Chrome on Android"),
        (f"{WEBKIT.format('Windows NT 10.0; Win64; x64')} Chrome/143.0 Safari/537.36 Edg/143.0", "Edge on Windows"),
        (f"{WEBKIT.format('Windows NT 10.0; Win64; x64')} Chrome/142.0 Safari/537.36 OPR/126.0", "Opera on Windows"),
        (f"{WEBKIT.format('iPhone; CPU iPhone OS 19_1 like Mac OS X')} Version/19.1 Safari/604.1", "Safari on iPhone"),
        (f"{WEBKIT.format('iPad; CPU OS 18_0 like Mac OS X')} CriOS/143.0 Safari/604.1", "Chrome on iPad"),
        (f"{WEBKIT.format('Macintosh; Intel Mac OS X 10_15_7')} Version/19.0 Safari/605.1.15", "Safari on Mac"),
        (f"{WEBKIT.format('X11; CrOS x86_64 14541.0.0')} Chrome/143.0 Safari/537.36", "Chrome on ChromeOS"),
        (
            f"{WEBKIT.format('Linux; Android 16')} SamsungBrowser/29 Chrome/136.0 Safari/1",
            "Samsung Internet on Android",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        ("curl/8.14", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
        ("Linux", "Linux"),
        ("x" * 100_000 + "Firefox/1", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_device_has_a_name_one_can_read(agent: str, name: str) -> None:
    assert device_name(agent) == name


def newest(shop: Flask) -> int:
    with shop.app_context():
        return current_session().scalars(select(LoginSession.id).order_by(LoginSession.id.desc())).first() or 0
