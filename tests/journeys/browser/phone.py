"""A phone in somebody's hand: a browser that starts with nothing."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, Request, expect

from tests.people import PASSWORD, Shopper
from tests.stack import Shop

VISA = "4242424242424242"
ASKED_ABOUT = "4000002760003184"  # by its bank, each time
DECLINED_LATER = "4000000000000341"  # can be saved, and is declined when it is to pay
CARDS = (VISA, ASKED_ABOUT, DECLINED_LATER)
STREET = {"line1": "Lindenstraße 4", "postal_code": "10969", "city": "Berlin"}
CARD_FRAME = "iframe[title='Secure payment input frame']"
BANK_FRAME = "iframe[title='Your bank asks whether this is you']"


@dataclass
class Phone:
    """What is done with it, and what it says. `page` is its first tab; `pardoned` complaints are part of the story."""

    shop: Shop
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    pardoned: list[str] = field(default_factory=list)

    def opens(self, path: str) -> None:
        """Go to a page of the shop."""
        self.page.goto(f"{self.shop.url}{path}")

    def follows(self, link: str) -> None:
        """A link, until its page is there and works: who presses a button earlier gets what a browser without scripts gets."""
        self.page.get_by_role("link", name=link).click()
        self.page.wait_for_load_state()

    def another_tab(self) -> "Phone":
        """The same phone, looking at one more page."""
        return Phone(self.shop, self.context, self.context.new_page(), self.complaints, self.pardoned)

    def belongs_to(self, person: Shopper) -> None:
        """They have signed in on it some other day."""
        self.context.add_cookies(
            [{"name": one.name, "value": one.value or "", "url": self.shop.url} for one in person.browser.cookies]
        )

    # Being a customer

    def registers(self, name: str, email: str) -> None:
        self.opens("/auth/register")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Join").click()
        expect(self.masthead).to_contain_text(name.split(maxsplit=1)[0])

    def signs_in(self, email: str, name: str) -> None:
        self.opens("/auth/login")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.masthead).to_contain_text(name.split(maxsplit=1)[0])

    def puts_in_cart(self, thing: str) -> None:
        self.opens(f"/products/{thing.lower().replace(' ', '-')}")
        self.page.get_by_role("button", name="Add to cart").click()
        expect(self.page.locator("#put-in")).to_contain_text(f"{thing} added to your cart")

    def types_address(self) -> None:
        for name, words in STREET.items():
            self.page.locator(f"#address-fields [name={name}]").fill(words)

    def types_card(self, number: str = VISA) -> None:
        """Into Stripe's own frame."""
        self.card_frame.locator("#number").press_sequentially(number)
        self.card_frame.locator("#expiry").press_sequentially("1234")
        self.card_frame.locator("#cvc").press_sequentially("123")
        if self.card_frame.locator("#postal").is_visible():
            self.card_frame.locator("#postal").fill("94103")

    def pays_with_new_card(self, number: str = VISA, *, saving: bool = True) -> None:
        """At the checkout, from the address to the button."""
        self.types_address()
        self.types_card(number)
        self.page.get_by_label("Keep this card for one-click buying").set_checked(saving)
        self.page.locator("#checkout-pay .pay").click()

    def clicks_buy_now(self) -> None:
        """The one click."""
        self.panel.locator(".pay").first.click()

    def buys(self, thing: str) -> None:
        """One click on its page."""
        self.opens(f"/products/{thing.lower().replace(' ', '-')}")
        self.clicks_buy_now()

    # What is there

    def hears(self, kind: str, words: str, url: str) -> None:
        """The browser's console speaks."""
        if kind == "error":
            self.complaints.append(f"{words} {url}")

    @property
    def masthead(self) -> Locator:
        return self.page.locator(".masthead")

    @property
    def panel(self) -> Locator:
        """What stands where things are bought."""
        return self.page.locator("#one-click")

    @property
    def card_frame(self) -> FrameLocator:
        return self.page.frame_locator(CARD_FRAME)

    @property
    def bank(self) -> FrameLocator:
        return self.page.frame_locator(BANK_FRAME)

    @property
    def said(self) -> Locator:
        """What a screen reader was told."""
        return self.page.locator("#said")

    def sees(self, state: str) -> None:
        """The panel, or where it is paid the receipt on its page, shows an order in this state."""
        expect(self.page.locator(f"[data-order][data-state='{state}']").first).to_be_visible()

    def sees_receipt(self, total: str) -> None:
        """Of an order that is paid, here or on its own page."""
        receipt = self.page.locator("article.receipt[data-state=paid]")
        expect(receipt.locator(".receipt__head")).to_contain_text(f"Paid · {total}")

    def asked_meanwhile(self) -> "list[Request]":
        """From now on every request of this phone but for files that are the same for all; it fills as they are made."""
        asked: list[Request] = []

        def note(request: Request) -> None:
            if "/static/" not in request.url:
                asked.append(request)

        self.context.on("request", note)
        return asked
