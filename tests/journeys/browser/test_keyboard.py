"""Everything by keyboard alone, and what a screen reader hears of it."""

from playwright.sync_api import Locator, expect

from storefront.core.money import Money
from tests.journeys.browser.phone import STREET, VISA, Phone
from tests.people import Shopper
from tests.stack import Shop

# A choice of several shows it around its words.
_SHOWS_FOCUS = """node => node.matches(':focus-visible') && [node, node.closest('label')].some((one) => {
    const { outlineStyle, boxShadow } = one ? getComputedStyle(one) : {};
    return one && (outlineStyle !== 'none' || boxShadow !== 'none');
})"""


def test_from_the_first_page_to_an_order_with_a_new_card_and_then_one_click(shop: Shop, phone: Phone) -> None:
    phone.registers("Alice Archer", "alice@example.org")

    puts_in_cart_by_keyboard(phone)
    pays_by_keyboard(phone)
    phone.opens("/products/mug")
    tabs_to(phone, phone.panel.locator(".pay"))
    phone.page.keyboard.press("Enter")

    phone.sees_receipt("12,50 €")
    expect(phone.said).to_have_text("Paid. Receipt for order K-1002.")
    tabs_to(phone, phone.panel.get_by_role("link", name="K-1002"), most=2)
    assert shop.orders() == [(2400, "paid"), (1250, "paid")]
    assert shop.charged() == [Money(2400, "eur"), Money(1250, "eur")]


def test_a_bank_that_asks_is_answered_by_keyboard(shop: Shop, phone: Phone, alice: Shopper) -> None:
    alice.has_card("pm_card_authenticationRequired")
    phone.belongs_to(alice)
    phone.opens("/products/mug")

    tabs_to(phone, phone.panel.locator("summary"))
    phone.page.keyboard.press("Enter")
    tabs_to(phone, phone.panel.get_by_role("radio", name="Visa ending in 4242"))
    phone.page.keyboard.press("ArrowDown")
    tabs_to(phone, phone.panel.locator(".pay"), backwards=True)
    phone.page.keyboard.press("Enter")
    phone.sees("challenge")
    tabs_to(phone, phone.bank.locator("#approve"))
    phone.page.keyboard.press("Enter")

    phone.sees_receipt("12,50 €")
    assert shop.charged() == [Money(1250, "eur")]


def puts_in_cart_by_keyboard(phone: Phone) -> None:
    page = phone.page
    expect(page).to_have_url(f"{phone.shop.url}/")
    tabs_to(phone, page.get_by_role("link", name="Teapot"))
    press_and_go(phone, f"{phone.shop.url}/products/teapot")
    put_in = page.get_by_role("button", name="Add to cart")
    tabs_to(phone, put_in)
    page.keyboard.press("Enter")
    expect(phone.said).to_have_text("Teapot added to your cart.")
    expect(put_in).to_be_focused()
    tabs_to(phone, page.get_by_role("link", name="View cart"), most=1)
    press_and_go(phone, f"{phone.shop.url}/cart")


def pays_by_keyboard(phone: Phone) -> None:
    page = phone.page
    tabs_to(phone, page.get_by_role("link", name="Buy now"))
    press_and_go(phone, f"{phone.shop.url}/checkout")
    for name, words in STREET.items():
        tabs_to(phone, page.locator(f"#address-fields [name={name}]"))
        page.keyboard.type(words)
    expect(phone.card_frame.locator("#number")).to_be_visible()
    for name, digits in (("number", VISA), ("expiry", "1234"), ("cvc", "123")):
        tabs_to(phone, phone.card_frame.locator(f"#{name}"))
        page.keyboard.type(digits)
    tabs_to(phone, page.get_by_label("Keep this card for one-click buying"))
    page.keyboard.press("Space")
    tabs_to(phone, page.locator("#checkout-pay .pay"))
    page.keyboard.press("Enter")
    phone.sees_receipt("24,00 €")


def tabs_to(phone: Phone, target: Locator, *, most: int = 40, backwards: bool = False) -> None:
    """Press Tab until it is there, and it can be seen that it is."""
    for _ in range(most):
        phone.page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if target.evaluate(_SHOWS_FOCUS):
            return
    raise AssertionError(f"{target} is not reached, or does not show it, by {most} times Tab")


def press_and_go(phone: Phone, url: str) -> None:
    phone.page.keyboard.press("Enter")
    phone.page.wait_for_url(url)
