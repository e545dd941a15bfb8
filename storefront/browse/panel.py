"""What stands where the product is bought: one click for those who can, for all others the way to the checkout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storefront.auth.access import current_customer
from storefront.catalog.facts import ProductPage, VariantChoice
from storefront.money import Money
from storefront.security import has_session


@dataclass(frozen=True)
class VisitorsPanel:
    """The panel of the page that is the same for everybody: it holds no token."""

    state: str
    total: Money
    hidden: Mapping[str, int]
    changed: tuple[str, ...] = ()
    buys: str = "variant"
    what: str = "buy_now"
    order: None = None


def panel_for(product: ProductPage, chosen: VariantChoice) -> Any:
    """The panel for the chosen variant, whoever asks."""
    if chosen.sold_out:
        return VisitorsPanel("sold_out", chosen.price, {})
    return _one_click_panel(chosen) or _plain(product, chosen)


def panel_to_link_to(chosen: VariantChoice) -> Any:
    """The same where this variant alone is offered: there are no radios beside it."""
    if chosen.sold_out:
        return VisitorsPanel("sold_out", chosen.price, {})
    return _one_click_panel(chosen) or VisitorsPanel("plain", chosen.price, {"quantity": 1, "variant_id": chosen.id})


def _one_click_panel(chosen: VariantChoice) -> Any:
    # A visitor is not asked who they are: that would touch their session.
    if not has_session() or current_customer() is None:
        return None
    from storefront.checkout.panel import product_panel  # noqa: PLC0415  the checkout's doors open later than ours

    return product_panel(chosen)


def _plain(product: ProductPage, chosen: VariantChoice) -> VisitorsPanel:
    # Where there is a choice, its radios send the variant.
    hidden = {"quantity": 1} if len(product.variants) > 1 else {"quantity": 1, "variant_id": chosen.id}
    return VisitorsPanel("plain", chosen.price, hidden)
