"""The one funnel: the only writer of payment, attempt, refund, dispute and order states.

News may come from an answer, a webhook or reconciliation, in any order and any number of times: the rows end the same.
"""

import functools

from storefront.database import transaction
from storefront.payments import news, wallet
from storefront.payments.settling.attempts import settle_attempt, settle_given_up
from storefront.payments.settling.books import DoesNotFitError, NotOursError
from storefront.payments.settling.disputes import settle_dispute
from storefront.payments.settling.intents import settle_intent
from storefront.payments.settling.refunds import settle_refund, settle_refund_attempt
from storefront.payments.settling.sessions import settle_session

__all__ = ["DoesNotFitError", "NotOursError", "record", "settle"]


def record(told: news.News) -> None:
    """Settle one piece of news in a transaction of its own."""
    with transaction():
        settle(told)


@functools.singledispatch
def settle(told: object) -> None:
    """Settle one piece of news inside the running transaction; raises DoesNotFitError or NotOursError, having changed nothing."""
    raise TypeError(f"no news: {told!r}")


settle.register(news.IntentNews, settle_intent)
settle.register(news.SessionNews, settle_session)
settle.register(news.AttemptNews, settle_attempt)
settle.register(news.GivenUpNews, settle_given_up)
settle.register(news.RefundNews, settle_refund)
settle.register(news.RefundAttemptNews, settle_refund_attempt)
settle.register(news.DisputeNews, settle_dispute)
settle.register(news.CardNews, wallet.settle_card)
settle.register(news.CardGoneNews, wallet.settle_gone)
settle.register(news.CustomerNews, wallet.settle_customer)
settle.register(news.SetupNews, wallet.settle_setup)
