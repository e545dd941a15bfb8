"""Invoices and credit notes, for the one who bought."""

from flask import Response

from storefront.core.mail.sending import Enclosure
from storefront.payments.documents import drawn
from storefront.web.orders.blueprint import orders, own_order


@orders.get("/<public_id>/invoice.pdf")
def invoice(public_id: str) -> Response:
    """The invoice of a paid order; before that there is none."""
    return _pdf(drawn(own_order(public_id).id))


@orders.get("/<public_id>/papers/<label>.pdf")
def paper(public_id: str, label: str) -> Response:
    """Any paper of an order by what it is called, such as CN-1001."""
    return _pdf(drawn(own_order(public_id).id, label))


def _pdf(paper: Enclosure) -> Response:
    response = Response(paper.content, mimetype=paper.mimetype)
    response.headers["Content-Disposition"] = f'inline; filename="{paper.name}"'
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "private, no-store"
    return response
