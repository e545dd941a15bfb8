"""What one click costs: one request, one call to Stripe, two commits, and few statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from storefront.core.money import Money
from storefront.discounts.rules import DiscountKind
from storefront.extensions import db
from tests.orders.codes import offer
from tests.people import Shopper
from tests.stack import Sandbox, Shop

MOST_STATEMENTS = 24
MOST_STATEMENTS_WITH_CODE = 31


@dataclass
class Counted:
    """What the database was asked."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0


@contextmanager
def counting(shop: Shop) -> Iterator[Counted]:
    """Count everything that is asked of the shop's database meanwhile; BEGIN comes with its transaction."""
    counted = Counted()

    def note(_connection: object, _cursor: object, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):
            counted.statements.append(statement)

    def commit(_connection: object) -> None:
        counted.commits += 1

    with shop.inside():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", commit)
    try:
        yield counted
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "commit", commit)


def test_a_discount_code_costs_few_statements_more(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    with shop.inside():
        offer("ONCE", kind=DiscountKind.amount, value=400, most_uses=1, once=True)
    alice.puts_in_cart("Teapot")
    alice.sends("/cart/discount", {"discount_code": "ONCE"})
    button = alice.cart_button()
    sandbox.hold_webhooks()
    shop.settle()

    with counting(shop) as counted:
        answer = alice.presses(button)

    assert answer.state == "paid"
    assert shop.charged() == [Money(2000, "eur")]
    assert counted.commits == 2
    # The cart is read, and closed when it is paid; the code is looked up, counted, used, and found to be held.
    assert len(counted.statements) <= MOST_STATEMENTS_WITH_CODE, told(counted)


def test_one_click_is_one_call_two_commits_and_few_statements(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    button = alice.one_click_button()
    sandbox.hold_webhooks()
    shop.settle()
    asked_before = len(sandbox.requests("POST", "/")) + len(sandbox.requests("GET", "/"))

    with counting(shop) as counted:
        answer = alice.presses(button)

    asked = [*sandbox.requests("POST", "/"), *sandbox.requests("GET", "/")][asked_before:]
    assert answer.state == "paid"
    assert [one["path"] for one in sandbox.requests()] == ["/v1/payment_intents"]
    assert len(asked) == 1
    assert counted.commits == 2
    assert len(counted.statements) <= MOST_STATEMENTS, told(counted)


def told(counted: Counted) -> str:
    """Every statement, numbered."""
    lines = enumerate(counted.statements, 1)
    return "\n".join(f"{number:2} {' '.join(statement.split())[:150]}" for number, statement in lines)
