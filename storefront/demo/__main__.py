"""`python -m storefront.demo`, which `bin/demo` runs."""

import time
from pathlib import Path

import click

from storefront.demo import welcome
from storefront.demo.folder import DemoFolder, TakenError
from storefront.demo.plan import Plan, plan_for
from storefront.demo.ports import PortTakenError, reachable
from storefront.demo.processes import Crew, Member
from storefront.demo.sandbox_api import SandboxApi

LONGEST_START = 60


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where the shop is; any free port when not given.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=".demo", show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets other machines in.")
@click.option("--base-url", envvar="DEMO_BASE_URL", help="The shop's address as browsers see it, where that differs.")
def demo(port: int | None, data: Path, host: str, base_url: str | None) -> None:
    """Serve a stocked shop with its worker and a stand-in for Stripe. Everything stays in the folder --data."""
    began = time.monotonic()
    try:
        with DemoFolder.opened(data) as folder:
            plan = plan_for(folder, host=host, port=port, base_url=base_url)
            with Crew(folder.logs) as crew:
                _bring_up(plan, folder, crew)
                click.echo(welcome.words(plan, seconds=time.monotonic() - began))
                crew.keep_up()
            click.echo("Stopped. Everything is kept in " + str(data))
    except (TakenError, PortTakenError, TimeoutError) as error:
        raise click.ClickException(str(error)) from error


def _bring_up(plan: Plan, folder: DemoFolder, crew: Crew) -> None:
    click.echo("Setting up the shop …")
    crew.hire(Member("sandbox", plan.sandbox_command, plan.environment({})))
    _open_shop(plan, folder, crew)


def _open_shop(plan: Plan, folder: DemoFolder, crew: Crew) -> None:
    from storefront.core.database import upgrade  # noqa: PLC0415
    from storefront.demo.catalogue import stock_shop  # noqa: PLC0415  meanwhile the sandbox starts

    upgrade(plan.database_url)
    crew.wait_until(lambda: reachable(f"{plan.sandbox_url}/healthz"), LONGEST_START, "the sandbox")
    secret = SandboxApi(plan.sandbox_url).webhook_secret(plan.base_url, folder)
    environment = plan.environment({"STRIPE_WEBHOOK_SECRET": secret})
    stock_shop(environment)
    crew.hire(Member("shop", plan.shop_command, environment))
    crew.hire(Member("worker", plan.worker_command, environment))
    crew.wait_until(lambda: reachable(f"{plan.local_url}/healthz"), LONGEST_START, "the shop")


if __name__ == "__main__":
    demo(prog_name="bin/demo")
