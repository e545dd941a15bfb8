"""PaymentMethods: cards, attached to a customer or not."""

import copy
from functools import partial

from storefront.sandbox import cards
from storefront.sandbox.bank_accounts import entered_account
from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, missing_parameter, no_such, refused
from storefront.sandbox.events import changes
from storefront.sandbox.fields import billing_details, update_metadata, update_plain
from storefront.sandbox.paging import equal, page
from storefront.sandbox.payment_cards import card_of, declined, entered_card, shown_card
from storefront.sandbox.routing import endpoint

_MOST_CARDS = 500
_SPOKEN = frozenset({"card", "sepa_debit"})
_EXPIRY = ("exp_month", "exp_year")
_SPENT = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a"
    " connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use"
    " a PaymentMethod multiple times, you must attach it to a Customer first."
)
_SPENT_ON_ATTACH = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and"
    " may not be used again."
)


@endpoint("POST", "/v1/payment_methods", "PaymentMethodCreateParams", for_browsers=True)
def create(call: Call) -> Document:
    return from_data(call, call.params, prefix="")


@endpoint("GET", "/v1/payment_methods/<payment_method_id>", "PaymentMethodRetrieveParams")
def retrieve(call: Call, payment_method_id: str) -> Document:
    return call.named_by_path("payment_method", payment_method_id)


@endpoint("GET", "/v1/payment_methods", "PaymentMethodListParams")
def list_all(call: Call) -> Document:
    if "customer" in call.params:
        call.named_by_param("customer", call.params["customer"], "customer")
    return page(call, "payment_method", ("customer", "=", call.params.get("customer")), *equal(call, "type"))


@endpoint("POST", "/v1/payment_methods/<payment_method_id>", "PaymentMethodUpdateParams")
def update(call: Call, payment_method_id: str) -> Document:
    payment_method = call.named_by_path("payment_method", payment_method_id)
    if payment_method["customer"] is None:
        message = "You must save this PaymentMethod to a customer before you can update it."
        raise refused(message)
    before = copy.deepcopy(payment_method)
    update_plain(payment_method, call.params, "allow_redisplay")
    update_metadata(payment_method, call.params)
    if "billing_details" in call.params:
        sent = {**payment_method["billing_details"], **call.params["billing_details"]}
        payment_method["billing_details"] = billing_details(sent)
    if payment_method["type"] == "card":
        expiry = {name: value for name, value in call.params.get("card", {}).items() if name in _EXPIRY}
        payment_method["card"].update(expiry)
    call.save(payment_method)
    call.emit("payment_method.updated", payment_method, changes(before, payment_method))
    return payment_method


@endpoint("POST", "/v1/payment_methods/<payment_method_id>/attach", "PaymentMethodAttachParams")
def attach(call: Call, payment_method_id: str) -> Document:
    if "customer" not in call.params:
        raise missing_parameter("customer")
    payment_method = usable(call, payment_method_id, in_path=True)
    customer = call.named_by_param("customer", call.params["customer"], "customer")
    if payment_method["customer"] not in {None, customer["id"]}:
        message = "The payment method you provided has already been attached to a customer."
        raise refused(message)
    verdict = cards.on_set_up(card_of(payment_method))
    if verdict.decline is not None:
        raise declined(verdict.decline)
    return attach_to(call, payment_method, customer["id"])


@endpoint("POST", "/v1/payment_methods/<payment_method_id>/detach", "PaymentMethodDetachParams")
def detach(call: Call, payment_method_id: str) -> Document:
    payment_method = call.named_by_path("payment_method", payment_method_id)
    if payment_method["customer"] is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise refused(message)
    customer_id = payment_method["customer"]
    forget_customer(call, payment_method)
    call.emit("payment_method.detached", payment_method, {"customer": customer_id})
    _clear_default(call, customer_id, payment_method["id"])
    return payment_method


@endpoint("GET", "/v1/customers/<customer_id>/payment_methods", "CustomerPaymentMethodListParams")
def list_of_customer(call: Call, customer_id: str) -> Document:
    call.named_by_path("customer", customer_id)
    return page(call, "payment_method", ("customer", "=", customer_id), *equal(call, "type", "allow_redisplay"))


@endpoint(
    "GET", "/v1/customers/<customer_id>/payment_methods/<payment_method_id>", "CustomerPaymentMethodRetrieveParams"
)
def retrieve_of_customer(call: Call, customer_id: str, payment_method_id: str) -> Document:
    call.named_by_path("customer", customer_id)
    payment_method = call.named_by_path("payment_method", payment_method_id)
    if payment_method["customer"] != customer_id:
        raise no_such("PaymentMethod", payment_method_id, param="payment_method", in_path=True)
    return payment_method


def from_data(call: Call, data: Document, *, prefix: str) -> Document:
    """A new PaymentMethod from what was typed, as `payment_methods` and `payment_method_data` take it."""
    kind = data.get("type", "card")
    name = f"{prefix}[{kind}]" if prefix else kind
    if kind not in _SPOKEN:
        message = (
            f"The payment method type provided: {kind} is invalid. The sandbox speaks cards and SEPA debits alone."
        )
        raise refused(message, code="payment_method_unsupported_type", param=f"{prefix}[type]" if prefix else "type")
    if kind not in data:
        raise missing_parameter(name)
    number, shown = _entered(call, kind, data[kind], name)
    payment_method = _new(call, number, shown, billing_details(data.get("billing_details", {})), kind)
    payment_method["allow_redisplay"] = data.get("allow_redisplay", "unspecified")
    update_metadata(payment_method, data)
    return call.save(payment_method)


def _entered(call: Call, kind: str, sent: Document, name: str) -> tuple[str, Document]:
    """The number behind it, and the hash to show."""
    if kind == "sepa_debit":
        return entered_account(sent, name)
    card, shown = entered_card(call, sent, name)
    return card.number, shown


def usable(call: Call, reference: str, *, in_path: bool = False) -> Document:
    """The PaymentMethod of this id, or a new one for a test token; one that was detached is of no more use."""
    card = cards.by_token(reference)
    if card is not None:
        return _new(call, card.number, shown_card(call, card), billing_details({}))
    find = call.named_by_path if in_path else partial(call.named_by_param, param="payment_method")
    payment_method = find("payment_method", reference)
    if payment_method.get("_spent"):
        # Stripe gives these refusals words, and no code.
        raise refused(_SPENT_ON_ATTACH if in_path else _SPENT)
    return payment_method


def attach_to(call: Call, payment_method: Document, customer_id: str) -> Document:
    if payment_method["customer"] == customer_id:
        return payment_method
    if len(call.store.select("payment_method", ("customer", "=", customer_id))) >= _MOST_CARDS:
        message = (
            "The customer has too many PaymentMethods. Either detach some PaymentMethods from this Customer first."
        )
        raise refused(message, code="customer_max_payment_methods")
    payment_method["customer"] = customer_id
    call.save(payment_method)
    call.emit("payment_method.attached", payment_method)
    return payment_method


def forget_customer(call: Call, payment_method: Document) -> None:
    payment_method["customer"] = None
    payment_method["_spent"] = True
    call.save(payment_method)


def _new(call: Call, number: str, shown: Document, details: Document, kind: str = "card") -> Document:
    return call.new(
        "payment_method", "pm", allow_redisplay="unspecified", billing_details=details, customer=None,
        customer_account=None, metadata={}, type=kind, _number=number, **{kind: shown},
    )  # fmt: skip


def _clear_default(call: Call, customer_id: str, payment_method_id: str) -> None:
    customer = call.store.find("customer", customer_id)
    if customer is None or customer["invoice_settings"]["default_payment_method"] != payment_method_id:
        return
    before = copy.deepcopy(customer)
    customer["invoice_settings"]["default_payment_method"] = None
    call.save(customer)
    call.emit("customer.updated", customer, changes(before, customer))
