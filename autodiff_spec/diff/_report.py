"""What a comparison found: as data, as JSON, as lines for a terminal of 80 columns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autodiff_spec.diff._align import Difference, Parting
from autodiff_spec.diff._exact import Exact, ulps
from autodiff_spec.diff._record import Run, Values, epsilon

SCHEMA = 1
_HEAD = ("backend", "value", "gradients", "value", "gradient", "f", "f and grad")


@dataclass(frozen=True)
class Comparison:
    """The comparison of one function on several backends; a table in print, and true where they agree.

    Attributes:
        function: its name.
        runs: one for each backend, with value, gradients, times and the log of operations.
        exact: the oracle's answer.
        forward: the first operation at which values part, or ``None``.
        backward: the operation, seen from the result, at which cotangents part first, or ``None``.
        unequal: for each floating argument the difference of its gradients, or ``None``.
        wrong: the backends that agree with each other, perhaps, and not with the oracle.
        notes: what else is to be known, a line each.
    """

    function: str
    runs: tuple[Run, ...]
    exact: Exact
    forward: Parting | None
    backward: Parting | None
    unequal: tuple[Difference | None, ...] = ()
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def agree(self) -> bool:
        """Whether all backends ran, agree up to roundings, and the oracle, where it knows, has nothing against it."""
        parted = self.forward or self.backward or any(self.unequal) or self.wrong
        return not parted and not any(run.error for run in self.runs)

    def __bool__(self) -> bool:
        return self.agree

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """The report, line by line."""
        yield f"{self.function}: {self._verdict()}"
        yield ""
        yield from _table(self._rows())
        yield from (f"{run.backend}: {run.error}" for run in self.runs if run.error)
        yield from self._of_the_oracle()
        for parting in (self.forward, self.backward):
            if parting is not None:
                yield ""
                yield from _told(parting)
        yield from self.notes

    def _verdict(self) -> str:
        if self.agree:
            return "the backends agree"
        if self.forward or self.backward or any(self.unequal):
            return "THE BACKENDS PART"
        if any(run.error for run in self.runs):
            return "NOT ALL BACKENDS RAN"
        return "THE BACKENDS AGREE, THE ORACLE DOES NOT"

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("", "", "", "ULP off", "ULP off", "µs", "µs"), _HEAD]
        for run in self.runs:
            times = ("-", "-") if run.seconds is None else tuple(f"{1e6 * second:.0f}" for second in run.seconds)
            gradients = " ".join(f"{name} {_short(g)}" for name, g in zip(run.names, run.gradients, strict=False))
            name = f"{run.backend} {run.version}"
            if run.error:
                rows.append((name, "failed", "", "", "", *times))
            else:
                rows.append((name, " ".join(map(_short, run.values)), gradients, *self._errors(run), *times))
        return rows

    def _errors(self, run: Run) -> tuple[str, str]:
        value, gradient = self.ulps(run)
        return ("?" if value is None else _digits(value)), ("?" if gradient is None else _digits(gradient))

    def ulps(self, run: Run) -> tuple[float | None, float | None]:
        """The largest errors of value and gradients in units in the last place; ``None`` where the truth is not known.

        At a kink the gradient has no one true value, and where the function has none it has none.
        """
        if self.exact.error or run.error:
            return None, None
        pairs = list(zip(run.values, self.exact.values, strict=False))
        value = max((ulps(a, b, a.dtype.name) for a, b in pairs), default=0.0)
        if self.exact.kink or self.exact.undefined:
            return value, None
        slopes = zip(run.gradients, self.exact.gradients, strict=False)
        return value, max((ulps(a, b, a.dtype.name) for a, b in slopes), default=0.0)

    def _of_the_oracle(self) -> Iterator[str]:
        if self.exact.error:
            yield f"oracle: {self.exact.error}"
        elif self.exact.undefined:
            yield "oracle: the function has no value here, and so no derivative"
        elif self.exact.kink:
            yield "oracle: the function has a kink here (a tie, a zero, an edge): its derivative is not unique"
        if self.wrong:
            yield f"oracle: not the true value or derivative, beyond roundings, on {', '.join(self.wrong)}"

    def to_json(self, path: str | Path | None = None) -> str:
        """The report as JSON text, without the logs; written to a file too, if one is named."""
        text = json.dumps(self.as_data(), indent=1, ensure_ascii=False) + "\n"
        if path is not None:
            Path(path).write_text(text, "utf-8")
        return text

    def as_data(self) -> dict[str, Any]:
        """Data for `to_json`: numbers that JSON lacks are the strings ``"nan"``, ``"inf"`` and ``"-inf"``."""
        return {
            "schema": SCHEMA,
            "function": self.function,
            "agree": self.agree,
            "backends": [self._run_data(run) for run in self.runs],
            "oracle": {
                "error": self.exact.error,
                "kink": self.exact.kink,
                "values": jsonable(self.exact.values),
                "gradients": jsonable(self.exact.gradients),
                "against": list(self.wrong),
            },
            "forward": None if self.forward is None else _parting_data(self.forward),
            "backward": None if self.backward is None else _parting_data(self.backward),
            "notes": list(self.notes),
        }

    def _run_data(self, run: Run) -> dict[str, Any]:
        value, gradient = self.ulps(run)
        return {
            "backend": run.backend,
            "version": run.version,
            "error": run.error,
            "values": jsonable(run.values),
            "gradients": {name: jsonable(g) for name, g in zip(run.names, run.gradients, strict=False)},
            "ulps": {"value": jsonable(value), "gradient": jsonable(gradient)},
            "seconds": None if run.seconds is None else {"function": run.seconds[0], "gradient": run.seconds[1]},
            "operations": len(run.steps),
        }


def jsonable(value: Any) -> Any:
    """Numbers, arrays and containers of them as what JSON has."""
    if isinstance(value, np.ndarray):
        return jsonable(value.tolist())
    if isinstance(value, dict):
        return {str(key): jsonable(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(part) for part in value]
    if isinstance(value, complex):
        return [jsonable(value.real), jsonable(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _parting_data(parting: Parting) -> dict[str, Any]:
    data = {name: getattr(parting, name) for name in parting.__dataclass_fields__}
    data["inputs"] = [{"name": name, "value": value} for name, value in parting.inputs]
    found: dict[str, Any] = jsonable(data)
    return found


# --- for people ---------------------------------------------------------------------------------------------------


def _told(parting: Parting) -> Iterator[str]:
    where = f" ({parting.place})" if parting.place else ""
    what = {"values": "values part", "cotangents": "cotangents part", "shapes": "shapes differ", "error": "not all run",
            "control flow": "control flow parts"}[parting.kind]  # fmt: skip
    yield f"{parting.direction}: {what} at #{parting.step} {parting.call}{where}"
    index = f"[{', '.join(map(str, parting.at))}]" if parting.at else ""
    if parting.inputs:
        yield f"  uses {', '.join(f'{name} = {_scalar(value)}' for name, value in parting.inputs)}"
    if parting.direction == "backward":
        yield f"  to its result comes back {_scalar(parting.cotangent)}; by it to argument {parting.argument}{index}:"
    digits = _enough([parting.found[group[0]] for group in parting.groups])
    for group in parting.groups:
        verdict = {parting.verdicts.get(name, "") for name in group}
        said = f"  {', '.join(sorted(verdict))}" if verdict != {""} else ""
        yield f"    {_scalar(parting.found[group[0]], digits)}  on {', '.join(group)}{said}"
    if parting.note:
        yield f"  {parting.note}"
    if parting.others:
        yield f"  by themselves part also: {', '.join(f'#{k}' for k in parting.others)}"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [min(max(map(len, column)), 24) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [_cut(cell, width) for cell, width in zip(row, widths, strict=True)]
        left = [cell.ljust(width) for cell, width in zip(cells[:3], widths, strict=False)]
        right = [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
        yield " ".join([*left, *right]).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _short(array: Values) -> str:
    """An array for the table: a few digits, or the shape."""
    if array.size > 3:
        return f"({'×'.join(map(str, array.shape))})"
    numbers = ",".join(_scalar(number, 5) for number in array.ravel().tolist())
    return numbers if array.ndim == 0 else f"[{numbers}]"


def _scalar(value: Any, digits: int = 8) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_scalar(part, digits) for part in value)}]"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def _enough(numbers: Sequence[Any]) -> int:
    """So many digits that numbers which differ look different."""
    different = len(set(map(str, numbers)))
    return next((d for d in range(8, 17) if len({_scalar(number, d) for number in numbers}) == different), 17)


def _digits(error: float) -> str:
    return f"{error:.1f}" if error < 1e4 else f"{error:.0e}"


__all__ = ["SCHEMA", "Comparison", "epsilon", "jsonable"]
