"""The oracle's derivatives of many rows at once, and the table of functions that are asked at every magnitude."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff_spec import oracle
from autodiff_spec.conformance.functions import magnitudes
from autodiff_spec.conformance.functions.beyond import BEYOND
from autodiff_spec.conformance.functions.elementwise import ELEMENTWISE


@pytest.mark.parametrize("name", ["atan2", "prod"])
def test_rows_have_the_derivatives_that_each_has_alone(name: str) -> None:
    x = np.array([[2.0, -0.5], [1e-9, 3.0], [-7.0, 1e5]])
    args = tuple(x.T) if name == "atan2" else (x,)

    def program(xp: object, *arrays: object) -> object:
        return xp.atan2(*arrays) if name == "atan2" else xp.prod(arrays[0], axis=-1)  # type: ignore[attr-defined]

    there = oracle.Rows(program, *args)
    for n in range(len(x)):
        alone = [np.array(a[n : n + 1]) for a in args]
        first = np.concatenate([oracle.to_numpy(g).ravel() for g in oracle.gradient(program, *alone)])
        second = np.concatenate(
            [np.concatenate([oracle.to_numpy(b).ravel() for b in row]) for row in oracle.second(program, *alone)]
        )
        found = [float(there.first(c)[n]) for c in there.coordinates]
        mixed = [float(there.second(c, d)[n]) for c in there.coordinates for d in there.coordinates]
        np.testing.assert_array_equal(found, first)
        np.testing.assert_array_equal(mixed, second)


def test_rows_resolve_derivatives_far_below_the_value() -> None:
    there = oracle.Rows(lambda xp, x: xp.tanh(x), np.array([300.0, -1e-300]), exponent=1022)
    np.testing.assert_allclose(oracle.to_numpy(there.first((0, ()))), [4 * np.exp(-600.0), 1.0], rtol=1e-13)
    np.testing.assert_allclose(
        oracle.to_numpy(there.second((0, ()), (0, ()))), [-8 * np.exp(-600.0), 2e-300], rtol=1e-13
    )


def test_a_function_without_second_derivative_has_exact_zeros() -> None:
    there = oracle.Rows(lambda xp, x: x / 3.0, np.array([1e300, 1e-300]))
    assert [number == 0 for number in there.second((0, ()), (0, ()))] == [True, True]


def test_every_elementwise_function_is_asked_at_every_magnitude_or_left_out_with_a_reason() -> None:
    asked = {subject.function.name for subject in magnitudes.SUBJECTS}
    of_numbers = {
        f.name for f in (*ELEMENTWISE, *BEYOND) if f.variants[0].shapes[:1] in (magnitudes.ONE[:1], magnitudes.TWO[:1])
    }
    real = {
        f.name
        for f in (*ELEMENTWISE, *BEYOND)
        if all(arg.kind == "real" for arg in f.variants[0].args) and f.name != "topk"  # which mixes rows
    }
    assert (of_numbers & real) - asked <= set(magnitudes.LEFT_OUT)
    assert all(magnitudes.LEFT_OUT.values())


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_the_arguments_are_numbers_of_the_dtype_that_a_narrower_one_has_not(dtype: str) -> None:
    for subject in magnitudes.SUBJECTS:
        regions, arrays = subject.at(dtype)
        assert len(regions) <= magnitudes.LENGTH
        for array in arrays:
            np.testing.assert_array_equal(array, array.astype(dtype).astype(np.float64))
            assert np.all(np.abs(array) >= np.finfo(dtype).tiny)
    if dtype == "float64":
        ordinary = magnitudes.numbers(magnitudes.LINE, dtype, "")["ordinary"]
        assert np.all(np.array(ordinary) != np.array(ordinary, dtype=np.float32))
