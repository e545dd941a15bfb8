"""Links in mails: to prove an address, and to get back in."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.customers.jobs import write_verify_email
from storefront.customers.people import user_by_email
from tests.doors import HTMX, PASSWORD, MovedClock, in_database, link_in, mails, register, sign_in


def verified(app: Flask) -> bool:
    return in_database(app, lambda: user_by_email("alice@example.org").email_verified_at is not None)  # type: ignore[union-attr,no-any-return]


def test_the_mailed_link_proves_the_address_by_a_button(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    link = link_in(doors, "verify_email")
    anywhere = doors.test_client()

    page = anywhere.get(link)
    looked_only = verified(doors)
    answer = anywhere.post(link, data={"password": PASSWORD})

    assert "Is alice@example.org your address?" in page.text
    assert not looked_only
    assert "Now we know that alice@example.org is yours" in answer.text
    assert verified(doors)
    assert "Now we know" in anywhere.get(link).text
    assert "Now we know" in browser.post("/auth/verify").text
    assert len(mails(doors)) == 1


@pytest.mark.parametrize("htmx", [True, False])
def test_whoever_reads_the_mail_proves_no_strangers_account(doors: Flask, browser: FlaskClient, *, htmx: bool) -> None:
    register(browser)
    link, reader = link_in(doors, "verify_email"), doors.test_client()
    headers = HTMX if htmx else {}

    answers = [reader.post(link, data=typed, headers=headers) for typed in ({}, {"password": "not this one"})]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert "Please write your password." in answers[0].text
    assert "That is not this account’s password." in answers[1].text
    assert "choose a password of your own" in reader.get(link).text
    assert not verified(doors)


def test_signed_in_the_button_is_enough(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    link = link_in(doors, "verify_email")
    bob = doors.test_client()
    register(bob, "bob@example.org")

    asked = [one.get(link).text for one in (browser, bob)]
    as_bob = bob.post(link)

    assert ["current-password" in page for page in asked] == [False, True]
    assert as_bob.status_code == 422
    assert "Now we know" in browser.post(link).text


def test_it_is_good_for_a_week_and_only_as_it_was_made(doors: Flask, browser: FlaskClient, later: MovedClock) -> None:
    register(browser)
    link = link_in(doors, "verify_email")
    stranger = doors.test_client()

    bent = stranger.post(link[:-2] + ("aa" if link[-2:] != "aa" else "bb"))
    as_reset = stranger.get(link.replace("verify", "password-reset"))
    later.forward(7 * 24 * 3600 + 2)
    late = stranger.post(link)
    late_too = stranger.get(link)

    assert [answer.status_code for answer in (bent, as_reset, late, late_too)] == [404] * 4
    assert "This link is too old, or it was used already" in late.text
    assert not verified(doors)


def test_another_mail_may_be_asked_for_a_few_times(doors: Flask, browser: FlaskClient) -> None:
    register(browser)

    answers = [browser.post("/auth/verify", headers=HTMX) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "A link is on its way to alice@example.org" in answers[0].text
    assert "We have written to that address a few times already" in answers[5].text
    assert len(mails(doors)) == 6
    assert doors.test_client().post("/auth/verify").location == "/auth/login"


def test_once_proven_a_mail_still_in_the_outbox_is_dropped(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    assert in_database(doors, lambda: write_verify_email({"user_id": 1})) is not None

    browser.post(link_in(doors, "verify_email"))

    assert in_database(doors, lambda: write_verify_email({"user_id": 1})) is None


def test_a_new_password_ends_every_session_and_uses_the_link_up(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    forgetful = doors.test_client()
    asked = forgetful.post("/auth/password-reset", data={"email": "Alice@example.org"})
    link = link_in(doors, "reset_password")

    form = forgetful.get(link)
    short = forgetful.post(link, data={"password": "short"})
    answer = forgetful.post(link, data={"password": "quite another one"})
    again = forgetful.post(link, data={"password": "and another one"})

    assert "a link to a new password is on its way there" in asked.text
    assert 'autocomplete="new-password"' in form.text
    assert (short.status_code, answer.status_code, again.status_code) == (422, 303, 404)
    assert ">Alice</span></a>" in forgetful.get("/cart").text
    assert ">Alice</span></a>" not in browser.get("/cart").text
    assert sign_in(doors.test_client()).status_code == 422
    assert sign_in(doors.test_client(), password="quite another one").status_code == 303
    assert verified(doors)
    assert [kind for kind, _ in mails(doors)] == ["verify_email", "reset_password", "password_changed"]


def test_the_link_works_for_an_hour(doors: Flask, browser: FlaskClient, later: MovedClock) -> None:
    register(browser)
    browser.post("/auth/password-reset", data={"email": "alice@example.org"})
    link = link_in(doors, "reset_password")

    later.forward(3602)

    assert browser.get(link).status_code == 404


def test_asking_says_the_same_for_unknown_addresses(doors: Flask, browser: FlaskClient) -> None:
    register(browser)

    def ask(email: str) -> Any:
        return doors.test_client().post("/auth/password-reset", data={"email": email}).text.replace(email, "…")

    assert ask("alice@example.org") == ask("nobody@example.org")
    assert [kind for kind, _ in mails(doors)] == ["verify_email", "reset_password"]


def test_nobodys_inbox_is_filled(doors: Flask, browser: FlaskClient) -> None:
    register(browser)
    ask = {"email": "alice@example.org"}

    answers = [
        browser.post("/auth/password-reset", data=ask, environ_overrides={"REMOTE_ADDR": f"203.0.113.{i}"}).status_code
        for i in range(6)
    ]

    assert answers == [200] * 5 + [429]
    assert [kind for kind, _ in mails(doors)].count("reset_password") == 5
