"""What fits nowhere: on the owner's list until they say what they did about it."""

from storefront import audit
from storefront.clock import now
from storefront.database import transaction
from storefront.errors import RefusedError
from storefront.payments.inbox_models import Unmatched


def settle_unmatched(entry_id: int, note: str) -> str:
    """Take an entry off the list, with a few words on what was done; its id at Stripe. RefusedError without words or entry."""
    words = note.strip()
    if not words:
        raise RefusedError("Please say in --note what was done about it.")
    with transaction() as session:
        entry = session.get(Unmatched, entry_id, with_for_update=True)
        if entry is None or entry.settled_at is not None:
            raise RefusedError(f"There is no entry {entry_id} on the list.")
        entry.settled_at, entry.note = now(), words
        audit.note("settled", f"unmatched {entry.object_id}", after={"note": words})
        return entry.object_id
