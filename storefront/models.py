"""Every table of the shop, for Alembic and for newcomers; defines none."""

from storefront.abuse.circuit_breaker import NewCardBreaker
from storefront.cards.models import CardSetup, SavedCard, StripeCustomer
from storefront.carts.models import Cart, CartLine
from storefront.catalog.index_models import OptionValue, SearchEntry, VariantValue, WordKey
from storefront.catalog.models import CatalogueVersion, Collection, CollectionProduct, Product, ProductImage, Variant
from storefront.core.audit import AuditEntry
from storefront.core.installation import Installation
from storefront.core.jobs.models import Job
from storefront.core.mail.models import OutboundMail
from storefront.core.rate_limits import Throttle
from storefront.customers.models import Address, LoginSession, User
from storefront.digital.models import Asset, Download, Grant
from storefront.discounts.models import Discount, DiscountGoods, DiscountUse
from storefront.invoices.models import Invoice, ShopDetails
from storefront.orders.models import Counter, Order, OrderLine, OrderTax
from storefront.payments.ledger.models import Dispute, Payment, PaymentAttempt, PaymentEvent, Refund, RefundLine
from storefront.reconcile.cursors import Sweep
from storefront.shipping_and_tax.models import (
    ShippingRate,
    ShippingTier,
    ShippingZone,
    ShippingZoneCountry,
    TaxCalculation,
    TaxRate,
)
from storefront.stripe.keys import StripeKey
from storefront.web.operations.models import BlockedHost
from storefront.webhooks.models import StripeEvent, Unmatched

__all__ = [
    "Address", "Asset", "AuditEntry", "BlockedHost", "CardSetup", "Cart", "CartLine", "CatalogueVersion", "Collection",
    "CollectionProduct", "Counter", "Discount", "DiscountGoods", "DiscountUse", "Dispute", "Download", "Grant",
    "Installation", "Invoice", "Job", "LoginSession", "NewCardBreaker", "OptionValue", "Order", "OrderLine", "OrderTax", "OutboundMail",
    "Payment", "PaymentAttempt", "PaymentEvent", "Product", "ProductImage", "Refund", "RefundLine", "SavedCard", "SearchEntry",
    "ShippingRate", "ShippingTier", "ShippingZone", "ShippingZoneCountry", "ShopDetails", "StripeCustomer", "StripeEvent", "StripeKey",
    "Sweep", "TaxCalculation", "TaxRate", "Throttle", "Unmatched", "User", "Variant", "VariantValue", "WordKey",
]  # fmt: skip
