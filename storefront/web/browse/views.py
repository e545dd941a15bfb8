"""Browsing: the first page, the shelves, the products, and the search."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, make_response, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from config import Settings
from storefront.catalog import products
from storefront.catalog import search as finding
from storefront.catalog.choosing import Choice, choose
from storefront.catalog.facts import CardPage, ProductPage, Shelf
from storefront.catalog.results import EMPTY_RESULT, Filters, SearchResult
from storefront.catalog.words import to_safe_html, to_text
from storefront.core.errors import NotFoundError
from storefront.invoices.seller import imprint
from storefront.web.browse import cache, files
from storefront.web.browse.page_cache import cached, cached_part, cached_shared_part
from storefront.web.htmx import push_url, wants_fragment
from storefront.web.pictures import picture_url
from storefront.web.product_view import product_context, product_url
from storefront.web.query import BrowseQuery, browse_query, option, picked

browse = Blueprint("browse", __name__)
browse.add_app_template_filter(picture_url, "picture_url")
browse.add_app_template_filter(to_safe_html, "description")
browse.add_app_template_filter(to_text, "plain")
browse.add_app_template_global(option, "option_in_address")
browse.add_url_rule("/media/<path:name>", view_func=files.media)
browse.add_url_rule("/favicon.ico", view_func=files.favicon)
browse.add_url_rule("/robots.txt", view_func=files.robots)


@browse.record_once
def make_room(state: BlueprintSetupState) -> None:
    """Give each shop its own place for drawn pages."""
    cache.init_cache(state.app)


@browse.get("/")
@cached
def home() -> ResponseReturnValue:
    shelf = cached_part("front", products.front_page) or Shelf(products.FRONT_PAGE, _settings().shop_name)
    cards = _cards(lambda: _front_cards(shelf))
    return _page("browse/home.html", shelf=shelf, page_address=_home_address, **cards)


@browse.get("/collections/<handle>")
@cached
def collection(handle: str) -> ResponseReturnValue:
    shelf = cached_part("shelf", lambda: products.collection(handle))
    if shelf is None or handle == products.FRONT_PAGE:
        raise NotFoundError
    return _results("browse/collection.html", browse_query(handle, _currency()), shelf=shelf)


@browse.get("/search")
@cached
def search() -> ResponseReturnValue:
    return _results("browse/search.html", browse_query("", _currency()))


@browse.get("/products/<handle>")
@cached
def product(handle: str) -> ResponseReturnValue:
    found = cached_part("product", lambda: products.product_page(handle, _currency()))
    if found is None:
        raise NotFoundError
    choice = _choice(found)
    told = product_context(choice)
    if not wants_fragment():
        return _page("browse/product.html", **told)
    response = make_response(render_template("browse/variant_chosen.hx.html", **told))
    response.headers["HX-Replace-Url"] = product_url(choice)
    return response


@browse.get("/buy/<handle>")
@cached
def buy(handle: str) -> ResponseReturnValue:
    """One thing and its button: what other sites link to. `variant` says which, where there is a choice.

    Where it does not, the whole page is shown: there it can be chosen.
    """
    found = cached_part("product", lambda: products.product_page(handle, _currency()))
    if found is None:
        raise NotFoundError
    choice = _choice(found)
    if choice.chosen is None:
        return _page("browse/product.html", **product_context(choice))
    alone = product_context(replace(choice, is_alone=True))
    return _page("browse/buy.html", **alone)


def _choice(found: ProductPage) -> Choice:
    return choose(found, _variant_id(), picked(request.args) or None)


def _results(page: str, wish: BrowseQuery, **context: Any) -> ResponseReturnValue:
    """What was found: for a browser the page, for htmx the results with the address that leads to them."""

    def draw() -> tuple[SearchResult, Markup]:
        found = finding.search(wish.words, wish.filters, wish.sort, wish.page, _currency())
        return found, _grid(found.cards)

    # Whoever has not said anything yet is not shown everything.
    is_asked = bool(wish.words or wish.filters != Filters())
    found, grid = cached_part("found", draw) if is_asked else (EMPTY_RESULT, Markup())
    if wish.page > 1 and not found.cards.cards:
        raise NotFoundError
    context |= {"wish": wish, "found": found, "grid": grid, "is_asked": is_asked}
    if not wants_fragment():
        return _page(page, **context)
    return push_url(wish.address(page=wish.page), render_template("browse/_results.html", **context))


def _page(template: str, **context: Any) -> str:
    shared = {
        "collections": cached_shared_part("masthead", products.collections),
        "imprint": cached_shared_part("imprint", imprint),
    }
    return render_template(template, **shared, **context)


def _cards(ask: Callable[[], CardPage]) -> dict[str, Any]:
    """A shelf's page: its cards, and their drawn grid, which is the same for everybody."""

    def draw() -> tuple[CardPage, Markup]:
        page = ask()
        return page, _grid(page)

    page, grid = cached_part("grid", draw)
    if page.number > 1 and not page.cards:
        raise NotFoundError
    return {"cards": page, "grid": grid}


def _home_address(page: int) -> str:
    return url_for(".home", page=page if page > 1 else None)


def _grid(page: CardPage) -> Markup:
    return Markup(render_template("browse/_shelf.html", cards=page.cards))  # noqa: S704  our own template


def _front_cards(shelf: Shelf) -> CardPage:
    number = browse_query("", _currency()).page
    chosen = finding.cards_of(shelf.handle, _currency(), number)
    return chosen if chosen.cards else finding.all_cards(_currency(), number)


def _variant_id() -> int | None:
    # `variant` stands in addresses; `variant_id` is what the radios say.
    return request.args.get("variant_id", type=int) or request.args.get("variant", type=int)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _currency() -> str:
    return _settings().currency
