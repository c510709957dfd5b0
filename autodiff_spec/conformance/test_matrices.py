"""Chapter FUN: derivatives of functions of matrices of every kind, small ones and ones of many rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend, Capability
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import Call
from autodiff_spec.conformance.functions import Function, Variant
from autodiff_spec.conformance.functions.matrices import LARGE, large, of_kinds

_MODES = ("pullback", "pushforward", "second")


def _kinds() -> list[Any]:
    """Every kind of matrix in one mode at least, every function in every mode."""
    found = []
    for number, (function, variant, kind, arrays) in enumerate(of_kinds()):
        every = kind.startswith("that needs") or (kind.startswith("in a stack") and arrays[0].size <= 8)
        other = _MODES[number % (2 if arrays[0].size > 8 else 3)]  # second derivatives of many numbers take long
        for mode in _MODES if every else dict.fromkeys(("pullback", other)):
            case = f"{variant.name} {kind}-{mode}"
            found.append(pytest.param(function, variant, arrays, mode, id=case, marks=clause(function.clause)))
    return found


@clause("FUN-234")
@pytest.mark.parametrize(("function", "variant", "arrays", "mode"), _kinds())
def test_the_derivative_is_right_for_every_kind_of_matrix(
    be: Backend, function: Function, variant: Variant, arrays: list[Any], mode: str
) -> None:
    call = Call(be, function, variant, arrays)
    if mode == "second" and Capability.HIGHER_ORDER in be.capabilities:
        call.assert_second()
    elif mode == "pushforward" and be._has_forward():
        call.assert_pushforward()
    else:
        call.assert_pullback()


@clause("FUN-235")
@pytest.mark.parametrize(
    ("kind", "program"),
    [pytest.param(kind, program, id=name, marks=clause(cited)) for name, (cited, kind, program) in LARGE.items()],
)
def test_the_derivative_of_a_function_of_many_rows_is_that_of_its_values(
    be: Backend, kind: str, program: Callable[..., Any]
) -> None:
    matrix = large(kind)
    generator = np.random.default_rng(7)
    direction = generator.standard_normal(matrix.shape) / np.sqrt(matrix.size)
    weights = generator.standard_normal(np.shape(be.to_numpy(program(be.xp, be.asarray(matrix)))))

    def f(x: Any) -> Any:
        return be.xp.sum(program(be.xp, x) * be.asarray(weights))

    def at(step: float) -> float:
        return float(be.to_numpy(f(be.asarray(matrix + step * direction))))

    # Central differences of the fourth order: an error of h⁴ and of a rounding divided by h, 1e-12 of the terms' size.
    h = 2.0**-10
    slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    gradient = be.to_numpy(be.grad(f)(be.asarray(matrix)))
    size = float(np.linalg.norm(gradient))
    assert abs(float(np.sum(gradient * direction)) - slope) <= 1e-9 * size
    if be._has_forward():
        _, found = be.jvp(f, (be.asarray(matrix),), (be.asarray(direction),))
        assert abs(float(be.to_numpy(found)) - slope) <= 1e-9 * size
