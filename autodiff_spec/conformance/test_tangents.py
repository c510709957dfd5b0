"""Chapter JVP: which tangents fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend, DtypeError, NotDifferentiableError, ShapeMismatchError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_equal


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


@clause("JVP-10")
def test_tangents_of_another_tree_are_refused(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    for primals, tangents in (((x,), (x, x)), ((x, x), (x,)), (({"a": x},), ({"b": x},)), (({"a": x},), (x,))):
        with pytest.raises(ShapeMismatchError, match="tangents"):
            be.jvp(lambda *args: x, primals, tangents)


@clause("JVP-11")
@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 2), (2, 1)], ids=str)
def test_a_tangent_of_another_shape_is_refused(be: Backend, shape: tuple[int, ...]) -> None:
    x = array(be, [1.0, 2.0])
    with pytest.raises(ShapeMismatchError, match=r"tangents\[0\]"):
        be.jvp(lambda a: a * a, (x,), (be.asarray(np.ones(shape)),))


@clause("JVP-12")
def test_a_tangent_of_another_dtype_is_cast(be: Backend) -> None:
    x, single = array(be, [1.0, 2.0]), be.asarray(np.ones(2, dtype=np.float32))
    _, slope = be.jvp(lambda a: a * a, (x,), (single,))
    assert_array(be, slope, (2,), be.xp.float64)
    _, slope = be.jvp(lambda a: a * a, (single,), (x,))
    assert_array(be, slope, (2,), be.xp.float32)
    assert_equal(be, slope, [2.0, 4.0])


@clause("JVP-13")
@pytest.mark.parametrize("bad", ["a Python int", "an int array", "a bool array", "text"])
def test_what_is_not_floating_is_refused(be: Backend, bad: str) -> None:
    x = array(be, 1.0)
    wrong = {
        "a Python int": 3,
        "an int array": be.xp.asarray([1, 2]),
        "a bool array": np.array(True),
        "text": "3.0",
    }[bad]
    for primals, tangents in (((wrong,), (x,)), ((x,), (wrong,))):
        with pytest.raises(NotDifferentiableError):
            be.jvp(lambda a: a * 2.0, primals, tangents)


@clause("JVP-14")
def test_bare_primals_or_tangents_are_refused(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    wrong: list[tuple[Any, Any]] = [(x, (x,)), ((x,), x), ({"x": x}, {"x": x})]
    for primals, tangents in wrong:
        with pytest.raises(TypeError, match="tuple"):
            be.jvp(lambda a: a * a, primals, tangents)


@clause("JVP-20")
def test_a_complex_tangent_of_a_real_primal_is_refused(be: Backend) -> None:
    with pytest.raises(DtypeError, match="real"):
        be.jvp(lambda a: a * a, (array(be, 1.0),), (be.asarray(np.array(1.0 + 2.0j)),))
