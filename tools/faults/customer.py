"""A customer who does what people do: presses, presses again, has two tabs, another card, a bank that asks, no patience."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from tests.journeys.hosted import DECLINED, PAY_HOSTED, VISA
from tests.people import HOME
from tests.reading import Form
from tools.faults.crowd import Known, Stocked
from tools.faults.plan import BY_CART, HOSTED, ONE_CLICK, TYPED, TYPED_CARD, Buy, Person
from tools.faults.seen import Answer, Seen
from tools.faults.stack import Stack
from tools.faults.story import Story
from tools.faults.wallet import Wallet
from tools.faults.wire import Wire, form_in

ASKING: Final = VISA | {"number": "4000 0027 6000 3184"}
REACTIONS: Final = 5


@dataclass
class Customer:
    """One browser, perhaps with several tabs. `reacts` and all it leads to follow from `chance` and from what is seen."""

    stack: Stack
    story: Story
    seen: Seen
    person: Person
    known: Known
    shelf: list[Stocked]
    code: str

    def __post_init__(self) -> None:
        self.chance = random.Random(self.person.seed)
        self.wire = Wire(self.stack, self.story, self.seen, self.known.name, self.known.cookie)
        # What is under way though nobody waits for it any more.
        self.left_behind = ThreadPoolExecutor(4)
        # What a button did is remembered, to be pressed again.
        self.last_press: tuple[str, dict[str, Any], bool] | None = None
        self.order = ""
        self.bank = ""

    def lives(self) -> None:
        """Everything they came for: in one tab they buy, in another they are at their cards."""
        with ThreadPoolExecutor(1) as other_tab:
            at_cards = other_tab.submit(Wallet(self.wire, self.person).lives)
            self._goes_shopping()
            at_cards.result()

    def _goes_shopping(self) -> None:
        for buy in self.person.buys:
            time.sleep(buy.pause)
            answer = self._buys(buy)
            for _ in range(REACTIONS):
                answer = self._reacts(answer, buy)
                if answer is None:
                    break
        self.left_behind.shutdown()

    # Setting out to buy

    def _buys(self, buy: Buy) -> Answer | None:
        if buy.how == ONE_CLICK:
            return self._one_click(buy)
        for number in buy.goods:
            self.wire.sends("/cart/items", {"variant_id": self.shelf[number].variant_id, "quantity": 1}, scripts=True)
        if self.code and buy.with_code:
            self.wire.sends("/cart/discount", {"discount_code": self.code}, scripts=True)
        if buy.how == BY_CART:
            page = self.wire.opens("/cart")
            form = form_in(page, "/checkout/one-click")
            return self._presses(form, buy, None) if form else page
        page = self.wire.opens("/checkout")
        form = form_in(page, "/checkout/pay")
        if form is None:
            return page
        if buy.how == TYPED_CARD:
            typed = self._address() | {"confirmation_token": self._types(buy.card)}
            return self._presses(form, buy, typed)
        return self._goes_to_stripe(self._presses(form, buy, self._address(), PAY_HOSTED))

    def _one_click(self, buy: Buy) -> Answer | None:
        page = self.wire.opens(f"/products/{self.shelf[buy.goods[0]].handle}")
        form = form_in(page, "/checkout/one-click")
        return self._presses(form, buy, None) if form else page

    def _address(self) -> dict[str, Any]:
        return HOME | {"name": self.known.name, "email": self.known.email}

    def _types(self, card: str) -> str:
        """A card typed into Stripe's own fields; a token serves once."""
        with suppress(Exception):
            return self.stack.sandbox.confirmation_token(card)
        return ""

    def _presses(
        self, form: Form, buy: Buy, typed: dict[str, Any] | None, button: dict[str, str] | None = None
    ) -> Answer | None:
        path, fields = form.pressed(button)
        self.last_press = (path, fields | (typed or {}), buy.scripts)
        return self._presses_again(buy.presses)

    def _presses_again(self, times: int = 1) -> Answer | None:
        """The last button once more: so many times in the same moment, each in a tab of its own."""
        if self.last_press is None:
            return None
        path, fields, scripts = self.last_press
        if times == 1 and self.chance.random() < 0.15:
            return self._presses_impatiently(path, fields, scripts=scripts)
        if times == 1:
            return self.wire.sends(path, fields, scripts=scripts, pays=True)
        with ThreadPoolExecutor(times) as tabs:
            pressed = [tabs.submit(self.wire.sends, path, fields, scripts=scripts, pays=True) for _ in range(times)]
            answers = [one.result() for one in pressed]
        return next((one for one in answers if one is not None), None)

    def _presses_impatiently(self, path: str, fields: dict[str, Any], *, scripts: bool) -> Answer | None:
        """Waits a while for the answer, and then presses again; the first press goes on without them."""
        pressed = self.left_behind.submit(self.wire.sends, path, fields, scripts=scripts, pays=True)
        try:
            return pressed.result(self.person.patience)
        except TimeoutError:
            self.story.tell(self.known.name, f"has waited {self.person.patience} s, and presses again")
            return self.wire.sends(path, fields, scripts=scripts, pays=True)

    # Taking what comes

    def _reacts(self, answer: Answer | None, buy: Buy) -> Answer | None:
        """What they do next; None: they have had enough."""
        if self.chance.random() < 0.08:
            return self._leaves("closes the tab")
        if answer is None:
            return self._finds_no_answer(buy)
        if answer.order:
            self.order = answer.order
        react = {
            "challenge": self._is_asked_by_bank,
            "declined": self._is_declined,
            "checking": self._waits,
            "hosted": self._is_on_stripes_page,
            "paid": self._has_paid,
            "already": self._has_paid,
            "changed": self._sees_change,
            "busy": self._sees_change,
            "open_order": self._sees_change,
        }.get(answer.panel if answer.panel in {"hosted", "changed", "busy", "open_order"} else answer.state or "")
        return react(answer, buy) if react else self._leaves("has seen enough")

    def _leaves(self, why: str) -> Answer | None:
        self.story.tell(self.known.name, why)
        return None

    def _finds_no_answer(self, buy: Buy) -> Answer | None:
        if self.chance.random() < 0.75:
            time.sleep(self.chance.choice((0.0, 0.05, 0.2)))
            answer = self._presses_again()
            return self._goes_to_stripe(answer) if buy.how == HOSTED else answer
        return self.wire.opens("/account/orders") if self.chance.random() < 0.3 else None

    def _is_asked_by_bank(self, answer: Answer, buy: Buy) -> Answer | None:
        path = f"/orders/{answer.order}/challenge"
        intent = str(self.wire.asks_json(path).get("client_secret") or "").partition("_secret_")[0]
        does = self.chance.choices(("passed", "failed", "nothing", "gives up", "twice"), (48, 18, 12, 10, 12))[0]
        if does == "gives up":
            return self.wire.sends(f"/orders/{answer.order}/cancellation", {}, scripts=buy.scripts)
        if does == "nothing" or not intent:
            return self.wire.opens(f"/orders/{answer.order}") if self.chance.random() < 0.5 else None
        self.wire.tells_bank(intent, "failed" if does == "failed" else "passed")
        if does == "twice":  # the page and the way back from the bank at the same moment
            with ThreadPoolExecutor(2) as tabs:
                back = tabs.submit(self.wire.opens, f"/checkout/return/{answer.order}")
                here = self.wire.sends(path, {}, scripts=buy.scripts)
                return here or back.result()
        if self.chance.random() < 0.15:
            return self._leaves("closes the tab after the bank")
        return self.wire.sends(path, {}, scripts=buy.scripts)

    def _is_declined(self, answer: Answer, buy: Buy) -> Answer | None:
        forms = [form for form in answer.page.forms if form.action.endswith("/payment")]
        does = self.chance.choices(("saved", "typed", "gives up", "leaves"), (40, 35, 12, 13))[0]
        if does == "gives up":
            return self.wire.sends(f"/orders/{answer.order}/cancellation", {}, scripts=buy.scripts)
        if does == "leaves" or not forms:
            return self._leaves("leaves it at that")
        with_buttons = [form for form in forms if any("name" in button for button in form.buttons)]
        times = self.chance.choice((1, 1, 1, 2))
        if does == "saved" and with_buttons:
            form = with_buttons[0]
            button = self.chance.choice([one for one in form.buttons if "name" in one])
            path, fields = form.pressed({"name": button["name"], "value": button["value"]})
        else:
            path, fields = forms[-1].pressed()
            fields |= {"confirmation_token": self._types(self.chance.choice(TYPED))}
        self.last_press = (path, fields, buy.scripts)
        return self._presses_again(times)

    def _waits(self, answer: Answer, buy: Buy) -> Answer | None:
        does = self.chance.choices(("looks", "presses", "gives up", "returns"), (35, 20, 27, 18))[0]
        if does == "gives up":
            return self.wire.sends(f"/orders/{answer.order}/cancellation", {}, scripts=buy.scripts)
        time.sleep(0.05)
        if does == "presses":
            return self._presses_again()
        path = f"/checkout/return/{answer.order}" if does == "returns" else f"/orders/{answer.order}/status"
        return self.wire.opens(path)

    def _has_paid(self, answer: Answer, buy: Buy) -> Answer | None:
        does = self.chance.choices(("goes", "reloads", "presses", "cancels"), (60, 15, 18, 7))[0]
        if does == "reloads":
            return self.wire.opens(f"/orders/{answer.order}")
        if does == "presses" and self.last_press and self.last_press[0].endswith("/one-click"):
            self._presses_again()
        elif does == "cancels":
            self.wire.sends(f"/orders/{answer.order}/cancellation", {}, scripts=buy.scripts)
        return None

    def _sees_change(self, answer: Answer, buy: Buy) -> Answer | None:
        form = form_in(answer, "/checkout/one-click")
        if form is None or not form.buttons or self.chance.random() < 0.4:
            return self._leaves("thinks better of it")
        return self._presses(form, buy, None)

    # Stripe's page

    def _goes_to_stripe(self, answer: Answer | None) -> Answer | None:
        if answer is not None and (page := answer.redirect or answer.url).startswith(f"{self.stack.sandbox.url}/pay/"):
            return self._pays_there(page)
        return answer

    def _is_on_stripes_page(self, answer: Answer, buy: Buy) -> Answer | None:
        if self.chance.random() < 0.2:
            return self.wire.sends(f"/orders/{answer.order}/cancellation", {}, scripts=buy.scripts)
        return self._goes_to_stripe(self.wire.sends(f"/orders/{answer.order}/hosted", {}, scripts=False))

    def _pays_there(self, page: str) -> Answer | None:
        does = self.chance.choices(("pays", "declined", "asked", "leaves", "back"), (45, 15, 15, 15, 10))[0]
        order = self.order if self.person.is_guest else self._newest_order()
        if does == "leaves":
            return self._leaves("closes Stripe's page")
        if does == "back":
            return self.wire.opens(f"/orders/{order}") if order else None
        card = {"pays": VISA, "declined": DECLINED, "asked": ASKING}[does]
        leads_to = self.wire.types_card_at_stripe(page, card)
        order = leads_to.partition("/checkout/return/")[2] or order
        if does == "declined" and self.chance.random() < 0.6:
            leads_to = self.wire.types_card_at_stripe(page, VISA)
            order = leads_to.partition("/checkout/return/")[2] or order
        if "/challenges/" in leads_to or does == "asked":
            intent = next((part for part in leads_to.split("/") if part.startswith("pi_")), "").partition("?")[0]
            if intent:
                self.wire.tells_bank(intent, self.chance.choice(("passed", "passed", "failed")))
        if not order or self.chance.random() < 0.25:
            return self._leaves("does not come back from Stripe's page")
        return self.wire.opens(f"/checkout/return/{order}")

    def _newest_order(self) -> str:
        page = self.wire.opens("/account/orders")
        if page is None:
            return ""
        return next((part for part in page.page.links if part.startswith("/orders/")), "").removeprefix("/orders/")
