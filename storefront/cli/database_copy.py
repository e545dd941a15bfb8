"""`flask shop move`: from SQLite to Postgres, or back."""

import click

from storefront.cli.printing import in_plain_words, show_table
from storefront.cli.shop import shop
from storefront.database_copy.copy import Moved, count_all, move


@shop.command("move")
@click.argument("database_url")
@click.option("--dry-run", is_flag=True, help="Only look whether it can be, and count.")
def move_shop(database_url: str, *, dry_run: bool) -> None:
    """Copy the whole shop into the empty database at DATABASE_URL, and compare it row by row.

    Meanwhile the shop goes on showing its pages, and whoever wants to write waits. Stop it before, if you can.
    Killed, or ended by an error, it leaves the target empty: start it again.
    """
    with in_plain_words():
        if dry_run:
            _show_counts(count_all(database_url), "rows")
            click.echo("Nothing was moved.")
            return
        click.echo("The shop shows its pages; whoever wants to write waits until this has ended.", err=True)
        moved = move(database_url, progress=_say_how_far, before_writing_goes_on=_wait_for_the_owner)
    _say_what_is_next(moved)


def _say_how_far(table: str, done: int, of: int) -> None:
    click.echo(f"\r{table}: {done} of {of}", nl=done == of, err=True)


def _wait_for_the_owner() -> None:
    click.echo(
        "All of it is there and was compared. What is written to the old database from now on is not in the new one."
    )
    # Where nobody sits, this does not wait.
    click.pause("Stop the shop and its worker if they run, then press any key.", err=True)


def _say_what_is_next(moved: Moved) -> None:
    _show_counts(moved.counts, "rows, the same on both sides")
    for here, there in moved.folders:
        click.echo(f"Copied the folder {here} to {there}.")
    click.echo(
        "Now set DATABASE_URL to the new address and start anew: the web server and `flask worker`, on every machine."
    )
    click.echo(
        "All other settings stay as they are: SECRET_KEY too, so everybody stays signed in. Keep the old database."
    )


def _show_counts(counts: dict[str, int], head: str) -> None:
    show_table(("table", head), [(table, str(rows)) for table, rows in counts.items()], empty="")
