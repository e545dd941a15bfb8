"""A guest's order is found again: by the link in a mail, or by e-mail and number. Who only has its address sees little."""

import re
from collections.abc import Iterator

import pytest

from storefront.core.mail.models import OutboundMail
from tests.journeys.guests import guest, pays
from tests.people import Answer, Shopper
from tests.stack import OWNER, Shop

STREET = "Lindenstraße 4"
SAME_WORDS = "If there is such an order, we have mailed its link to"


@pytest.fixture
def gita(shop: Shop) -> Iterator[Shopper]:
    """Has bought a mug as a guest."""
    person = guest(shop)
    person.puts_in_cart("Mug")
    assert pays(person).state == "paid"
    shop.settle()
    yield person
    person.browser.close()


@pytest.fixture
def elsewhere(shop: Shop) -> Shopper:
    """A browser that has placed nothing."""
    return guest(shop, "Gita elsewhere")


def asks(person: Shopper, email: str, number: str, *, htmx: bool = False) -> Answer:
    form = person.opens("/orders/find").page.form("/orders/find")
    return person.presses(form, htmx=htmx, typed={"email": email, "number": number})


def link_in(shop: Shop, kind: str) -> str:
    """The order's link in the newest mail of this kind."""
    found = re.search(rf"{re.escape(shop.url)}/orders/\S+", shop.letter(kind))
    assert found
    return found[0]


def test_the_receipts_link_shows_all_of_it_in_any_browser(shop: Shop, gita: Shopper, elsewhere: Shopper) -> None:
    before = elsewhere.sees_order()

    opened = elsewhere.opens(link_in(shop, "receipt"))

    assert STREET not in before.page.text
    assert "have its link mailed to you" in before.page.text
    assert opened.url == f"{shop.url}/orders/{shop.order_ids()[0]}"
    assert STREET in opened.page.text
    assert STREET in elsewhere.sees_order().page.text  # and so it does tomorrow


def test_the_owners_note_does_not_lead_in(shop: Shop, gita: Shopper) -> None:
    assert ("order_for_owner", OWNER) in shop.mails()
    assert link_in(shop, "order_for_owner") == f"{shop.url}/orders/{shop.order_ids()[0]}"


def test_by_e_mail_and_number_a_link_is_mailed(shop: Shop, gita: Shopper, elsewhere: Shopper) -> None:
    answer = asks(elsewhere, "GITA@example.org", "k1001")
    shop.work()

    opened = elsewhere.opens(link_in(shop, "order_link"))

    assert f"{SAME_WORDS} GITA@example.org" in answer.page.text
    assert gita.mails("order_link") == ["order_link"]
    assert STREET in opened.page.text


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("wanted", [("gita@example.org", "K-1002"), ("other@example.org", "K-1001")])
def test_what_there_is_not_is_answered_with_the_same_words(
    shop: Shop, gita: Shopper, elsewhere: Shopper, wanted: tuple[str, str], *, htmx: bool
) -> None:
    found = asks(elsewhere, gita.email, "K-1001", htmx=htmx)
    missing = asks(elsewhere, *wanted, htmx=htmx)

    assert missing.status == found.status == 200
    assert missing.html.replace(wanted[0], "…") == found.html.replace(gita.email, "…")
    assert shop.all(OutboundMail.kind).count("order_link") == 1


def test_the_mail_goes_to_the_orders_own_address(shop: Shop, gita: Shopper, elsewhere: Shopper) -> None:
    asks(elsewhere, "Gita@Example.org", "1001")

    assert shop.mails("order_link") == [("order_link", "gita@example.org")]


@pytest.mark.parametrize("htmx", [True, False])
def test_what_was_typed_wrong_stays(shop: Shop, gita: Shopper, elsewhere: Shopper, *, htmx: bool) -> None:
    answer = asks(elsewhere, "gita@example.org", "my mug", htmx=htmx)

    assert answer.status == 422
    assert 'value="gita@example.org"' in answer.html
    assert "It reads like K-1043." in answer.page.text


def test_an_address_is_written_to_so_often_and_no_more(shop: Shop, gita: Shopper, elsewhere: Shopper) -> None:
    answers = [asks(elsewhere, gita.email, "K-1001") for _ in range(6)]
    unknown = [asks(elsewhere, "nobody@example.org", "K-1001") for _ in range(6)]

    assert [one.status for one in answers] == [one.status for one in unknown] == [200] * 5 + [429]
    assert shop.all(OutboundMail.kind).count("order_link") == 5


def test_one_address_asks_so_often_and_no_more(shop: Shop, gita: Shopper, elsewhere: Shopper) -> None:
    answers = [asks(elsewhere, f"{number}@example.org", "K-1001").status for number in range(21)]

    assert answers == [200] * 20 + [429]


def test_a_link_grows_old(shop: Shop, gita: Shopper, elsewhere: Shopper) -> None:
    link = link_in(shop, "receipt")

    shop.clock.forward(hours=24 * 30 + 1)
    late = elsewhere.opens(link)
    bent = elsewhere.opens(link[:-1] + ("a" if link[-1] != "a" else "b"))

    for answer in (late, bent):
        assert answer.status == 404
        assert "Have a new one mailed to you." in answer.page.text
    assert STREET not in elsewhere.sees_order().page.text


def test_a_link_to_prove_an_address_opens_no_order(shop: Shop, gita: Shopper, elsewhere: Shopper) -> None:
    bob = guest(shop, "Bob")
    bob.registers()
    shop.work()
    found = re.search(r"/auth/verify/(\S+)", shop.letter("verify_email"))
    assert found

    assert elsewhere.opens(f"/orders/open/{found[1]}").status == 404


def test_what_belongs_to_an_account_is_not_opened_by_a_link(shop: Shop, alice: Shopper, elsewhere: Shopper) -> None:
    alice.buys()
    shop.settle()
    receipt = link_in(shop, "receipt")
    asks(elsewhere, alice.email, "K-1001")
    shop.work()

    seen = [elsewhere.opens(link) for link in (receipt, link_in(shop, "order_link"))]

    assert [one.url for one in seen] == [f"{shop.url}/orders/{shop.order_ids()[0]}"] * 2
    assert not any(STREET in one.page.text for one in seen)
    assert "sign in to see all of it" in shop.letter("order_link")


def test_pages_lead_there(shop: Shop, elsewhere: Shopper) -> None:
    assert 'href="/orders/find"' in elsewhere.opens("/").html
    assert "Bought without an account?" in elsewhere.opens("/auth/login").page.text


def test_signing_out_forgets_what_a_link_showed(shop: Shop, gita: Shopper, bob: Shopper) -> None:
    bob.opens(link_in(shop, "receipt"))
    seen = bob.sees_order().page.text
    bob.sends("/auth/logout", {}, htmx=False)

    assert STREET in seen
    assert STREET not in bob.sees_order().page.text
