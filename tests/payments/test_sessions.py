"""Hosted Sessions: what each piece of news does, how many may wait, and what the page lists."""

from collections.abc import Callable
from typing import Any

import pytest

from storefront.core.database import transaction
from storefront.core.errors import InvalidRequestError
from storefront.orders.models import OrderStatus
from storefront.orders.placing import Buyer
from storefront.payments import hosted
from storefront.payments.ledger.models import AttemptState, IntentState, Source
from storefront.payments.ledger.record import ForeignObjectError, MismatchError, record
from storefront.stripe import statuses
from storefront.stripe.client import API_VERSION
from storefront.stripe.objects import Decline, checkout_session_update
from storefront.webhooks import inbox
from storefront.webhooks.models import EventState, StripeEvent
from storefront.webhooks.verify import WebhookEvent
from tests.payments.conftest import CUSTOMER, ON_PAGE, PRICE, Books, Placed, session_told

WAITS, PROCESSING, SUPERSEDED = AttemptState.requires_action, AttemptState.processing, AttemptState.superseded


@pytest.fixture
def on_page(books: Books) -> Placed:
    """An order on its way to Stripe's page."""
    return books.place(how=ON_PAGE)


def facts(books: Books, placed: Placed, status: str, **other: Any) -> dict[str, Any]:
    """The same as an event holds it."""
    said = session_told(books, placed, status)
    metadata = {"order_id": placed.public_id, "shop": said.shop, "attempt_id": said.attempt}
    return {
        "id": said.session, "object": "checkout.session", "status": status, "mode": "payment", "amount_total": PRICE, "currency": "eur",
        "customer": CUSTOMER, "livemode": False, "metadata": metadata, "payment_intent": None, **other,
    }  # fmt: skip


def stands(books: Books, placed: Placed) -> tuple[AttemptState, OrderStatus]:
    return books.payment(placed).attempts[0].state, books.order(placed).status


class TestNews:
    @pytest.mark.parametrize(
        ("status", "attempt", "order"),
        [
            (statuses.OPEN, WAITS, OrderStatus.pending),
            (statuses.COMPLETE, PROCESSING, OrderStatus.pending),
            (statuses.EXPIRED, SUPERSEDED, OrderStatus.canceled),
        ],
    )
    def test_of_a_session(
        self, books: Books, on_page: Placed, status: str, attempt: AttemptState, order: OrderStatus
    ) -> None:
        stock = books.stock()

        record(session_told(books, on_page, status))
        record(session_told(books, on_page, status, source=Source.webhook))

        assert stands(books, on_page) == (attempt, order)
        assert books.stock() - stock == (1 if status == statuses.EXPIRED else 0)

    def test_complete_and_then_paid(self, books: Books, on_page: Placed) -> None:
        record(session_told(books, on_page, statuses.COMPLETE))
        record(session_told(books, on_page, statuses.OPEN))
        between = stands(books, on_page)

        books.tell(on_page, statuses.SUCCEEDED)

        assert between == (PROCESSING, OrderStatus.pending)
        assert stands(books, on_page) == (AttemptState.succeeded, OrderStatus.paid)

    def test_what_the_intent_says_of_a_declined_card_is_not_the_end(self, books: Books, on_page: Placed) -> None:
        record(session_told(books, on_page, statuses.OPEN))

        books.tell(on_page, statuses.REQUIRES_PAYMENT_METHOD, looked_at_challenge=1)
        books.tell(on_page, statuses.REQUIRES_PAYMENT_METHOD, answer_to=1)

        assert stands(books, on_page) == (WAITS, OrderStatus.pending)

    def test_a_payment_that_comes_to_nothing(self, books: Books, on_page: Placed) -> None:
        record(session_told(books, on_page, statuses.COMPLETE))
        failed = session_told(books, on_page, statuses.COMPLETE, failed=True, decline=Decline("card_declined", "No."))

        record(failed)
        record(failed)

        payment = books.payment(on_page)
        assert stands(books, on_page) == (AttemptState.declined, OrderStatus.canceled)
        assert (payment.decline_code, payment.last_error) == ("card_declined", "No.")

    def test_the_intent_was_called_off_first(self, books: Books, on_page: Placed) -> None:
        record(session_told(books, on_page, statuses.OPEN))
        books.tell(on_page, statuses.CANCELED)

        record(session_told(books, on_page, statuses.EXPIRED))

        assert stands(books, on_page) == (SUPERSEDED, OrderStatus.canceled)

    def test_paid_is_for_good(self, books: Books, on_page: Placed) -> None:
        books.tell(on_page, statuses.SUCCEEDED)

        record(session_told(books, on_page, statuses.EXPIRED))

        assert stands(books, on_page) == (AttemptState.succeeded, OrderStatus.paid)
        assert books.payment(on_page).intent_state is IntentState.succeeded

    def test_money_that_comes_after_the_end_goes_back(self, books: Books, on_page: Placed) -> None:
        record(session_told(books, on_page, statuses.EXPIRED))

        books.tell(on_page, statuses.SUCCEEDED)

        assert [one.kind.value for one in books.payment(on_page).refunds] == ["late"]
        assert books.order(on_page).status is OrderStatus.canceled

    @pytest.mark.parametrize(
        "lie", [{"amount": 1}, {"currency": "usd"}, {"customer": None}, {"livemode": True}, {"session": "cs_another"}]
    )
    def test_what_does_not_fit_changes_nothing(self, books: Books, on_page: Placed, lie: dict[str, Any]) -> None:
        record(session_told(books, on_page, statuses.OPEN))

        with pytest.raises(MismatchError):
            record(session_told(books, on_page, statuses.EXPIRED, **lie))

        assert stands(books, on_page) == (WAITS, OrderStatus.pending)

    def test_whose_it_is(self, books: Books, on_page: Placed) -> None:
        with pytest.raises(ForeignObjectError):
            record(session_told(books, on_page, statuses.OPEN, shop="another", attempt="0" * 32))
        with pytest.raises(ForeignObjectError):
            record(session_told(books, on_page, statuses.OPEN, shop=None, attempt=None))
        with pytest.raises(MismatchError):
            record(session_told(books, on_page, statuses.OPEN, attempt="0" * 32))

    @pytest.mark.parametrize(
        ("status", "intent", "failed"),
        [
            ("open", None, False),
            ("complete", "pi_1", False),
            ("complete", {"id": "pi_1", "status": "processing"}, False),
            ("complete", {"id": "pi_1", "status": "requires_payment_method"}, True),
            ("open", {"id": "pi_1", "status": "requires_payment_method"}, False),
            ("complete", {"id": "pi_1", "status": "canceled"}, True),
        ],
    )
    def test_as_stripe_tells_it(self, books: Books, on_page: Placed, status: str, intent: Any, *, failed: bool) -> None:
        read = checkout_session_update(facts(books, on_page, status, payment_intent=intent), Source.api)

        assert (read.status, read.failed, read.intent) == (status, failed, "pi_1" if intent else None)


class TestInbox:
    def deliver(self, kind: str, about: dict[str, Any], version: str = API_VERSION) -> EventState:
        delivery = WebhookEvent(f"evt_{kind}", kind, about, {}, version, livemode=False, key=None, payload={})
        inbox.apply_once(delivery)
        with transaction() as session:
            return session.query(StripeEvent).filter_by(stripe_event_id=delivery.id).one().state

    def test_expired_is_recorded_from_what_was_brought(self, books: Books, on_page: Placed) -> None:
        assert self.deliver("checkout.session.expired", facts(books, on_page, "expired")) is EventState.applied
        assert stands(books, on_page) == (SUPERSEDED, OrderStatus.canceled)

    def test_in_another_version_it_only_rings(self, books: Books, on_page: Placed) -> None:
        self.deliver("checkout.session.expired", facts(books, on_page, "expired"), "2020-01-01")

        assert stands(books, on_page) == (AttemptState.sending, OrderStatus.pending)

    def test_a_session_for_saving_a_card_tells_by_its_setup(self, books: Books, on_page: Placed) -> None:
        about = facts(books, on_page, "expired", mode="setup")

        assert self.deliver("checkout.session.expired", about) is EventState.ignored

    def test_what_fits_nothing_is_kept_with_its_amount(self, books: Books, on_page: Placed) -> None:
        about = facts(books, on_page, "expired", amount_total=1)

        assert self.deliver("checkout.session.expired", about) is EventState.unmatched

    @pytest.mark.parametrize("kind", ["completed", "async_payment_succeeded", "async_payment_failed"])
    def test_everything_else_rings(self, books: Books, on_page: Placed, kind: str) -> None:
        assert self.deliver(f"checkout.session.{kind}", facts(books, on_page, "complete")) is EventState.applied
        assert stands(books, on_page) == (AttemptState.sending, OrderStatus.pending)


def guest(email: str, placed_from: str | None = None) -> Buyer:
    """Somebody without a login."""
    return Buyer(None, email, email, placed_from)


class TestManyAtOnce:
    def test_only_so_many_wait(self, books: Books) -> None:
        waiting = [books.place(how=ON_PAGE) for _ in range(hosted.MAX_OPEN)]

        with pytest.raises(InvalidRequestError, match="wait to be paid"):
            books.place(how=ON_PAGE)
        record(session_told(books, waiting[0], statuses.EXPIRED))
        books.place(how=ON_PAGE)

    def test_guests_are_known_by_their_e_mail(self, books: Books) -> None:
        for _ in range(hosted.MAX_OPEN):
            books.place(how=ON_PAGE, buyer=guest("guest@example.org"))

        hosted.check_open_sessions(guest("other@example.org"))
        with pytest.raises(InvalidRequestError):
            hosted.check_open_sessions(guest("guest@example.org"))

    def test_a_guest_who_writes_a_customers_e_mail_takes_nothing_from_them(self, books: Books) -> None:
        for _ in range(hosted.MAX_OPEN):
            books.place(how=ON_PAGE, buyer=guest("alice@example.org"))

        hosted.check_open_sessions(Buyer(books.user_id, "alice@example.org", "alice@example.org"))

    def test_many_e_mails_at_one_address_are_one_address(self, books: Books) -> None:
        for one in range(hosted.MAX_OPEN_PER_ADDRESS):
            books.place(how=ON_PAGE, buyer=guest(f"{one}@example.org", "here"))

        hosted.check_open_sessions(guest("new@example.org", "elsewhere"))
        for who in (guest("new@example.org", "here"), Buyer(books.user_id, "", "", "here")):
            with pytest.raises(InvalidRequestError, match="where you are"):
                hosted.check_open_sessions(who)

    def test_a_card_is_still_welcome(self, books: Books) -> None:
        for _ in range(hosted.MAX_OPEN):
            books.place(how=ON_PAGE)

        books.paid()


def lines_of(books: Books, change: Callable[[Any], None]) -> list[tuple[str, int, int]]:
    placed = books.place()
    with transaction():
        order = books.order(placed)
        change(order)
        return [
            (one["price_data"]["product_data"]["name"], one["price_data"]["unit_amount"], one["quantity"])
            for one in hosted._line_items(order)
        ]


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ({}, [("Teapot", PRICE, 1)]),
        ({"shipping": 490, "shipping_name": "Post", "total": PRICE + 490}, [("Teapot", PRICE, 1), ("Post", 490, 1)]),
        ({"shipping": 490, "total": PRICE + 490}, [("Teapot", PRICE, 1), ("Delivery", 490, 1)]),
        ({"tax": 100, "total": PRICE + 100}, [("Teapot", PRICE, 1), ("Tax", 100, 1)]),
        # What no line has a share of is told by the total alone.
        ({"discount": 400, "total": PRICE - 400}, [("Order K-1001", PRICE - 400, 1)]),
    ],
)
def test_the_page_lists_what_adds_up_to_the_total(
    books: Books, parts: dict[str, Any], lines: list[tuple[str, int, int]]
) -> None:
    def change(order: Any) -> None:
        for name, value in parts.items():
            setattr(order, name, value)

    assert lines_of(books, change) == lines


@pytest.mark.parametrize(
    ("quantity", "discount", "lines"),
    [
        (1, 400, [("Teapot · TEN", 2000, 1)]),
        (3, 600, [("Teapot · TEN", 2200, 3)]),
        (3, 200, [("Teapot · TEN", 2333, 2), ("Teapot · TEN", 2334, 1)]),
        (1, 2400, [("Teapot · TEN", 0, 1)]),
    ],
)
def test_what_is_taken_off_is_taken_off_each_thing(
    books: Books, quantity: int, discount: int, lines: list[tuple[str, int, int]]
) -> None:
    def change(order: Any) -> None:
        [line] = order.lines
        line.quantity, line.total, line.discount = quantity, PRICE * quantity, discount
        order.discount, order.discount_code = discount, "TEN"
        order.subtotal = PRICE * quantity
        order.shipping = 490
        order.total = PRICE * quantity - discount + 490

    listed = lines_of(books, change)

    assert listed == [*lines, ("Delivery", 490, 1)]
    assert sum(unit * times for _, unit, times in listed) == PRICE * quantity - discount + 490
