"""Drawing an invoice as PDF: what it says goes to the template as data, never as markup. The same rows make the same bytes."""

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst
from babel.dates import format_date
from flask import current_app

from config import Settings
from storefront.core.clock import local
from storefront.customers.countries import country_name
from storefront.invoices.models import Invoice, InvoiceKind
from storefront.invoices.seller import Seller, seller_of
from storefront.invoices.wording import wording
from storefront.orders.labels import label

HERE: Final = Path(__file__).parent
# On paper of their own size.
_LETTER: Final = frozenset({"usd", "cad", "mxn"})
_MARK: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 20"><path fill="#0f6e4c" d="M3.2 13.6C1.4 9.4 4.6 3.4 10.4 2.1'
    ' 16.4 .8 22.4 4.3 22.6 9.8 22.8 15.4 17.4 18.6 11.8 18.6 7.6 18.6 4.6 16.9 3.2 13.6Z"/></svg>'
)


def draw(invoice: Invoice, *, paid_with: str, about: Invoice | None = None) -> bytes:
    """The PDF. `about`: the invoice that a credit note credits, or the credit note that a reversal takes back."""
    return _compile(tell(invoice, paid_with=paid_with, about=about), "pdf")


def picture(invoice: Invoice, *, paid_with: str, about: Invoice | None = None) -> bytes:
    """Its first page as PNG, to be looked at."""
    return _compile(tell(invoice, paid_with=paid_with, about=about), "png")


def tell(invoice: Invoice, *, paid_with: str, about: Invoice | None) -> dict[str, Any]:
    """All that the paper says, in words."""
    settings: Settings = current_app.config["SETTINGS"]
    seller = seller_of(invoice.seller)
    facts = [("Date", date_in_words(invoice.issued_at)), ("Order", label(invoice.order.number))]
    facts.append(("Ordered on", date_in_words(invoice.order.placed_at)))
    if about is not None:
        facts.append((f"For {about.label} of", date_in_words(about.issued_at)))
    issued = local(invoice.issued_at)
    return {
        "paper": "us-letter" if invoice.currency in _LETTER else "a4",
        "mark": _MARK,
        "shop": settings.shop_name,
        "site": settings.base_url.partition("://")[2],
        "number": invoice.label,
        "issued": {"year": issued.year, "month": issued.month, "day": issued.day},
        "seller": {
            "name": seller.name,
            "in_one_line": " · ".join((seller.name, *seller.address)),
            "foot": _foot(seller),
        },
        "buyer": _buyer(invoice.buyer),
        "facts": facts,
        "notes": [seller.note] if seller.note else [],
        **wording(invoice, paid_with, about),
        "is_paid": invoice.kind is InvoiceKind.invoice,
    }


def date_in_words(at: dt.datetime) -> str:
    """21 November 2026, where the shop is."""
    return format_date(local(at), "d MMMM y", locale="en")


def _foot(seller: Seller) -> list[str]:
    vat_id = f"VAT ID {seller.vat_id}" if seller.vat_id else ""
    first = " · ".join((seller.name, *seller.address))
    second = " · ".join(part for part in (vat_id, seller.email) if part)
    return [part for part in (first, second) if part]


def _buyer(copy: dict[str, Any]) -> list[str]:
    town = " ".join(copy[part] for part in ("postal_code", "city") if copy.get(part))
    country = country_name(copy["country"]) if copy.get("country") else ""
    lines = [copy.get("name"), copy.get("line1"), copy.get("line2"), town, copy.get("region"), country]
    return [line for line in lines if line] or [copy["email"]]


def _compile(told: dict[str, Any], form: Any) -> bytes:
    drawn: bytes | list[bytes] = typst.compile(  # pictures of several pages come as a list, whatever its types say
        str(HERE / "invoice.typ"),
        format=form,
        font_paths=_fonts(),
        ppi=144.0,
        sys_inputs={"told": json.dumps(told)},
    )
    return drawn if isinstance(drawn, bytes) else drawn[0]


@cache
def _fonts() -> typst.Fonts:
    """The shop's own, which come with it; this machine's only help where a name is in another script."""
    return typst.Fonts(include_system_fonts=True, font_paths=[str(HERE / "fonts")])
