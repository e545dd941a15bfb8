"""A customer orders again what they had: from the list and from the order's page, with scripts and without."""

from tests.people import Shopper
from tests.stack import Shop


def said(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def bought(shop: Shop, alice: Shopper) -> str:
    """An order of two things; its public id."""
    alice.puts_in_cart("Teapot", 2)
    alice.puts_in_cart("Vase")
    alice.presses(alice.cart_button())
    return shop.order_ids()[-1]


def test_an_order_comes_into_the_cart_and_what_changed_is_said(shop: Shop, alice: Shopper) -> None:
    order = bought(shop, alice)
    shop.set_price("Teapot", 2600)

    answer = alice.presses(alice.sees_order(order).page.form(f"/orders/{order}/again"))

    assert answer.status == 200
    assert "Teapot is in your cart. Teapot is 26,00 € now, it was 24,00 €. Vase is sold out." in said(answer.page.text)
    assert 'id="cart-count" hx-swap-oob="true"' in answer.html
    assert "52,00 €" in said(alice.opens("/cart").page.text)


def test_without_scripts_the_cart_says_it(shop: Shop, alice: Shopper) -> None:
    order = bought(shop, alice)

    cart = alice.presses(alice.opens("/account/orders").page.form(f"/orders/{order}/again"), htmx=False)

    assert cart.url.endswith("/cart")
    assert "Vase is sold out." in cart.page.text
    assert "Vase is sold out." not in alice.opens("/cart").page.text


def test_one_line_is_ordered_again_by_its_own_button(shop: Shop, alice: Shopper) -> None:
    order = bought(shop, alice)
    shop.set_stock("Vase", 3)
    vase = shop.products["Vase"]
    assert f'form="again-form-1001" name="variant_id" value="{vase}"' in alice.sees_order(order).html

    answer = alice.sends(f"/orders/{order}/again", {"variant_id": str(vase)})

    assert "Vase is in your cart." in answer.page.text
    assert "Teapot" not in alice.opens("/cart").page.text


def test_nobody_else_orders_it_again(shop: Shop, alice: Shopper, bob: Shopper) -> None:
    order = bought(shop, alice)

    assert bob.sends(f"/orders/{order}/again", {}).status == 404
    assert f"/orders/{order}/again" not in bob.sees_order(order).html


def test_what_the_order_had_not_is_not_there(shop: Shop, alice: Shopper) -> None:
    order = bought(shop, alice)

    assert alice.sends(f"/orders/{order}/again", {"variant_id": str(shop.products["Mug"])}).status == 404
    for nonsense in ("9" * 30, "-1", "all", ""):
        assert alice.sends(f"/orders/{order}/again", {"variant_id": nonsense}).status == 404
    assert "Your cart is empty." in alice.opens("/cart").page.text
