"""What a browser asks, of the shop, of Stripe's page and of the bank: all of it is told in the story and kept as seen."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from requests.cookies import RequestsCookieJar

from tests.people import HTMX
from tests.reading import Form, read
from tools.faults.seen import Answer, Moment, Seen
from tools.faults.stack import Stack
from tools.faults.story import Story

PATIENCE: Final = 60.0
JSON: Final = {"Accept": "application/json"}
# Behind a proxy: not all of them in one house, where whoever tries cards is slowed down.
MANY_HOUSES: Final = {"X-Forwarded-For": "192.0.2.1"}


@dataclass
class Wire:
    """One browser, perhaps with several tabs: they have their cookies in common, and no connection."""

    stack: Stack
    story: Story
    seen: Seen
    name: str
    cookie: tuple[str, str] | None
    cookies: RequestsCookieJar = field(default_factory=RequestsCookieJar)

    def __post_init__(self) -> None:
        if self.cookie:
            self.cookies.set(*self.cookie)

    # The shop

    def opens(self, path: str) -> Answer | None:
        """A page; None where no answer came."""
        return self._asks("GET", path, {}, {})

    def sends(self, path: str, fields: dict[str, Any], *, scripts: bool, pays: bool = False) -> Answer | None:
        """A form, as htmx does, or as a browser without scripts; where the whole page is to change, it does."""
        answer = self._asks("POST", path, fields, HTMX if scripts else {}, pays=pays)
        if answer is not None and answer.redirect.startswith("/"):
            return self.opens(answer.redirect)
        return answer

    def asks_json(self, path: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        """What our scripts ask for; empty where it did not come."""
        with suppress(requests.RequestException, ValueError):
            url, headers = self.stack.url + path, JSON | MANY_HOUSES
            answer = requests.post(url, data=fields, cookies=self.cookies, headers=headers, timeout=PATIENCE)
            self.story.tell(self.name, f"POST {path} for our script", str(answer.status_code))
            told: dict[str, Any] = answer.json()
            return told
        return {}

    # Others

    def tells_bank(self, intent: str, outcome: str) -> None:
        """The answer to the bank's question about an intent: passed, or failed."""
        began = time.time()
        url = f"{self.stack.sandbox.url}/sandbox/challenges/{intent}"
        with suppress(requests.RequestException):
            requests.post(url, data={"outcome": outcome}, timeout=PATIENCE)
        self.story.tell(self.name, f"tells the bank: {outcome}", intent, at=began)
        self.seen.may_charge(Moment(self.name, began, time.time()))

    def types_card_at_stripe(self, page: str, card: dict[str, str]) -> str:
        """A card on Stripe's own page; where that leads, not followed."""
        began, leads_to = time.time(), ""
        with suppress(requests.RequestException):
            answer = requests.post(page, data=card, timeout=PATIENCE, allow_redirects=False)
            leads_to = answer.headers.get("Location", f"{answer.status_code}")
        self.story.tell(self.name, f"uses Stripe's page with {card['number']}", leads_to, at=began)
        self.seen.may_charge(Moment(self.name, began, time.time()))
        return leads_to

    def _asks(
        self, verb: str, path: str, fields: dict[str, Any], headers: dict[str, str], *, pays: bool = False
    ) -> Answer | None:
        began = time.time()
        what = f"{verb} {path}" + (f" {_in_short(fields)}" if fields else "")
        try:
            # Without a session's pool, so that tabs are tabs.
            came = requests.request(
                verb,
                self.stack.url + path,
                data=fields,
                headers=headers | MANY_HOUSES,
                cookies=self.cookies,
                timeout=PATIENCE,
            )
        except requests.RequestException as lost:
            self.story.tell(self.name, what, f"no answer: {type(lost).__name__}", at=began)
            if pays:
                self.seen.may_charge(Moment(self.name, began, time.time()))
            return None
        for one in (*came.history, came):
            self.cookies.update(one.cookies)
        answer = Answer(
            self.name, what, began, time.time(), came.status_code, came.url, read(came.text),
            came.headers.get("HX-Redirect", ""), str(fields.get("checkout_token", "")), pays,
        )  # fmt: skip
        self.seen.note(answer)
        if pays:
            self.seen.may_charge(Moment(self.name, began, answer.came, answer))
        self.story.tell(self.name, what, answer.in_short, at=began)
        return answer


def form_in(answer: Answer | None, action: str) -> Form | None:
    """The form of a page whose action ends like this."""
    if answer is None:
        return None
    return next((form for form in answer.page.forms if form.action.endswith(action)), None)


def _in_short(fields: dict[str, Any]) -> str:
    kept = ("checkout_token", "expected_total", "variant_id", "attempt", "card_id", "confirmation_token", "another")
    return " ".join(f"{name}={str(fields[name])[:14]}" for name in kept if fields.get(name))
