"""Every table of the shop, for Alembic and for newcomers; defines none."""

from storefront.audit import AuditEntry
from storefront.catalog.index_models import OptionValue, SearchEntry, VariantValue, WordKey
from storefront.catalog.models import CatalogueVersion, Collection, CollectionProduct, Product, ProductImage, Variant
from storefront.customers.models import Address, LoginSession, User
from storefront.digital.models import Asset, Download, Grant
from storefront.installation import Installation
from storefront.invoices.models import Invoice, ShopDetails
from storefront.jobs.models import Job
from storefront.mail.models import OutboundMail
from storefront.orders.discount_models import Discount, DiscountGoods, DiscountUse
from storefront.orders.models import Cart, CartLine, Counter, Order, OrderLine, OrderTax
from storefront.orders.tax_models import TaxCalculation
from storefront.orders.terms_models import ShippingRate, ShippingTier, ShippingZone, ShippingZoneCountry, TaxRate
from storefront.payments.breaker import NewCardBreaker
from storefront.payments.card_models import CardSetup, SavedCard, StripeCustomer
from storefront.payments.inbox_models import StripeEvent, Unmatched
from storefront.payments.models import Payment, PaymentAttempt, PaymentEvent
from storefront.payments.refund_models import Dispute, Refund, RefundLine
from storefront.payments.sweeping.cursors import Sweep
from storefront.stripe_keys import StripeKey
from storefront.throttling import Throttle

__all__ = [
    "Address", "Asset", "AuditEntry", "CardSetup", "Cart", "CartLine", "CatalogueVersion", "Collection",
    "CollectionProduct", "Counter", "Discount", "DiscountGoods", "DiscountUse", "Dispute", "Download", "Grant",
    "Installation", "Invoice", "Job", "LoginSession", "NewCardBreaker", "OptionValue", "Order", "OrderLine", "OrderTax", "OutboundMail",
    "Payment", "PaymentAttempt", "PaymentEvent", "Product", "ProductImage", "Refund", "RefundLine", "SavedCard", "SearchEntry",
    "ShippingRate", "ShippingTier", "ShippingZone", "ShippingZoneCountry", "ShopDetails", "StripeCustomer", "StripeEvent", "StripeKey",
    "Sweep", "TaxCalculation", "TaxRate", "Throttle", "Unmatched", "User", "Variant", "VariantValue", "WordKey",
]  # fmt: skip
