"""Signed links: to one file, made when somebody who may have it asks; and to all of an order, for its mail."""

import datetime as dt
from typing import Final

from storefront.core.signing import read_signed, sign

# A paused download goes on under the link it began with.
FILE_GOOD_FOR: Final = dt.timedelta(days=1)
MAIL_GOOD_FOR: Final = dt.timedelta(days=30)
_FILE: Final = "download"
_MAIL: Final = "downloads_of_order"


def to_file(grant_id: int) -> str:
    """What goes into the link to one file."""
    return sign(_FILE, grant_id)


def grant_of(token: str) -> int:
    """Which grant it is for; raises OldLinkError, or StaleLinkError where it is none of ours."""
    return int(read_signed(_FILE, token, FILE_GOOD_FOR))


def to_all(order_id: int) -> str:
    """What goes into a mailed link to all files of an order."""
    return sign(_MAIL, order_id)


def order_of(token: str) -> int:
    """Which order it is for; raises as `grant_of`."""
    return int(read_signed(_MAIL, token, MAIL_GOOD_FOR))
