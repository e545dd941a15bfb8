"""The control API: what a test may do to the sandbox that no shop may."""

from storefront.sandbox.control import machinery, others
from storefront.sandbox.control.door import control

__all__ = ["control", "machinery", "others"]
