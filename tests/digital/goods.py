"""Digital goods on the shelf of a whole shop."""

from pathlib import Path

from storefront.catalog.models import Variant
from storefront.core.database import transaction
from storefront.digital import assets
from storefront.digital.assets import Terms
from storefront.digital.models import Download, Grant
from storefront.orders.models import Order
from storefront.payments.ledger.models import Refund
from storefront.payments.refunds import refund_order
from tests.people import Shopper
from tests.stack import Sandbox, Shop

BOOKLET = b"%PDF-1.7 " + bytes(range(256)) * 40
URL = "https://videos.example/glazing"


def sells_booklet(shop: Shop, tmp_path: Path, thing: str = "Notebook", **terms: int | None) -> int:
    """This thing is a PDF from now on, and nothing else; the asset's id."""
    with shop.inside():
        with transaction() as session:
            session.get_one(Variant, shop.products[thing]).requires_shipping = False
        written = tmp_path / f"{thing.lower()}.pdf"
        written.write_bytes(BOOKLET)
        return assets.add_file(thing.lower(), written, Terms(name="Glazes & Brände.pdf", **terms))


def sells_link(shop: Shop, thing: str = "Notebook") -> int:
    with shop.inside():
        return assets.add_link(thing.lower(), URL, Terms(name="The film"))


def grants(shop: Shop) -> list[tuple[str, str | None]]:
    """What was given, and why it was taken back if it was."""
    return [(name, why and why.value) for name, why in shop.all(Grant.name, Grant.revoked_because)]


def used(shop: Shop) -> list[int]:
    """How often each counts as fetched; each time has its row."""
    counted = shop.all(Grant.used)
    assert sum(counted) == shop.count(Download)
    return counted


def give_back(shop: Shop, amount: int | None = None, token: str = "once") -> None:
    """As the owner's form does, for the newest order."""
    order_id = shop.all(Order.id)[-1]
    with shop.inside():
        refund_order(order_id, amount=amount, reason="requested_by_customer", requested_by="olive", request_token=token)


def refund_fails(shop: Shop, sandbox: Sandbox) -> None:
    """The bank could not take the newest one."""
    sandbox.decide_refund(shop.all(Refund.stripe_refund_id)[-1], "failed")
    shop.settle()


def dispute(shop: Shop, sandbox: Sandbox) -> str:
    """The customer's bank asks for the money of the newest order; the dispute's id."""
    opened = sandbox.control("POST", "/disputes", charge=shop.intents_at_stripe()[-1]["latest_charge"])
    shop.settle()
    return str(opened["id"])


def decides(shop: Shop, sandbox: Sandbox, opened: str, status: str) -> None:
    sandbox.control("POST", f"/disputes/{opened}", status=status)
    shop.settle()


def buys_with_teapot(alice: Shopper, thing: str = "Notebook") -> None:
    """In one cart with something that has to be sent."""
    alice.puts_in_cart("Teapot")
    alice.puts_in_cart(thing)
    assert alice.presses(alice.cart_button()).state == "paid"
