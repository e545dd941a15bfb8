"""Those who use the shop, each with a browser of their own. What they send is what the page shows."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import pytest
import requests

from storefront.cards.customers import customer_to_charge
from storefront.cards.models import SavedCard, StripeCustomer
from storefront.core.database import transaction
from storefront.core.mail.models import OutboundMail
from storefront.core.money import Money
from storefront.customers.addresses import Place, add_address
from storefront.customers.people import user_by_email
from storefront.orders.models import Order, OrderLine
from storefront.stripe.objects import card_facts
from storefront.web.login import log_in
from storefront.web.registration import register
from tests.reading import Form, Page, read
from tests.stack import PATIENCE, Shop

PASSWORD = "correct horse battery"
# Where every browser of the tests is.
HERE = {"REMOTE_ADDR": "127.0.0.1"}
HTMX = {"HX-Request": "true"}
HOME = {"name": "Alice Archer", "line1": "Lindenstraße 4", "postal_code": "10969", "city": "Berlin", "country": "DE"}


@dataclass
class Answer:
    """What came back: the status, where it led, and the page."""

    status: int
    url: str
    html: str
    redirect: str = ""

    @property
    def page(self) -> Page:
        return read(self.html)

    @property
    def state(self) -> str | None:
        """The order's state, as the page says."""
        return self.page.state

    @property
    def panel(self) -> str | None:
        """The state of the one-click panel."""
        return self.page.panel


class LostAnswerError(Exception):
    """The connection broke: nothing came back."""


@dataclass
class Shopper:
    """A person with a browser."""

    shop: Shop
    name: str
    email: str
    browser: requests.Session = field(default_factory=requests.Session)
    user_id: int = 0
    customer: str = ""
    cards: dict[str, int] = field(default_factory=dict)

    # Getting about

    def opens(self, path: str) -> Answer:
        """Look at a page."""
        return _answer(self.browser.get(self._url(path), timeout=PATIENCE * 4))

    def sends(self, path: str, fields: dict[str, Any], *, htmx: bool = True, timeout: float = PATIENCE * 6) -> Answer:
        """Send a form: as htmx does, or as a browser without scripts."""
        headers = HTMX if htmx else {}
        try:
            answer = self.browser.post(self._url(path), data=fields, headers=headers, timeout=timeout)
        except requests.RequestException as lost:
            raise LostAnswerError from lost
        return _answer(answer)

    def presses(
        self,
        form: Form,
        button: dict[str, str] | None = None,
        *,
        htmx: bool = True,
        typed: dict[str, Any] | None = None,
    ) -> Answer:
        """Press a button of a form, having typed something into it or not."""
        path, fields = form.pressed(button)
        return self.sends(path, fields | (typed or {}), htmx=htmx)

    def presses_until_told(self, form: Form) -> Answer:
        """Only half of a process may be at Stripe at a time; who is told "busy, try again" tries again."""
        while (answer := self.presses(form)).status == 503:
            form = answer.page.form("/checkout/one-click")
        return answer

    def presses_at_once(self, form: Form, times: int) -> list[Answer]:
        """Press the same button so many times in the same moment."""
        path, fields = form.pressed()
        return at_once([lambda: self.another_tab().sends(path, fields)] * times)

    def another_tab(self) -> "Shopper":
        """The same person, for a request beside the first."""
        tab = requests.Session()
        tab.cookies.update(self.browser.cookies)
        return Shopper(self.shop, self.name, self.email, tab, self.user_id, self.customer, self.cards)

    # Being a customer

    def is_known(self) -> None:
        """Joined some other day, and is still signed in here."""
        app, agent = self.shop.app, {"User-Agent": self.browser.headers["User-Agent"]}
        with app.test_request_context(base_url=self.shop.url, headers=agent, environ_base=HERE) as request:
            user = register(self.name, self.email, PASSWORD)
            self.user_id = user.id
            log_in(user)
            kept = app.make_response("")
            app.session_interface.save_session(app, request.session, kept)
        cookie = SimpleCookie(kept.headers["Set-Cookie"])
        for name, one in cookie.items():
            self.browser.cookies.set(name, one.value, domain=HERE["REMOTE_ADDR"], path="/")

    def registers(self) -> Answer:
        """Join by the form."""
        form = self.opens("/auth/register").page.form("/auth/register")
        typed = {"name": self.name, "email": self.email, "password": PASSWORD}
        answer = self.presses(form, htmx=False, typed=typed)
        assert answer.status == 200, answer.html
        with self.shop.inside():
            user = user_by_email(self.email)
        assert user is not None
        self.user_id = user.id
        return answer

    def signs_in(self) -> Answer:
        form = self.opens("/auth/login").page.form("/auth/login")
        return self.presses(form, htmx=False, typed={"email": self.email, "password": PASSWORD})

    def has_address(self, **other: str) -> int:
        """An address in the book."""
        with self.shop.inside():
            return add_address(self.user_id, Place(**(HOME | {"name": self.name} | other)))

    def is_at_stripe(self) -> str:
        """Their customer there, made now if the worker has not."""
        if not self.customer:
            with self.shop.inside():
                self.customer = customer_to_charge(self.user_id) or ""
        return self.customer

    def has_card(self, token: str = "pm_card_visa") -> int:
        """A card that was saved some other day."""
        methods = self.shop.sandbox.stripe.v1.payment_methods
        saved = methods.attach(token, {"customer": self.is_at_stripe()}).to_dict(for_json=True)
        facts = card_facts(saved["id"], saved["card"])
        with self.shop.inside(), transaction() as session:
            card = session.query(SavedCard).filter_by(stripe_payment_method_id=saved["id"]).one_or_none()
            if card is None:  # the webhook may have been faster
                card = SavedCard(
                    user_id=self.user_id, livemode=False, stripe_payment_method_id=saved["id"], brand=facts.brand, last4=facts.last4,
                    exp_month=facts.exp_month, exp_year=facts.exp_year, funding=facts.funding, fingerprint=facts.fingerprint,
                )  # fmt: skip
                session.add(card)
                session.flush()
            customer = session.query(StripeCustomer).filter_by(user_id=self.user_id).one()
            customer.default_card_id = customer.default_card_id or card.id
            self.cards[token] = card.id
            return card.id

    def card_at_stripe(self, token: str = "pm_card_visa") -> str:
        """What Stripe calls that card."""
        with self.shop.inside() as session:
            return str(session.get_one(SavedCard, self.cards[token]).stripe_payment_method_id)

    # Buying

    def one_click_button(self, thing: str = "Teapot") -> Form:
        """The button on a product's page."""
        return self.opens(f"/products/{thing.lower()}").page.form("/checkout/one-click")

    def cart_button(self) -> Form:
        """The button in the cart."""
        return self.opens("/cart").page.form("/checkout/one-click")

    def puts_in_cart(self, thing: str, quantity: int = 1) -> Answer:
        fields = {"variant_id": str(self.shop.products[thing]), "quantity": str(quantity)}
        answer = self.sends("/cart/items", fields)
        assert answer.status == 200, answer.html
        return answer

    def clicks_buy_now(self, thing: str = "Teapot", *, times: int = 1, at_once: bool = False) -> list[Answer]:
        """Press the button of a product so often: one after the other, or all in the same moment."""
        form = self.one_click_button(thing)
        if at_once:
            return self.presses_at_once(form, times)
        return [self.presses(form) for _ in range(times)]

    def buys(self, thing: str = "Teapot") -> Answer:
        """One click on a product's page."""
        return self.presses(self.one_click_button(thing))

    def pays_at_checkout(self, card: str = "pm_card_visa", *, keep: bool = False, htmx: bool = True) -> Answer:
        """Type a new card and an address, and pay for the cart; the page where that leads."""
        form = self.opens("/checkout").page.form("/checkout/pay")
        typed = HOME | {"name": self.name, "confirmation_token": self.shop.sandbox.confirmation_token(card)}
        if keep:
            typed["save_card"] = "yes"
        answer = self.presses(form, htmx=htmx, typed=typed)
        return self.opens(answer.redirect) if answer.redirect else answer

    def sees_order(self, public_id: str | None = None) -> Answer:
        """Their newest order's page, or another's."""
        return self.opens(f"/orders/{public_id or self.shop.order_ids()[-1]}")

    def tries_again(self, page: Page, button: dict[str, str] | None = None) -> Answer:
        """Press a button of the declined panel: the first other card, or a chosen one."""
        form = next(one for one in page.forms if one.action.endswith("/payment") and one.buttons)
        return self.presses(form, button)

    # What became of it

    def orders(self) -> list[tuple[str, str]]:
        """What was ordered, and how that order stands."""
        with self.shop.inside() as session:
            rows = session.query(OrderLine.name, Order.status).join(Order, Order.id == OrderLine.order_id)
            return [
                (name, status.value)
                for name, status in rows.filter(Order.user_id == self.user_id).order_by(Order.id, OrderLine.id)
            ]

    def mails(self, *kinds: str) -> list[str]:
        """The kinds of mail queued for them."""
        with self.shop.inside() as session:
            rows = session.query(OutboundMail.kind).filter_by(to=self.email).order_by(OutboundMail.id)
            return [kind for (kind,) in rows if not kinds or kind in kinds]

    def charged(self) -> list[Money]:
        """What Stripe took from them."""
        charges = self.shop.sandbox.stripe.v1.charges.list({"customer": self.customer, "limit": 100}).data
        return [Money(one.amount_captured, one.currency) for one in reversed(charges) if one.paid]

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self.shop.url + path


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Do all of it in the same moment; what each came to, in their order."""
    ready = threading.Barrier(len(acts))

    def do(act: Callable[[], Any]) -> Any:
        ready.wait(PATIENCE)
        return act()

    with ThreadPoolExecutor(len(acts)) as crowd:
        return list(crowd.map(do, acts))


def _answer(answer: requests.Response) -> Answer:
    return Answer(answer.status_code, answer.url, answer.text, answer.headers.get("HX-Redirect", ""))


@pytest.fixture
def someone(shop: Shop) -> Iterator[Callable[[str], Shopper]]:
    """Lets people in: `someone("Carol")` has an account and is signed in, and nothing else."""
    known: list[Shopper] = []

    def enter(name: str) -> Shopper:
        person = Shopper(shop, name, f"{name.split(maxsplit=1)[0].lower()}@example.org")
        person.is_known()
        known.append(person)
        return person

    yield enter
    for person in known:
        person.browser.close()


@pytest.fixture
def alice(someone: Callable[[str], Shopper]) -> Shopper:
    """Comes back: has an address and a card saved."""
    person = someone("Alice Archer")
    person.has_address()
    person.has_card()
    return person


@pytest.fixture
def bob(someone: Callable[[str], Shopper]) -> Shopper:
    """Another one who comes back."""
    person = someone("Bob Brown")
    person.has_address()
    person.has_card("pm_card_mastercard")
    return person


@pytest.fixture
def carol(someone: Callable[[str], Shopper]) -> Shopper:
    """Comes back too; her bank asks her about every payment."""
    person = someone("Carol Clark")
    person.has_address()
    person.has_card("pm_card_authenticationRequired")
    return person
