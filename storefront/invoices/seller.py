"""Who sells: what the owner has told for invoices, or as much as the settings know."""

from dataclasses import asdict, dataclass

from flask import current_app
from sqlalchemy import select

from config import Settings
from storefront.catalog.version import bump_version
from storefront.core import audit
from storefront.core.database import current_session, transaction
from storefront.invoices.models import ShopDetails


@dataclass(frozen=True)
class Seller:
    """As an invoice says it. `note`: words the tax office wants on each, such as why no VAT is charged."""

    name: str
    address: tuple[str, ...] = ()
    vat_id: str = ""
    email: str = ""
    note: str = ""


def seller_today() -> Seller:
    """Who sells from now on."""
    newest = current_session().scalar(select(ShopDetails).order_by(ShopDetails.id.desc()).limit(1))
    return seller_of(newest)


def imprint() -> str:
    """Who keeps the shop and where, in one line: what the owner has told, else the shop's name alone."""
    newest = current_session().scalar(select(ShopDetails).order_by(ShopDetails.id.desc()).limit(1))
    if newest is None:
        return seller_of(None).name
    seller = seller_of(newest)
    vat_id = f"VAT ID {seller.vat_id}" if seller.vat_id else ""
    return " · ".join(filter(None, [", ".join([seller.name, *seller.address]), seller.email, vat_id]))


def seller_of(details: ShopDetails | None) -> Seller:
    """Who sold; a shop that has not told its details has a name and an address to write to."""
    if details is None:
        settings: Settings = current_app.config["SETTINGS"]
        return Seller(settings.shop_name, email=settings.owner_email)
    return Seller(details.name, tuple(details.address), details.vat_id, details.email, details.note)


def change_seller(seller: Seller) -> None:
    """From now on invoices say this; those written before stay as they are."""
    before = asdict(seller_today())
    with transaction() as session:
        session.add(
            ShopDetails(
                name=seller.name,
                address=list(seller.address),
                vat_id=seller.vat_id,
                email=seller.email,
                note=seller.note,
            )
        )
        bump_version()  # every page says it below
        after = asdict(seller)
        changed = [name for name in after if after[name] != before[name]]
        audit.record(
            "changed who sells", "the shop",
            before={name: before[name] for name in changed}, after={name: after[name] for name in changed},
        )  # fmt: skip
