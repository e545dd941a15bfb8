"""One click on a product that comes in colours and sizes: it buys what was chosen, at its price, or nothing."""

import pytest

from storefront.catalog.models import Product, Variant
from storefront.core.database import transaction
from storefront.orders.models import OrderLine
from tests.people import Shopper
from tests.stack import Shop

SHIRT = {("Blue", "S"): (2400, 5), ("Blue", "M"): (2400, 5), ("Sand", "S"): (2600, 5)}


@pytest.fixture
def shirt(shop: Shop) -> dict[tuple[str, ...], int]:
    with shop.inside(), transaction() as session:
        product = Product(handle="shirt", title="Shirt", options=["Colour", "Size"])
        for place, (options, (price, stock)) in enumerate(SHIRT.items()):
            sku = "-".join(options)
            variant = Variant(sku=sku, option_values=list(options), price_minor=price, stock=stock, position=place)
            product.variants.append(variant)
        session.add(product)
        session.flush()
        return {tuple(one.option_values): one.id for one in product.variants}


def test_a_customer_with_a_card_is_asked_first(shop: Shop, alice: Shopper, shirt: dict[tuple[str, ...], int]) -> None:
    unchosen = alice.opens("/products/shirt")
    chosen = alice.opens(f"/products/shirt?variant={shirt['Sand', 'S']}")

    assert (unchosen.panel, chosen.panel) == ("plain", "ready")
    button = chosen.page.form("/checkout/one-click")
    assert button.fields["expected_total"] == "2600"
    assert button.fields["variant_id"] == str(shirt["Sand", "S"])
    alice.presses(button)
    assert shop.orders() == [(2600, "paid")]
    assert shop.all(OrderLine.variant_id) == [shirt["Sand", "S"]]


@pytest.mark.parametrize("htmx", [True, False])
def test_what_is_picked_after_the_page_was_drawn_is_what_counts(
    shop: Shop, alice: Shopper, shirt: dict[tuple[str, ...], int], *, htmx: bool
) -> None:
    button = alice.opens(f"/products/shirt?variant={shirt['Blue', 'S']}").page.form("/checkout/one-click")

    dearer = alice.presses(button, htmx=htmx, typed={"option-1": "Sand", "option-2": "S"})
    missing = alice.presses(button, htmx=htmx, typed={"option-1": "Sand", "option-2": "M"})

    assert (dearer.status, dearer.panel) == (409, "changed")
    assert "26,00" in dearer.html
    assert missing.status == 422
    assert "There is no Shirt in Sand, M. Choose another size" in missing.page.text
    assert shop.orders() == []
    assert alice.presses(button, typed={"option-1": "Blue", "option-2": "M"}).state == "paid"
    assert shop.all(OrderLine.variant_id) == [shirt["Blue", "M"]]


def test_a_button_without_a_choice_does_not_buy_the_cart(
    shop: Shop, alice: Shopper, shirt: dict[tuple[str, ...], int]
) -> None:
    alice.puts_in_cart("Teapot")
    button = alice.opens(f"/products/shirt?variant={shirt['Blue', 'S']}").page.form("/checkout/one-click")
    path, fields = button.pressed()
    fields.pop("variant_id")

    answer = alice.sends(path, fields)

    assert answer.status == 422
    assert "Choose a colour" in answer.page.text
    assert shop.orders() == []
