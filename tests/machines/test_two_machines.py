"""Two machines on one Postgres are one shop: whatever happens at both at once happens once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial

import pytest

from storefront.core.jobs.models import Job
from storefront.core.money import Money
from storefront.orders.models import Order, OrderStatus
from storefront.payments.ledger.models import PaymentEvent
from storefront.webhooks.models import EventState, StripeEvent
from tests.journeys.test_failures_webhooks import SUCCEEDED, deliver
from tests.machines.conftest import Machines, at, wait_until
from tests.people import PASSWORD, LostAnswerError, Shopper, at_once
from tests.reading import Form
from tests.stack import Sandbox

pytestmark = [pytest.mark.engines("postgres"), pytest.mark.usefixtures("database_engine")]
TEAPOT = Money(2400, "eur")
BOTH_TRIES = 2  # the SDK tries once more by itself
Enters = Callable[[str], Shopper]


@pytest.fixture
def enters(machines: Machines, sandbox: Sandbox) -> Iterator[Enters]:
    """Lets people in, who have an address and a card."""
    with ExitStack() as hold:

        def enter(name: str) -> Shopper:
            person = Shopper(machines.shop, name, f"{name.lower()}@machines.example")
            hold.callback(person.browser.close)
            person.registers()
            person.has_address()
            person.has_card()
            return person

        yield enter


def test_one_token_pressed_at_both_is_one_charge(machines: Machines, enters: Enters) -> None:
    alice = enters("Alice")
    path, fields = alice.one_click_button("Teapot").pressed()
    tabs = [at(machine, alice) for machine in (machines.first, machines.second) * 4]

    answers = at_once([partial(tab.sends, path, fields) for tab in tabs])

    assert {answer.status for answer in answers} <= {200, 202, 409, 503}
    wait_until(lambda: alice.orders() == [("Teapot", "paid")], "the order")
    assert alice.charged() == [TEAPOT]


def test_guesses_at_both_are_counted_together(machines: Machines, enters: Enters) -> None:
    enters("Gerda")
    strangers = [
        Shopper(machine.shop, "Eve", "gerda@machines.example") for machine in (machines.first, machines.second)
    ]
    form = strangers[0].opens("/auth/login").page.form("/auth/login")
    guess = {"email": "gerda@machines.example", "password": "a guess"}

    answers = at_once([partial(one.another_tab().presses, form, htmx=False, typed=guess) for one in strangers * 7])
    even_right = [one.presses(form, htmx=False, typed=guess | {"password": PASSWORD}) for one in strangers]

    assert Counter(answer.status for answer in answers) == {422: 10, 429: 4}
    assert [answer.status for answer in even_right] == [429, 429]


def test_a_webhook_told_to_both_at_once_is_applied_once(machines: Machines, enters: Enters, sandbox: Sandbox) -> None:
    bob = enters("Bob")
    sandbox.hold_webhooks()
    sandbox.fault("cut_after", times=BOTH_TRIES)
    assert bob.buys("Teapot").state == "checking"
    event = next(
        one.to_dict(for_json=True)
        for one in sandbox.stripe.v1.events.list({"limit": 100, "type": SUCCEEDED}).data
        if one.data.object["customer"] == bob.customer
    )

    answers = at_once([partial(deliver, one.shop, event) for one in (machines.first, machines.second) * 3])

    assert set(answers) <= {200, 204}
    wait_until(lambda: bob.orders() == [("Teapot", "paid")], "the payment")
    told = [
        state
        for told, state in machines.shop.all(StripeEvent.stripe_event_id, StripeEvent.state)
        if told == event["id"]
    ]
    assert told == [EventState.applied]
    assert bob.charged() == [TEAPOT]
    assert bob.mails("receipt") == ["receipt"]
    history = machines.shop.all(PaymentEvent.event_id, PaymentEvent.what, PaymentEvent.before, PaymentEvent.after)
    assert set(Counter(one for one in history if one[0] == event["id"]).values()) <= {1}


def test_each_mail_goes_out_once(machines: Machines, enters: Enters) -> None:
    people = [enters(name) for name in ("Carol", "Dora", "Emil")]
    for person in people:
        assert person.buys("Mug").state == "paid"
    emails = {person.email for person in people}

    wait_until(lambda: nothing_is_due(machines), "the end of the work")

    letters = [letter for letter in machines.office.letters if letter["To"] in emails]
    assert {letter["To"] for letter in letters} == emails
    assert set(Counter(letter["Message-ID"] for letter in letters).values()) == {1}
    assert machines.shop.failed_jobs() == []


def nothing_is_due(machines: Machines) -> bool:
    return not any(
        kind == "send_mail" for kind, finished in machines.shop.all(Job.kind, Job.finished_at) if finished is None
    )


# The last: afterwards one of them is gone.
def test_when_one_loses_its_power_the_other_goes_on(machines: Machines, enters: Enters) -> None:
    people = [enters(name) for name in ("Frida", "Gustav", "Hanna", "Ivo")]
    half_way = threading.Barrier(len(people) + 1)
    crowd = [threading.Thread(target=buys_thrice, args=(machines, person, half_way)) for person in people]
    for one in crowd:
        one.start()

    half_way.wait(60)
    machines.first.loses_power()
    for one in crowd:
        one.join()

    assert machines.second.answers()
    wait_until(lambda: OrderStatus.pending not in machines.shop.all(Order.status), "the outcome of all")
    for person in people:
        assert person.orders() == [("Bowl", "paid")] * 3
        assert person.charged() == [Money(3100, "eur")] * 3


def buys_thrice(machines: Machines, person: Shopper, half_way: threading.Barrier) -> None:
    """One after the other; whoever gets no answer presses the same button again, and ends up at the other machine."""
    first, second = at(machines.first, person), at(machines.second, person)
    buttons = [person.one_click_button("Bowl") for _ in range(3)]
    assert presses(first, buttons[0])
    half_way.wait(60)
    for button in buttons[1:]:
        if not presses(first, button):
            wait_until(partial(presses, second, button), "an answer")


def presses(person: Shopper, button: Form) -> bool:
    """Whether an answer came that is one."""
    with suppress(LostAnswerError):
        return person.presses(button).status < 500
    return False
