"""Invoices of what is truly bought: through the shop's pages, with Stripe answering, telling twice, and changing its mind."""

from collections.abc import Callable
from functools import partial

import pytest

from storefront.invoices.models import Invoice
from storefront.orders.models import Order
from storefront.payments.ledger.models import Refund
from storefront.payments.refunds import refund_order
from tests.invoices.papers import words
from tests.people import Shopper, at_once
from tests.stack import Sandbox, Shop


def papers(shop: Shop) -> list[tuple[str, int]]:
    return [(kind.value, amount) for kind, amount in shop.all(Invoice.kind, Invoice.amount)]


def give_back(shop: Shop, amount: int | None, token: str = "once") -> None:
    with shop.inside():
        order_id = shop.all(Order.id)[0]
        refund_order(order_id, amount=amount, reason="requested_by_customer", requested_by="Olive", request_token=token)


def invoice_of(person: Shopper, path: str = "invoice.pdf") -> tuple[int, dict[str, str], bytes]:
    answer = person.browser.get(f"{person.shop.url}/orders/{person.shop.order_ids()[0]}/{path}", timeout=20)
    return answer.status_code, dict(answer.headers), answer.content


def test_a_paid_order_has_one_invoice_whoever_says_so_how_often(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    sandbox.hold_webhooks()
    alice.buys("Teapot")
    sandbox.release_webhooks(repeat=2)
    shop.settle()

    assert papers(shop) == [("invoice", 2400)]
    assert alice.sees_order().page.text.count("INV-1001") == 1


def test_what_is_declined_uses_up_no_number(
    shop: Shop, sandbox: Sandbox, alice: Shopper, someone: Callable[[str], Shopper]
) -> None:
    carol = someone("Carol")
    carol.has_address()
    carol.has_card("pm_card_chargeCustomerFail")
    carol.buys("Mug")
    alice.buys("Teapot")
    shop.settle()

    assert shop.all(Invoice.number) == [1001]
    assert invoice_of(carol)[0] == 404


def test_many_paying_at_once_are_numbered_without_gaps(shop: Shop, alice: Shopper, bob: Shopper) -> None:
    forms = [(person, person.one_click_button(thing)) for person in (alice, bob) for thing in ("Teapot", "Mug")]

    at_once([partial(person.another_tab().presses, form) for person, form in forms])
    shop.settle()

    assert sorted(shop.all(Invoice.number)) == [1001, 1002, 1003, 1004]
    assert len(set(shop.all(Invoice.order_id))) == 4


def test_only_the_one_who_bought_gets_the_invoice(
    shop: Shop, alice: Shopper, bob: Shopper, someone: Callable[[str], Shopper]
) -> None:
    alice.buys("Teapot")
    stranger = Shopper(shop, "Nobody", "nobody@example.org")

    status, headers, pdf = invoice_of(alice)

    assert (status, headers["Content-Type"]) == (200, "application/pdf")
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert 'filename="INV-1001.pdf"' in headers["Content-Disposition"]
    assert "Alice Archer Lindenstraße 4 10969 Berlin Germany" in words(pdf)
    assert "Paid with Visa •• 4242." in words(pdf)
    for other in (bob, stranger):
        assert invoice_of(other)[0] == 404
        assert invoice_of(other, "papers/INV-1001.pdf")[0] == 404
        assert "INV-1001" not in other.sees_order().html
    stranger.browser.close()


def test_a_refund_is_credited_once_and_taken_back_when_it_fails(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys("Teapot")
    give_back(shop, 1000)
    give_back(shop, 1000)
    shop.settle()
    assert papers(shop) == [("invoice", 2400), ("credit_note", 1000)]
    assert "Part of it given back" in alice.sees_order().page.text

    sandbox.decide_refund(shop.all(Refund.stripe_refund_id)[0], "failed")
    shop.settle()

    assert papers(shop) == [("invoice", 2400), ("credit_note", 1000), ("reversal", 1000)]
    page = alice.sees_order()
    assert "A refund did not arrive" in page.page.text
    assert "Reversal CN-1002" in page.page.text
    status, _, pdf = invoice_of(alice, "papers/CN-1002.pdf")
    assert status == 200
    assert "takes back credit note CN-1001" in words(pdf)


def test_a_refund_from_the_dashboard_is_credited_too(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys("Teapot")
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0], "amount": 700})
    shop.settle()

    assert papers(shop) == [("invoice", 2400), ("credit_note", 700)]


def test_a_refund_that_stripe_refuses_is_not_credited(shop: Shop, sandbox: Sandbox, alice: Shopper) -> None:
    alice.buys("Teapot")
    sandbox.hold_webhooks()
    sandbox.stripe.v1.refunds.create({"payment_intent": shop.intents()[0]})

    give_back(shop, 1000)
    sandbox.release_webhooks()
    shop.settle()

    assert papers(shop) == [("invoice", 2400), ("credit_note", 2400)]


def test_the_mails_bring_their_papers(shop: Shop, alice: Shopper) -> None:
    alice.buys("Teapot")
    give_back(shop, None)
    shop.settle()

    assert alice.mails("receipt", "refunded") == ["receipt", "refunded"]
    assert shop.failed_jobs() == []


@pytest.mark.parametrize("label", ["CN-1001", "INV-9999", "INV-1001.pdf", ".."])
def test_a_paper_that_is_not_there_is_not_found(shop: Shop, alice: Shopper, label: str) -> None:
    alice.buys("Teapot")

    assert invoice_of(alice, f"papers/{label}.pdf")[0] == 404
