"""A shop in the middle of its life moves from SQLite to Postgres, and its customers notice nothing."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from storefront.core.money import Money
from storefront.invoices.models import Invoice, Series
from storefront.orders.models import Order
from storefront.webhooks.models import EventState, StripeEvent
from tests.digital.goods import BOOKLET, sells_booklet
from tests.journeys import guests
from tests.journeys.guests import guest
from tests.journeys.test_failures_discounts import offers, types_code
from tests.journeys.test_failures_webhooks import SUCCEEDED, deliver, events_of
from tests.moving.both import SEARCH, content
from tests.people import Shopper
from tests.stack import CATALOGUE, MovingClock, Sandbox, Shop, served, stock_up

pytestmark = pytest.mark.engines("postgres")
VISA = "pm_card_visa"
DECLINED = "pm_card_chargeCustomerFail"
CHALLENGED = "pm_card_authenticationRequired"
BOTH_TRIES = 2  # the SDK tries once more by itself
# "Order again" is another button each time it is drawn, and a link to a file says when it was made.
NEW_EACH_TIME = re.compile(r'(?<=name="checkout_token" value=")[^"]+|(?<="/downloads/)[^"]+')
LEASE = slice(8, 10)  # of a job: who has it in hand, and until when


@dataclass
class Story:
    """Who was there before, what they saw, and the rows on both sides right after the move."""

    shop: Shop
    people: dict[str, Shopper]
    pages: dict[tuple[str, str], str] = field(default_factory=dict)
    event: dict[str, Any] = field(default_factory=dict)
    before: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    after: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def sees(self, name: str, path: str) -> str:
        """A page without what two addresses make different."""
        return NEW_EACH_TIME.sub("…", self.people[name].opens(path).html.replace(self.shop.url, ""))


def types(shop: Shop, *words: str) -> None:
    result: Result = shop.app.test_cli_runner().invoke(args=list(words))
    assert result.exit_code == 0, result.output


def enters(shop: Shop, name: str, *cards: str) -> Shopper:
    """Somebody with an account, an address and these cards."""
    person = Shopper(shop, name, f"{name.lower()}@example.org")
    person.registers()
    person.has_address()
    for card in cards:
        person.has_card(card)
    return person


def lives(shop: Shop, tmp_path: Path) -> dict[str, Shopper]:
    """Something of everything happens; last, one payment has an outcome that nobody knows, and webhooks stay away."""
    people = {
        "alice": enters(shop, "Alice", VISA), "bob": enters(shop, "Bob", "pm_card_mastercard"),
        "dan": enters(shop, "Dan", DECLINED), "carol": enters(shop, "Carol", CHALLENGED), "uma": enters(shop, "Uma", VISA),
        "gita": guest(shop, "Gita"), "gus": guest(shop, "Gus"),
    }  # fmt: skip
    sells_booklet(shop, tmp_path)
    offers(shop, 400)
    assert people["alice"].buys("Teapot").state == "paid"
    assert people["alice"].buys("Notebook").state == "paid"
    people["bob"].puts_in_cart("Mug", 3)
    types_code(people["bob"])
    assert people["bob"].presses(people["bob"].cart_button()).state == "paid"
    people["gita"].puts_in_cart("Mug")
    assert guests.pays(people["gita"]).state == "paid"
    people["gus"].puts_in_cart("Teapot", 2)
    people["dan"].buys("Mug")
    shop.settle()
    types(shop, "payments", "refund", "K-1001", "--amount", "10")
    shop.settle()
    shop.sandbox.hold_webhooks()
    people["carol"].buys("Mug")
    shop.sandbox.fault("cut_after", times=BOTH_TRIES)
    assert people["uma"].buys("Vase").state == "checking"
    shop.sandbox.forget_faults()
    return people


def looks(story: Story) -> dict[tuple[str, str], str]:
    """What each of them sees where they look."""
    shelves = ["/", "/products/teapot", "/search?q=note", "/search?q=teapt", "/cart"]
    orders = {name: [f"/orders/{one}" for one in its] for name, its in placed(story.shop).items()}
    looked = {("gus", path) for path in shelves} | {("alice", path) for path in ("/account", "/account/cards", "/cart")}
    looked |= {(name, path) for name, its in orders.items() for path in its}
    return {(name, path): story.sees(name, path) for name, path in sorted(looked)}


def placed(shop: Shop) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for email, public_id in shop.all(Order.email, Order.public_id):
        found.setdefault(email.partition("@")[0], []).append(public_id)
    return found


@pytest.fixture
def story(  # noqa: PLR0913, PLR0917  what it stands on
    sqlite_url: str,
    database_url: str,
    sandbox: Sandbox,
    moving_clock: MovingClock,
    quick_passwords: None,
    tmp_path: Path,
) -> Iterator[Story]:
    """A lively shop was moved, and is served from Postgres now."""
    settings = {"FILES_DIR": str(tmp_path / "private")}
    with served(sqlite_url, sandbox, moving_clock, **settings) as shop:
        shop.products = stock_up(shop, CATALOGUE)
        story = Story(shop, lives(shop, tmp_path))
        story.pages = looks(story)
        story.event = next(one for one in events_of(sandbox, shop) if one["type"] == SUCCEEDED)
        products = shop.products
        types(shop, "shop", "move", database_url)
    story.before, story.after = content(sqlite_url), content(database_url)
    with ExitStack() as hold:
        story.shop = hold.enter_context(served(database_url, sandbox, moving_clock, **settings))
        story.shop.products = products
        for person in story.people.values():
            person.shop = story.shop
            hold.callback(person.browser.close)
        yield story


def test_a_moved_shop_goes_on(story: Story) -> None:
    shop, people = story.shop, story.people
    assert_same_rows(story)
    assert looks(story) == story.pages
    assert_the_unknown_is_found_out_once(story)
    assert_known_webhooks_are_repetitions(story)
    assert_numbers_go_on(story)

    intent = shop.intents_at_stripe()
    carols = next(one for one in intent if one["status"] == "requires_action")
    shop.sandbox.answer_bank(carols["id"], passed=True)
    [order] = placed(shop)["carol"]
    assert people["carol"].opens(f"/checkout/return/{order}").state == "paid"

    link = re.search(r'href="([^"]+)"[^>]*>Download<', people["alice"].sees_order(placed(shop)["alice"][1]).html)
    assert link
    assert people["alice"].browser.get(shop.url + link[1], timeout=20).content == BOOKLET
    assert shop.failed_jobs() == []


def assert_same_rows(story: Story) -> None:
    """Table by table and row by row; of the jobs, all but who has them in hand."""
    assert story.before.keys() == story.after.keys()
    full = {name for name, rows in story.before.items() if rows}
    expected = {"orders", "payment_attempts", "refunds", "invoices", "grants", "discount_uses", "outbound_mail", "stripe_events",
        "jobs", "carts", "saved_cards", "throttle"}  # fmt: skip
    assert expected <= full
    for name in story.before.keys() - SEARCH - {"jobs"}:
        assert story.after[name] == story.before[name], name
    jobs, there = (
        [row[: LEASE.start] + row[LEASE.stop :] for row in side["jobs"]] for side in (story.before, story.after)
    )
    assert there == jobs
    assert {row[LEASE] for row in story.after["jobs"]} == {(None, None)}


def assert_the_unknown_is_found_out_once(story: Story) -> None:
    assert story.people["uma"].orders() == [("Vase", "pending")]

    story.shop.settle()
    story.shop.settle()

    assert story.people["uma"].orders() == [("Vase", "paid")]
    assert story.people["uma"].charged() == [Money(6900, "eur")]
    assert story.people["uma"].mails("receipt") == ["receipt"]


def assert_known_webhooks_are_repetitions(story: Story) -> None:
    before = story.shop.all(StripeEvent.stripe_event_id, StripeEvent.state), story.shop.mails()

    answer = deliver(story.shop, story.event)

    assert answer == 204
    assert (story.event["id"], EventState.applied) in before[0]
    assert (story.shop.all(StripeEvent.stripe_event_id, StripeEvent.state), story.shop.mails()) == before


def assert_numbers_go_on(story: Story) -> None:
    shop, alice = story.shop, story.people["alice"]
    numbers, invoices = shop.all(Order.number), invoice_numbers(shop)

    answer = alice.buys("Teapot")
    shop.settle()

    assert answer.state == "paid"
    assert shop.all(Order.number) == [*numbers, numbers[-1] + 1]
    assert invoice_numbers(shop) == [*invoices, invoices[-1] + 1]
    assert alice.charged()[-1] == Money(2400, "eur")


def invoice_numbers(shop: Shop) -> list[int]:
    return [number for series, number in shop.all(Invoice.series, Invoice.number) if series is Series.invoices]
