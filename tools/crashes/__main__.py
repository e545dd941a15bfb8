"""`bin/crashes`: walk the paths, show how it goes, and end with a table."""

import random
import re
import sys
import time
from collections.abc import Iterator

import click

from tools.crashes.paths import PATHS
from tools.crashes.walk import Walked, Wanted, walk
from tools.faults import sabotage as faults_sabotage
from tools.faults.sabotage import SABOTAGE
from tools.faults.stack import ENGINES, running

COLUMNS = "{:<14} {:>6} {:>7} {:>8} {:>8} {:>7} {:>7} {:>6} {:>8}"


@click.command()
@click.option("--db", "engine", type=click.Choice(ENGINES), default="sqlite", show_default=True)
@click.option("--path", "names", multiple=True, type=click.Choice(list(PATHS)), help="This one only; may be repeated.")
@click.option("--point", type=int, default=0, help="This step only.")
@click.option("--every", type=int, default=1, show_default=True, help="Each so-manieth step.")
@click.option("--from", "first", type=int, default=1, help="The first step.")
@click.option("--seconds", type=float, default=0, help="Any paths in any order, and none begun after so long.")
@click.option("--steps", is_flag=True, help="Name the steps.")
@click.option("--sabotage", type=click.Choice(["", *sorted(SABOTAGE)]), default="", help="Break a rule of the shop.")
def main(  # noqa: PLR0913, PLR0917  one parameter for each option
    engine: str,
    names: tuple[str, ...],
    point: int,
    every: int,
    first: int,
    seconds: float,
    *,
    steps: bool,
    sabotage: str,
) -> None:
    """Kill the shop at each step of paying, and compare its books with Stripe's."""
    wanted, done = Wanted(nth=every, first=first, only=point), []
    again = f"bin/crashes --db {engine}" + (f" --sabotage {sabotage}" if sabotage else "")
    with running(engine, sabotage=sabotage) as stack:
        faults_sabotage.commit(sabotage)
        stack.kill_worker()  # its work is done by those who are killed, and by us
        for name in _in_time(names or tuple(PATHS), seconds):
            walked = walk(stack, PATHS[name], wanted, _show_progress)
            done.append(walked)
            for wrong in walked.wrong:
                click.echo(f"VIOLATION: {wrong}\n  again: {again} --path {name}{_point(wrong)}")
            if steps:
                click.echo("\n".join(f"{number:>4} {step}" for number, step in enumerate(walked.names, start=1)))
    _show_table(done, engine)
    sys.exit(1 if any(one.wrong for one in done) else 0)


def _in_time(names: tuple[str, ...], seconds: float) -> Iterator[str]:
    if not seconds:
        yield from names
        return
    until = time.monotonic() + seconds
    for name in random.sample(names, len(names)):
        if time.monotonic() < until:
            yield name


def _point(wrong: str) -> str:
    found = re.search(r"point (\d+)", wrong)
    return f" --point {found[1]}" if found else ""


def _show_progress(walked: Walked) -> None:
    click.echo(f"{walked.path}: killed at {walked.killed} of twice {walked.steps} steps, {walked.seconds:.0f} s")


def _show_table(done: list[Walked], engine: str) -> None:
    click.echo(f"\n{engine}")
    click.echo(COLUMNS.format("path", "steps", "killed", "survived", "doubled", "unpaid", "lost", "wrong", "seconds"))
    rows = [
        (
            one.path, one.steps, one.killed, len(one.survived), one.double_charges, one.unpaid, one.lost_events,
            len(one.wrong), round(one.seconds),
        )
        for one in done
    ]  # fmt: skip
    for row in [*rows, ("all", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True)))]:
        click.echo(COLUMNS.format(*row))


if __name__ == "__main__":
    main()
