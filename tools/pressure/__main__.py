"""`bin/pressure`: each trial on a shop of its own, and what came of it."""

import secrets
import sys
from collections.abc import Callable
from functools import partial

import click

from tools.faults.stack import ENGINES, Stack, running
from tools.pressure.last_item import rush
from tools.pressure.report import Report
from tools.pressure.slow_stripe import wait_and_look
from tools.pressure.webhooks import flood

NAMES = ("last-item", "slow-stripe", "webhooks")


@click.command()
@click.option("--db", "engine", type=click.Choice(ENGINES), default="sqlite", show_default=True)
@click.option("--only", "names", multiple=True, type=click.Choice(NAMES), help="This trial only; may be repeated.")
@click.option("--rounds", default=200, show_default=True, help="How often twenty want the last one.")
@click.option("--seconds", default=30.0, show_default=True, help="How long Stripe takes for an answer.")
@click.option("--webhooks", default=10_000, show_default=True, help="How many are delivered.")
@click.option("--seed", type=int, default=None, help="Of the webhooks' order. Without it: a fresh one.")
def main(engine: str, names: tuple[str, ...], rounds: int, seconds: float, webhooks: int, seed: int | None) -> None:  # noqa: PLR0913, PLR0917  one parameter for each option
    """Put the shop under pressure, and compare its books with Stripe's."""
    seed = secrets.randbelow(10**9) if seed is None else seed
    trials: dict[str, Callable[[Stack], Report]] = {
        "last-item": partial(rush, rounds=rounds),
        "slow-stripe": partial(wait_and_look, seconds=seconds),
        "webhooks": partial(flood, webhooks=webhooks, seed=seed),
    }
    wrong = 0
    for name in names or NAMES:
        with running(engine) as stack:
            report = trials[name](stack)
        click.echo(f"\n{name}, {engine}" + (f", seed {seed}" if name == "webhooks" else ""))
        for what, figure in report.figures.items():
            click.echo(f"  {what:<46} {figure}")
        click.echo(f"  {'wrong':<46} {len(report.wrong)}")
        for one in report.wrong:
            click.echo(f"  VIOLATION: {one}")
        wrong += len(report.wrong)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(prog_name="bin/pressure")
