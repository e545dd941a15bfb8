"""What is asked of Stripe, and how its objects read."""

from storefront.stripe.objects import (
    AttemptAbandoned,
    AttemptUpdate,
    CardDetached,
    CardUpdate,
    CheckoutSessionUpdate,
    CustomerUpdate,
    DisputeUpdate,
    PaymentIntentUpdate,
    RefundAttemptUpdate,
    RefundUpdate,
    SetupIntentUpdate,
)

PaymentNews = (
    PaymentIntentUpdate
    | CheckoutSessionUpdate
    | AttemptUpdate
    | AttemptAbandoned
    | RefundUpdate
    | RefundAttemptUpdate
    | DisputeUpdate
)
WalletNews = CardUpdate | CardDetached | CustomerUpdate | SetupIntentUpdate
News = PaymentNews | WalletNews
