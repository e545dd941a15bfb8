"""`flask worker`: what runs beside the web server."""

import signal
import threading

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from storefront.core.jobs.worker import work_forever


@click.command("worker")
@click.option("--threads", default=2, show_default=True, help="How many jobs at a time: one may wait for Stripe.")
@with_appcontext
def worker(threads: int) -> None:
    """Do the shop's work in the background until told to stop (Ctrl-C, SIGTERM)."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  for the threads
    crew = [threading.Thread(target=_work, args=(app, stop), name=f"worker-{number}") for number in range(threads)]
    for one in crew:
        one.start()
    click.echo(f"Working, {threads} jobs at a time.", err=True)
    for one in crew:
        _wait_for(one)
    click.echo("Stopped; nothing is left half done.", err=True)


def _work(app: Flask, stop: threading.Event) -> None:
    with app.app_context():
        try:
            work_forever(stop)
        finally:
            # A thread that ends for an unforeseen reason takes the others along: whoever started us starts us anew.
            stop.set()


def _wait_for(thread: threading.Thread) -> None:
    # A join without a limit would keep Python from answering signals on some systems.
    while thread.is_alive():
        thread.join(0.5)
