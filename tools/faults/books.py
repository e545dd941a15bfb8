"""Both sides of a schedule: what the shop's rows say, and what Stripe's ledger says."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.cards.models import CardSetup, SavedCard, StripeCustomer
from storefront.catalog.models import Variant
from storefront.core.clock import now
from storefront.core.jobs.models import Job
from storefront.core.mail.models import OutboundMail
from storefront.discounts.models import Discount, DiscountUse
from storefront.invoices.models import Invoice, InvoiceKind
from storefront.orders.models import Order
from storefront.payments.ledger.models import Dispute, Payment
from storefront.webhooks.models import EventState, StripeEvent, Unmatched
from tools.faults.crowd import Stocked
from tools.faults.stack import Stack


@dataclass(frozen=True)
class Marks:
    """Where everything stood before the schedule."""

    order: int
    mail: int
    job: int
    event: int
    unmatched: int
    discount: int
    dispute: int
    setup: int
    letters: int
    ledger: int
    web_log: int


@dataclass(frozen=True)
class Wallet:
    """One customer's cards, by Stripe's names for them: kept here, and attached there; and which one pays a click."""

    customer: str
    here: set[str]
    default_here: str | None
    there: set[str]
    default_there: str | None


@dataclass(frozen=True)
class Books:
    """What there is after it."""

    payments: list[Payment]
    mails: list[OutboundMail]
    letters: list[tuple[float, str, str]]
    failed_jobs: list[str]
    failed_events: list[str]
    unmatched: list[str]
    stock: dict[int, int | None]
    shelf: list[Stocked]
    intents: dict[str, dict[str, Any]]
    charges: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    web_log: str
    codes: list[Discount]
    uses: list[DiscountUse]
    invoices: list[int]
    disputes_here: list[Dispute]
    disputes: list[dict[str, Any]]
    wallets: list[Wallet]
    setups_here: list[CardSetup]
    setups: list[dict[str, Any]]

    def intents_of(self, order: str) -> list[dict[str, Any]]:
        """The intents that bear this order at Stripe."""
        return [one for one in self.intents.values() if one["metadata"].get("order_id") == order]

    def charged(self, order: str) -> list[dict[str, Any]]:
        """What Stripe took for it."""
        ours = {one["id"] for one in self.intents_of(order)}
        return [one for one in self.charges if one["payment_intent"] in ours and one["paid"]]

    def given_back(self, order: str) -> list[dict[str, Any]]:
        """Its refunds at Stripe, failed ones too."""
        ours = {one["id"] for one in self.intents_of(order)}
        return [one for one in self.refunds if one["payment_intent"] in ours]


def beginning() -> dt.datetime:
    """From where on things are compared with Stripe's."""
    return now() - dt.timedelta(minutes=1)


def marks(stack: Stack) -> Marks:
    """Remember where everything stands."""
    with stack.inside() as session:
        tables = (Order, OutboundMail, Job, StripeEvent, Unmatched, Discount, Dispute, CardSetup)
        order, mail, job, event, unmatched, discount, dispute, setup = (
            session.scalar(select(table.id).order_by(table.id.desc()).limit(1)) or 0 for table in tables
        )
    log = stack.wsgi_log.stat().st_size if stack.wsgi_log.exists() else 0
    place = stack.sandbox.control("GET", "/ledger?after=999999999")["last"]
    return Marks(order, mail, job, event, unmatched, discount, dispute, setup, len(stack.letters), place, log)


def books(stack: Stack, since: Marks, shelf: list[Stocked]) -> Books:
    """Read all that came since."""
    ledger = stack.sandbox.control("GET", f"/ledger?after={since.ledger}")
    with stack.inside() as session:
        parts = (selectinload(Payment.attempts), selectinload(Payment.refunds))
        whole = select(Payment).join(Payment.order).where(Order.id > since.order).order_by(Order.id)
        payments = list(session.scalars(whole.options(selectinload(Payment.order).selectinload(Order.lines), *parts)))
        mails = list(session.scalars(select(OutboundMail).where(OutboundMail.id > since.mail)))
        jobs = select(Job.kind, Job.args, Job.last_error).where(Job.id > since.job, Job.gave_up_at.is_not(None))
        failed = (StripeEvent.id > since.event, StripeEvent.state.in_([EventState.failed, EventState.unmatched]))
        events = select(StripeEvent.type, StripeEvent.error).where(*failed)
        stock = select(Variant.id, Variant.stock).where(Variant.id.in_([one.variant_id for one in shelf]))
        codes = list(session.scalars(select(Discount).where(Discount.id > since.discount)))
        uses = list(session.scalars(select(DiscountUse).where(DiscountUse.discount_id > since.discount)))
        papers = select(Invoice.order_id).where(Invoice.order_id > since.order, Invoice.kind == InvoiceKind.invoice)
        read = Books(
            codes=codes,
            uses=uses,
            invoices=list(session.scalars(papers)),
            disputes_here=list(session.scalars(select(Dispute).where(Dispute.id > since.dispute))),
            disputes=ledger["disputes"],
            wallets=[_wallet(session, customer) for customer in ledger["customers"] if not customer.get("deleted")],
            setups_here=list(session.scalars(select(CardSetup).where(CardSetup.id > since.setup))),
            setups=ledger["setup_intents"],
            payments=payments,
            mails=mails,
            letters=stack.letters[since.letters :],
            failed_jobs=[f"{kind} {args}: {error}" for kind, args, error in session.execute(jobs)],
            failed_events=[f"{kind}: {error}" for kind, error in session.execute(events)],
            unmatched=list(session.scalars(select(Unmatched.why).where(Unmatched.id > since.unmatched))),
            stock=dict(session.execute(stock).all()),
            shelf=shelf,
            intents={one["id"]: one for one in ledger["payment_intents"]},
            charges=ledger["charges"],
            refunds=ledger["refunds"],
            sessions=ledger["checkout_sessions"],
            web_log=_said(stack, since.web_log),
        )
        session.expunge_all()
    return read


def _wallet(session: Any, customer: dict[str, Any]) -> Wallet:
    ours = StripeCustomer.stripe_id == customer["id"]
    cards = select(SavedCard.id, SavedCard.stripe_payment_method_id).join(
        StripeCustomer, StripeCustomer.user_id == SavedCard.user_id
    )
    kept = dict(session.execute(cards.where(ours, SavedCard.removed_at.is_(None))).all())
    default = session.scalar(select(StripeCustomer.default_card_id).where(ours))
    return Wallet(
        customer["id"], set(kept.values()), kept.get(default, str(default)) if default else None,
        {card["id"] for card in customer["cards"]}, customer["invoice_settings"]["default_payment_method"],
    )  # fmt: skip


def _said(stack: Stack, since: int) -> str:
    with stack.wsgi_log.open("rb") as log:
        log.seek(since)
        return log.read().decode(errors="replace")
