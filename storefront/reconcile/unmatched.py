"""What fits nowhere: on the owner's list until they say what they did about it."""

from storefront.core import audit
from storefront.core.clock import now
from storefront.core.database import transaction
from storefront.core.errors import InvalidRequestError
from storefront.webhooks.models import Unmatched


def resolve_unmatched(entry_id: int, note: str) -> str:
    """Take an entry off the list, with a few words on what was done; its id at Stripe. InvalidRequestError without words or entry."""
    words = note.strip()
    if not words:
        raise InvalidRequestError("Please say in --note what was done about it.")
    with transaction() as session:
        entry = session.get(Unmatched, entry_id, with_for_update=True)
        if entry is None or entry.settled_at is not None:
            raise InvalidRequestError(f"There is no entry {entry_id} on the list.")
        entry.settled_at, entry.note = now(), words
        audit.record("settled", f"unmatched {entry.object_id}", after={"note": words})
        return entry.object_id
