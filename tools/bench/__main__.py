"""`python -m tools.bench`, which `bin/bench` runs."""

import sys
from collections.abc import Sequence

import click

from tools.bench.finding import finding
from tools.bench.load import Measured, press
from tools.bench.pages import Subject, subjects
from tools.bench.stage import Stage, staged

CONNECTIONS = 8
HEADS = (
    "",
    "of bare",
    "CPU ms",
    "of bare",
    "requests/s",
    "alone ms",
    "median ms",
    "p99 ms",
    "SQL",
    "HTML kB",
    "first visit kB",
    "wrong",
)
NOTES = """\
CPU ms: what the server's workers computed for one request; "of bare" is the bare program's share of that, and suffers
less than times do when the machine is busy. requests/s (and its share), median and p99: eight connections;
alone: one. Every server is gunicorn with 2 workers of 4 threads. SQL: statements beside BEGIN; each browsing page also
reads the catalogue's version, past SQLAlchemy. first visit: the page and every file of the shop it names, packed as
Chromium can read it. wrong: answers from 400 on.\
"""


@click.command()
@click.option("--db", "engine", type=click.Choice(["sqlite", "postgres"]), default="sqlite", show_default=True)
@click.option("--quick", is_flag=True, help="A fifth of the time; good for seeing that it runs.")
@click.option("--only", default="", help="Only lines that hold this word, and their baselines.")
def bench(engine: str, only: str, *, quick: bool) -> None:
    """Measure the shop beside bare programs. Takes about two minutes; nothing of it stays."""
    rounds, seconds = (1, 0.6) if quick else (5, 1.2)
    click.echo(f"Building a shop on {engine} …", err=True)
    with staged(engine) as stage:
        chosen = _chosen(subjects(stage), only)
        results = {one.name: (Measured(), Measured()) for one in chosen}
        for number in range(rounds):
            click.echo(f"Round {number + 1} of {rounds} …", err=True)
            for one in chosen:
                alone, together = results[one.name]
                press(one.port, one.requests, alone, connections=1, seconds=seconds * one.share / 6)
                before = stage.computed(one.port)
                press(one.port, one.requests, together, connections=CONNECTIONS, seconds=seconds * one.share)
                together.computed += stage.computed(one.port) - before
        _show([_line(one, results) for one in chosen], stage)


def _chosen(found: list[Subject], only: str) -> list[Subject]:
    wanted = [one for one in found if only in one.name]
    needed = {one.beside for one in wanted} | {one.name for one in wanted}
    return [one for one in found if one.name in needed]


def _line(one: Subject, results: dict[str, tuple[Measured, Measured]]) -> Sequence[str]:
    alone, together = results[one.name]
    bare = results[one.beside or one.name][1]
    return (
        one.name,
        f"{100 * bare.cost / together.cost:.0f} %",
        f"{together.cost:.2f}",
        f"{100 * together.per_second / bare.per_second:.0f} %",
        f"{together.per_second:.0f}",
        f"{alone.median:.1f}",
        f"{together.median:.1f}",
        f"{together.p99:.0f}",
        _number(one.sql),
        _kilobytes(one.html),
        _kilobytes(one.first_visit),
        " ".join(f"{count}×{status}" for status, count in together.wrong.items()) or "-",
    )


def _number(number: int | None) -> str:
    return "-" if number is None else str(number)


def _kilobytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 1000:.1f}"


def _show(lines: list[Sequence[str]], stage: Stage) -> None:
    widths = [max(len(line[column]) for line in (HEADS, *lines)) for column in range(len(HEADS))]
    for line in (HEADS, ["-" * width for width in widths], *lines):
        first, *others = (
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        click.echo("  ".join([first, *others]).rstrip())
    click.echo()
    click.echo(NOTES)
    for name, port in {"the shop": stage.shop, "the bare programs": stage.bare}.items():
        click.echo(f"A worker of {name} holds {' or '.join(f'{size:.0f}' for size in stage.memory(port))} MB (PSS).")


if __name__ == "__main__":
    # A shop with very many products is another stage.
    if sys.argv[1:2] == ["finding"]:
        finding(sys.argv[2:], prog_name="bin/bench finding")
    else:
        bench(prog_name="bin/bench")
