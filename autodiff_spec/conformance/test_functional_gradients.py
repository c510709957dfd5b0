"""Chapter VJP: grad() and value_and_grad()."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_equal
from autodiff_spec.conformance.strategies import arrays


def array(be: Backend, value: Any) -> Any:
    return be.asarray(value, dtype=be.xp.float64)


@clause("VJP-14", "VJP-23", "VJP-35")
@given(value=arrays())
def test_the_gradient_of_a_result_that_is_no_scalar_is_that_of_its_sum(be: Backend, value: Any) -> None:
    x = be.asarray(value)
    result, g = be.value_and_grad(lambda a: a * a)(x)
    assert_equal(be, result, value * value)
    assert_array(be, g, value.shape, x.dtype)
    assert_equal(be, g, 2 * value)
    assert_equal(be, be.grad(lambda a: (a * a, be.xp.sum(3.0 * a)))(x), 2 * value + 3.0)


def weighted(x: Any, y: Any, z: Any) -> Any:
    return x * y * z


@clause("VJP-15")
@pytest.mark.parametrize(("argnum", "expected"), [(0, 35.0), (1, 21.0), (2, 15.0), (-1, 15.0), (-2, 21.0), (-3, 35.0)])
def test_argnums_names_an_argument(be: Backend, argnum: int, expected: float) -> None:
    args = [array(be, value) for value in (3.0, 5.0, 7.0)]
    assert_equal(be, be.grad(weighted, argnums=argnum)(*args), expected)
    assert_equal(be, be.grad(weighted, argnums=cast(int, np.int64(argnum)))(*args), expected)


@clause("VJP-16", "VJP-17")
@pytest.mark.parametrize("argnums", [(0,), (1, 0), [2, 1], (0, 0), (1, -2, 1), (2, 0, 2, 1), ()], ids=str)
def test_a_sequence_of_argnums_gives_a_tuple(be: Backend, argnums: Any) -> None:
    args = [array(be, value) for value in (3.0, 5.0, 7.0)]
    found = be.grad(weighted, argnums=argnums)(*args)
    assert type(found) is tuple
    assert [float(be.to_numpy(g)) for g in found] == [[35.0, 21.0, 15.0][i] for i in argnums]
    assert len({id(g) for g in found}) == len(found)


@clause("VJP-17")
def test_the_same_array_as_two_arguments_is_two_sources(be: Backend) -> None:
    x = array(be, 3.0)
    gx, gy = be.grad(lambda a, b: a * a * b, argnums=(0, 1))(x, x)
    assert (float(be.to_numpy(gx)), float(be.to_numpy(gy))) == (18.0, 9.0)


@clause("VJP-18")
@pytest.mark.parametrize("argnums", [3, -4, (0, 3), (0, -4)], ids=str)
def test_argnums_out_of_range_are_refused(be: Backend, argnums: Any) -> None:
    with pytest.raises(ValueError, match="argnums"):
        be.grad(weighted, argnums=argnums)(*[array(be, 1.0)] * 3)


@clause("VJP-19")
@pytest.mark.parametrize("argnums", [0.0, "0", None, (0, 1.0)], ids=repr)
def test_argnums_that_are_no_integers_are_refused(be: Backend, argnums: Any) -> None:
    with pytest.raises(TypeError):
        be.grad(weighted, argnums=argnums)(*[array(be, 1.0)] * 3)


@clause("VJP-20")
def test_aux_is_returned_and_not_differentiated(be: Backend) -> None:
    marker = object()

    def f(x: Any) -> Any:
        return x * x, {"marker": marker, "array": 100.0 * x}

    g, aux = be.grad(f, has_aux=True)(array(be, 3.0))
    assert_equal(be, g, 6.0)
    assert aux["marker"] is marker
    assert float(be.to_numpy(aux["array"])) == 300.0
    (value, again), same = be.value_and_grad(f, argnums=(0,), has_aux=True)(array(be, 3.0))
    assert_equal(be, value, 9.0)
    assert again["marker"] is marker
    assert_equal(be, same[0], 6.0)


@clause("VJP-21")
def test_keyword_arguments_are_passed_through(be: Backend) -> None:
    def f(x: Any, *, factor: Any, name: str = "") -> Any:
        assert name == "given"
        return x * x * factor

    assert_equal(be, be.grad(f)(array(be, 3.0), factor=2.0, name="given"), 12.0)
    assert_equal(be, be.grad(f)(array(be, 3.0), factor=array(be, 2.0), name="given"), 12.0)


@clause("VJP-22")
def test_arguments_that_are_not_differentiated_may_be_anything(be: Backend) -> None:
    def f(x: Any, n: Any, name: Any, mask: Any, nothing: Any) -> Any:
        assert [type(given) for given in (n, name, nothing)] == [int, str, type(None)]
        return be.xp.where(mask, x * float(n), 0.0 * x)

    mask = be.xp.asarray([True, False])
    assert_equal(be, be.grad(f)(array(be, [1.0, 2.0]), 2, "name", mask, None), [2.0, 0.0])


@clause("VJP-36")
@pytest.mark.parametrize("passed", [{}, {"z": 7.0}, {"y": 5.0, "z": 7.0}, {"z": 7.0, "x": 3.0, "y": 5.0}], ids=str)
def test_argnames_names_arguments_however_they_are_passed(be: Backend, passed: dict[str, float]) -> None:
    by_position = [array(be, value) for name, value in (("x", 3.0), ("y", 5.0), ("z", 7.0)) if name not in passed]
    by_name = {name: array(be, value) for name, value in passed.items()}
    assert_equal(be, be.grad(weighted, argnames="z")(*by_position, **by_name), 15.0)
    value, found = be.value_and_grad(weighted, argnames=("z", "x", "z"))(*by_position, **by_name)
    assert_equal(be, value, 105.0)
    assert type(found) is tuple
    for one, expected in zip(found, (15.0, 35.0, 15.0), strict=True):
        assert_equal(be, one, expected)


@clause("VJP-36")
def test_argnames_that_name_nothing_are_refused(be: Backend) -> None:
    x = array(be, 3.0)
    with pytest.raises(ValueError, match="without an argument 'w'"):
        be.grad(weighted, argnames=("x", "w"))(x, x, x)
    def of_many(x: Any, *rest: Any, c: Any = 1.0) -> Any:
        return x * rest[0] * rest[1] * c

    for name in ("c", "rest"):
        with pytest.raises(ValueError, match=f"without an argument '{name}'"):
            be.grad(of_many, argnames=name)(x, x, x)
    assert_equal(be, be.grad(of_many, argnames="c")(x, x, x, c=x), 27.0)
    with pytest.raises(ValueError, match="argnums=1 and argnames='x'"):
        be.grad(weighted, argnums=1, argnames="x")
    with pytest.raises(TypeError, match="name parameters"):
        be.grad(weighted, argnames=cast(Any, 1))
