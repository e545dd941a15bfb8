"""News: facts that Stripe told us, in our own words, whoever brought them. Frozen, and free of secrets.

A module for each of Stripe's objects: what may be told of it, and how it is read.
"""

from storefront.payments.news.attempts import AttemptNews, GivenUpNews
from storefront.payments.news.cards import CardGoneNews, CardNews
from storefront.payments.news.customers import CustomerNews
from storefront.payments.news.disputes import DisputeNews
from storefront.payments.news.intents import IntentNews
from storefront.payments.news.refunds import RefundAttemptNews, RefundNews
from storefront.payments.news.sessions import SessionNews
from storefront.payments.news.setups import SetupNews

PaymentNews = IntentNews | SessionNews | AttemptNews | GivenUpNews | RefundNews | RefundAttemptNews | DisputeNews
WalletNews = CardNews | CardGoneNews | CustomerNews | SetupNews
News = PaymentNews | WalletNews
