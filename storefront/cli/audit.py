"""`flask shop audit`: what owner and staff have done."""

import datetime as dt
from typing import Any

import click
from sqlalchemy import select

from storefront.cli.printing import show_table
from storefront.cli.shop import shop
from storefront.core import audit
from storefront.core.database import current_session
from storefront.customers.models import User

HEADS = ("when (UTC)", "who", "did", "about", "from", "what changed")


@shop.command("audit")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on (UTC).")
def show_audit(since: dt.datetime | None) -> None:
    """Show what owner and staff have done, the newest first; it is kept for a year."""
    found = audit.entries(since.replace(tzinfo=dt.UTC) if since else None)
    ids = {entry.user_id for entry in found if entry.user_id}
    emails = dict(current_session().execute(select(User.id, User.email).where(User.id.in_(ids))).all())
    rows = [
        (
            f"{entry.at:%Y-%m-%d %H:%M}",
            emails.get(entry.user_id or 0) or entry.who,
            entry.what,
            entry.about,
            entry.address_hash[:8],
            _changed(entry.before, entry.after),
        )
        for entry in found
    ]
    show_table(HEADS, rows, empty="Nothing was done by hand yet.")


def _changed(before: dict[str, Any], after: dict[str, Any]) -> str:
    names = [*after, *(name for name in before if name not in after)]
    return ", ".join(f"{name}: {_from(name, before)}{after.get(name, '–')}" for name in names)


def _from(name: str, before: dict[str, Any]) -> str:
    return f"{before[name]} → " if before.get(name) not in {None, ""} else ""
