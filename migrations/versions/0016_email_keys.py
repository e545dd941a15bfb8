"""Addresses are compared by the domain's A-label: weiß.example is not weiss.example, müller.example is xn--mller-kva.example.

Two accounts of one mailbox stay two: one keeps the address to sign in with (the one that has proven it, else the older),
and the owner is told of the other. The owner is also told of orders that went to the account of somebody with another
mailbox, because the two were the same before. Nothing is merged, and nothing is moved.

Revision ID: 0016
Revises: 0015
"""

import datetime as dt
import unicodedata
from collections.abc import Callable

import idna
import sqlalchemy as sa
from alembic import context, op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

Fold = Callable[[str], str]
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0xFF61: "."}
_SOME = 1000

_users = sa.table("users", *(sa.column(name) for name in ("id", "email", "email_key", "email_verified_at")))
_orders = sa.table("orders", *(sa.column(name) for name in ("id", "user_id", "email", "email_key")))
_uses = sa.table(
    "discount_uses",
    *(
        sa.column(name)
        for name in ("id", "discount_id", "order_id", "email_key", "released_at")
    ),
    sa.column("once_per_customer", sa.Boolean),
)
_jobs = sa.table(
    "jobs",
    *(sa.column(name) for name in ("kind", "unique_key", "tries", "last_error")),
    sa.column("args", sa.JSON),
    sa.column("again", sa.Boolean),
    sa.column("run_at", sa.DateTime(timezone=True)),
    sa.column("created_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    clashes = _rekey(_today)
    strangers = _orders_of_strangers()
    if clashes or strangers:
        _tell(clashes, strangers)


def downgrade() -> None:
    _rekey(_before)


def _today(address: str) -> str:
    """As storefront.core.email_addresses.key_of was when this was written."""
    local, at, domain = address.strip().translate(_FULL_WIDTH).rpartition("@")
    if not any(unicodedata.normalize("NFC", one).isascii() for one in local if not one.isascii()):
        composed = unicodedata.normalize("NFC", local)
        local = "".join(one.lower() if one.lower().upper() == one else one for one in composed)
    domain = domain.rstrip(".")
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        domain = domain.lower() if domain.isascii() else domain
    return f"{local}{at}{domain}"


def _before(address: str) -> str:
    return unicodedata.normalize("NFKC", address.strip()).casefold()


def _rekey(fold: Fold) -> list[tuple[int, int]]:
    """Give everything its key; the accounts that clash, each with the one that keeps the address."""
    clashes = _rekey_users(fold)
    orders = _rekey_orders(fold)
    _rekey_uses(fold, orders)
    return clashes


def _rekey_users(fold: Fold) -> list[tuple[int, int]]:
    connection = op.get_bind()
    proven_first = sa.case((_users.c.email_verified_at.is_(None), 1), else_=0)
    kept: dict[str, int] = {}
    wanted: dict[int, str] = {}
    clashes = []
    # Who has left has no address.
    everybody = sa.select(_users).where(_users.c.email != "").order_by(proven_first, _users.c.id)
    for user in connection.execute(everybody).all():
        key = fold(user.email)
        if key in kept:
            clashes.append((user.id, kept[key]))
            key = f"clash:{user.id}"
        else:
            kept[key] = user.id
        if key != user.email_key:
            wanted[user.id] = key
    # One may get what another one still has.
    for user_id in wanted:
        connection.execute(sa.update(_users).where(_users.c.id == user_id).values(email_key=f"moving:{user_id}"))
    for user_id, key in wanted.items():
        connection.execute(sa.update(_users).where(_users.c.id == user_id).values(email_key=key))
    return clashes


def _rekey_orders(fold: Fold) -> dict[int, tuple[str, str]]:
    """The orders whose key is another one now, with both."""
    connection = op.get_bind()
    changed: dict[int, tuple[str, str]] = {}
    last = 0
    while True:
        query = sa.select(_orders).where(_orders.c.id > last).order_by(_orders.c.id).limit(_SOME)
        some = connection.execute(query).all()
        if not some:
            return changed
        last = some[-1].id
        for order in some:
            key = fold(order.email)
            if key != order.email_key:
                connection.execute(sa.update(_orders).where(_orders.c.id == order.id).values(email_key=key))
                changed[order.id] = (order.email_key, key)


def _rekey_uses(fold: Fold, orders: dict[int, tuple[str, str]]) -> None:
    """A code that counts once per customer may have been used under two spellings: the later use is kept, and counts beside."""
    connection = op.get_bind()
    held: set[tuple[int, str]] = set()
    keys: dict[int, str] = {}
    beside: list[int] = []
    for use in connection.execute(sa.select(_uses).where(_uses.c.email_key.is_not(None)).order_by(_uses.c.id)).all():
        before, now = orders.get(use.order_id, ("", ""))
        key = now if use.email_key == before else fold(use.email_key)
        if key != use.email_key:
            keys[use.id] = key
        if use.once_per_customer and use.released_at is None:
            if (use.discount_id, key) in held:
                beside.append(use.id)
            held.add((use.discount_id, key))
    # First what the index no longer counts, then what it would have refused.
    for use_id in beside:
        connection.execute(sa.update(_uses).where(_uses.c.id == use_id).values(once_per_customer=False))
    for use_id, key in keys.items():
        connection.execute(sa.update(_uses).where(_uses.c.id == use_id).values(email_key=key))


def _orders_of_strangers() -> list[int]:
    """Orders in the account of another mailbox, whose e-mail was the same to us before."""
    theirs = sa.select(_orders.c.id, _orders.c.email, _users.c.email.label("of_user"))
    theirs = theirs.join_from(_orders, _users, _users.c.id == _orders.c.user_id)
    others = theirs.where(_orders.c.email_key != _users.c.email_key, _orders.c.email != "").order_by(_orders.c.id)
    return [
        order.id
        for order in op.get_bind().execute(others)
        if _before(order.email) == _before(order.of_user) and _today(order.email) != _today(order.of_user)
    ]


def _tell(clashes: list[tuple[int, int]], strangers: list[int]) -> None:
    say = context.config.print_stdout
    for user_id, kept_by in clashes:
        say("User %d has the same mailbox as user %d, who keeps it to sign in with.", user_id, kept_by)
    for order_id in strangers:
        say("The order with the id %d is in the account of somebody with another mailbox.", order_id)
    say("See `flask shop email-clashes`; a mail goes to the owner too.")
    now = dt.datetime.now(dt.UTC)
    told = {
        "kind": "tell_of_email_clashes", "args": {}, "unique_key": "email-clashes", "tries": 0, "last_error": "",
        "again": False, "run_at": now, "created_at": now,
    }  # fmt: skip
    op.get_bind().execute(sa.insert(_jobs).values(**told))
