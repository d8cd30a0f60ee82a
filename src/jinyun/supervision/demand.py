"""What of the ledger is asked for: a span of days, a vehicle, a declaration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """Days in China, first and last included; None for all."""

    first: str | None = None
    last: str | None = None
    vehicle: str | None = None
    declaration: str | None = None

    def where(self) -> tuple[str, list[str]]:
        """Return the condition in SQL, and its values."""
        parts, values = [], []
        for column, operator, value in (
            ("day", ">=", self.first), ("day", "<=", self.last),
            ("vehicle", "=", self.vehicle), ("declaration", "=", self.declaration),
        ):  # fmt: skip
            if value is not None:
                parts.append(f"{column} {operator} ?")
                values.append(value)
        return ("WHERE " + " AND ".join(parts) if parts else ""), values
