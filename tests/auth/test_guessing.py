"""Guessing passwords runs out of tries; the owner of the account still gets in."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.web import signing_in
from tests.doors import MovedClock, register, sign_in

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


def test_one_place_has_ten_guesses_and_the_owner_gets_in_from_another(
    doors: Flask, browser: FlaskClient, later: MovedClock
) -> None:
    register(browser)
    guesser = doors.test_client()

    guesses = [sign_in(guesser, password="a guess", environ_overrides=ELSEWHERE) for _ in range(11)]
    even_right = sign_in(guesser, environ_overrides=ELSEWHERE)
    owner = sign_in(doors.test_client())
    later.forward(15 * 60 + 1)
    at_last = sign_in(guesser, environ_overrides=ELSEWHERE)

    assert [guess.status_code for guess in guesses] == [422] * 10 + [429]
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 15 * 60
    assert even_right.status_code == 429
    assert owner.status_code == 303
    assert at_last.status_code == 303


def test_a_right_password_gives_all_guesses_back(doors: Flask, browser: FlaskClient) -> None:
    register(browser)

    for _ in range(3):
        for _ in range(9):
            assert sign_in(browser, password="a guess").status_code == 422
        assert sign_in(browser).status_code == 303


def test_however_many_guess_the_browser_that_knows_the_account_gets_in(
    doors: Flask, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "MAX_GUESSES_OF_STRANGERS", "5 per hour")
    register(browser)
    browser.post("/auth/logout")
    botnet = doors.test_client()

    guesses = [
        sign_in(botnet, password="a guess", environ_overrides={"REMOTE_ADDR": f"203.0.113.{bot}"}).status_code
        for bot in range(6)
    ]

    assert guesses == [422] * 5 + [429]
    assert sign_in(doors.test_client()).status_code == 429
    assert sign_in(browser).status_code == 303


def test_a_neighbours_guesses_do_not_count_in_the_owners_browser(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    neighbour = doors.test_client()

    guesses = [sign_in(neighbour, password="a guess").status_code for _ in range(11)]

    assert guesses[-1] == 429
    assert sign_in(browser).status_code == 303


def test_an_address_used_up_at_other_logins_stops_nobody_where_they_signed_in_before(
    doors: Flask, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "MAX_GUESSES_PER_ADDRESS", "5 per 15 minutes")
    register(browser)
    browser.post("/auth/logout")
    neighbour = doors.test_client()

    guesses = [sign_in(neighbour, email=f"nobody{one}@lindt.example").status_code for one in range(6)]

    assert guesses == [422] * 5 + [429]
    assert sign_in(doors.test_client()).status_code == 429
    assert sign_in(browser).status_code == 303


def test_neighbours_of_one_ipv6_network_are_one_place(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    guesser = doors.test_client()

    guesses = [
        sign_in(guesser, password="a guess", environ_overrides={"REMOTE_ADDR": f"2001:db8:1:2::{guess:x}"}).status_code
        for guess in range(1, 12)
    ]

    assert guesses == [422] * 10 + [429]
