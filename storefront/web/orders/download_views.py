"""What an order brought as files or links: from its page to a fresh link."""

from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFoundError
from storefront.digital.showing import downloads_of
from storefront.web.download_links import fresh_link
from storefront.web.htmx import redirect_to
from storefront.web.orders.blueprint import orders, own_order


@orders.get("/<public_id>/downloads/<int:grant_id>", endpoint="fetch")
def fetch(public_id: str, grant_id: int) -> ResponseReturnValue:
    """On to the file, for the one who bought; this address may be kept open as long as one likes."""
    order = own_order(public_id)
    if not any(one.grant_id == grant_id for one in downloads_of(order.id)):
        raise NotFoundError
    return redirect_to(fresh_link(grant_id))
