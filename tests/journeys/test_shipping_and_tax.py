"""Where it goes, how it comes and what tax is on it: from the cart to the invoice, by what the pages show."""

import io
import re
from collections.abc import Callable

import pytest
import requests
from pypdf import PdfReader

from storefront.catalog.models import Variant
from storefront.core.database import transaction
from storefront.core.money import Money
from storefront.orders.models import Order, OrderTax
from storefront.shipping_and_tax.file import read_terms_file
from storefront.shipping_and_tax.write import replace_terms
from tests.journeys import guests
from tests.payments.test_one_click_cost import MOST_STATEMENTS, counting
from tests.people import HOME, Answer, Shopper
from tests.reading import Form
from tests.stack import Sandbox, Shop

TERMS = """
[[zones]]
name = "Germany"
countries = ["DE"]
rates = [{ name = "Parcel", price = 4.90, days = 2 }, { name = "Express", price = 12.90, days = 1 }]

[[zones]]
name = "France"
countries = ["FR"]
rates = [{ name = "Colis", tiers = [{ up_to = 1000, price = 9.90 }, { up_to = 5000, price = 14.90 }], free_from = 100 }]

[[pick_up]]
name = "In our workshop"

[[taxes]]
name = "VAT 19 %"
countries = ["DE"]
percent = 19

[[taxes]]
name = "TVA 20 %"
countries = ["FR"]
percent = 20
"""
PARIS = {"name": "Alice Archer", "line1": "1 rue de Rivoli", "postal_code": "75001", "city": "Paris", "country": "FR"}
RIO = {**PARIS, "line1": "Rua 1", "city": "Rio", "postal_code": "20000-000", "country": "BR", "region": "RJ"}


def agree(shop: Shop, terms: str = TERMS) -> None:
    with shop.inside():
        replace_terms(read_terms_file(terms, "eur"))


def weigh(shop: Shop, title: str, grams: int) -> None:
    with shop.inside(), transaction() as session:
        session.get_one(Variant, shop.products[title]).weight_grams = grams


def taxes(shop: Shop) -> list[tuple[str, int, int, bool]]:
    return shop.all(OrderTax.name, OrderTax.base, OrderTax.amount, OrderTax.included)


def chosen(answer: Answer) -> dict[str, str]:
    """What the checkout's form would send about delivery and total."""
    fields = answer.page.form("/checkout/pay").fields
    return {name: fields[name] for name in ("shipping_rate_id", "expected_total") if name in fields}


def text(answer: Answer) -> str:
    """What the page says; a sum's name and its amount stand side by side."""
    return answer.page.text.replace("\u00a0", " ")


def updates(person: Shopper, form: Form, **typed: str) -> Answer:
    """Look at the checkout with something else in it, as a browser without scripts does."""
    return person.presses(form, {"formaction": "/checkout"}, htmx=False, typed=typed)


@pytest.fixture
def guest(shop: Shop) -> Shopper:
    return guests.guest(shop)


class TestCart:
    def test_a_guest_sees_what_it_costs_at_home_and_says_where_else_to(self, shop: Shop, guest: Shopper) -> None:
        agree(shop)
        guest.puts_in_cart("Teapot")
        before = guest.opens("/cart")

        form = before.page.form("/cart/delivery")
        after = guest.presses(form, htmx=False, typed={"country": "BR"})

        assert form.fields["country"] == "DE"
        assert "Parcel4,90 € Total28,90 €includes VAT 19 %: 4,61 €" in text(before)
        assert after.page.form("/cart/delivery").fields["country"] == "BR"
        assert "Parcel4,90" not in text(after)

    def test_the_country_chosen_in_the_cart_is_where_checkout_and_address_book_begin(
        self, shop: Shop, someone: Callable[[str], Shopper]
    ) -> None:
        agree(shop)
        carol = someone("Carol Cole")
        carol.puts_in_cart("Teapot")

        def begins_with(path: str) -> list[str]:
            return re.findall(r'<option selected value="(..)">', carol.opens(path).html)

        pages = ("/cart", "/checkout", "/account/addresses")
        assert [begins_with(path) for path in pages] == [["DE"]] * 3

        carol.sends("/cart/delivery", {"country": "BR"})

        assert [begins_with(path) for path in pages] == [["BR"]] * 3

    def test_another_way_is_kept_with_the_cart(self, shop: Shop, guest: Shopper) -> None:
        agree(shop)
        guest.puts_in_cart("Teapot")
        form = guest.presses(guest.opens("/cart").page.form("/cart/delivery"), typed={"country": "DE"}).page.form(
            "/delivery"
        )
        express = str(int(form.fields["shipping_rate_id"]) + 1)

        guest.presses(form, typed={"shipping_rate_id": express})

        assert "Express12,90 € Total36,90 €" in text(guest.opens("/cart"))
        assert chosen(guest.opens("/checkout")) == {"shipping_rate_id": express, "expected_total": "3690"}

    def test_where_nothing_is_sent_it_says_so(self, shop: Shop, guest: Shopper) -> None:
        agree(shop)
        guest.puts_in_cart("Teapot")

        answer = guest.presses(guest.opens("/cart").page.form("/cart/delivery"), typed={"country": "BR"})

        assert "We do not deliver to Brazil. You can pick it up, though." in text(answer)

    @pytest.mark.parametrize("typed", [{"country": "XX"}, {"country": "DE", "shipping_rate_id": "99999999999"}])
    def test_what_no_page_offers_is_refused(self, shop: Shop, guest: Shopper, typed: dict[str, str]) -> None:
        agree(shop)
        guest.puts_in_cart("Teapot")

        assert guest.sends("/cart/delivery", typed).status == 422

    def test_who_has_an_address_is_not_asked(self, shop: Shop, alice: Shopper) -> None:
        agree(shop)
        alice.puts_in_cart("Teapot")

        page = alice.opens("/cart")

        assert "country" not in page.page.form("/cart/delivery").fields
        assert "Deliver to Berlin, Germany" in text(page)
        assert page.page.form("/checkout/one-click").fields["expected_total"] == "2890"

    def test_a_shop_without_terms_asks_nothing(self, guest: Shopper) -> None:
        guest.puts_in_cart("Teapot")

        assert [form.action for form in guest.opens("/cart").page.forms if form.action.endswith("/delivery")] == []

    def test_it_comes_along_at_login(self, shop: Shop, someone: Callable[[str], Shopper]) -> None:
        agree(shop)
        carol = someone("Carol Cole")
        carol.puts_in_cart("Mug")
        carol.sends("/auth/logout", {}, htmx=False)
        carol.puts_in_cart("Teapot")
        carol.sends("/cart/delivery", {"country": "DE"})

        carol.signs_in()

        assert "Parcel4,90 €" in text(carol.opens("/cart"))


class TestCheckout:
    def test_from_the_country_to_the_invoice(self, shop: Shop, alice: Shopper) -> None:
        agree(shop)
        weigh(shop, "Teapot", 900)
        alice.puts_in_cart("Teapot", 2)
        form = alice.opens("/checkout").page.form("/checkout/pay")

        seen = updates(alice, form, **PARIS)
        typed = PARIS | {"confirmation_token": shop.sandbox.confirmation_token()}
        alice.presses(seen.page.form("/checkout/pay"), typed=typed)
        shop.settle()

        assert "Colis14,90 € Total62,90 €includes TVA 20 %: 10,48 €" in text(seen)
        assert shop.charged() == [Money(6290, "eur")]
        assert taxes(shop) == [("TVA 20 %", 5242, 1048, True)]
        assert "Colis14,90 € Total62,90 €includes TVA 20 %: 10,48 €" in text(alice.sees_order())
        assert "includes TVA 20 %" in shop.letter("receipt")
        assert "Colis 14,90 € Total 62,90 € includes TVA 20 % on 52,42 € 10,48 €" in invoice(alice)

    def test_another_country_than_the_button_showed(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        agree(shop)
        alice.puts_in_cart("Teapot")
        form = alice.opens("/checkout").page.form("/checkout/pay")

        typed = PARIS | {"confirmation_token": sandbox.confirmation_token()}
        asked = alice.presses(form, htmx=False, typed=typed)
        paid = alice.presses(
            asked.page.form("/checkout/pay"), htmx=False, typed={"confirmation_token": sandbox.confirmation_token()}
        )

        assert (asked.status, len(shop.orders())) == (409, 1)
        assert "Colis9,90 € Total33,90 €" in text(asked)
        assert paid.state == "paid"
        assert shop.charged() == [Money(3390, "eur")]

    def test_where_nothing_is_sent_nothing_is_placed(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        agree(shop)
        alice.puts_in_cart("Teapot")
        form = alice.opens("/checkout").page.form("/checkout/pay")

        typed = RIO | {
            "confirmation_token": sandbox.confirmation_token(),
            "shipping_rate_id": "",
            "expected_total": "2400",
        }
        refused = alice.presses(form, htmx=False, typed=typed)

        assert (refused.status, shop.orders(), sandbox.requests()) == (422, [], [])
        assert "We do not deliver to Brazil." in text(refused)

    def test_a_way_that_is_gone_under_the_button(self, shop: Shop, alice: Shopper) -> None:
        agree(shop)
        alice.puts_in_cart("Teapot")
        button = alice.cart_button()
        agree(shop, TERMS.replace('"Parcel"', '"Bicycle"'))

        asked = alice.presses(button)
        paid = alice.presses(asked.page.form("/checkout/one-click"))

        assert (asked.status, asked.panel) == (409, "changed")
        assert "Bicycle" in text(asked)
        assert (paid.state, shop.charged()) == ("paid", [Money(2890, "eur")])

    def test_terms_that_changed_under_the_button(self, shop: Shop, alice: Shopper) -> None:
        agree(shop)
        button = alice.one_click_button()
        agree(shop, TERMS.replace("4.90", "5.90"))

        asked = alice.presses(button)

        assert (asked.status, asked.panel, shop.orders()) == (409, "changed", [])
        assert asked.page.form("/checkout/one-click").fields["expected_total"] == "2990"

    def test_to_another_address_of_the_book(self, shop: Shop, alice: Shopper) -> None:
        agree(shop)
        paris = str(alice.has_address(**PARIS))
        button = alice.one_click_button()

        asked = alice.presses(button, typed={"address_id": paris})
        paid = alice.presses(asked.page.form("/checkout/one-click"))

        assert (asked.status, asked.page.form("/checkout/one-click").fields["expected_total"]) == (409, "3390")
        assert paid.state == "paid"
        assert shop.all(Order.shipping_name, Order.total) == [("Colis", 3390)]

    def test_what_is_fetched_needs_no_address(self, shop: Shop, guest: Shopper) -> None:
        agree(shop)
        guest.puts_in_cart("Teapot")
        form = guest.opens("/checkout").page.form("/checkout/pay")
        page = guest.opens("/checkout").html
        fetch = page.split("In our workshop")[0].rsplit('name="shipping_rate_id" value="', 1)[1].split('"')[0]

        seen = updates(guest, form, shipping_rate_id=fetch, email=guest.email)
        typed = {"confirmation_token": shop.sandbox.confirmation_token()}
        guest.presses(seen.page.form("/checkout/pay"), typed=typed)

        assert shop.all(Order.total, Order.shipping_name, Order.shipping_address) == [(2400, "In our workshop", None)]
        assert shop.orders() == [(2400, "paid")]
        assert "In our workshopfree Total24,00 €" in text(guest.sees_order())
        assert "At your door" not in text(guest.sees_order())

    def test_the_same_form_with_another_way_is_another_order(self, shop: Shop, alice: Shopper) -> None:
        agree(shop, TERMS.replace("12.90", "4.90"))
        alice.puts_in_cart("Teapot")
        form = alice.opens("/checkout").page.form("/checkout/pay")
        express = str(int(form.fields["shipping_rate_id"]) + 1)
        declined = {"confirmation_token": shop.sandbox.confirmation_token("pm_card_chargeDeclined")}
        alice.presses(form, typed=HOME | declined)

        typed = HOME | {"confirmation_token": shop.sandbox.confirmation_token(), "shipping_rate_id": express}
        alice.presses(alice.opens("/checkout").page.form("/checkout/pay"), typed=typed)

        assert shop.all(Order.shipping_name, Order.status) == [("Parcel", "canceled"), ("Express", "paid")]


class TestTaxOnTop:
    @pytest.fixture
    def shop_settings(self) -> dict[str, str]:
        return {"PRICES_INCLUDE_TAX": "no"}

    def test_from_the_cart_to_the_credit_note(self, shop: Shop, guest: Shopper) -> None:
        agree(shop)
        guest.puts_in_cart("Teapot")
        before = guest.opens("/cart")

        form = guest.opens("/checkout").page.form("/checkout/pay")
        typed = HOME | {"email": guest.email, "confirmation_token": shop.sandbox.confirmation_token()}
        guest.presses(form, typed=typed)
        shop.settle()

        assert "Parcel4,90 € VAT 19 %5,49 € Total34,39 €" in text(before)
        assert shop.all(Order.subtotal, Order.shipping, Order.tax, Order.total) == [(2400, 490, 549, 3439)]
        assert shop.charged() == [Money(3439, "eur")]
        assert "Parcel4,90 € VAT 19 %5,49 € Total34,39 €" in text(guest.sees_order())
        assert "VAT 19 % on 28,90 € 5,49 € Total 34,39 €" in invoice(guest)

    def test_the_page_at_stripe_adds_up(self, shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
        agree(shop)
        alice.puts_in_cart("Teapot", 3)
        form = alice.opens("/checkout").page.form("/checkout/pay")

        alice.presses(form, {"formaction": "/checkout/hosted"}, typed=HOME)

        (session,) = sandbox.requests("POST", "/v1/checkout/sessions")
        lines = session["params"]["line_items"]
        items = [lines[key] for key in sorted(lines)] if isinstance(lines, dict) else lines
        asked = [(one["price_data"]["product_data"]["name"], int(one["price_data"]["unit_amount"])) for one in items]
        assert asked == [("Teapot", 2400), ("Parcel", 490), ("Tax", 1461)]
        assert shop.all(Order.total) == [7200 + 490 + 1461]

    def test_without_a_country_the_button_leads_to_the_checkout(
        self, shop: Shop, someone: Callable[[str], Shopper]
    ) -> None:
        agree(shop)
        carol = someone("Carol Cole")
        carol.has_card()
        with shop.inside(), transaction() as session:
            session.get_one(Variant, shop.products["Mug"]).requires_shipping = False
        carol.puts_in_cart("Mug")

        page = carol.opens("/cart")

        assert page.panel == "plain"
        assert "VAT 19 %2,38 € Total14,88 €" in text(page)


def test_one_click_with_terms_costs_no_more_statements(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    agree(shop)
    button = alice.one_click_button()
    sandbox.hold_webhooks()
    shop.settle()

    with counting(shop) as counted:
        answer = alice.presses(button)

    assert answer.state == "paid"
    assert counted.commits == 2
    assert len(counted.statements) <= MOST_STATEMENTS, "\n".join(
        f"{number:2} {' '.join(statement.split())[:150]}" for number, statement in enumerate(counted.statements, 1)
    )


def invoice(person: Shopper) -> str:
    """What the newest order's invoice says."""
    url = f"{person.shop.url}/orders/{person.shop.order_ids()[-1]}/invoice.pdf"
    answer = person.browser.get(url, timeout=30)
    assert answer.status_code == requests.codes.ok, answer.text
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u00a0", " ").split())
