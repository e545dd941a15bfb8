"""Who a customer is to the shop."""

from collections import Counter
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.core.database import current_session
from storefront.core.jobs.models import Job
from storefront.core.mail.models import OutboundMail
from storefront.core.mail.outbox import WRITERS
from tests.account.people import Customer
from tests.doors import PASSWORD, MovedClock, link_in, mails, register, sign_in


def test_the_profile_says_who_one_is(alice: Customer) -> None:
    page = alice.sees("/account/profile").text

    assert "Alice Archer" in page
    assert "alice@example.org" in page
    assert "Not verified yet" in page


def test_the_link_is_sent_again(alice: Customer) -> None:
    page = alice.sees("/account/profile").text

    answer = alice.sends_part("/auth/verify")

    assert 'action="/auth/verify" method="post"' in page
    assert "A link is on its way to alice@example.org." in answer.text
    assert mails(alice.shop) == [("verify_email", "alice@example.org")] * 2


def test_a_verified_address_is_said_to_be(alice: Customer) -> None:
    alice.sends(link_in(alice.shop, "verify_email"))

    page = alice.sees("/account/profile").text

    assert "Verified" in page
    assert "Not verified yet" not in page
    assert "Send it again" not in page


def test_a_new_password_is_a_link_in_a_mail(alice: Customer) -> None:
    page = alice.sees("/account/profile").text

    answer = alice.sends("/auth/password-reset", email="alice@example.org")

    assert (
        'action="/auth/password-reset" method="post"><input type="hidden" name="email" value="alice@example.org">'
        in page
    )
    assert answer.status_code == 200
    assert mails(alice.shop)[-1] == ("reset_password", "alice@example.org")


def test_the_page_and_its_part_are_the_same(alice: Customer) -> None:
    assert alice.sees_part("/account/profile").text.strip() in alice.sees("/account/profile").text


def test_bobs_profile_is_his_own(alice: Customer, bob: Customer) -> None:
    assert "bob@example.org" not in alice.sees("/account/profile").text
    assert "alice@example.org" not in bob.sees("/account/profile").text


def test_nobody_signed_in_is_led_to_the_login(stranger: FlaskClient) -> None:
    assert stranger.get("/account/profile").location == "/auth/login?next=/account/profile"


def test_every_part_of_it_opens_where_it_stands(alice: Customer) -> None:
    for part in ("name", "email", "password"):
        form = alice.sees_part(f"/account/profile/{part}").text.strip()

        assert f'id="profile-{part}"' in form
        assert f'action="/account/profile/{part}" method="post"' in form
        assert form in alice.sees(f"/account/profile/{part}").text


# Name


def test_another_name_is_shown_and_told_to_stripe(alice: Customer) -> None:
    answer = alice.sends("/account/profile/name", name="  Alice   Abbot ")

    assert (answer.status_code, answer.location) == (303, "/account/profile")
    assert "Alice Abbot" in alice.sees("/account/profile").text
    assert waiting(alice.shop)["push_customer"] == 1


def test_under_htmx_the_greeting_changes_with_it(alice: Customer) -> None:
    answer = alice.sends_part("/account/profile/name", name="Ada Archer")

    assert 'id="profile-name"' in answer.text
    assert "That is how we call you from now on." in answer.text
    assert '<span id="greeting" hx-swap-oob="true">Ada</span>' in answer.text


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_name_that_is_none_is_said_at_its_field(alice: Customer, name: str) -> None:
    answer = alice.sends_part("/account/profile/name", name=name)

    assert answer.status_code == 422
    assert 'id="name-fault"' in answer.text
    assert "Alice Archer" in alice.sees("/account/profile").text


# E-mail


def test_a_new_email_counts_once_its_link_is_followed(alice: Customer, stranger: FlaskClient) -> None:
    asked = alice.sends_part("/account/profile/email", email="Alice@New.example")
    before = sign_in(stranger, "alice@example.org").status_code
    stranger.post("/auth/logout")

    link = link_in(alice.shop, "change_email")
    page = stranger.get(link)
    answer = stranger.post(link)

    assert "A link is on its way to Alice@New.example." in asked.text
    assert before == 303
    assert "Shall Alice@New.example be the e-mail" in page.text
    assert "From now on you sign in with Alice@New.example." in answer.text
    assert sign_in(stranger, "alice@new.EXAMPLE").status_code == 303
    assert sign_in(alice.shop.test_client(), "alice@example.org").status_code == 422
    assert "Verified" in alice.sees("/account/profile").text
    assert waiting(alice.shop)["push_customer"] == 1


def test_both_addresses_are_told_when_it_is_asked_for_and_when_it_counts(alice: Customer) -> None:
    alice.sends("/account/profile/email", email="new@example.org")
    asked = mails(alice.shop)[1:]

    alice.sends(link_in(alice.shop, "change_email"))

    assert asked == [("change_email", "new@example.org"), ("email_change_asked", "alice@example.org")]
    assert mails(alice.shop)[3:] == [("email_changed", "alice@example.org"), ("email_changed", "new@example.org")]
    assert written(alice.shop, "email_changed")[0] == {
        "first_name": "Alice",
        "before": "alice@example.org",
        "after": "new@example.org",
    }


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("nobody", "it should read like name@example.org"),
        ("", "Please write your e-mail address."),
        ("alice@example.org", "That is your e-mail already."),
        ("BOB@example.org", "There is an account with this e-mail already."),
    ],
)
def test_an_email_that_cannot_be_is_said_at_its_field(alice: Customer, bob: Customer, email: str, words: str) -> None:
    answer = alice.sends_part("/account/profile/email", email=email)

    assert bob.id
    assert answer.status_code == 422
    assert words in answer.text
    assert 'id="email-fault"' in answer.text
    assert "email_wanted" not in answer.text


def test_somebody_who_registered_with_it_meanwhile_keeps_it(alice: Customer, stranger: FlaskClient) -> None:
    alice.sends("/account/profile/email", email="new@example.org")
    link = link_in(alice.shop, "change_email")
    register(stranger, "new@example.org", name="Nora New")

    answer = alice.sends(link)

    assert answer.status_code == 422
    assert "There is an account with this e-mail already." in answer.text
    assert "alice@example.org" in alice.sees("/account/profile").text
    assert waiting(alice.shop)["push_customer"] == 0


def test_keeping_the_old_one_after_all_makes_the_link_stale(alice: Customer) -> None:
    alice.sends("/account/profile/email", email="new@example.org")
    link = link_in(alice.shop, "change_email")

    answer = alice.sends_part("/account/profile/email/withdrawal")

    assert "It stays as it was." in answer.text
    assert alice.sends(link).status_code == 404
    assert alice.sees(link).status_code == 404


def test_a_link_is_good_once_and_for_two_days(alice: Customer, later: MovedClock) -> None:
    alice.sends("/account/profile/email", email="new@example.org")
    link = link_in(alice.shop, "change_email")

    later.forward(2 * 24 * 3600 + 60)
    too_late = alice.sends(link).status_code
    later.forward(-3600)

    assert too_late == 404
    assert alice.sends(link).status_code == 200
    assert alice.sends(link).status_code == 404


def test_a_link_to_a_new_password_dies_with_the_address_it_went_to(alice: Customer) -> None:
    alice.sends("/auth/password-reset", email="alice@example.org")
    link = link_in(alice.shop, "reset_password")
    alice.sends("/account/profile/email", email="new@example.org")
    alice.sends(link_in(alice.shop, "change_email"))

    assert alice.sees(link).status_code == 404


def test_it_is_asked_for_a_few_times_an_hour(alice: Customer) -> None:
    statuses = [
        alice.sends("/account/profile/email", email=f"new{number}@example.org").status_code for number in range(6)
    ]

    assert statuses == [303] * 5 + [429]


# Password and sessions


def test_another_password_ends_the_other_sessions_and_not_this_one(alice: Customer, stranger: FlaskClient) -> None:
    sign_in(stranger)

    answer = alice.sends_part("/account/profile/password", old=PASSWORD, password="another battery")

    assert "It is changed." in answer.text
    assert alice.sees("/account/profile").status_code == 200
    assert stranger.get("/account/profile").status_code == 303
    assert sign_in(stranger, password="another battery").location == "/"
    assert sign_in(alice.shop.test_client()).status_code == 422
    assert mails(alice.shop)[-1] == ("password_changed", "alice@example.org")


def test_another_password_takes_back_a_new_email_that_nobody_proved(alice: Customer, stranger: FlaskClient) -> None:
    alice.sends("/account/profile/email", email="thief@example.org")
    link = link_in(alice.shop, "change_email")
    stranger.post("/auth/password-reset", data={"email": "alice@example.org"})
    stranger.post(link_in(alice.shop, "reset_password"), data={"password": "another battery"})

    taken = alice.shop.test_client().post(link)

    assert taken.status_code == 404
    assert sign_in(alice.shop.test_client(), password="another battery").status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("wrong", "another battery", "old", "That is not your password."),
        ("", "another battery", "old", "Please write your password."),
        (PASSWORD, "short", "password", "Please take 8 letters or more"),
    ],
)
def test_a_password_that_cannot_be_is_said_at_its_field(
    alice: Customer, old: str, new: str, field: str, words: str
) -> None:
    answer = alice.sends_part("/account/profile/password", old=old, password=new)

    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text
    assert words in answer.text
    assert sign_in(alice.shop.test_client()).status_code == 303


def test_guesses_at_the_old_password_run_out(alice: Customer) -> None:
    sent = {"old": "wrong", "password": "another battery"}

    statuses = [alice.sends("/account/profile/password", **sent).status_code for _ in range(11)]

    assert statuses == [422] * 10 + [429]


def test_signing_out_everywhere_ends_every_session(alice: Customer, stranger: FlaskClient) -> None:
    sign_in(stranger)

    answer = alice.sends("/account/profile/sessions")

    assert answer.location == "/auth/login"
    assert alice.sees("/account/profile").status_code == 303
    assert stranger.get("/account/profile").status_code == 303
    assert sign_in(stranger).status_code == 303


@pytest.mark.parametrize("path", ["/account/profile/email", "/account/profile/password", "/account/deletion"])
def test_what_hurts_asks_for_the_password_again(alice: Customer, later: MovedClock, path: str) -> None:
    later.forward(31 * 60)

    opened, sent = alice.sees(path), alice.sends(path)
    under_htmx = alice.sees_part(path)

    assert opened.location == f"/auth/confirm?next={path}"
    assert sent.location.startswith("/auth/confirm")
    assert under_htmx.headers["HX-Redirect"] == f"/auth/confirm?next={path}"
    assert alice.sends("/auth/confirm", password=PASSWORD, next=path).location == path
    assert alice.sees(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/account/profile/name", "/account/profile/email", "/account/profile/password", "/account/export", "/account/deletion"],
)  # fmt: skip
def test_each_of_it_is_for_those_who_are_signed_in(stranger: FlaskClient, path: str) -> None:
    assert stranger.get(path).location == f"/auth/login?next={path}"
    assert stranger.post(path).location.startswith("/auth/login")


def waiting(app: Flask) -> Counter[str]:
    """How many jobs of each kind there are to do."""
    with app.app_context():
        return Counter(current_session().scalars(select(Job.kind).where(Job.finished_at.is_(None))))


def written(app: Flask, kind: str) -> list[dict[str, Any] | None]:
    """What the mails of this kind would say."""
    with app.app_context():
        posted = current_session().scalars(select(OutboundMail).where(OutboundMail.kind == kind))
        return [WRITERS[kind](mail.context) for mail in posted]
