"""`flask payments` and `flask events`."""

import datetime as dt
import secrets
from collections import Counter

import click

from storefront.abuse import circuit_breaker
from storefront.cli.printing import ROW_ID, OwnersCommands, in_plain_words, minor_units, order_called, show_table
from storefront.core.installation import is_staging_copy
from storefront.core.money import Money
from storefront.orders.labels import label
from storefront.payments import refunds
from storefront.payments.ledger import effects
from storefront.payments.ledger.models import FAILED_REFUNDS, RefundState
from storefront.payments.ledger.restock import Restock
from storefront.payments.refunds import RepeatedRefundError
from storefront.reconcile import command as reconciling
from storefront.reconcile.command import Reconciled
from storefront.reconcile.unmatched import resolve_unmatched
from storefront.webhooks import inbox

REQUESTED_BY = "the command line"
REASONS = ("requested_by_customer", "duplicate", "fraudulent")

payments = OwnersCommands("payments", short_help="Ask Stripe about what is open; pay back; show what fits nowhere.")
events = OwnersCommands("events", short_help="Apply a stored webhook again.")


@payments.command("reconcile")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Look at payments from this day on (UTC).")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def reconcile(since: dt.datetime | None, *, dry_run: bool) -> None:
    """Ask Stripe about all that is open, and compare its lists with what we know.

    Without --since the lists are compared from where the worker's own sweep has come to.
    """
    from_day = since.replace(tzinfo=dt.UTC) if since else None
    if is_staging_copy():
        click.echo("This is a copy of the shop: nothing is changed, here or at Stripe.")
        dry_run = True
    with in_plain_words():
        found = reconciling.reconcile(since=from_day, dry_run=dry_run, progress=click.echo)
    click.echo()
    _show_summary(found, dry_run=dry_run)
    if not found.answered:
        raise click.ClickException("Stripe does not answer. Nothing is lost: the worker goes on asking.")


def _show_summary(found: Reconciled, *, dry_run: bool) -> None:
    to_be = "to be " if dry_run else ""
    rows = [
        (f"{to_be}asked about", found.asked),
        ("still open", found.open),
        (f"{to_be}recorded from Stripe's lists", found.recorded),
        (f"{to_be}given back, because it cannot be kept", found.refunded),
        (f"events {to_be}fetched that never arrived", found.events),
        ("fits nowhere (flask payments unmatched)", found.unmatched),
    ]
    if not dry_run:
        rows.insert(1, ("changed by asking", found.changed))
    show_table(("what", "how many"), [(what, str(many)) for what, many in rows], empty="")


@payments.command("refund")
@click.argument("order")
@click.option("--amount", help="In the order's currency, such as 12.50; without it, everything that is left.")
@click.option("--reason", type=click.Choice(REASONS), default=REASONS[0], show_default=True)
@click.option("--restock", is_flag=True, help="The goods come back: all of them, or what --line names.")
@click.option(
    "--line", "lines", multiple=True, metavar="SKU:QTY", help="With --restock: so many of this; may be repeated."
)
@click.option("--again", is_flag=True, help="One more of the same amount as a moment ago.")
def refund(  # noqa: PLR0913  what may be said
    order: str, amount: str | None, reason: str, lines: tuple[str, ...], *, restock: bool, again: bool
) -> None:
    """Pay ORDER (K-1043 or 1043) back, all or a part of it; with --restock its goods are on the shelf again."""
    if lines and not restock:
        raise click.ClickException("--line says what comes back: use it with --restock.")
    goods = Restock(_quantities(lines)) if restock else None
    found = order_called(order)
    order_id, called, currency = found.id, label(found.number), found.currency
    with in_plain_words():
        minor = minor_units(amount, currency) if amount else None
        try:
            view = refunds.refund_order(
                order_id,
                amount=minor,
                reason=reason,
                requested_by=REQUESTED_BY,
                request_token=secrets.token_hex(16),
                restock=goods,
                may_repeat=again,
            )
        except RepeatedRefundError as repeated:
            words = f"{called}: {repeated.words} If as much is to go back once more, add --again."
            raise click.ClickException(words) from repeated
    if view.state in FAILED_REFUNDS:
        raise click.ClickException(
            f"{view.amount} of {called} could not be given back: {view.failure_reason or view.state}."
        )
    click.echo(f"{view.amount} of {called}: {view.state.replace('_', ' ')}")
    if view.state in {RefundState.sending, RefundState.unknown}:
        click.echo(
            "Stripe has not answered yet. The worker goes on asking, and gives it back once: do not run this again."
        )


def _quantities(lines: tuple[str, ...]) -> Counter[str]:
    wanted: Counter[str] = Counter()
    for line in lines:
        sku, _, many = line.rpartition(":")
        if not sku or not many.isdecimal():
            raise click.ClickException(f"{line!r} does not say what comes back. For example: --line TEA-1:2")
        wanted[sku] += int(many)
    return wanted


@payments.command("unmatched")
@click.option("--settle", type=ROW_ID, metavar="ID", help="Take entry ID off the list: it has been dealt with.")
@click.option("--note", default="", help="With --settle: what was done about it.")
def unmatched(settle: int | None, note: str) -> None:
    """Show what fits nowhere: money without an order, an order without its money."""
    if note and settle is None:
        raise click.ClickException("--note says what was done about an entry: name it with --settle.")
    if settle is not None:
        with in_plain_words():
            settled = resolve_unmatched(settle, note)
        click.echo(f"{settled} is off the list.")
        return
    rows = [
        (
            str(one.id),
            f"{one.seen_at:%Y-%m-%d %H:%M}",
            one.object_id,
            str(Money(one.amount, one.currency)) if one.amount is not None else "",
            one.why,
        )
        for one in effects.unmatched()
    ]
    show_table(
        ("id", "seen (UTC)", "at Stripe", "amount", "why"), rows, empty="Everything we know of at Stripe fits an order."
    )


@events.command("replay")
@click.argument("event_id")
def replay(event_id: str) -> None:
    """Apply the stored webhook EVENT_ID (evt_…) once more."""
    with in_plain_words():
        became = inbox.replay(event_id)
    click.echo(f"{event_id}: {became}")


@payments.command("breaker")
@click.option("--close", is_flag=True, help="Take new cards again, now.")
def show_breaker(*, close: bool) -> None:
    """Show whether new cards rest because somebody tries stolen ones, and what happened in the last ten minutes."""
    if close:
        click.echo("New cards are taken again." if circuit_breaker.close() else "New cards were not resting.")
    stands = circuit_breaker.breaker_state()
    if stands.until is not None:
        click.echo(f"New cards rest until {stands.until:%H:%M} UTC. {stands.why}")
    elif not close:
        click.echo("New cards are taken.")
    lately = stands.lately
    minutes = int(circuit_breaker.WINDOW.total_seconds() // 60)
    click.echo(
        f"In the last {minutes} minutes: {lately.tried} new cards tried, {lately.declined} declined, "
        f"{lately.setups} to be saved without buying."
    )
