"""What `check_grad` found, as data that prints as a table."""

from __future__ import annotations

from dataclasses import dataclass

from autodiff_spec.core.errors import GradientCheckError

_HEAD = ("order", "mode", "what", "entries", "wrong", "undecided", "worst / tolerance", "where")


@dataclass(frozen=True)
class GradientRow:
    """One comparison.

    Attributes:
        order: of the derivative.
        mode: ``"reverse"`` or ``"forward"``.
        what: ``"Jacobian"``, or ``"direction 1"`` for a drawn one.
        entries: how many numbers were compared.
        wrong: how many lie outside their tolerance.
        undecided: for how many the reference is not exact enough to tell.
        worst: the largest error, in units of its tolerance.
        where: which entry that is, the value found and the one expected.
    """

    order: int
    mode: str
    what: str
    entries: int
    wrong: int
    undecided: int
    worst: float
    where: str

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        counts = (self.entries, self.wrong, self.undecided)
        return (str(self.order), self.mode, self.what, *map(str, counts), f"{self.worst:.2g}", self.where)


@dataclass(frozen=True)
class GradientReport:
    """The findings of a check of derivatives; prints as a table, and is true where the check passed.

    Attributes:
        backend: the name of the backend that was checked.
        reference: what it was compared with: ``"oracle"``, or ``"differences in float64"``.
        rows: one for each comparison.
    """

    backend: str
    reference: str
    rows: tuple[GradientRow, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong, and nothing undecided."""
        return all(row.wrong == 0 and row.undecided == 0 for row in self.rows)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        table = [_HEAD, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in table]
        verdict = "passed" if self.passed else "FAILED"
        head = f"check_grad on {self.backend} against {self.reference}: {verdict}"
        return "\n".join([head, *(line.rstrip() for line in lines)])

    def raise_if_failed(self) -> None:
        """Raise `GradientCheckError`, whose message is the table, unless the check passed."""
        if not self.passed:
            raise GradientCheckError(f"{self}\ncorrect the derivative, or raise roundings= where the condition is bad")
