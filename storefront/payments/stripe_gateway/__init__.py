"""The only way to Stripe: our frozen requests go in, plain facts come out, and every failure is one of three.

A decline is an answer. `RefusedByStripeError`: Stripe did not do it. `OutcomeUnknownError`: it may have.
`line` carries what is asked, `changing` lets it through or not; the other rooms ask, each about one of Stripe's things.
Facts about Stripe are of API 2026-10-28.endive and SDK 16.1.0.
"""
