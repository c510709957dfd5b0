"""Chapter FUN: every keyword of every function in several values, combined by pairs with shapes, dtypes and orders."""

from __future__ import annotations

from typing import Any

import pytest

from autodiff_spec import Backend, Capability
from autodiff_spec.conformance import _calls as calls
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._thinning import spare
from autodiff_spec.conformance.functions import FUNCTIONS, Function
from autodiff_spec.conformance.functions.keywords import TABLES, Call

pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")
_BY_NAME = {function.name: function for function in FUNCTIONS}


def _calls() -> list[Any]:
    """Every call of every table once, as a parameter that cites its function's clause."""
    found = {call.name: call for table in TABLES for call in table.calls()}
    return [
        pytest.param(function, call, id=name, marks=[clause(function.clause), *([spare] if call.spare else [])])
        for name, call in found.items()
        for function in (_BY_NAME[call.function],)
    ]


@clause("FUN-233")
@pytest.mark.parametrize(("function", "call"), _calls())
def test_the_derivative_is_right_for_each_pair_of_keywords_and_shapes(
    be: Backend, function: Function, call: Call
) -> None:
    here = calls.Call(be, function, call.variant, call.variant.shapes[0], call.dtype, call.layout, call.seeds)
    if call.mode == "second" and Capability.HIGHER_ORDER in be.capabilities:
        here.assert_second()
    elif call.mode == "pushforward" and be._has_forward():
        here.assert_pushforward()
    else:
        here.assert_pullback()
