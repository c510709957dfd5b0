"""Calls of NumPy's functions as users write them, on the NumPy engine: right, or refused in words of ours."""

from __future__ import annotations

import pytest

from benchmarks.numpy_calls import ours
from tests.numpy_calls import CALLS, Call
from tests.numpy_judge import judged

ENGINE = ours()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.group}: {call.line}")
def test_a_call_is_right_or_refused(call: Call) -> None:
    word, why = judged(ENGINE, call)
    assert word in ("right", "refused"), why


def test_nearly_all_calls_are_right() -> None:
    """Of 488 calls another engine of NumPy programs had 418 right: this one is to have nine of ten."""
    right = sum(judged(ENGINE, call)[0] == "right" for call in CALLS)
    assert right >= 0.9 * len(CALLS)
