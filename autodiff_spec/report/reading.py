"""Read result files, of ``test`` and of ``compare``, and say in one line what is wrong with one."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from autodiff_spec.report.results import SCHEMA, Cost, Report
from autodiff_spec.report.stream import Rows, Tail

_LONGEST = 160  # characters of a message: it shows the wrong value, which may be a whole file


class ReportFileError(ValueError):
    """A file that holds no results, or results of another version of the schema."""


def read_reports(path: Path) -> list[Report]:
    """The runs in a file that ``test --json`` (one) or ``compare --json`` (several) wrote, or was writing.

    Raises:
        ReportFileError: the file is no JSON, of another schema, or invalid; the message is one line.
    """
    if (unfinished := _unfinished(path)) is not None:
        return [unfinished]
    data = _json(path)
    several = isinstance(data, dict) and "reports" in data
    found = data["reports"] if several else [data]
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and "schema" in one and one["schema"] != SCHEMA:
            raise ReportFileError(
                f"{path}: results of schema {one['schema']!r}, and this version reads schema {SCHEMA}: run it again"
            )
    _require(path, data, "reports" if several else "report")
    if not found:
        raise ReportFileError(f"{path}: there is no run in it")
    return [Report.from_dict(one) for one in found]


def read_costs(path: Path) -> list[Cost]:
    """The times in a file that ``benchmarks/costs.py --json`` wrote.

    Raises:
        ReportFileError: the file is no JSON, or invalid; the message is one line.
    """
    data = _json(path)
    _require(path, data, "costs")
    return [Cost(**one) for one in data["costs"]]


def _unfinished(path: Path) -> Report | None:
    """The run whose lines a file holds, for the process that wrote them was killed; None if it holds none."""
    tail, rows = Tail(path), Rows()
    try:
        for line in tail.lines():
            if not isinstance(line, dict) or not {"run", "row", "report"} & set(line):
                return None
            rows.take(line)
        if rows.head is None and rows.before is None:
            return None
        report = rows.report()
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, OSError):
        return None  # read as any other file, which says what is wrong with it
    _require(path, json.loads(report.as_json()), "report")
    return report


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"), parse_constant=_no_constant)
    except OSError as error:
        raise ReportFileError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ReportFileError(f"{path}: no JSON ({error})") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")  # Python's reader takes NaN and Infinity


def _require(path: Path, data: Any, definition: str) -> None:
    if wrong := first_error(data, definition):
        raise ReportFileError(f"{path}: {wrong}")


@functools.cache
def schema() -> dict[str, Any]:
    """The schema of what ``--json`` writes, as data."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("schema.json").read_text("utf-8"))
    return found


def first_error(data: Any, definition: str) -> str:
    """The gravest error of ``data``, in one line with its place; an empty text if there is none.

    Args:
        data: what JSON was read into.
        definition: which kind it should be: ``"report"``, ``"reports"`` or ``"costs"``.

    Examples:
        >>> first_error({"reports": 3}, "reports")
        "reports: 3 is not of type 'array'"
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    validator = Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": schema()["$defs"]})
    error = best_match(validator.iter_errors(data))
    if error is None:
        return ""
    place, message = error.json_path.removeprefix("$").removeprefix("."), " ".join(error.message.split())
    return f"{place or 'the file'}: {message if len(message) <= _LONGEST else message[: _LONGEST - 1] + '…'}"
