"""The rules of money, and for each of them places where one line keeps it: what would be written there without the rule."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
RULES: Final = {
    1: "Row before call: what is sent again is the same request with the same key",
    2: "No transaction spans the network",
    3: "One order, one PaymentIntent",
    4: "One click, one order",
    5: "One funnel: what is checked, and forward only",
    6: "A decline is news; no answer means that we do not know",
    7: "A webhook is applied once, with its effect",
    8: "Stock and total are bound before money moves",
    9: "Ids belong to a mode, and a copy of a shop stands still",
    10: "Everything open is asked about",
}
_PAYMENTS: Final = "storefront/payments/"
_CHARGING: Final = "tests/journeys/test_failures_charging.py::"
_PAID: Final = "tests/journeys/test_failures_paid.py::"
_WEBHOOKS: Final = "tests/journeys/test_failures_webhooks.py::"
_STOCK: Final = "tests/journeys/test_failures_stock.py::"
_MODES: Final = "tests/journeys/test_failures_modes.py::"


@dataclass(frozen=True)
class Mutation:
    """One rule switched off in one place. `tests`: those of which at least one must fail then."""

    rule: int
    without: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The file, in this tree."""
        return ROOT / self.file

    @property
    def fits(self) -> bool:
        """Whether the line is still there, and there once."""
        return self.path.read_text(encoding="utf-8").count(self.old) == 1


MUTATIONS: Final = (
    Mutation(
        1,
        "a request that is sent again gets a new key",
        _PAYMENTS + "attempts.py",
        "attempt.id, attempt.operation, attempt.request, attempt.idempotency_key\n    )\n\n\ndef send(",
        "attempt.id, attempt.operation, attempt.request, secrets.token_hex(20)\n    )\n\n\ndef send(",
        (
            _CHARGING + "test_01_the_process_dies_after_stripe_charged",
            _CHARGING + "test_02_stripe_answers_500_after_charging",
        ),
    ),
    Mutation(
        1,
        "a refund is sent with a key that no row has",
        _PAYMENTS + "refunds.py",
        "stripe_refunds.create_refund(asking.request, asking.key)",
        "stripe_refunds.create_refund(asking.request, secrets.token_hex(20))",
        ("tests/payments/test_refunding.py",),
    ),
    Mutation(
        2,
        "the gateway does not ask whether a transaction is open",
        "storefront/stripe/client.py",
        "    refuse_inside_transaction()\n    gateway = current_connection()",
        "    gateway = current_connection()",
        ("tests/payments/test_stripe_gateway.py",),
    ),
    Mutation(
        2,
        "an order is closed at Stripe while its rows are still being read",
        _PAYMENTS + "cancel.py",
        "stripe_payment_intent_id, waiting_session(payment)\n    end_read()\n",
        "stripe_payment_intent_id, waiting_session(payment)\n",
        ("tests/payments/test_reconciling.py",),
    ),
    Mutation(
        3,
        "the next card makes another intent",
        _PAYMENTS + "attempts.py",
        "    if payment.stripe_payment_intent_id:\n        attempt.operation",
        "    if not payment.order_id:\n        attempt.operation",
        ("tests/journeys/test_one_click.py", "tests/payments/test_charging.py"),
    ),
    Mutation(
        3,
        "a next attempt begins while one is open",
        _PAYMENTS + "retry.py",
        "    waits = last is not None and last.is_live and not asks_bank",
        "    waits = last is None",
        ("tests/payments/test_late_presses.py::test_no_other_card_is_tried_while_one_has_no_answer",),
    ),
    Mutation(
        4,
        "the order does not bear its button's token",
        "storefront/orders/placing.py",
        "checkout_token=wanted.checkout_token,\n",
        "checkout_token=secrets.token_urlsafe(24),\n",
        (_CHARGING + "test_05_a_double_click", _CHARGING + "test_03_the_answer_to_the_browser_is_lost"),
    ),
    Mutation(
        4,
        "anybody lands on a taken token",
        _PAYMENTS + "pay.py",
        "        raise NotYourButtonError\n    payment",
        "        pass\n    payment",
        ("tests/payments/test_charging.py", "tests/journeys/test_one_click.py"),
    ),
    Mutation(
        5,
        "amount, currency and customer are not compared",
        _PAYMENTS + "ledger/books.py",
        "        if theirs != ours:",
        "        if theirs != ours and not payment.id:",
        ("tests/payments/test_record.py", "tests/payments/test_told_by_webhook.py"),
    ),
    Mutation(
        5,
        "an attempt may go back",
        _PAYMENTS + "ledger/apply.py",
        "ATTEMPT_RANK[state] > ATTEMPT_RANK[attempt.state]",
        "ATTEMPT_RANK[state] != ATTEMPT_RANK[attempt.state]",
        ("tests/payments/test_any_order.py", "tests/payments/test_record.py"),
    ),
    Mutation(
        5,
        "a canceled order can become open again",
        _PAYMENTS + "ledger/states.py",
        "    if today is OrderStatus.canceled:\n        return today\n",
        "",
        ("tests/payments/test_record.py", "tests/payments/test_old_news.py", "tests/payments/test_any_order.py"),
    ),
    Mutation(
        6,
        "no answer is taken for a refusal",
        _PAYMENTS + "attempts.py",
        "    except OutcomeUnknownError:\n        record(unsettled)",
        "    except OutcomeUnknownError:\n        record(replace(unsettled, state=AttemptState.refused))",
        (
            _CHARGING + "test_09_never_shown_as_failed_while_unknown",
            _CHARGING + "test_02_stripe_answers_500_after_charging",
        ),
    ),
    Mutation(
        6,
        "a look at an intent without a card declines the attempt that is under way",
        _PAYMENTS + "ledger/apply.py",
        "    attempt = _note_answer(told, payment) or _note_challenge(told, payment)",
        "    attempt = payment.attempts[-1]",
        (
            _CHARGING + "test_09_a_decline_that_is_looked_at_while_another_card_is_under_way",
            "tests/payments/test_record.py",
        ),
    ),
    Mutation(
        7,
        "an event that failed is taken for a repetition",
        "storefront/webhooks/inbox.py",
        "where=StripeEvent.state.in_([EventState.failed, EventState.unmatched]),",
        "where=StripeEvent.state.in_([EventState.unmatched]),",
        (
            _WEBHOOKS + "test_20_the_first_delivery_fails_half_way",
            _WEBHOOKS + "test_20_stripe_sends_a_failed_one_again_by_itself",
        ),
    ),
    Mutation(
        7,
        "a repetition is applied again",
        "storefront/webhooks/inbox.py",
        "where=StripeEvent.state.in_([EventState.failed, EventState.unmatched]),",
        "where=StripeEvent.id.is_not(None),",
        (_WEBHOOKS + "test_22_three_deliveries_of_one_event_at_once", "tests/payments/test_inbox.py"),
    ),
    Mutation(
        8,
        "the button's total is not compared",
        "storefront/orders/placing.py",
        "    if totals.total.minor != wanted.expected_total:",
        "    if totals.total.minor < 0:",
        (
            _CHARGING + "test_07_the_cart_changes_between_two_tries",
            "tests/journeys/test_one_click.py",
            "tests/payments/test_charging.py",
        ),
    ),
    Mutation(
        8,
        "stock is taken without looking at how much is left",
        "storefront/catalog/stock.py",
        "or_(Variant.stock.is_(None), Variant.stock >= quantity)",
        "or_(Variant.stock.is_(None), Variant.stock >= 0)",
        (_STOCK + "test_36_twenty_buyers_one_item_left",),
    ),
    Mutation(
        8,
        "money for an order that nobody keeps stays",
        _PAYMENTS + "ledger/effects.py",
        "    if rest <= 0 or any(",
        "    if rest <= 0 or not rest or order.id or any(",
        ("tests/payments/test_record.py", "tests/payments/test_any_order.py"),
    ),
    Mutation(
        9,
        "a copy of a shop sells",
        "storefront/core/installation.py",
        "    still = moved or (",
        "    still = moved and (",
        (_MODES + "test_27_a_copy_sells_nothing_and_says_so", _MODES + "test_27_a_copy_leaves_the_card_alone"),
    ),
    Mutation(
        9,
        "webhooks of the other mode are taken",
        "storefront/webhooks/verify.py",
        "    if event.livemode != settings.livemode:",
        "    if event.livemode != event.livemode:",
        (_WEBHOOKS + "test_24_an_event_of_the_other_mode_is_refused",),
    ),
    Mutation(
        10,
        "nobody asks about attempts that have no answer",
        "storefront/reconcile/scheduled.py",
        "            PaymentAttempt.state == AttemptState.unknown,\n",
        "",
        ("tests/payments/test_reconciling.py", _PAID + "test_13_a_timeout_while_reading_a_succeeded_intent"),
    ),
    Mutation(
        10,
        "an attempt is sent again although its order was given up",
        "storefront/reconcile/attempt.py",
        "return order.is_open and order.cancel_wanted_at is None and now() < order.hold_until",
        "return order.is_open",
        ("tests/payments/test_reconciling.py", "tests/payments/test_late_presses.py"),
    ),
    Mutation(
        10,
        "stock goes back without asking Stripe",
        _PAYMENTS + "cancel.py",
        "    if intent is None:\n        record",
        "    if intent is None or intent:\n        record",
        ("tests/payments/test_reconciling.py", "tests/payments/test_charging.py"),
    ),
)
