"""What stands where the product is bought: one click for those who can, for all others the way to the checkout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storefront.catalog.choosing import Choice
from storefront.catalog.facts import VariantChoice
from storefront.core.money import Money
from storefront.web.login import current_customer
from storefront.web.security import has_session


@dataclass(frozen=True)
class VisitorsPanel:
    """The panel of the page that is the same for everybody: it holds no token.

    `is_lowest`: nothing is chosen yet, and `total` is the lowest of the prices.
    """

    state: str
    total: Money
    hidden: Mapping[str, int | str]
    needs_address: bool = True
    is_lowest: bool = False
    changed: tuple[str, ...] = ()
    buys: str = "variant"
    what: str = "buy_now"
    order: None = None


def panel_for(choice: Choice) -> Any:
    """The panel for what is chosen, whoever asks. What is not chosen cannot be bought: then the button asks for it."""
    if choice.sold_out:
        return VisitorsPanel("sold_out", choice.price, {})
    # So that the choice, made by radios, can be asked for where it was left out.
    product = {"product": choice.product.handle} if choice.has_pickers else {}
    if choice.chosen is None:
        return _plain(choice, product)
    ready = _one_click_panel(choice.chosen, product)
    if ready is not None:
        return ready
    # Radios of one option send the variant themselves.
    by_radios = choice.has_pickers and len(choice.picked) == 1
    return _plain(choice, product if by_radios else {"variant_id": choice.chosen.id, **product})


def _plain(choice: Choice, hidden: Mapping[str, int | str]) -> VisitorsPanel:
    return VisitorsPanel(
        "plain",
        choice.price,
        {"quantity": 1, **hidden},
        needs_address=any(one.requires_shipping for one in choice.fitting),
        is_lowest=choice.price_varies,
    )


def _one_click_panel(chosen: VariantChoice, hidden: Mapping[str, str]) -> Any:
    # A visitor is not asked who they are: that would touch their session.
    if not has_session() or current_customer() is None:
        return None
    from storefront.web.panel import product_panel  # noqa: PLC0415  the checkout's doors open later than ours

    return product_panel(chosen, hidden)
