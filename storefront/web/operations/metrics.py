"""What can be counted, from the database: the same from every process."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.abuse import circuit_breaker
from storefront.core.database import current_session
from storefront.core.jobs.models import Job
from storefront.core.mail.models import OutboundMail
from storefront.orders.models import Order
from storefront.payments.ledger.models import PaymentAttempt, Refund
from storefront.web.operations.csp_reports import blocked_hosts
from storefront.web.operations.readiness import longest_wait
from storefront.webhooks import monitor
from storefront.webhooks.models import EventState, StripeEvent, Unmatched


@dataclass(frozen=True)
class Metric:
    """One number, perhaps one for each state."""

    name: str
    means: str
    values: tuple[tuple[str, float], ...]


def metrics() -> list[Metric]:
    """How the shop stands right now."""
    return [
        _by_state("storefront_orders", "Orders by status.", Order.status),
        _by_state("storefront_payment_attempts", "Tries to pay by state.", PaymentAttempt.state),
        _by_state("storefront_refunds", "Refunds by state.", Refund.state),
        _by_state("storefront_mail", "Mails by state.", OutboundMail.state),
        _count("storefront_jobs_unfinished", "Jobs that wait or run.", Job.finished_at.is_(None)),
        _count("storefront_jobs_given_up", "Jobs that failed for good.", Job.gave_up_at.is_not(None)),
        _count(
            "storefront_webhooks_failed", "Webhooks that could not be applied.", StripeEvent.state == EventState.failed
        ),
        _count("storefront_unmatched", "Money that fits no order.", Unmatched.settled_at.is_(None)),
        _one(
            "storefront_webhooks_silent",
            "1 while money moves and no webhook tells of it.",
            float(monitor.silent_since() is not None),
        ),
        _one("storefront_new_cards_rest", "1 while new cards are refused.", float(circuit_breaker.is_open())),
        Metric(
            "storefront_blocked_hosts",
            "Reports of hosts that the Content-Security-Policy blocked, by directive and host.",
            tuple((f"{one.directive} {one.host}", float(one.reports)) for one in blocked_hosts()),
        ),
        _one(
            "storefront_clock_skew_seconds",
            "How far this machine's clock is ahead of Stripe's, as this process last heard.",
            monitor.clock_skew(),
        ),
        _one("storefront_oldest_job_seconds", "How long the oldest due job waits.", longest_wait().total_seconds()),
    ]


def to_prometheus(measures: Iterable[Metric]) -> str:
    """The text that Prometheus reads."""
    lines = []
    for measure in measures:
        lines += [f"# HELP {measure.name} {measure.means}", f"# TYPE {measure.name} gauge"]
        lines += [
            f'{measure.name}{{state="{state}"}} {value:g}' if state else f"{measure.name} {value:g}"
            for state, value in measure.values
        ]
    return "\n".join(lines) + "\n"


def _by_state(name: str, means: str, state: InstrumentedAttribute[str]) -> Metric:
    counted = current_session().execute(select(state, func.count()).group_by(state).order_by(state))
    return Metric(name, means, tuple((str(which), float(many)) for which, many in counted))


def _count(name: str, means: str, condition: ColumnElement[bool]) -> Metric:
    return _one(name, means, float(current_session().scalar(select(func.count()).where(condition)) or 0))


def _one(name: str, means: str, value: float) -> Metric:
    return Metric(name, means, (("", value),))
