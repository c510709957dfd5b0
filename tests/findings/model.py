"""Wrong derivatives in released frameworks: ``torch.toml``, ``tensorflow.toml`` and ``jax.toml``, entry by entry.

::

    [other]                    # deviations of the adapter that no finding stands for, and why
    FLOW-13 = "a conversion to a number"

    [[finding]]
    title = "`torch.tanh`: the derivative far out is 0"
    severity = "silent wrong number"     # of SEVERITIES
    clauses = ["FUN-170: tanh"]          # the adapter's deviations that it stands for
    seen = "2.10.0 to 2.15.0"            # the first and the last release where it was
    fixed = "2.16"                       # optional: the first release without it
    unlisted = true                      # optional: no deviation of the adapter, which goes around it or has no entry
    upstream = ""                        # optional: a thread about this very bug
    code = '''...'''                     # reproduces it with the framework alone, in at most ten lines
    prints = "0.0"                       # what it prints; of an error, how its line begins
    truth = "diff(tanh, 20)"             # the true number, or a list of them, as an expression of MPMATH
    why = "The rule takes 1 − y², which cancels."

What cites a deviation is its clause, and after a colon words of its case or its reason: of a clause that is broken for
several reasons, each has to be cited. "FUN-18*: asinh" stands for all of these clauses.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mpmath

from autodiff_spec.conformance._deviations import Deviation, known_deviations

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FRAMEWORKS = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX"}
SEVERITIES = ("silent wrong number", "NaN or infinity", "crash", "refusal")
NUMBER = re.compile(r"-?(?:nan|inf|\d[\d.]*(?:e[+-]?\d+)?)")
MPMATH = """\
from mpmath import *
mp.dps = 50
def gradient(f, x, **options):
    units = [[int(i == j) for j in range(len(x))] for i in range(len(x))]
    return [diff(f, x, unit, **options) for unit in units]
"""


@dataclass(frozen=True)
class Finding:
    """A wrong derivative in released versions of a framework."""

    framework: str
    title: str
    severity: str
    clauses: list[str]
    seen: str
    code: str
    prints: str
    truth: str
    why: str
    upstream: str = ""
    fixed: str = ""
    unlisted: bool = False

    def __str__(self) -> str:
        return f"{self.framework}: {self.title}"

    @cached_property
    def true(self) -> list[Any]:
        """The true numbers."""
        namespace: dict[str, Any] = {}
        exec(MPMATH, namespace)
        value = eval(self.truth, namespace)
        numbers = value if isinstance(value, list) else [value]
        return [namespace["mpmathify"](number) for number in numbers]

    @property
    def expected(self) -> str:
        """The true numbers, to six digits, or as many as show the difference."""
        six = [mpmath.nstr(number, 6) for number in self.true]
        alike = six == [mpmath.nstr(mpmath.mpf(number), 6) for number in self.observed]
        digits = [mpmath.nstr(number, 12) for number in self.true] if alike else six
        return digits[0] if len(digits) == 1 else f"[{', '.join(digits)}]"

    @property
    def observed(self) -> list[str]:
        """The numbers that are printed; none where the framework raises."""
        return [] if self.severity in ("crash", "refusal") else NUMBER.findall(self.prints)

    def cites(self, deviation: Deviation) -> bool:
        """Whether it stands for this deviation."""
        return any(is_cited(deviation, clause) for clause in self.clauses)


def is_cited(deviation: Deviation, citation: str) -> bool:
    """Whether ``"FUN-170: tanh"``, for example, is this deviation."""
    clause, _, words = citation.partition(": ")
    said = f"{deviation.case}; {deviation.reason}"
    return fnmatch(deviation.clause, clause) and bool(re.search(rf"(?<![a-z]){re.escape(words)}(?![a-z])", said))


def findings(framework: str | None = None) -> list[Finding]:
    """What is known of a framework, or of all, the worst first."""
    names = [framework] if framework else list(FRAMEWORKS)
    found = [Finding(name, **entry) for name in names for entry in _read(name)["finding"]]
    return sorted(found, key=lambda it: SEVERITIES.index(it.severity))


def others(framework: str) -> dict[str, str]:
    """Deviations that no finding stands for: citation -> reason."""
    return dict(_read(framework)["other"])


def deviations(framework: str) -> tuple[Deviation, ...]:
    """What the adapter lists for the framework's own derivatives, in the release that the tests run with."""
    path = ROOT / f"backends/autodiff_{framework}/deviations.toml"
    return known_deviations(SimpleNamespace(deviations=path, conventions="native", version=release(framework)))


def release(framework: str) -> str:
    """The release of ``constraints.txt``."""
    match = re.search(rf"^{framework}==(.+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert match, framework
    return match[1]


def legal(framework: str) -> Iterator[Deviation]:
    """Values at a kink that a SHOULD clause advises against, and no MUST clause forbids."""
    known = findings(framework)
    for deviation in deviations(framework):
        if deviation.clause.startswith("KINK") and not any(finding.cites(deviation) for finding in known):
            yield deviation


def _read(framework: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{framework}.toml").read_text("utf-8"))
