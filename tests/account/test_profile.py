"""Who a customer is to the shop."""

from flask.testing import FlaskClient

from tests.account.people import Customer
from tests.doors import link_in, mails


def test_the_profile_says_who_one_is(alice: Customer) -> None:
    page = alice.sees("/account/profile").text

    assert "<dd>Alice Archer</dd>" in page
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
