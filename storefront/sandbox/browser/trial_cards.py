"""The cards offered in the frame's fold, and what each is good for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrialCard:
    """A number that makes the sandbox behave in one certain way."""

    number: str
    does: str

    @property
    def shown(self) -> str:
        """Return the number in the groups it has on a card."""
        if self.number.startswith("3"):
            return f"{self.number[:4]} {self.number[4:10]} {self.number[10:]}"
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


TRIAL_CARDS = (
    TrialCard("5555555555554444", "Mastercard, pays"),
    TrialCard("378282246310005", "American Express, pays"),
    TrialCard("4000002500003155", "The bank asks whether it is you"),
    TrialCard("4000002760003184", "The bank asks every time"),
    TrialCard("4000008260003178", "The bank asks, then: not enough funds"),
    TrialCard("4000000000000341", "Can be kept, but is declined when it pays"),
    TrialCard("4000000000000002", "Declined"),
    TrialCard("4000000000009995", "Declined: not enough funds"),
    TrialCard("4000000000000069", "Declined: expired"),
    TrialCard("4000000000000127", "Declined: wrong security code"),
    TrialCard("4000000000000119", "Declined: a fault at the bank"),
    TrialCard("4000000000000259", "Pays, then is disputed"),
    TrialCard("4000000000007726", "Pays; a refund takes its time"),
    TrialCard("4000000000005126", "Pays; a refund fails later"),
)
