"""TensorFlow's array namespace: every function in every dtype and with unknown shapes, and what the standard asks.

The expected values are NumPy's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests.tensorflow_calls import ALL, INTEGERS, assert_same, input_of

tf = pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def be() -> ad.Backend:
    return ad.backend("tensorflow")


@pytest.fixture(scope="module")
def numpy_xp() -> Any:
    return ad.backend("numpy").xp


@pytest.mark.parametrize("name", ALL)
def test_a_function_is_numpys_in_every_dtype(be: ad.Backend, numpy_xp: Any, name: str) -> None:
    dtypes, call, values = ALL[name]
    for dtype in dtypes:
        x = input_of(values, dtype)
        with np.errstate(all="ignore"):
            expected = call(numpy_xp, x)
        assert_same(call(be.xp, tf.constant(x)), expected)


@pytest.mark.parametrize("name", ALL)
def test_a_function_runs_in_a_graph_with_unknown_sizes(be: ad.Backend, numpy_xp: Any, name: str) -> None:
    dtypes, call, values = ALL[name]
    x = input_of(values, dtypes[-1])
    traced = tf.function(
        lambda x: call(be.xp, x), input_signature=[tf.TensorSpec([None, None], dtypes[-1])], autograph=False
    )
    with np.errstate(all="ignore"):
        expected = call(numpy_xp, x)
    assert_same(traced(tf.constant(x)), expected)


# --- what the standard asks beyond values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "number", "expected"),
    [
        ("int8", 1, "int8"), ("int8", True, "int8"), ("int32", 1.5, "float32"), ("bool", 1, "int64"),
        ("float32", 1, "float32"), ("float64", 1.5, "float64"), ("float32", 1j, "complex64"),
        ("float64", 1j, "complex128"), ("bfloat16", 1.5, "bfloat16"), ("float16", 2, "float16"),
    ],
)  # fmt: skip
def test_python_numbers_are_weak(be: ad.Backend, array: str, number: Any, expected: str) -> None:
    x = be.xp.ones(2, dtype=getattr(be.xp, array))
    assert be.xp.multiply(x, number).dtype == be.xp.multiply(number, x).dtype == getattr(be.xp, expected)


@pytest.mark.parametrize("name", ["add", "atan2", "maximum", "where", "concat", "matmul", "vecdot", "searchsorted"])
def test_functions_of_two_arrays_promote(be: ad.Backend, name: str) -> None:
    xp = be.xp
    single, double = xp.ones(2, dtype=xp.float32), xp.ones(2, dtype=xp.float64)
    calls = {
        "where": lambda: xp.where(tf.constant([True, False]), single, double),
        "concat": lambda: xp.concat([single, double]),
        "searchsorted": lambda: xp.astype(xp.searchsorted(single, double), xp.float64),
    }
    assert calls.get(name, lambda: getattr(xp, name)(single, double))().dtype == xp.float64


def test_dtypes_that_no_dtype_holds_are_refused(be: ad.Backend) -> None:
    with pytest.raises(TypeError, match="int64 and uint64"):
        be.xp.add(be.xp.ones(1, dtype=be.xp.int64), be.xp.ones(1, dtype=be.xp.uint64))


@pytest.mark.parametrize("name", ALL)
def test_variables_are_arrays(be: ad.Backend, name: str) -> None:
    dtypes, call, values = ALL[name]
    dtype = next((each for each in ("float64", "complex128", "int32", "bool") if each in dtypes), None)
    assert dtype is not None
    x = input_of(values, dtype)
    assert_same(call(be.xp, tf.Variable(x)), call(be.xp, tf.constant(x)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_sign_of_zero_is_kept(be: ad.Backend, dtype: str) -> None:
    xp = be.xp
    kind = getattr(xp, dtype)
    for zero in (0.0, -0.0, 0.0):
        made = (
            xp.asarray(zero, dtype=kind), xp.asarray([zero], dtype=kind), xp.full(2, zero, dtype=kind),
            xp.full_like(xp.ones(2, dtype=kind), zero), xp.positive(xp.asarray(zero, dtype=kind)),
            xp.copysign(xp.zeros(2, dtype=kind), zero), xp.trunc(xp.asarray(zero, dtype=kind)),
            xp.remainder(xp.zeros(2, dtype=kind), math.copysign(1.0, zero)),
        )  # fmt: skip
        for array in made:
            assert bool(be.to_numpy(xp.all(xp.signbit(array)))) is (math.copysign(1.0, zero) < 0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_sorting_puts_nan_last_and_keeps_equal_elements_in_order(be: ad.Backend, dtype: str) -> None:
    x = tf.cast([3.0, math.nan, 1.0, math.nan, -0.0, 0.0, math.inf, -math.inf, -2.0], dtype)
    ordered = be.to_numpy(tf.cast(be.xp.sort(x), tf.float64))
    np.testing.assert_array_equal(ordered, [-math.inf, -2, 0, 0, 1, 3, math.inf, math.nan, math.nan])
    assert be.to_numpy(be.xp.argsort(x)).tolist() == [7, 8, 4, 5, 2, 0, 6, 1, 3]
    # TensorFlow's own leaves what is around a NaN unsorted; when this fails, keys are needed no more
    assert be.to_numpy(tf.cast(tf.sort(x), tf.float64))[:7].tolist() != ordered[:7].tolist()


def test_shifts_beyond_the_last_bit_push_every_bit_out(be: ad.Backend) -> None:
    for dtype in INTEGERS:
        ones, wide = be.xp.full(1, 3, dtype=getattr(be.xp, dtype)), be.xp.full(1, 64, dtype=getattr(be.xp, dtype))
        assert be.to_numpy(be.xp.bitwise_left_shift(ones, wide)).tolist() == [0]
        assert be.to_numpy(be.xp.bitwise_right_shift(ones, wide)).tolist() == [0]


def test_the_mean_of_integers_is_not_rounded(be: ad.Backend) -> None:
    assert float(be.xp.mean(tf.constant([1, 2]))) == 1.5
    assert float(be.xp.var(tf.constant([1, 2]))) == 0.25


def test_powers_of_unsigned_integers_wrap_around(be: ad.Backend) -> None:
    for dtype in INTEGERS:
        x = np.array([3, 7, 0], dtype)
        exponents = np.array([25, 2, 0], dtype)
        np.testing.assert_array_equal(be.to_numpy(be.xp.pow(tf.constant(x), tf.constant(exponents))), x**exponents)


def test_arrays_are_made_on_the_device_that_is_named(be: ad.Backend) -> None:
    xp = be.xp
    info = xp.__array_namespace_info__()
    assert info.default_device() is None
    for device in info.devices():
        if device is not None:
            made = (
                xp.zeros(2, device=device), xp.asarray([1.0], device=device), xp.arange(3, device=device),
                xp.full(2, 1.0, device=device), xp.eye(2, device=device), xp.linspace(0, 1, 3, device=device),
                xp.ones_like(tf.constant([1.0]), device=device), xp.fft.fftfreq(3, device=device),
                xp.astype(tf.constant([1.0]), xp.float64, device=device),
            )  # fmt: skip
            assert {array.device for array in made} == {device}


def test_no_name_or_dtype_of_the_reference_namespace_is_missing(be: ad.Backend, numpy_xp: Any) -> None:
    beyond = {"longdouble", "outer", "swapaxes"}  # NumPy's own
    assert set(numpy_xp.__all__) - beyond <= set(be.xp.__all__)
    assert all(hasattr(be.xp, name) for name in be.xp.__all__)
    assert set(be.xp.linalg.__all__) == set(numpy_xp.linalg.__all__)
    assert set(be.xp.fft.__all__) == set(numpy_xp.fft.__all__)
    assert be.xp.__array_api_version__ == numpy_xp.__array_api_version__
    assert set(be.xp.__array_namespace_info__().dtypes()) == set(numpy_xp.__array_namespace_info__().dtypes())


@pytest.mark.parametrize("invert", [False, True])
def test_isin(be: ad.Backend, invert: bool) -> None:
    x, y = np.array([[1.0, 2.0], [math.nan, 4.0]]), np.array([4.0, 1.0, math.nan])
    found = be.xp.isin(tf.constant(x), tf.constant(y), invert=invert)
    np.testing.assert_array_equal(be.to_numpy(found), np.isin(x, y, invert=invert))
