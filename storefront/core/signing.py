"""Words of ours that go out in a link and come back: signed for one purpose, and good for a while."""

import datetime as dt
import hashlib
from typing import Any

from flask import current_app
from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from storefront.core.clock import now
from storefront.core.errors import NotFoundError


class StaleLinkError(NotFoundError):
    """The link is too old, was used, or is not ours."""

    words = "This link is too old, or it was used already. Ask for a new one."


class OldLinkError(StaleLinkError):
    """It is ours, and has run out; `told` is what it says."""

    def __init__(self, told: Any) -> None:
        super().__init__()
        self.told = told


class _Signer(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(now().timestamp())


def sign(purpose: str, told: Any) -> str:
    """What goes into the link; anybody can read it, and nobody can make another."""
    return str(_serializer(purpose).dumps(told))


def read_signed(purpose: str, token: str, good_for: dt.timedelta) -> Any:
    """What it says; raises StaleLinkError where it is not ours or for something else, OldLinkError where it is too old."""
    serializer = _serializer(purpose)
    try:
        return serializer.loads(token, max_age=int(good_for.total_seconds()))
    except SignatureExpired as error:
        raise OldLinkError(serializer.load_payload(error.payload or b"")) from error
    except BadData as error:
        raise StaleLinkError from error


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    secret = current_app.config["SETTINGS"].secret_key
    return URLSafeTimedSerializer(
        secret, salt=f"storefront:{purpose}", signer=_Signer, signer_kwargs={"digest_method": hashlib.sha256}
    )
