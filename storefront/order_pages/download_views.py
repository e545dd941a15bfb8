"""What an order brought as files or links: from its page to a fresh link."""

from flask.typing import ResponseReturnValue

from storefront.digital.showing import downloads_of
from storefront.downloads.views import fresh_link
from storefront.errors import NotYoursError
from storefront.hypermedia import go_to
from storefront.order_pages.door import orders, own_order


@orders.get("/<public_id>/downloads/<int:grant_id>", endpoint="fetch")
def fetch(public_id: str, grant_id: int) -> ResponseReturnValue:
    """On to the file, for the one who bought; this address may be kept open as long as one likes."""
    order = own_order(public_id)
    if not any(one.grant_id == grant_id for one in downloads_of(order.id)):
        raise NotYoursError
    return go_to(fresh_link(grant_id))
