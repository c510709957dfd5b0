"""The verdict on a clause that is foreseen, from what a backend declares and lists."""

from __future__ import annotations

from autodiff_spec import Backend
from autodiff_spec.clauses import Clause, Level
from autodiff_spec.conformance._deviations import known_deviations
from autodiff_spec.report import Verdict

ASKED_WITHOUT_OTHER_KINKS = frozenset({"PROG-13"})
"""Clauses that only backends without known deviations at kinks are asked."""


def foreseen(clause: Clause, be: Backend) -> Verdict:
    """The verdict on a backend where the suite finds nothing but the deviations that are listed.

    Examples:
        >>> import autodiff_spec as ad
        >>> from autodiff_spec.clauses import CLAUSES
        >>> foreseen(CLAUSES["KINK-02"], ad.backend("numpy")).value
        'conforms'
    """
    deviations = known_deviations(be)
    if not set(clause.needs) <= be.capabilities:
        return Verdict.UNSUPPORTED
    if clause.id in ASKED_WITHOUT_OTHER_KINKS and any(entry.clause.startswith("KINK-") for entry in deviations):
        return Verdict.UNTESTED
    if any(entry.clause == clause.id for entry in deviations):
        return Verdict.VIOLATES if clause.level is Level.MUST else Verdict.DEVIATES
    return Verdict.CONFORMS
