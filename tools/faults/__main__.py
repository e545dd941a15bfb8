"""`bin/faults`: play schedules, show how it goes, and end with a table."""

import secrets
import sys

import click

from tools.faults.machine import Run, Tally, cores, run
from tools.faults.sabotage import SABOTAGE
from tools.faults.schedule import Played
from tools.faults.stack import ENGINES


@click.command()
@click.option("--schedules", default=100, show_default=True, help="How many.")
@click.option("--seed", type=int, help="The first one's seed; the others follow it. Without it: a fresh one.")
@click.option("--db", "engine", type=click.Choice(ENGINES), default="sqlite", show_default=True)
@click.option("--stacks", default=cores(), show_default=True, help="How many shops side by side.")
@click.option("--minutes", type=float, default=float("inf"), help="Begin none after so long.")
@click.option("--story", is_flag=True, help="Tell the story of every schedule, not only of those that ended badly.")
@click.option(
    "--sabotage",
    type=click.Choice(["", *sorted(SABOTAGE)]),
    default="",
    help="Break a rule of the shop, to see it noticed.",
)
def main(  # noqa: PLR0913  one parameter for each option
    schedules: int, seed: int | None, engine: str, stacks: int, minutes: float, *, story: bool, sabotage: str
) -> None:
    """Buy under faults, and compare the shop's books with Stripe's."""
    first = secrets.randbelow(10**9) if seed is None else seed
    again = f"bin/faults --db {engine}" + (f" --sabotage {sabotage}" if sabotage else "")

    def progress(tally: Tally, played: Played) -> None:
        if played.violations or story:
            _tell(played, again)
        line = f"{tally.schedules}/{schedules} schedules, {tally.orders} orders, {tally.a_minute:.0f} a minute"
        if sys.stdout.isatty():
            click.echo(f"\r{line}, {len(tally.failed)} ended badly ", nl=False)
        elif tally.schedules % 25 == 0:
            click.echo(f"{line}, {len(tally.failed)} ended badly")

    seeds = tuple(range(first, first + schedules))
    tally = run(Run(engine, seeds, min(stacks, schedules), sabotage, stop_after=60 * minutes), progress)
    click.echo()
    _show_table(tally, engine, first)
    sys.exit(1 if tally.failed else 0)


def _tell(played: Played, again: str) -> None:
    click.echo(f"\n=== seed {played.seed} · play it again: {again} --schedules 1 --seed {played.seed} --story")
    click.echo(played.story)
    for violation in played.violations:
        click.echo(f"VIOLATION: {violation}")


def _show_table(tally: Tally, engine: str, first: int) -> None:
    rows = [
        ("database", engine),
        ("schedules", tally.schedules),
        ("seeds", f"{first} to {first + tally.schedules - 1}"),
        ("orders", tally.orders),
        ("pages and answers", tally.answers),
        *sorted(tally.counted.items()),
        ("schedules with violations", len(tally.failed)),
        ("violations", len(tally.violations)),
        ("time", f"{tally.seconds:.0f} s, {tally.a_minute:.0f} schedules a minute"),
    ]
    for name, value in rows:
        click.echo(f"{name:<28} {value}")
    if tally.failed:
        click.echo(f"seeds that ended badly: {' '.join(str(one.seed) for one in tally.failed)}")


if __name__ == "__main__":
    main()
