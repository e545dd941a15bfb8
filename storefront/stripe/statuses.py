"""Stripe's words for how far something has come."""

# In these the intent can still go anywhere. `requires_capture` and statuses we have never heard of count as open too.
SUCCEEDED = "succeeded"
CANCELED = "canceled"
PROCESSING = "processing"
REQUIRES_ACTION = "requires_action"
REQUIRES_PAYMENT_METHOD = "requires_payment_method"
# Of a hosted Session.
OPEN = "open"
COMPLETE = "complete"
EXPIRED = "expired"
