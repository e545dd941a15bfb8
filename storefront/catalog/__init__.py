"""What is sold: products, variants, their stock and pictures, and how they come in."""

# Whoever changes a product changes what is found: no import of a model may be without it.
from storefront.catalog import indexing as _indexing  # noqa: F401
