"""Chapter FUN: the derivatives of each function against the oracle: first and second order, drawn values and shapes."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, Capability
from autodiff_spec.conformance import clause, deviates, examples
from autodiff_spec.conformance._calls import Arrays, Call
from autodiff_spec.conformance._layouts import IN_ORDER, LAYOUTS
from autodiff_spec.conformance._limits import limits
from autodiff_spec.conformance._thinning import spare
from autodiff_spec.conformance.checks import assert_equal
from autodiff_spec.conformance.functions import FUNCTIONS, Arg, Function, Shape, Variant
from autodiff_spec.conformance.functions._model import STACK
from autodiff_spec.conformance.functions.complexes import moves
from autodiff_spec.conformance.functions.linalg import FACTORS
from autodiff_spec.conformance.strategies import FLOATS

# A framework's remark about an empty axis is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")
_LAYOUTS = tuple(LAYOUTS)


def _variants(turn: int | None = None) -> list[Any]:
    """Every variant as a parameter that cites its function's clause.

    With a ``turn``, 0 or 1, only a function's first and every second one is of those that no backend is spared.
    """
    found = []
    for function in FUNCTIONS:
        for k, variant in enumerate(function.variants):
            marks = [clause(function.clause), *_spared(k == 0 or turn in (None, k % 2))]
            found.append(pytest.param(function, variant, id=variant.name, marks=marks))
    return found


def _spared(asked: bool) -> list[pytest.MarkDecorator]:
    return [] if asked else [spare]


def _in_dtypes_and_layouts() -> list[Any]:
    """Every variant in the narrower dtypes, each function in every layout of its arguments and of its cotangents."""
    found = []
    for function in FUNCTIONS:
        start = zlib.crc32(function.name.encode())  # a new function leaves the others' cases as they are
        halves = ("float16",) if function.half and function.variants[0].real else ()
        for k in range(max(len(function.variants), len(LAYOUTS))):
            variant = function.variants[k % len(function.variants)]
            layout, seeds = _LAYOUTS[k % len(_LAYOUTS)], _LAYOUTS[(k + start) % len(_LAYOUTS)]
            for dtype in ("float32", *(halves if k < len(function.variants) else ())):
                values = (function, variant, dtype, layout, seeds)
                case = f"{variant.name}-{dtype} {layout} by cotangents {seeds}"
                once = k == start % len(function.variants)
                marks = [clause(function.clause), *_spared(once)]
                found.append(pytest.param(*values, id=case, marks=marks))
    return found


def _functions(chosen: Callable[[Function], Any] = lambda function: True, *marks: pytest.MarkDecorator) -> list[Any]:
    """Every function that is chosen as a parameter that cites its clause."""
    return [
        pytest.param(function, id=function.name, marks=[clause(function.clause), *marks])
        for function in filter(chosen, FUNCTIONS)
    ]


@pytest.mark.parametrize(("function", "variant"), _variants())
def test_the_pullback_is_the_one_of_the_mathematical_function(
    be: Backend, function: Function, variant: Variant
) -> None:
    for shapes in variant.shapes:
        Call(be, function, variant, shapes).assert_pullback()


@pytest.mark.parametrize(("function", "variant"), _variants(0))
def test_the_pushforward_is_the_one_of_the_mathematical_function(
    be: Backend, function: Function, variant: Variant, thorough: bool
) -> None:
    if not be._has_forward():
        pytest.skip(f"{be.name} has no forward mode")
    for shapes in variant.shapes if thorough else variant.shapes[:1]:
        Call(be, function, variant, shapes).assert_pushforward()


def _size(shapes: tuple[Shape, ...]) -> int:
    """How many numbers arguments of these shapes are."""
    return sum(map(math.prod, shapes))


@clause("FUN-230")
@pytest.mark.parametrize(("function", "variant", "dtype", "layout", "seeds"), _in_dtypes_and_layouts())
def test_the_derivative_is_right_in_every_dtype_and_layout(
    be: Backend, function: Function, variant: Variant, dtype: str, layout: str, seeds: str, thorough: bool
) -> None:
    if _is_listed(be, variant):
        pytest.skip(f"{be.name} lists a deviation of {variant.name} in any dtype")
    call = Call(be, function, variant, variant.shapes[0], dtype, layout, seeds)
    if dtype == "float16" and not _right_in_16_bits(call):
        pytest.skip(f"{be.name} has no {function.name} in float16")
    call.assert_pullback()
    if be._has_forward() and thorough:
        call.assert_pushforward()


@clause("FUN-230")
@pytest.mark.parametrize("function", _functions())
def test_the_pullback_is_the_same_however_cotangents_lie(be: Backend, function: Function) -> None:
    if Capability.MUTABLE_OUT not in be.capabilities:
        pytest.skip(f"what a program sees of {be.name}'s arrays does not tell how they lie")
    for variant in (*function.variants, *FACTORS.get(function.name, ())):
        if not _is_listed(be, variant):
            Call(be, function, variant, variant.largest).assert_every_layout_of_cotangents()


def _of_stacks() -> list[Any]:
    """Every variant whose arguments may be stacks, of matrices or of numbers."""
    found = []
    for function in FUNCTIONS:
        for variant in (variant for variant in function.variants if variant.members):
            cited = (function.clause, *(("FUN-234",) if variant.members[0] else ()))
            found.append(pytest.param(function, variant, id=variant.name, marks=[clause(*cited), spare]))
    return found


@pytest.mark.parametrize(("function", "variant"), _of_stacks())
def test_the_members_of_a_stack_have_the_derivatives_that_they_have_alone(
    be: Backend, function: Function, variant: Variant
) -> None:
    if _is_listed(be, variant):
        pytest.skip(f"{be.name} lists a deviation of {variant.name} of any member")
    Call(be, function, variant, variant.largest).assert_that_of_each(len(STACK))


@clause("FUN-123")
@pytest.mark.parametrize("function", _functions(moves, spare))
def test_complex_numbers_are_moved_as_their_parts_are(be: Backend, function: Function) -> None:
    for variant in moves(function):
        for dtype in FLOATS if not _is_listed(be, variant) else ():
            Call(be, function, variant, variant.largest, dtype).assert_that_of_parts()


def _is_listed(be: Backend, variant: Variant) -> bool:
    """Whether a deviation is listed for the variant, which the test of its pullback expects."""
    return deviates(be, variant.name) or bool(variant.region and deviates(be, variant.region))


def _right_in_16_bits(call: Call) -> bool:
    """Check the pullback; False where the framework has not even the value in this dtype."""
    try:
        call.assert_pullback()
    except AssertionError:
        raise
    except Exception:
        try:
            call(*call.primals)
        except Exception:  # of whatever type
            return False
        raise
    return True


@pytest.mark.parametrize(("function", "variant"), _variants(1))
def test_the_second_derivative_is_the_one_of_the_mathematical_function(
    be: Backend, function: Function, variant: Variant, thorough: bool
) -> None:
    if Capability.HIGHER_ORDER not in be.capabilities:
        pytest.skip(f"{be.name} has no second derivatives")
    for shapes in variant.shapes if thorough else (max(variant.shapes, key=_size),):
        Call(be, function, variant, shapes).assert_second()


@clause("FUN-232")
def test_minus_zero_beside_zero_among_the_numbers_of_a_program(be: Backend) -> None:
    xp = be.xp
    x = be.asarray(np.array([3.0, -5.0]))

    def f(x: Any) -> Any:
        one = xp.ones_like(x)
        return xp.sum(xp.copysign(x, 0.0 * one) + 10.0 * xp.copysign(x, -0.0 * one))

    assert_equal(be, be.grad(f)(x), [-9.0, 9.0])


@clause("MUT-30", "MUT-31")
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_no_rule_changes_an_argument_or_a_cotangent(be: Backend, function: Function, thorough: bool) -> None:
    for variant in function.variants if thorough else function.variants[:1]:
        if not _is_listed(be, variant):
            Call(be, function, variant, variant.shapes[0]).assert_another_use_keeps_its_share()


# --- drawn values, shapes, dtypes and layouts ---------------------------------------------------------------------


def _elements(arg: Arg, shape: Shape) -> st.SearchStrategy[Any]:
    size = int(np.prod(shape))
    if arg.kind == "mask":
        return st.lists(st.booleans(), min_size=size, max_size=size).map(
            lambda v: np.array(v, dtype=bool).reshape(shape)
        )
    if arg.kind == "index":
        numbers = st.integers(max(0, int(arg.low)), int(arg.high) - 1)
        return st.lists(numbers, min_size=size, max_size=size).map(lambda v: np.array(v, arg.dtype).reshape(shape))
    allowed = st.sampled_from(sorted(arg.choices(), key=abs))
    element = st.builds(complex, allowed, allowed) if arg.kind == "complex" else allowed
    drawn = st.lists(element, min_size=size, max_size=size, unique_by=abs if arg.distinct else None)
    dtype = np.complex128 if arg.kind == "complex" else np.float64
    return drawn.map(lambda v: arg.raised(np.array(v, dtype=dtype).reshape(shape)))


@st.composite
def _points(draw: st.DrawFn, function: Function, dtypes: list[str]) -> tuple[Variant, Arrays, str, str]:
    variant = draw(st.sampled_from(function.variants))
    shapes = draw(st.sampled_from(variant.shapes))
    arrays = [draw(_elements(arg, shape)) for arg, shape in zip(variant.args, shapes, strict=True)]
    return variant, arrays, draw(st.sampled_from(dtypes)), draw(st.sampled_from((IN_ORDER, *_LAYOUTS)))


@pytest.mark.parametrize("function", _functions())
@examples(0.15)
@given(data=st.data())
def test_the_pullback_is_right_for_drawn_values_shapes_and_dtypes(
    be: Backend, function: Function, data: st.DataObject
) -> None:
    half = [d for d in ("float16", "bfloat16") if function.half and function.variants[0].real and hasattr(be.xp, d)]
    dtypes = ["float64"] if be.compiles_shapes else ["float64", "float32", *half]
    dtypes = [dtype for dtype in dtypes if dtype not in limits(be, function.name)]
    variant, arrays, dtype, layout = data.draw(_points(function, dtypes))
    if _is_listed(be, variant):
        return
    call = Call(be, function, variant, arrays, dtype, layout)
    if dtype in half:
        _right_in_16_bits(call)
    else:
        call.assert_pullback()
