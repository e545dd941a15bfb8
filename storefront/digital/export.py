"""What a customer has of files and links, as data; and what is forgotten of it when they leave."""

from typing import Any

from sqlalchemy import select, update

from storefront.core.database import current_session
from storefront.digital.models import Download, Grant
from storefront.orders.models import Order

Facts = dict[str, Any]


def downloads_by_order(user_id: int) -> dict[int, list[Facts]]:
    """What each of their orders was given, and when it was fetched."""
    mine = select(Grant.id).join(Order, Order.id == Grant.order_id).where(Order.user_id == user_id)
    fetched: dict[int, list[Any]] = {}
    for grant_id, at in current_session().execute(
        select(Download.grant_id, Download.at).where(Download.grant_id.in_(mine)).order_by(Download.id)
    ):
        fetched.setdefault(grant_id, []).append(at)
    given: dict[int, list[Facts]] = {}
    for grant in current_session().scalars(select(Grant).where(Grant.id.in_(mine)).order_by(Grant.id)):
        facts = {
            name: getattr(grant, name) for name in ("name", "granted_at", "expires_at", "revoked_at", "max_downloads")
        }
        given.setdefault(grant.order_id, []).append(facts | {"downloaded_at": fetched.get(grant.id, [])})
    return given


def forget_browsers(user_id: int) -> None:
    """Inside a transaction: from which browsers they fetched. What, and when, is proof that they got what they paid for."""
    theirs = select(Grant.id).join(Order, Order.id == Grant.order_id).where(Order.user_id == user_id)
    fetched = update(Download).where(Download.grant_id.in_(theirs)).values(client_hash="")
    current_session().execute(fetched.execution_options(synchronize_session=False))
