"""What a product's page shows, and the page once more for whoever wants to buy without having chosen."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, url_for

from config import Settings
from storefront.catalog import products
from storefront.catalog.choosing import Choice, choose
from storefront.core.errors import NotFoundError
from storefront.web.htmx import render, retarget
from storefront.web.query import picked
from storefront.web.visitor_panel import panel_for


def choice_in_form(form: Mapping[str, str]) -> Choice | None:
    """How far the choice made by the radios of a product's page has come; None where the form names the variant itself."""
    options = picked(form)
    if not form.get("product") or (form.get("variant_id") and not options):
        return None
    settings: Settings = current_app.config["SETTINGS"]
    product = products.product_page(form["product"], settings.currency)
    if product is None:
        raise NotFoundError
    return choose(product, told=options)


def choice_missing_response(choice: Choice) -> Response:
    """The page with its pickers once more, saying beside them what is to be chosen (422)."""
    context = product_context(choice, is_missed=True)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    answer = render("browse/variant_chosen.hx.html", page="browse/product.html", status=status, **context)
    return retarget(answer, "#product-panel")


def product_context(choice: Choice, *, is_missed: bool = False) -> dict[str, Any]:
    """The context of browse/product.html and its fragments; `is_missed`: somebody wanted to buy without choosing."""
    product, chosen = choice.product, choice.chosen
    shown_picture = _picture_of(choice)
    of_variants = {variant.picture for variant in product.variants}
    return {
        "product": product,
        "choice": choice,
        "chosen": chosen,
        "pickers": choice.pickers(is_missed=is_missed),
        "picture": product.pictures[shown_picture] if product.pictures else None,
        "further": [
            one for place, one in enumerate(product.pictures) if place != shown_picture and place not in of_variants
        ],
        "panel": panel_for(choice),
        # The cart's button, which borrows the pickers' choice where there are any.
        "variant_id": chosen.id if chosen and not choice.has_pickers else None,
        "picks_from": product.handle if choice.has_pickers else None,
        "put_in": None,
    }


def product_url(choice: Choice) -> str:
    """The page's address with the choice in it, so that a reload, and whoever is sent it, sees the same."""
    handle = choice.product.handle
    if choice.chosen is not None:
        return url_for("browse.product", handle=handle, variant=choice.chosen.id)
    options: dict[str, Any] = {f"option-{axis}": value for axis, value in enumerate(choice.picked, 1) if value}
    return url_for("browse.product", handle=handle, **options)


def _picture_of(choice: Choice) -> int:
    """Its place: the chosen variant's own, or of what is meant so far the first."""
    if not any(choice.picked):
        return 0
    return next((one.picture for one in choice.fitting if one.picture is not None), 0)
