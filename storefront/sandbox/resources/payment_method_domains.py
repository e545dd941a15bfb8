"""Payment method domains: where a shop shows wallets and Link."""

import re

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, InvalidParameterError
from storefront.sandbox.paging import equal, page
from storefront.sandbox.routing import endpoint

_WALLETS = ("amazon_pay", "apple_pay", "google_pay", "klarna", "link", "paypal")
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# What no wallet's maker could ever reach: names set aside for tests, and this machine.
_UNREACHABLE = ("localhost", "test", "invalid", "example")


@endpoint("POST", "/v1/payment_method_domains", "PaymentMethodDomainCreateParams")
def create(call: Call) -> Document:
    """The domain; one that is registered already is answered as it stands."""
    name = call.params["domain_name"].lower()
    _check_name(name)
    known = call.store.select("payment_method_domain", ("domain_name", "=", name))
    if known:
        return known[0]
    domain = call.new("payment_method_domain", "pmd", domain_name=name, enabled=call.params.get("enabled", True))
    return _validated(call, domain)


@endpoint("GET", "/v1/payment_method_domains/<domain_id>", "PaymentMethodDomainRetrieveParams")
def retrieve(call: Call, domain_id: str) -> Document:
    return call.named_by_path("payment_method_domain", domain_id)


@endpoint("POST", "/v1/payment_method_domains/<domain_id>", "PaymentMethodDomainUpdateParams")
def update(call: Call, domain_id: str) -> Document:
    domain = call.named_by_path("payment_method_domain", domain_id)
    domain["enabled"] = call.params.get("enabled", domain["enabled"])
    return call.save(domain)


@endpoint("POST", "/v1/payment_method_domains/<domain_id>/validate", "PaymentMethodDomainValidateParams")
def validate(call: Call, domain_id: str) -> Document:
    return _validated(call, call.named_by_path("payment_method_domain", domain_id))


@endpoint("GET", "/v1/payment_method_domains", "PaymentMethodDomainListParams")
def list_all(call: Call) -> Document:
    return page(call, "payment_method_domain", *equal(call, "domain_name", "enabled"))


def _validated(call: Call, domain: Document) -> Document:
    """Active where a wallet's maker could reach the domain by its name; nothing is asked over the network."""
    if domain["domain_name"].rpartition(".")[2] in _UNREACHABLE:
        message = f"The domain {domain['domain_name']} could not be reached."
        status: Document = {"status": "inactive", "status_details": {"error_message": message}}
    else:
        status = {"status": "active"}
    domain.update({wallet: dict(status) for wallet in _WALLETS})
    return call.save(domain)


def _check_name(name: str) -> None:
    if not re.fullmatch(rf"localhost|({_LABEL}\.)+{_LABEL}", name) or len(name) > 253:
        message = f"Invalid domain name: {name}. Give the domain alone, such as shop.example.com."
        raise InvalidParameterError(message, param="domain_name")
