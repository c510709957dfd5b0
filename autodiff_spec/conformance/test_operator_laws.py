"""Laws that all derived operators share: chapters JVP, JAC, HESS, VMAP, CPLX and ERR."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, DtypeError, NotDifferentiableError, ShapeMismatchError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_close
from autodiff_spec.conformance.strategies import values
from autodiff_spec.conformance.test_complex_numbers import COMPLEX, SCALE, points
from autodiff_spec.core import trees

# Each takes the backend, a smooth function of an array of shape (3,), the array and a direction.
OPERATORS: dict[str, Callable[..., Any]] = {
    "jvp": lambda be, f, x, v: be.jvp(f, (x,), (v,)),
    "jacobian, forward": lambda be, f, x, v: be.jacobian(f, mode="forward")(x),
    "jacobian, reverse": lambda be, f, x, v: be.jacobian(f, mode="reverse")(x),
    "hessian": lambda be, f, x, v: be.hessian(f)(x),
    "hvp": lambda be, f, x, v: be.hvp(f, (x,), (v,)),
    "vmap": lambda be, f, x, v: be.vmap(lambda a, b: a * b)(x, v),
}


def twice_the_same(be: Backend, operator: str, x: Any, v: Any) -> None:
    arrays, before = (be.asarray(x), be.asarray(v)), (x.copy(), v.copy())

    def found() -> list[Any]:
        result = OPERATORS[operator](be, lambda a: be.xp.sin(a) * be.xp.flip(a), *arrays)
        return trees.flatten(be.to_numpy(result))[0]

    for one, again in zip(found(), found(), strict=True):
        np.testing.assert_array_equal(one, again)
    for array, value in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(be.to_numpy(array), value)


@clause("JVP-26")
@given(x=values((3,)), v=values((3,)))
def test_a_derivative_along_a_direction_repeats(be: Backend, x: Any, v: Any) -> None:
    twice_the_same(be, "jvp", x, v)


@clause("JAC-25")
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@given(x=values((3,)))
def test_a_jacobian_repeats(be: Backend, mode: str, x: Any) -> None:
    twice_the_same(be, f"jacobian, {mode}", x, x)


@clause("HESS-18")
@pytest.mark.parametrize("operator", ["hessian", "hvp"])
@given(x=values((3,)), v=values((3,)))
def test_second_derivatives_repeat(be: Backend, operator: str, x: Any, v: Any) -> None:
    twice_the_same(be, operator, x, v)


@clause("VMAP-16")
@given(x=values((3,)), v=values((3,)))
def test_a_batch_repeats(be: Backend, x: Any, v: Any) -> None:
    twice_the_same(be, "vmap", x, v)


@clause("CPLX-13")
@pytest.mark.parametrize("program", list(COMPLEX))
@given(z=points(), v=points(), w=points(), u=points())
def test_complex_laws_in_the_real_inner_product(be: Backend, program: str, z: Any, v: Any, w: Any, u: Any) -> None:
    u = u[0] if program == "sum" else u

    def f(a: Any) -> Any:
        return COMPLEX[program](be.xp, a)

    def along(tangent: Any) -> Any:
        return be.to_numpy(be.jvp(f, (be.asarray(z),), (be.asarray(tangent),))[1])

    (g,) = be.vjp(f, be.asarray(z))[1](be.asarray(u))
    slope, size = along(v), SCALE * (np.abs(v).sum() + np.abs(w).sum())
    assert_close(along(2.0 * v - 3.0 * w), 2.0 * slope - 3.0 * along(w), scale=3 * size)
    left, right = np.sum(np.conj(u) * slope).real, np.sum(np.conj(be.to_numpy(g)) * v).real
    assert_close(np.array(left), np.array(right), scale=size * (1.0 + np.abs(u).sum()))


# --- errors -----------------------------------------------------------------------------------------------------


def _square(x: Any) -> Any:
    return x["a"][0] * x["a"][0]


REFUSALS: dict[str, tuple[Callable[[Any], Any], type[Exception], tuple[str, ...]]] = {
    "a tangent of a wrong shape": (
        lambda s: s.be.jvp(_square, (s.tree,), ({"a": [s.be.asarray([1.0])]},)),
        ShapeMismatchError, ("jvp()", "tangents[0]['a'][0]", "exactly the primal's shape"),
    ),
    "tangents of another tree": (
        lambda s: s.be.jvp(_square, (s.tree,), (s.x,)),
        ShapeMismatchError, ("jvp()", "tangents", "same structure"),
    ),
    "a tangent of ints": (
        lambda s: s.be.jvp(_square, (s.tree,), ({"a": [s.be.xp.asarray([1, 2])]},)),
        NotDifferentiableError, ("jvp()", "tangents[0]['a'][0]", "floating"),
    ),
    "a complex tangent": (
        lambda s: s.be.jvp(_square, (s.tree,), ({"a": [np.array([1j, 2.0])]},)),
        DtypeError, ("jvp()", "tangents[0]['a'][0]", "real"),
    ),
    "a primal of ints": (
        lambda s: s.be.hvp(_square, ({"a": [s.be.xp.asarray([1, 2])]},), (s.tree,)),
        NotDifferentiableError, ("hvp()", "primals[0]['a'][0]", "floating"),
    ),
    "an argument of a jacobian that is an int": (
        lambda s: s.be.jacobian(lambda x, y: y, argnums=1)(s.x, 3),
        NotDifferentiableError, ("jacobian()", "args[1]", "write 3.0"),
    ),
    "argnums out of range": (
        lambda s: s.be.hessian(lambda x: x, argnums=1)(s.x), ValueError, ("argnums=1", "1 positional", "0 to 0")
    ),
    "a mode that does not exist": (
        lambda s: s.be.jacobian(lambda x: x, mode="sideways"), ValueError, ("jacobian()", "mode", "'forward'")
    ),
    "batches of two sizes": (
        lambda s: s.be.vmap(lambda t, y: y)(s.tree, s.be.asarray([1.0, 2.0, 3.0])),
        ShapeMismatchError, ("vmap()", "args[0]['a'][0] has 2", "one size"),
    ),
    "a function without arrays": (
        lambda s: s.be.jvp(lambda x: "text", (s.x,), (s.x,)), TypeError, ("the function returned", "str", "has_aux")
    ),
}  # fmt: skip


@clause("ERR-12")
@pytest.mark.parametrize("case", list(REFUSALS))
def test_a_derived_operator_refuses_with_operation_argument_and_remedy(be: Backend, case: str) -> None:
    call, error, parts = REFUSALS[case]
    x = be.asarray(np.array([1.0, 2.0]))
    with pytest.raises(error) as caught:
        call(SimpleNamespace(be=be, x=x, tree={"a": [x]}))
    for part in parts:
        assert part in str(caught.value)
