"""Check data against ``schema.json``: the few words of JSON Schema that it uses, and no dependency."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda x: isinstance(x, dict),
    "array": lambda x: isinstance(x, list),
    "string": lambda x: isinstance(x, str),
    "boolean": lambda x: isinstance(x, bool),
    "integer": lambda x: isinstance(x, int) and not isinstance(x, bool),
    "number": lambda x: isinstance(x, (int, float)) and not isinstance(x, bool) and not math.isnan(x),
    "null": lambda x: x is None,
}
_SHOWN = 60  # characters of a wrong value


@functools.cache
def schema() -> dict[str, Any]:
    """The schema of what ``--json`` writes, as data."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("schema.json").read_text("utf-8"))
    return found


def first_error(data: Any, definition: str) -> str:
    """What is wrong with ``data``, in one line with the place; nothing if all is right.

    Args:
        data: what JSON was read into.
        definition: which kind it should be: ``"report"``, ``"reports"`` or ``"costs"``.

    Examples:
        >>> first_error({"reports": [{"schema": 2}]}, "reports")
        'reports[0]: no backend'
    """
    return next(_errors(data, schema()["$defs"][definition], ""), "")


def _errors(data: Any, rule: dict[str, Any], place: str) -> Iterator[str]:
    if "$ref" in rule:
        yield from _errors(data, schema()["$defs"][rule["$ref"].rpartition("/")[2]], place)
    elif "anyOf" in rule:
        found = [next(_errors(data, one, place), "") for one in rule["anyOf"]]
        yield from found[:1] if all(found) else ()
    elif (wrong := _wrong(data, rule)) is not None:
        yield f"{place or 'the file'}: {wrong}"
    elif isinstance(data, dict):
        yield from _of_object(data, rule, place)
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield from _errors(item, rule["items"], f"{place}[{number}]")


def _wrong(data: Any, rule: dict[str, Any]) -> str | None:
    """What is wrong with the value itself, not with its parts."""
    if "const" in rule and (data != rule["const"] or isinstance(data, bool)):
        return f"{_short(data)} is not {rule['const']!r}"
    if "enum" in rule and data not in rule["enum"]:
        return f"{_short(data)} is none of {', '.join(rule['enum'])}"
    if "type" in rule and not _TYPES[rule["type"]](data):
        return f"{_short(data)} is no {rule['type']}"
    if "minimum" in rule and data < rule["minimum"]:
        return f"{_short(data)} is less than {rule['minimum']}"
    return None


def _of_object(data: dict[str, Any], rule: dict[str, Any], place: str) -> Iterator[str]:
    known, others = rule.get("properties", {}), rule.get("additionalProperties", False)
    for name in rule.get("required", ()):
        if name not in data:
            yield f"{place or 'the file'}: no {name}"
    for name, value in data.items():
        inner = known.get(name, others)
        if inner is False:
            yield f"{place or 'the file'}: {_short(name)} does not belong there"
        else:
            yield from _errors(value, inner, f"{place}.{name}" if place else name)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
