"""Products: what a price is for."""

from storefront.sandbox.call import Call
from storefront.sandbox.errors import Document, refused
from storefront.sandbox.fields import update_lists, update_metadata, update_plain
from storefront.sandbox.paging import page
from storefront.sandbox.routing import endpoint

_PLAIN = ("active", "default_price", "description", "name", "package_dimensions", "shippable", "statement_descriptor",
          "tax_code", "tax_details", "type", "unit_label", "url")  # fmt: skip


@endpoint("POST", "/v1/products", "ProductCreateParams")
def create(call: Call) -> Document:
    product = new_product(call, call.params)
    call.emit("product.created", product)
    return product


@endpoint("GET", "/v1/products/<product_id>", "ProductRetrieveParams")
def retrieve(call: Call, product_id: str) -> Document:
    return call.named_by_path("product", product_id)


@endpoint("POST", "/v1/products/<product_id>", "ProductUpdateParams")
def update(call: Call, product_id: str) -> Document:
    product = call.named_by_path("product", product_id)
    if call.params.get("default_price"):
        call.named_by_param("price", call.params["default_price"], "default_price")
    _apply(product, call.params)
    product["updated"] = call.now
    call.save(product)
    call.emit("product.updated", product, {})
    return product


@endpoint("DELETE", "/v1/products/<product_id>", "ProductDeleteParams")
def delete(call: Call, product_id: str) -> Document:
    product = call.named_by_path("product", product_id)
    if call.store.select("price", ("product", "=", product_id), limit=1):
        message = "This product cannot be deleted because it has one or more user-created prices."
        raise refused(message)
    call.emit("product.deleted", product)
    product.clear()
    product.update({"id": product_id, "object": "product", "deleted": True})
    return call.save(product)


@endpoint("GET", "/v1/products", "ProductListParams")
def list_all(call: Call) -> Document:
    return page(call, "product", ("livemode", "=", 0))


def new_product(call: Call, sent: Document, *, active: bool = True) -> Document:
    """A product as `products` and `product_data` describe it."""
    nothing = ("default_price", "description", "package_dimensions", "shippable", "statement_descriptor", "tax_code",
               "tax_details", "unit_label", "url")  # fmt: skip
    product = call.new(
        "product", "prod", **dict.fromkeys(nothing), active=active, images=[], marketing_features=[], metadata={},
        name=sent["name"], type="service", updated=call.now,
    )  # fmt: skip
    _apply(product, sent)
    return call.save(product)


def _apply(product: Document, sent: Document) -> None:
    update_plain(product, sent, *_PLAIN)
    update_lists(product, sent, "images", "marketing_features")
    update_metadata(product, sent)
