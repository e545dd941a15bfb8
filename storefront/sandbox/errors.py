"""Stripe's error objects: everything the sandbox refuses is one of these."""

from typing import Any

Document = dict[str, Any]


class StripeError(Exception):
    """A refusal with Stripe's status, type, code and words.

    Whatever was changed before it is undone, unless `keeps_effects`: a decline leaves a failed charge behind.
    """

    keeps_effects = False
    # The answer is stored with the idempotency key once the endpoint began executing; failed validation is not.
    remembered = True

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self._error = {"message": message, "type": kind, **details}

    @property
    def body(self) -> Document:
        error = {name: value for name, value in self._error.items() if value is not None}
        if "code" in error:
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{str(error['code']).replace('_', '-')}"
        return {"error": error}


class DeclinedError(StripeError):
    """The issuer, or the bank's form, said no: 402, and the attempt stays on record."""

    keeps_effects = True

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(402, message, kind="card_error", **details)


class InvalidParameterError(StripeError):
    """The request was not understood, so nothing began: its idempotency key stays fresh."""

    remembered = False

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(400, message, **details)


def missing_parameter(name: str) -> InvalidParameterError:
    return InvalidParameterError(f"Missing required param: {name}.", code="parameter_missing", param=name)


def no_such(noun: str, object_id: str, *, param: str, in_path: bool) -> StripeError:
    """Stripe answers 404 for the object named by the URL, 400 for one named by a parameter."""
    status = 404 if in_path else 400
    return StripeError(status, f"No such {noun}: '{object_id}'", code="resource_missing", param=param)


def refused(message: str, **details: Any) -> StripeError:
    return StripeError(400, message, **details)
