"""Customers."""

import copy

from storefront.sandbox import cards
from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, no_such
from storefront.sandbox.events import changes
from storefront.sandbox.fields import address, check_email, shipping, update_metadata, update_plain
from storefront.sandbox.ids import random_text
from storefront.sandbox.paging import equal, page
from storefront.sandbox.payment_cards import card_of, declined
from storefront.sandbox.resources.discounts import take_coupon
from storefront.sandbox.resources.payment_methods import attach_to, forget_customer, usable
from storefront.sandbox.routing import endpoint

_SETTINGS = ("custom_fields", "footer", "rendering_options")
_PLAIN = ("description", "email", "name", "phone", "preferred_locales", "tax_exempt", "balance", "invoice_prefix",
          "next_invoice_sequence")  # fmt: skip


@endpoint("POST", "/v1/customers", "CustomerCreateParams", extras=("coupon",))
def create(call: Call) -> Document:
    customer = call.new(
        "customer", "cus", address=None, balance=0, currency=None, default_source=None, delinquent=False,
        description=None, discount=None, email=None, invoice_prefix=random_text(8).upper(),
        invoice_settings={"custom_fields": None, "default_payment_method": None, "footer": None,
                          "rendering_options": None},
        metadata={}, name=None, next_invoice_sequence=1, phone=None, preferred_locales=[], shipping=None,
        tax_exempt="none", test_clock=None,
    )  # fmt: skip
    attached = _attach_given(call, customer)
    _apply(call, customer)
    call.save(customer)
    call.emit("customer.created", customer)
    if attached is not None:
        attach_to(call, attached, customer["id"])
    return customer


@endpoint("GET", "/v1/customers/<customer_id>", "CustomerRetrieveParams")
def retrieve(call: Call, customer_id: str) -> Document:
    """A deleted customer is still told of, as deleted."""
    customer = call.store.find("customer", customer_id)
    return customer if customer is not None else call.named_by_path("customer", customer_id)


@endpoint("POST", "/v1/customers/<customer_id>", "CustomerUpdateParams", extras=("coupon",))
def update(call: Call, customer_id: str) -> Document:
    customer = call.named_by_path("customer", customer_id)
    before = copy.deepcopy(customer)
    _apply(call, customer)
    call.save(customer)
    call.emit("customer.updated", customer, changes(before, customer))
    return customer


@endpoint("DELETE", "/v1/customers/<customer_id>", "CustomerDeleteParams")
def delete(call: Call, customer_id: str) -> Document:
    customer = call.named_by_path("customer", customer_id)
    for payment_method in call.store.select("payment_method", ("customer", "=", customer_id)):
        forget_customer(call, payment_method)
    call.emit("customer.deleted", customer)
    gone = {"id": customer_id, "object": "customer", "deleted": True}
    # The document that this transaction holds is the one that lists see: change it in place.
    customer.clear()
    customer.update(gone)
    return call.save(customer)


@endpoint("GET", "/v1/customers", "CustomerListParams")
def list_all(call: Call) -> Document:
    return page(call, "customer", *equal(call, "email"), ("livemode", "=", 0))


def _apply(call: Call, customer: Document) -> None:
    check_email(call.params.get("email"))
    update_plain(customer, call.params, *_PLAIN)
    update_metadata(customer, call.params)
    if "address" in call.params:
        customer["address"] = address(call.params["address"])
    if "shipping" in call.params:
        customer["shipping"] = shipping(call.params["shipping"])
    take_coupon(call, customer)
    settings = call.params.get("invoice_settings", {})
    update_plain(customer["invoice_settings"], settings, *_SETTINGS)
    _choose_default(call, customer, settings)


def _choose_default(call: Call, customer: Document, settings: Document) -> None:
    if "default_payment_method" not in settings:
        return
    chosen = settings["default_payment_method"] or None
    if chosen is not None:
        found = call.store.find("payment_method", chosen)
        if found is None or found["customer"] != customer["id"]:
            param = "invoice_settings[default_payment_method]"
            raise no_such("PaymentMethod", chosen, param=param, in_path=False)
    customer["invoice_settings"]["default_payment_method"] = chosen


def _attach_given(call: Call, customer: Document) -> Document | None:
    if "payment_method" not in call.params:
        return None
    payment_method = usable(call, call.params["payment_method"])
    verdict = cards.on_set_up(card_of(payment_method))
    if verdict.decline is not None:
        raise declined(verdict.decline)
    wanted = call.params.get("invoice_settings", {}).get("default_payment_method")
    if wanted == call.params["payment_method"]:
        # The default may be the very card that this request brings.
        call.params["invoice_settings"] = {}
        customer["invoice_settings"]["default_payment_method"] = payment_method["id"]
    return payment_method
