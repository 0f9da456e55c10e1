"""What a case finds out: figures with their targets, and curves for the plot."""

from typing import Literal

from msgspec import Struct


class Figure(Struct, frozen=True, kw_only=True):
    """One measured figure. `target` is what it must reach (`more` is better) or may not exceed (`less` is better).

    `beside` holds what was measured with it: counts, seconds, percentiles, a calibration.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    better: Literal["more", "less"] = "more"
    beside: dict[str, float | str] = {}

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.value >= self.target if self.better == "more" else self.value <= self.target


class Curve(Struct, frozen=True, kw_only=True):
    """Cost against rows: `points` are (rows, milliseconds of the server's CPU)."""

    name: str
    points: list[tuple[int, float]]


class Outcome(Struct, kw_only=True):
    """All that a case has found out."""

    figures: list[Figure]
    curves: list[Curve] = []
