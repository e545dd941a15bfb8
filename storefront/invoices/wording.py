"""What each kind of paper says: an invoice lists what was bought, the others what became of the money."""

from typing import Any

from storefront.core.money import Money
from storefront.invoices.models import Invoice, InvoiceKind
from storefront.orders.models import Order, OrderTax

Pairs = list[tuple[str, str]]


def wording(invoice: Invoice, paid_with: str, about: Invoice | None) -> dict[str, Any]:
    """Title, lines, sums and the sentence below them."""
    if invoice.kind is InvoiceKind.invoice:
        return _invoice(invoice, paid_with)
    assert about is not None
    if invoice.kind is InvoiceKind.credit_note:
        return _credit_note(invoice, paid_with, about)
    return _reversal(invoice, about)


def _invoice(invoice: Invoice, paid_with: str) -> dict[str, Any]:
    order = invoice.order
    by = f" with {paid_with}" if paid_with else ""
    lines = [
        _line(
            line.name,
            line.sku,
            line.quantity,
            Money(line.unit_price, order.currency),
            Money(line.total, order.currency),
        )
        for line in order.lines
    ]
    return {
        "title": "Invoice",
        "lead": "",
        "lines": lines,
        "sums": _sums(order),
        "total": ("Total", str(invoice.amount_money)),
        "taxes": [_part(tax, order, order.total) for tax in order.taxes if tax.included],
        "settled": f"Paid{by}. Nothing is left to pay." if order.total else "Nothing to pay.",
    }


def _credit_note(invoice: Invoice, paid_with: str, about: Invoice) -> dict[str, Any]:
    how_much = "All of" if invoice.amount == about.amount else "Part of"
    return {
        "title": "Credit note",
        "lead": f"It credits invoice {about.label}: we have given money back.",
        "lines": [
            _line(f"{how_much} invoice {about.label} given back", "", 1, invoice.amount_money, invoice.amount_money)
        ],
        "sums": [],
        "total": ("Given back", str(invoice.amount_money)),
        "taxes": _taxes(invoice.order, invoice.amount),
        "settled": f"It goes to {paid_with or 'the card you paid with'}; banks take five to ten days.",
    }


def _reversal(invoice: Invoice, about: Invoice) -> dict[str, Any]:
    why = f"It takes back credit note {about.label}: your bank did not take the money, and it is still with us."
    return {
        "title": "Reversal",
        "lead": why,
        "lines": [_line(f"Credit note {about.label} taken back", "", 1, invoice.amount_money, invoice.amount_money)],
        "sums": [],
        "total": ("Taken back", str(invoice.amount_money)),
        "taxes": _taxes(invoice.order, invoice.amount),
        "settled": "The invoice stands as it was until the money reaches you by another way.",
    }


def _line(name: str, sku: str, quantity: int, unit: Money, total: Money) -> dict[str, str]:
    return {"name": name, "sku": sku, "quantity": str(quantity), "unit": str(unit), "total": str(total)}


def _sums(order: Order) -> Pairs:
    sums = [("Subtotal", str(Money(order.subtotal, order.currency)))]
    if order.discount:
        sums.append((order.discount_label, f"−{Money(order.discount, order.currency)}"))
    if any(line.requires_shipping for line in order.lines):
        free_or_not = str(Money(order.shipping, order.currency)) if order.shipping else "free"
        sums.append((order.delivery_label, free_or_not))
    sums += [
        (f"{tax.name} on {Money(tax.base, order.currency)}", str(Money(tax.amount, order.currency)))
        for tax in order.taxes
        if not tax.included
    ]
    return sums if len(sums) > 1 else []


def _taxes(order: Order, of: int) -> Pairs:
    """The taxes within `of` the total, in the prices or on top of them; of a part, its part."""
    return [_part(tax, order, of) for tax in order.taxes]


def _part(tax: OrderTax, order: Order, of: int) -> tuple[str, str]:
    base, amount = (
        str(Money((minor * of + order.total // 2) // order.total if order.total else 0, order.currency))
        for minor in (tax.base, tax.amount)
    )
    return f"includes {tax.name} on {base}", amount
