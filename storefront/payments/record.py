"""The one funnel: the only writer of payment, attempt, refund, dispute and order states.

News may come from an answer, a webhook or reconciliation, in any order and any number of times: the rows end the same.
"""

import functools

from storefront.database import transaction
from storefront.payments import wallet
from storefront.payments.news import News
from storefront.payments.news.attempts import AttemptNews, GivenUpNews
from storefront.payments.news.cards import CardGoneNews, CardNews
from storefront.payments.news.customers import CustomerNews
from storefront.payments.news.disputes import DisputeNews
from storefront.payments.news.intents import IntentNews
from storefront.payments.news.refunds import RefundAttemptNews, RefundNews
from storefront.payments.news.sessions import SessionNews
from storefront.payments.news.setups import SetupNews
from storefront.payments.settling.attempts import settle_attempt, settle_given_up
from storefront.payments.settling.books import DoesNotFitError, NotOursError
from storefront.payments.settling.disputes import settle_dispute
from storefront.payments.settling.intents import settle_intent
from storefront.payments.settling.refunds import settle_refund, settle_refund_attempt
from storefront.payments.settling.sessions import settle_session

__all__ = ["DoesNotFitError", "NotOursError", "record", "settle"]


def record(told: News) -> None:
    """Settle one piece of news in a transaction of its own."""
    with transaction():
        settle(told)


@functools.singledispatch
def settle(told: object) -> None:
    """Settle one piece of news inside the running transaction; raises DoesNotFitError or NotOursError, having changed nothing."""
    raise TypeError(f"no news: {told!r}")


settle.register(IntentNews, settle_intent)
settle.register(SessionNews, settle_session)
settle.register(AttemptNews, settle_attempt)
settle.register(GivenUpNews, settle_given_up)
settle.register(RefundNews, settle_refund)
settle.register(RefundAttemptNews, settle_refund_attempt)
settle.register(DisputeNews, settle_dispute)
settle.register(CardNews, wallet.settle_card)
settle.register(CardGoneNews, wallet.settle_gone)
settle.register(CustomerNews, wallet.settle_customer)
settle.register(SetupNews, wallet.settle_setup)
