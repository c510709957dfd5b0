"""Check data against ``schema.json``."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Any

_LONGEST = 160  # characters of a message: it shows the wrong value, which may be a whole file


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
