"""Random programs: small functions over a namespace, drawn by Hypothesis, differentiated in every way there is.

`cases` draws them, as data (`Program`, `Case`) that prints as Python; `check` compares one with the oracle. The
operations they are made of are in `_table`: a new one is a line there.
"""

from __future__ import annotations

from autodiff_spec.conformance.programs._check import MODES, check, check_case
from autodiff_spec.conformance.programs._draw import POOL, cases, pool_of
from autodiff_spec.conformance.programs._model import Case, Program, Statement
from autodiff_spec.conformance.programs._recommended import EXACT, recommended
from autodiff_spec.conformance.programs._table import OPERATIONS, Operation

__all__ = [
    "EXACT",
    "MODES",
    "OPERATIONS",
    "POOL",
    "Case",
    "Operation",
    "Program",
    "Statement",
    "cases",
    "check",
    "check_case",
    "pool_of",
    "recommended",
]
