"""What must be true once it is quiet, whatever happened before: each rule says what is wrong, or nothing."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from storefront.core.mail.models import MailState
from storefront.orders.models import OrderStatus
from storefront.payments.ledger.models import FAILED_REFUNDS, IntentState, Payment, Refund, RefundState
from tools.faults.books import Books
from tools.faults.seen import Answer, Seen, says_nothing_charged

PAID: Final = (OrderStatus.paid, OrderStatus.partially_refunded, OrderStatus.refunded)
OVER_AT_STRIPE: Final = {"succeeded", "canceled"}
GONE: Final = {"failed", "canceled"}
# Between a mail server's taking a letter and the row that says so.
NOTING: Final = 3.0
# Between a letter's being written and its arrival.
WRITING: Final = 1.0


@dataclass(frozen=True)
class Outcome:
    """All that is judged."""

    books: Books
    seen: Seen
    still_open: list[str]
    worker_deaths: list[float]


def violations(outcome: Outcome) -> list[str]:
    """Everything that is not as it must be; empty when all is well."""
    return [wrong for rule in RULES for wrong in rule(outcome)]


def one_charge_an_order(outcome: Outcome) -> Iterator[str]:
    """No order is charged twice, nor has two intents."""
    for payment in outcome.books.payments:
        order = payment.order.public_id
        if len(outcome.books.charged(order)) > 1:
            yield f"order {order} was charged {len(outcome.books.charged(order))} times"
        usable = [one["id"] for one in outcome.books.intents_of(order)]
        if len(usable) > 1:
            yield f"order {order} has intents {usable}"


def paid_is_charged(outcome: Outcome) -> Iterator[str]:
    """Paid orders are succeeded intents, at the order's own amount; what came too late went back."""
    for payment in outcome.books.payments:
        order, charged = payment.order, outcome.books.charged(payment.order.public_id)
        if bool(charged) != (payment.intent_state is IntentState.succeeded):
            yield f"order {order.public_id} is {order.status}, its intent {payment.intent_state}, charges {len(charged)}"
        if order.status in PAID and not charged:
            yield f"order {order.public_id} is {order.status} without a charge"
        for charge in charged:
            if (charge["amount_captured"], charge["currency"]) != (order.total, order.currency):
                yield f"order {order.public_id} over {order.total} was charged {charge['amount_captured']}"
        if charged and order.status not in PAID:
            yield from _went_back(outcome.books, payment)


def _went_back(books: Books, payment: Payment) -> Iterator[str]:
    order = payment.order.public_id
    if payment.order.status is not OrderStatus.canceled:
        yield f"order {order} was charged, and is {payment.order.status}"
    tried = sum(one["amount"] for one in books.given_back(order))
    back = sum(one["amount"] for one in books.given_back(order) if one["status"] not in GONE)
    told = any(refund.state in FAILED_REFUNDS for refund in payment.refunds)
    if tried < payment.amount_captured or (back < payment.amount_captured and not told):
        yield f"order {order} is canceled, was charged {payment.amount_captured}, and only {back} went back"


def given_up_is_over(outcome: Outcome) -> Iterator[str]:
    """What its customer gave up while nobody knew whether it was paid is never kept, whatever came out."""
    for payment in outcome.books.payments:
        if payment.order.cancel_wanted_at is not None and payment.order.status is not OrderStatus.canceled:
            yield f"order {payment.order.public_id} was given up, and is {payment.order.status}"


def every_charge_has_its_order(outcome: Outcome) -> Iterator[str]:
    """Nothing at Stripe bears an order that is not here."""
    ours = {payment.order.public_id for payment in outcome.books.payments}
    for intent in outcome.books.intents.values():
        order = intent["metadata"].get("order_id")
        if order not in ours:
            yield f"intent {intent['id']} ({intent['status']}) bears order {order}, which is not here"


def refunds_fit(outcome: Outcome) -> Iterator[str]:
    """Never more than was paid, and the shop's rows are Stripe's."""
    for payment in outcome.books.payments:
        order, theirs = (
            payment.order.public_id,
            {one["id"]: one for one in outcome.books.given_back(payment.order.public_id)},
        )
        back = sum(one["amount"] for one in theirs.values() if one["status"] not in GONE)
        if back > payment.amount_captured:
            yield f"order {order}: {back} given back of {payment.amount_captured}"
        ours = {one.stripe_refund_id: one for one in payment.refunds if one.stripe_refund_id}
        if len(ours) != len([one for one in payment.refunds if one.stripe_refund_id]) or set(ours) != set(theirs):
            yield f"order {order}: refunds here {sorted(map(str, ours))}, at Stripe {sorted(theirs)}"
        if payment.amount_refunded != back:
            yield f"order {order}: {payment.amount_refunded} refunded here, {back} at Stripe"
        for refund in payment.refunds:
            yield from _refund_fits(refund, theirs)


def _refund_fits(refund: Refund, theirs: dict[str, dict[str, Any]]) -> Iterator[str]:
    at_stripe = theirs.get(refund.stripe_refund_id or "")
    if at_stripe and (refund.amount, refund.state) != (at_stripe["amount"], at_stripe["status"]):
        yield f"{refund.stripe_refund_id}: here {refund.amount} {refund.state}, there {at_stripe['amount']} {at_stripe['status']}"
    if refund.stripe_refund_id is None and refund.state is not RefundState.failed:
        yield f"refund {refund.public_id} is {refund.state}, and Stripe has not heard of it"


def stock_is_conserved(outcome: Outcome) -> Iterator[str]:
    """What was there is what is there and what was sold."""
    sold: Counter[int] = Counter()
    for payment in outcome.books.payments:
        for line in payment.order.lines:
            if payment.order.stock_released_at is None and line.variant_id is not None:
                sold[line.variant_id] += line.quantity
            if (payment.order.stock_released_at is None) != (payment.order.status in PAID):
                yield f"order {payment.order.public_id} is {payment.order.status}, stock given back: {payment.order.stock_released_at}"
    for good in outcome.books.shelf:
        now = outcome.books.stock.get(good.variant_id)
        if good.stock is not None and now != good.stock - sold[good.variant_id]:
            yield f"{good.handle}: {good.stock} at first, {sold[good.variant_id]} sold, {now} left"


def mails_arrive(outcome: Outcome) -> Iterator[str]:
    """Each mail is one row and one letter; a second letter only after a death between sending and noting it."""
    arrived: dict[str, list[float]] = defaultdict(list)
    for moment, message_id, _ in outcome.books.letters:
        arrived[message_id].append(moment)
    rows = {mail.message_id: mail for mail in outcome.books.mails}
    for message_id in arrived.keys() - rows.keys():
        yield f"letter {message_id} has no row"
    for message_id, mail in rows.items():
        times = arrived[message_id]
        if mail.state not in {MailState.sent, MailState.dropped}:
            yield f"mail {mail.kind} {mail.dedupe_key} is {mail.state}: {mail.error}"
        if bool(times) != (mail.state is MailState.sent):
            yield f"mail {mail.dedupe_key} is {mail.state}, letters: {len(times)}"
        for first, second in pairwise(times):
            if not any(first - 0.1 <= death <= min(second, first + NOTING) for death in outcome.worker_deaths):
                yield f"mail {mail.dedupe_key} came twice, {second - first:.3f} s apart, and nobody had died"


def customers_are_written_to(outcome: Outcome) -> Iterator[str]:
    """One receipt for each order that is paid, one note for each that is not."""
    kinds = Counter(mail.dedupe_key for mail in outcome.books.mails)
    for payment in outcome.books.payments:
        order = payment.order
        wanted = ("receipt", "order_for_owner") if order.status in PAID else ("order_canceled",)
        for kind in wanted:
            if kinds[f"{kind}:{order.public_id}"] != 1:
                yield f"order {order.public_id} is {order.status}, mails {kind}: {kinds[f'{kind}:{order.public_id}']}"


def mails_are_true(outcome: Outcome) -> Iterator[str]:
    """No letter says that nothing was charged when something was."""
    arrived = {message_id: moment for moment, message_id, _ in reversed(outcome.books.letters)}
    for mail in outcome.books.mails:
        charged = _first_charge(outcome, mail.dedupe_key.partition(":")[2][:32])
        if (
            charged is not None
            and says_nothing_charged(mail.body_text)
            and charged < arrived[mail.message_id] - WRITING
        ):
            yield f"mail {mail.dedupe_key} says that nothing was charged, {arrived[mail.message_id] - charged:.1f} s after it was"


def codes_are_counted(outcome: Outcome) -> Iterator[str]:
    """A code is used by the orders that were paid with it, as often as it may be, and free again after all others."""
    for code in outcome.books.codes:
        held = {use.order_id for use in outcome.books.uses if use.discount_id == code.id and use.released_at is None}
        used = {use.order_id for use in outcome.books.uses if use.discount_id == code.id}
        paid = {one.order_id for one in outcome.books.payments if one.order_id in used and one.order.status in PAID}
        if held != paid or code.uses != len(held) or len(held) > (code.most_uses or 0):
            yield f"code {code.code} (at most {code.most_uses}): {code.uses} uses, held by {held}, paid {paid}"


def paid_has_an_invoice(outcome: Outcome) -> Iterator[str]:
    """One for each order that was paid and kept, none for another."""
    papers = Counter(outcome.books.invoices)
    for payment in outcome.books.payments:
        if papers[payment.order_id] != (payment.order.status in PAID):
            yield f"order {payment.order.public_id} is {payment.order.status}, invoices: {papers[payment.order_id]}"


def disputes_are_known(outcome: Outcome) -> Iterator[str]:
    """Each is one flag on its own order, and stands as it stands at the bank."""
    payments = {payment.id: payment.stripe_charge_id for payment in outcome.books.payments}
    here = sorted(
        (one.stripe_dispute_id, payments.get(one.payment_id or 0), one.status) for one in outcome.books.disputes_here
    )
    there = sorted((one["id"], one["charge"], one["status"]) for one in outcome.books.disputes)
    if here != there:
        yield f"disputes here {here}, at Stripe {there}"


def wallets_are_true(outcome: Outcome) -> Iterator[str]:
    """What a customer sees of their cards is what Stripe keeps for them, and what a click pays with is one of these."""
    for wallet in outcome.books.wallets:
        if wallet.here != wallet.there:
            yield f"{wallet.customer}: cards here {sorted(wallet.here)}, at Stripe {sorted(wallet.there)}"
        if wallet.default_here not in wallet.here and (wallet.here or wallet.default_here):
            yield f"{wallet.customer}: a click pays with {wallet.default_here}, kept are {sorted(wallet.here)}"
        if wallet.default_there not in {None, wallet.default_here}:
            yield f"{wallet.customer}: a click pays with {wallet.default_here} here, with {wallet.default_there} at Stripe"


def setups_are_over(outcome: Outcome) -> Iterator[str]:
    """What a card may still come of is known here; and no card came of what is not."""
    here = {one.stripe_setup_intent_id: one.state for one in outcome.books.setups_here}
    for setup in outcome.books.setups:
        if setup["id"] in here and here[setup["id"]] != setup["status"]:
            yield f"{setup['id']} is {here[setup['id']]} here, and {setup['status']} at Stripe"
        if setup["id"] not in here and setup["status"] != "requires_payment_method":
            yield f"{setup['id']} is {setup['status']}, and not known here"


def nothing_is_open(outcome: Outcome) -> Iterator[str]:
    """Neither here nor at Stripe, and nothing was given up or fits nowhere."""
    yield from (f"still open: {one}" for one in outcome.still_open)
    yield from (f"job given up: {one}" for one in outcome.books.failed_jobs)
    yield from (f"event {one}" for one in outcome.books.failed_events)
    yield from (f"fits nowhere: {one}" for one in outcome.books.unmatched)
    for intent in outcome.books.intents.values():
        if intent["status"] not in OVER_AT_STRIPE:
            yield f"intent {intent['id']} of order {intent['metadata'].get('order_id')} is {intent['status']}"
    yield from (f"Session {one['id']} is open" for one in outcome.books.sessions if one["status"] == "open")


def shop_has_no_fault(outcome: Outcome) -> Iterator[str]:
    """No error page, no traceback: not to customers, not to Stripe."""
    for answer in outcome.seen.answers:
        if answer.status >= 500 and answer.status != 503:
            yield f"{answer.who} got {answer.status} for {answer.what}"
    if "Traceback" in outcome.books.web_log:
        yield f"the shop's log has a traceback: {outcome.books.web_log[-3000:]}"


def pages_are_true(outcome: Outcome) -> Iterator[str]:
    """Paid was never said before it was, and "nothing was charged" never when something was."""
    tokens = {payment.order.checkout_token: payment.order.public_id for payment in outcome.books.payments}
    for answer in outcome.seen.answers:
        order = answer.order or tokens.get(answer.token)
        if answer.says_press_charged_nothing and knew(
            answer, _first_charge(outcome, tokens.get(answer.token)), outcome.seen
        ):
            yield f"{answer.who} was told that a press charged nothing, but it did: {answer.what}"
        moment = _first_charge(outcome, order)
        if answer.state == "paid" and (moment is None or moment > answer.came):
            yield f"{answer.who} was told that order {order} is paid, which it was not: {answer.what}"
        if answer.says_nothing_charged and knew(answer, moment, outcome.seen):
            yield f"{answer.who} was told that nothing was charged for order {order}, but it was: {answer.what}"


def _first_charge(outcome: Outcome, order: str | None) -> float | None:
    charged = outcome.books.charged(order) if order else []
    return min((charge["moment"] for charge in charged), default=None)


def knew(answer: Answer, moment: float | None, seen: Seen) -> bool:
    """Whether the charge came before this was asked, or by this very request: nobody else can have made it meanwhile."""
    if moment is None:
        return False
    if moment < answer.asked:
        return True
    others = [
        one
        for one in seen.moments
        if one.answer is not answer and one.began <= answer.came and one.ended >= answer.asked
    ]
    return answer.pays and moment < answer.came and not others


RULES: Final[tuple[Callable[[Outcome], Iterator[str]], ...]] = (
    one_charge_an_order,
    paid_is_charged,
    given_up_is_over,
    every_charge_has_its_order,
    refunds_fit,
    stock_is_conserved,
    mails_arrive,
    customers_are_written_to,
    mails_are_true,
    codes_are_counted,
    paid_has_an_invoice,
    disputes_are_known,
    wallets_are_true,
    setups_are_over,
    nothing_is_open,
    shop_has_no_fault,
    pages_are_true,
)
