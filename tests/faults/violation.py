"""Something that must not be, and what shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """`invariant` is its number and name, `evidence` what shows it."""

    invariant: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.evidence}"
