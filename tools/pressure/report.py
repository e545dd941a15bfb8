"""What a trial found out."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Report:
    """Figures by name, and all that was not as it must be, in words."""

    figures: dict[str, str]
    wrong: list[str] = field(default_factory=list)
