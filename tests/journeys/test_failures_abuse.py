"""Somebody tries stolen cards: case 46. Throttled, new cards rest, the owner is told, and other customers still pay."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import stripe
from click.testing import Result

from storefront.abuse.circuit_breaker import NewCardBreaker
from storefront.cards.models import CardSetup
from storefront.core import audit
from storefront.core.mail.models import OutboundMail
from storefront.core.money import Money
from storefront.payments.ledger.models import PaymentAttempt
from tests.journeys.wallet import Adding, begins, starts_adding
from tests.people import HOME, Answer, Shopper
from tests.reading import Form
from tests.stack import OWNER, Sandbox, Shop

DECLINED = "pm_card_visa_chargeDeclined"
CHALLENGED = "pm_card_authenticationRequired"
SETUPS = "/v1/setup_intents"
TEAPOT = Money(2400, "eur")
REST = "New cards cannot be used for the next 30 minutes. Paying with a saved card works"


@pytest.fixture
def shop_settings() -> dict[str, str]:
    """Behind one proxy, so that everybody comes from where they say."""
    return {"TRUSTED_PROXIES": "1"}


@dataclass
class Botnet:
    """Many logins, each with an address of its own, and more addresses when those are used up."""

    people: list[Shopper]
    moves: int = 0

    def moves_on(self, person: Shopper) -> None:
        """To an address that was never seen before."""
        self.moves += 1
        comes_from(person, f"198.18.{self.moves // 250}.{self.moves % 250}")


def comes_from(person: Shopper, address: str) -> Shopper:
    person.browser.headers["X-Forwarded-For"] = address
    return person


@pytest.fixture
def botnet(someone: Callable[[str], Shopper]) -> Iterator[Botnet]:
    return Botnet([someone(f"Bot{number}") for number in range(8)])  # type: ignore[return-value]


def tries_card(bot: Shopper, card: str = DECLINED, form: Form | None = None) -> Answer:
    """A stolen card at the checkout, from a street that nobody knows; `form`: as it was opened before."""
    form = form or bot.opens("/checkout").page.form("/checkout/pay")
    token = bot.shop.sandbox.confirmation_token(card)
    answer = bot.presses(form, typed=HOME | {"name": bot.name, "confirmation_token": token})
    return bot.opens(answer.redirect) if answer.redirect else answer


def breaker(shop: Shop, *words: str) -> Result:
    result: Result = shop.app.test_cli_runner().invoke(args=["payments", "breaker", *words])
    return result


def alarms(shop: Shop) -> list[str]:
    """Who was written to about new cards."""
    mails = shop.all(OutboundMail.dedupe_key, OutboundMail.to)
    return [to for key, to in mails if key.startswith("alarm:new_cards:")]


def test_46_a_bot_adds_500_cards(
    shop: Shop, sandbox: Sandbox, alice: Shopper, someone: Callable[[str], Shopper]
) -> None:
    bot = comes_from(someone("Bot"), "198.18.0.1")

    answers = [begins(bot) for _ in range(500)]

    assert [one.status_code for one in answers] == [200] * 12 + [429] * 488
    assert "Many cards were tried in a short time. Please try again in 60 minutes" in answers[12].json()["error"]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert len(sandbox.requests("POST", SETUPS)) == 12
    assert comes_from(alice, "198.18.0.1").buys().state == "paid"
    assert begins(alice).status_code == 200


def test_46_a_bot_tries_500_cards(
    shop: Shop, sandbox: Sandbox, bob: Shopper, someone: Callable[[str], Shopper]
) -> None:
    bot = comes_from(someone("Bot"), "198.18.0.1")
    bot.puts_in_cart("Teapot")
    statuses = [tries_card(bot).status for _ in range(12)]
    form = bot.opens("/checkout").page.form("/checkout/pay")
    typed = HOME | {"name": "Bot", "confirmation_token": sandbox.confirmation_token(DECLINED)}

    answers = [bot.presses(form, typed=typed) for number in range(488)]

    assert statuses == [200] * 10 + [429] * 2
    assert {one.status for one in answers} == {429}
    assert "Please try again in" in answers[-1].page.text
    assert [one.state for one in shop.all(PaymentAttempt)] == ["declined"] * 10
    assert comes_from(bob, "198.18.0.1").buys().state == "paid"
    assert bob.charged() == [TEAPOT]


def test_46_a_botnet_opens_the_breaker_for_new_cards_alone(
    shop: Shop, sandbox: Sandbox, botnet: Botnet, alice: Shopper, bob: Shopper
) -> None:
    alice.puts_in_cart("Teapot")
    form = alice.opens("/checkout").page.form("/checkout/pay")
    _attack(shop, botnet)
    new_card = tries_card(alice, "pm_card_visa", form)
    setup = begins(alice)
    saved = bob.buys()
    cart = alice.presses(alice.cart_button())

    assert (new_card.status, REST in new_card.page.text) == (503, True)
    assert (setup.status_code, REST in setup.json()["error"]) == (503, True)
    assert 1700 < int(setup.headers["Retry-After"]) <= 1800
    assert (saved.state, cart.state) == ("paid", "paid")
    shop.work()
    assert alarms(shop) == [OWNER]
    letter = shop.letter("owner_alarm")
    assert "15 of 15 new cards were declined within 10 minutes" in letter


def test_46_stripes_own_page_is_open_meanwhile(shop: Shop, botnet: Botnet, alice: Shopper) -> None:
    _attack(shop, botnet)
    alice.puts_in_cart("Teapot")
    checkout, cards = alice.opens("/checkout"), alice.opens("/account/cards")
    _, fields = checkout.page.form("/checkout/pay").pressed()

    answer = alice.sends("/checkout/hosted", fields | HOME | {"name": "Alice Archer"})

    for page in (checkout, cards):
        assert REST in page.page.text
        assert "Card: entered in Stripe" not in page.html
        assert "data-card-setup" not in page.html
    assert "Pay 24,00 € on Stripe’s own page" in checkout.page.text
    assert answer.status == 204, answer.html
    assert answer.redirect.startswith(f"{shop.sandbox.url}/pay/cs_test_")


def test_46_it_closes_by_itself_and_the_owner_hears_of_one_attack_once(
    shop: Shop, botnet: Botnet, alice: Shopper
) -> None:
    _attack(shop, botnet)
    shop.clock.forward(minutes=31)

    taken = begins(alice)
    shop.clock.forward(minutes=40)
    shop.work()
    _attack(shop, botnet)
    again = begins(alice)
    shop.work()
    after_two = alarms(shop)
    shop.clock.forward(hours=7)
    shop.work()
    _attack(shop, botnet)
    shop.work()

    assert (taken.status_code, again.status_code) == (200, 503)
    assert after_two == [OWNER]
    assert alarms(shop) == [OWNER, OWNER]


def test_46_the_owner_looks_and_closes_it(shop: Shop, botnet: Botnet, alice: Shopper) -> None:
    before = breaker(shop).output
    _attack(shop, botnet)

    while_open = breaker(shop).output
    closing = breaker(shop, "--close").output
    taken = begins(alice)
    again = breaker(shop, "--close").output

    assert before.splitlines()[0] == "New cards are taken."
    assert "In the last 10 minutes: 0 new cards tried, 0 declined, 0 to be saved without buying." in before
    assert while_open.startswith("New cards rest until ")
    assert "15 of 15 new cards were declined within 10 minutes." in while_open
    assert closing.startswith("New cards are taken again.\nIn the last")
    assert taken.status_code == 200
    assert again.startswith("New cards were not resting.")
    with shop.inside():
        assert [entry.what for entry in audit.entries()] == ["took new cards again"]


def test_46_three_declines_stop_nobody(shop: Shop, sandbox: Sandbox, botnet: Botnet, alice: Shopper) -> None:
    for bot in botnet.people[:3]:
        bot.puts_in_cart("Teapot")
        botnet.moves_on(bot)
        tries_card(bot)

    assert begins(alice).status_code == 200
    assert shop.all(NewCardBreaker.until) == [None]


def test_46_many_cards_saved_without_a_decline_are_an_attack_too(
    shop: Shop, sandbox: Sandbox, botnet: Botnet, alice: Shopper
) -> None:
    answers = []
    for number in range(70):
        bot = botnet.people[number % len(botnet.people)]
        botnet.moves_on(bot)
        answers.append(begins(bot).status_code)

    assert answers == [200] * 60 + [503] * 10
    assert "60 cards were to be saved within 10 minutes." in breaker(shop).output
    assert alice.buys().state == "paid"


def test_46_one_form_takes_five_stolen_cards_and_then_ends(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    adding: Adding = starts_adding(alice)

    told = [adding.confirms(DECLINED) for _ in range(5)]
    shop.settle()

    assert told == ["requires_payment_method"] * 5
    assert sandbox.stripe.v1.setup_intents.retrieve(adding.setup_intent).status == "canceled"
    assert [state.value for state in shop.all(CardSetup.state)] == ["canceled"]
    assert "5 new cards tried, 5 declined" in breaker(shop).output


def test_46_the_secret_for_the_bank_takes_five_stolen_cards_and_then_ends(
    shop: Shop, sandbox: Sandbox, alice: Shopper, bob: Shopper
) -> None:
    alice.puts_in_cart("Teapot")
    assert tries_card(alice, CHALLENGED).state == "challenge"
    [intent] = shop.intents()
    sandbox.answer_bank(intent, passed=False)
    shop.settle()

    told = []
    for _ in range(8):
        told.append(_confirms_by_its_secret(sandbox, intent))
        shop.settle()

    assert told == ["declined"] * 5 + ["refused"] * 3
    assert sandbox.stripe.v1.payment_intents.retrieve(intent).status == "canceled"
    assert "6 new cards tried, 6 declined" in breaker(shop).output
    assert [status for _, status in shop.orders()] == ["canceled"]
    assert bob.buys().state == "paid"


def _confirms_by_its_secret(sandbox: Sandbox, intent: str) -> str:
    """As a script does that was told the secret, past the shop."""
    try:
        sandbox.stripe.v1.payment_intents.confirm(intent, {"payment_method": DECLINED, "return_url": "https://x.test/"})
    except stripe.CardError:
        return "declined"
    except stripe.InvalidRequestError:
        return "refused"
    return "taken"


def test_46_from_one_address_each_decline_makes_the_next_try_wait_longer(
    shop: Shop, sandbox: Sandbox, someone: Callable[[str], Shopper]
) -> None:
    house = [comes_from(someone(f"Neighbour{number}"), "198.18.7.7") for number in range(3)]
    for one in house:
        one.puts_in_cart("Teapot")
    for number in range(10):
        assert tries_card(house[number % 2]).state == "declined"

    refused = tries_card(house[2])
    elsewhere = tries_card(comes_from(house[2], "198.18.7.8"))
    comes_from(house[2], "198.18.7.7")
    shop.clock.forward(seconds=62)
    later = tries_card(house[2])

    assert (refused.status, "Please try again in a minute" in refused.page.text) == (429, True)
    assert (elsewhere.state, later.state) == ("declined", "declined")
    assert len(set(shop.all(PaymentAttempt.new_card_from))) == 2
    assert not any("198.18" in told for told in shop.all(PaymentAttempt.new_card_from))


def _attack(shop: Shop, botnet: Botnet) -> None:
    """Each try from another address; no login is used up. It ends when new cards rest."""
    for bot in botnet.people:
        if not bot.opens("/cart").page.text.count("Teapot"):
            bot.puts_in_cart("Teapot")
    for number in range(40):
        bot = botnet.people[number % len(botnet.people)]
        botnet.moves_on(bot)
        if tries_card(bot).status == 503:
            return
    raise AssertionError("new cards never rested")
