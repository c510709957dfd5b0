"""A backend's known deviations: ``deviations.toml``, entry by entry.

::

    [[deviation]]
    clause = "KINK-02"
    reason = "sign convention of the framework"
    versions = "jax 0.10.2"    # where it was seen
    fixed = "0.11"             # optional: the first release of the framework that no longer has it
    upstream = ""              # optional: a link
    region = "abs: x == 0"     # optional: what drawn tests leave out
    test = ""                  # optional: the test's name, where two tests share clause and case
    flavours = "native, spec"  # optional: the flavours of conventions that have it; "native" alone by default
    elsewhere = "right"        # optional: what processors with other instructions have, where a test may pass therefore
    [deviation.cases]          # what is seen in each: the id of the pytest parameter, "" for a test without parameters
    "abs at 0" = "1"
    "abs at -0" = "1"

What the flavour ``"spec"`` has too is not a function of its namespace: operators, indices and conversions of the
framework's own arrays, which no adapter changes.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

from autodiff_spec import Backend
from autodiff_spec._discovery import CONVENTIONS
from autodiff_spec.clauses import CLAUSES


class DeviationsFileError(ValueError):
    """A file of deviations that cannot be read as one; the message names the file and the entry."""


@dataclass(frozen=True)
class Deviation:
    """One known deviation: a clause, one deterministic case of it, and what is seen there."""

    clause: str
    case: str
    observed: str
    reason: str
    versions: str
    fixed: str = ""
    upstream: str = ""
    region: str = ""
    test: str = ""
    flavours: str = "native"
    elsewhere: str = ""

    def __str__(self) -> str:
        return f"{self.clause} [{self.case}]" if self.case else self.clause


_KEYS = {field.name for field in fields(Deviation)} - {"case", "observed"}
_REQUIRED = {"clause", "reason", "versions"}


def known_deviations(be: Backend) -> tuple[Deviation, ...]:
    """The deviations that ``be`` lists for its flavour of conventions and its release."""
    listed = (entry for entry in every_deviation(be) if be.conventions in _flavours(entry))
    return tuple(entry for entry in listed if not _is_fixed(entry, be.version))


def every_deviation(be: Backend) -> tuple[Deviation, ...]:
    """The deviations that ``be`` lists for any flavour and release: what is mended or fixed is to be seen so."""
    return () if be.deviations is None else _read(Path(be.deviations))


def deviates(be: Backend, region: str) -> bool:
    """Whether ``be`` lists a deviation for ``region``, which drawn tests then leave out.

    Examples:
        >>> import autodiff_spec as ad
        >>> deviates(ad.backend("numpy"), "abs: x == 0")
        False
    """
    return any(entry.region == region for entry in known_deviations(be))


def _flavours(entry: Deviation) -> list[str]:
    return [flavour.strip() for flavour in entry.flavours.split(",")]


def _is_fixed(entry: Deviation, version: str) -> bool:
    """Whether the entry is of older releases than ``version``, ``"2.13.0+cpu"`` for example."""
    return bool(entry.fixed) and _release(version) >= _release(entry.fixed)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3])


@functools.cache
def _read(path: Path) -> tuple[Deviation, ...]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DeviationsFileError(f"{path}: {error}") from error
    if set(content) - {"deviation"}:
        raise DeviationsFileError(f"{path}: holds {', '.join(sorted(content))}; write [[deviation]] entries only")
    entries = enumerate(content.get("deviation", []), 1)
    found = [deviation for number, keys in entries for deviation in _entry(path, number, keys)]
    seen = set()
    for entry in found:
        if (key := (entry.clause, entry.case, entry.test)) in seen:
            raise DeviationsFileError(f"{path}: {entry} is there twice")
        seen.add(key)
    return tuple(found)


def _entry(path: Path, number: int, keys: dict[str, object]) -> list[Deviation]:
    """A deviation for each case of an entry."""
    cases = keys.pop("cases", None)
    wrong = sorted(set(keys) - _KEYS) + sorted(key for key, value in keys.items() if not isinstance(value, str))
    missing = sorted(_REQUIRED - set(keys))
    if not (isinstance(cases, dict) and cases and all(isinstance(seen, str) for seen in cases.values())):
        missing.append("table of cases")
    if wrong or missing:
        trouble = [f"has no {key}" for key in missing] + [f"has a wrong {key}" for key in wrong]
        keys_are = f"the keys are {', '.join(sorted(_KEYS))}, all text, and the table cases: what is observed in each"
        raise DeviationsFileError(f"{path}: entry {number} {', '.join(trouble)}; {keys_are}")
    common = {key: str(value) for key, value in keys.items()}
    found = [Deviation(case=case, observed=seen, **common) for case, seen in cast(dict[str, str], cases).items()]
    if found[0].clause not in CLAUSES:
        raise DeviationsFileError(f"{path}: entry {number} is of {found[0].clause}: there is no such clause")
    if unknown := sorted(set(_flavours(found[0])) - set(CONVENTIONS)):
        raise DeviationsFileError(f"{path}: entry {number} has flavours {unknown}; choose of {', '.join(CONVENTIONS)}")
    return found
