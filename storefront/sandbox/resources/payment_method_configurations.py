"""Payment method configurations: which methods a shop's owner has switched on. Here they are kept, and cards pay."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document
from storefront.sandbox.ids import new_id
from storefront.sandbox.paging import page
from storefront.sandbox.parameter_types import fields_of
from storefront.sandbox.routing import endpoint

_KIND = "payment_method_configuration"
_CREATE = "PaymentMethodConfigurationCreateParams"
_DEFAULT = "default_payment_method_configuration"
_ON_AT_FIRST = ("apple_pay", "card", "google_pay", "link")


@endpoint("POST", "/v1/payment_method_configurations", _CREATE)
def create(call: Call) -> Document:
    parent = call.params.get("parent")
    if parent is not None:
        call.named_by_param(_KIND, parent, "parent")
    configuration = _new(call, new_id("pmc"), call.params.get("name", "Custom"), parent=parent)
    return _applied(call, configuration)


@endpoint("GET", "/v1/payment_method_configurations/<configuration_id>", "PaymentMethodConfigurationRetrieveParams")
def retrieve(call: Call, configuration_id: str) -> Document:
    default_configuration(call)
    return call.named_by_path(_KIND, configuration_id)


@endpoint("POST", "/v1/payment_method_configurations/<configuration_id>", "PaymentMethodConfigurationUpdateParams")
def update(call: Call, configuration_id: str) -> Document:
    default_configuration(call)
    return _applied(call, call.named_by_path(_KIND, configuration_id))


@endpoint("GET", "/v1/payment_method_configurations", "PaymentMethodConfigurationListParams")
def list_all(call: Call) -> Document:
    default_configuration(call)
    return page(call, _KIND)


def default_configuration(call: Call) -> Document:
    """What is used where a request names none: made when first asked for, and made again after all data was deleted."""
    known = call.store.setting(_DEFAULT)
    found = call.store.find(_KIND, known) if known else None
    if found is not None:
        return found
    configuration_id = known or new_id("pmc")
    call.store.set_setting(_DEFAULT, configuration_id)
    return _new(call, configuration_id, "Default", is_default=True)


def chosen_configuration(call: Call, named: str | None) -> Document:
    """The configuration a request names, or the default one; `id` and `parent`, as intents tell it."""
    default = default_configuration(call)
    found = call.named_by_param(_KIND, named, _KIND) if named else default
    return {"id": found["id"], "parent": found["parent"]}


def _new(
    call: Call, configuration_id: str, name: str, *, is_default: bool = False, parent: str | None = None
) -> Document:
    return call.new(
        _KIND, "pmc", id=configuration_id, active=True, application=None, is_default=is_default, name=name, parent=parent,
        **{method: _method("on") for method in _ON_AT_FIRST},
    )  # fmt: skip


def _applied(call: Call, configuration: Document) -> Document:
    for name in ("active", "name"):
        configuration[name] = call.params.get(name, configuration[name])
    for name, kind in fields_of(_CREATE).kinds.items():
        preference = call.params.get(name, {}).get("display_preference", {}) if kind.fields else {}
        if "preference" in preference:
            configuration[name] = _method(preference["preference"], available=name in _ON_AT_FIRST)
    return call.save(configuration)


def _method(preference: str, *, available: bool = True) -> Document:
    value = "on" if preference == "on" and available else "off"
    return {
        "available": available,
        "display_preference": {"overridable": None, "preference": preference, "value": value},
    }
