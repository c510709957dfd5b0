"""From what pytest reports about a test to one row."""

from __future__ import annotations

import re
from dataclasses import asdict, replace

import pytest

from autodiff_spec.conformance._mismatch import diagnosis
from autodiff_spec.conformance._run import LISTED, MISSING, NOTE, case_of, cited_by, identity, is_drawn
from autodiff_spec.report import Outcome, Row

_WIDTH = 240
_EXPLANATION = re.compile(r"\nassert |\n +\+ +where ")  # what pytest adds to a failed assertion
_NUMPY = re.compile(r"^\s*(?:Not equal|Arrays are not).*?ACTUAL: (.*?)\s*DESIRED: (.*)", re.DOTALL)  # numpy.testing
_STOPPED_FAILING = "[XPASS(strict)]"


def row_of(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Row | None:
    """The row of a test, once its set-up failed or skipped, its call ended, or its tear-down failed."""
    if report.when != "call" and report.outcome == "passed":
        return None
    error = None if call.excinfo is None else call.excinfo.value
    outcome = _outcome(item, report)
    return replace(
        begun(item),
        outcome=outcome,
        message=_one_line(error),
        reproducer=_reproducer(error) if outcome in (Outcome.FAILED, Outcome.EXPECTED) else "",
        **(asdict(diagnosis(error, item.name)) if error and outcome in (Outcome.FAILED, Outcome.EXPECTED) else {}),
        seconds=round(report.duration, 4),
    )


def begun(item: pytest.Item) -> Row:
    """The row of a test that has begun: what is known of it if its process dies."""
    return Row(
        test=identity(item),
        clauses=cited_by(item),
        case=case_of(item),
        outcome=Outcome.CRASHED,
        note=item.stash.get(NOTE, ""),
        listed=item.stash.get(LISTED, ()),
        missing=item.stash.get(MISSING, ()),
        drawn=is_drawn(item),
    )


def _outcome(item: pytest.Item, report: pytest.TestReport) -> Outcome:
    if report.skipped and hasattr(report, "wasxfail"):
        return Outcome.EXPECTED
    if report.skipped:
        return Outcome.UNSUPPORTED if MISSING in item.stash else Outcome.SKIPPED
    if report.failed:
        return Outcome.FIXED if str(report.longrepr).startswith(_STOPPED_FAILING) else Outcome.FAILED
    return Outcome.PASSED


def _one_line(error: BaseException | None) -> str:
    """An exception's type and message, on one line."""
    if error is None:
        return ""
    said = _NUMPY.sub(r"got \1 expected \2", _EXPLANATION.split(str(error), maxsplit=1)[0])
    text = " ".join(said.split())
    if not isinstance(error, AssertionError | pytest.skip.Exception):
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _reproducer(error: BaseException | None) -> str:
    """The notes on an error: Hypothesis's minimal failing example, a test's own program."""
    return "\n".join(str(note).strip("\n") for note in getattr(error, "__notes__", ()))
