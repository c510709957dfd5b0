"""TensorFlow's array namespace: every function in every dtype and with unknown shapes, and what is TensorFlow's own.

The expected values are NumPy's. Derivatives are the shared suite's business, except where a rule is of our own making.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

tf = pytest.importorskip("tensorflow")

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
REAL = (*INTEGERS, *FLOATS)
INEXACT = (*FLOATS, *COMPLEX)
ANY = ("bool", *REAL, *COMPLEX)
NUMERIC = (*REAL, *COMPLEX)

MATRIX = np.array([[1, 0, 3, 2], [2, 2, 0, 1], [5, 1, 1, 0]])  # 0 and 1 for bool, small for int8, with repetitions
SQUARE = np.array([[4, 1, 0], [1, 3, 1], [0, 1, 2]])

Call = Callable[[Any, Any], Any]


def of(name: str, **keywords: Any) -> Call:
    """A function of one array."""
    return lambda xp, x: getattr(xp, name)(x, **keywords)


def twice(name: str) -> Call:
    """A function of two arrays, here an array and one of its rows, which broadcasts."""
    return lambda xp, x: getattr(xp, name)(x, x[1, :])


CALLS: dict[str, tuple[tuple[str, ...], Call]] = {
    **{name: (NUMERIC, of(name)) for name in ("abs", "negative", "positive", "sign", "square", "prod", "sum")},
    **{name: (INEXACT, of(name)) for name in (
        "acos", "acosh", "asin", "asinh", "atan", "cos", "cosh", "exp", "expm1", "log1p", "sin", "sinh", "sqrt",
        "tan", "tanh",
    )},
    **{name: (INEXACT, lambda xp, x, name=name: getattr(xp, name)(x + 0.5)) for name in (
        "log", "log2", "log10", "reciprocal",
    )},
    **{name: (REAL, of(name)) for name in ("ceil", "floor", "max", "min", "round", "trunc", "argmax", "argmin")},
    **{name: (FLOATS, of(name)) for name in ("mean", "std", "var", "signbit")},
    **{name: (COMPLEX, of(name)) for name in ("conj", "imag", "real")},
    **{name: (ANY, of(name)) for name in ("all", "any", "count_nonzero", "isfinite", "isinf", "isnan", "nonzero")},
    **{name: (("bool", *INTEGERS), twice(name)) for name in ("bitwise_and", "bitwise_or", "bitwise_xor")},
    **{name: (INTEGERS, twice(name)) for name in ("bitwise_left_shift", "bitwise_right_shift")},
    "bitwise_invert": (("bool", *INTEGERS), of("bitwise_invert")),
    **{name: (("bool",), twice(name)) for name in ("logical_and", "logical_or", "logical_xor")},
    "logical_not": (("bool",), of("logical_not")),
    **{name: (NUMERIC, twice(name)) for name in ("add", "multiply", "subtract", "pow")},
    **{name: (REAL, twice(name)) for name in ("greater", "greater_equal", "less", "less_equal", "maximum", "minimum")},
    **{name: (ANY, twice(name)) for name in ("equal", "not_equal")},
    **{name: (FLOATS, twice(name)) for name in ("atan2", "copysign", "hypot", "logaddexp", "nextafter")},
    "divide": (INEXACT, lambda xp, x: xp.divide(x, x[1:2, :] + 1)),
    "floor_divide": (REAL, lambda xp, x: xp.floor_divide(x, xp.astype(xp.ones_like(x), x.dtype))),
    "remainder": (REAL, lambda xp, x: xp.remainder(x, xp.full_like(x, 2))),
    "clip": (REAL, lambda xp, x: xp.clip(x, 1, 2)),
    "where": (ANY, lambda xp, x: xp.where(x == x[0, :], x, x[1, :])),
    "max over axes": (REAL, of("max", axis=(0, 1), keepdims=True)),
    "min over an axis": (REAL, of("min", axis=-1)),
    "argmax over an axis": (REAL, of("argmax", axis=1, keepdims=True)),
    "sum over an axis": (NUMERIC, of("sum", axis=-1, keepdims=True)),
    "prod over an axis": (NUMERIC, of("prod", axis=0)),
    "mean over axes": (INEXACT, of("mean", axis=(0, 1))),
    "var with correction": (FLOATS, of("var", axis=0, correction=1.5)),
    "std with correction": (FLOATS, of("std", correction=1, keepdims=True)),
    "all over an axis": (ANY, of("all", axis=0)),
    "any over an axis": (ANY, of("any", axis=1, keepdims=True)),
    "cumulative_sum": (NUMERIC, of("cumulative_sum", axis=-1)),
    "cumulative_prod": (NUMERIC, of("cumulative_prod", axis=0)),
    "cumulative_sum with the initial": (NUMERIC, of("cumulative_sum", axis=-1, include_initial=True)),
    "cumulative_prod with the initial": (NUMERIC, of("cumulative_prod", axis=0, include_initial=True)),
    "diff": (NUMERIC, of("diff", axis=0)),
    "second diff": (NUMERIC, lambda xp, x: xp.diff(x, n=2, prepend=x[:, :1], append=x[:, :2])),
    "sort": (REAL, of("sort")),
    "sort descending": (REAL, of("sort", axis=0, descending=True)),
    "argsort": (REAL, of("argsort", axis=1)),
    "argsort descending": (REAL, of("argsort", axis=0, descending=True)),
    "searchsorted": (REAL, lambda xp, x: xp.searchsorted(xp.sort(x[0, :]), x, side="right")),
    "searchsorted with a sorter": (REAL, lambda xp, x: xp.searchsorted(x[0, :], x, sorter=xp.argsort(x[0, :]))),
    **{name: (ANY, of(name)) for name in ("unique_all", "unique_counts", "unique_inverse")},
    "unique_values": (("bool", *REAL), lambda xp, x: xp.sort(xp.unique_values(x))),
    "take": (ANY, lambda xp, x: xp.take(x, xp.asarray([2, 0, -1]), axis=1)),
    "take_along_axis": (ANY, lambda xp, x: xp.take_along_axis(x, xp.asarray([[2, -1]]), axis=1)),
    "broadcast_to": (ANY, lambda xp, x: xp.broadcast_to(x, (2, 3, 4))),
    "broadcast_arrays": (ANY, lambda xp, x: list(xp.broadcast_arrays(x, x[:1, :]))),
    "concat": (ANY, lambda xp, x: xp.concat([x, x], axis=-1)),
    "concat flattened": (ANY, lambda xp, x: xp.concat([x, x[0, :]], axis=None)),
    "stack": (ANY, lambda xp, x: xp.stack([x, x], axis=1)),
    "expand_dims": (ANY, of("expand_dims", axis=-1)),
    "squeeze": (ANY, lambda xp, x: xp.squeeze(x[:1, :], axis=0)),
    "flip": (ANY, of("flip")),
    "flip along an axis": (ANY, of("flip", axis=1)),
    "roll": (ANY, of("roll", shift=5)),
    "roll along axes": (ANY, of("roll", shift=(1, -1), axis=(0, 1))),
    "repeat": (ANY, lambda xp, x: xp.repeat(x, 2)),
    "repeat along an axis": (ANY, lambda xp, x: xp.repeat(x, xp.asarray([1, 0, 2]), axis=0)),
    "tile": (ANY, lambda xp, x: xp.tile(x, (2, 1, 2))),
    "moveaxis": (ANY, lambda xp, x: xp.moveaxis(x, 0, -1)),
    "permute_dims": (ANY, of("permute_dims", axes=(1, 0))),
    "reshape": (ANY, of("reshape", shape=(2, -1))),
    "tril": (ANY, of("tril", k=1)),
    "triu": (ANY, of("triu", k=-1)),
    "meshgrid": (ANY, lambda xp, x: list(xp.meshgrid(x[0, :], x[:, 1]))),
    "meshgrid of matrix indexing": (ANY, lambda xp, x: list(xp.meshgrid(x[0, :], x[:, 1], indexing="ij"))),
    "ones_like": (ANY, of("ones_like")),
    "zeros_like": (ANY, of("zeros_like")),
    "full_like": (ANY, of("full_like", fill_value=1)),
    "matmul": (NUMERIC, lambda xp, x: xp.matmul(x, xp.matrix_transpose(x))),
    "matmul with a vector": (NUMERIC, lambda xp, x: xp.matmul(x, x[0, :])),
    "matmul of vectors": (NUMERIC, lambda xp, x: xp.matmul(x[1, :], x[0, :])),
    "tensordot": (NUMERIC, lambda xp, x: xp.tensordot(x, x, axes=((0,), (-2,)))),
    "vecdot": (NUMERIC, lambda xp, x: xp.vecdot(x, x[0, :])),
    "outer": (NUMERIC, lambda xp, x: xp.linalg.outer(x[0, :], x[1, :])),
    "cross": (NUMERIC, lambda xp, x: xp.linalg.cross(x, x[:, 1:2], axis=0)),
    "diagonal": (ANY, lambda xp, x: xp.linalg.diagonal(x, offset=1)),
    "lower diagonal": (ANY, lambda xp, x: xp.linalg.diagonal(x, offset=-2)),
    "diagonal outside": (ANY, lambda xp, x: xp.linalg.diagonal(x, offset=9)),
    "trace": (NUMERIC, lambda xp, x: xp.linalg.trace(x, offset=1)),
    "vector_norm": (INEXACT, lambda xp, x: xp.linalg.vector_norm(x)),
    **{
        f"vector_norm of order {ord}": (INEXACT, lambda xp, x, ord=ord: xp.linalg.vector_norm(x, axis=0, ord=ord))
        for ord in (0, 1, 3, math.inf, -math.inf)
    },
    "vector_norm over axes": (INEXACT, lambda xp, x: xp.linalg.vector_norm(x, axis=(0, 1), keepdims=True)),
    **{
        f"matrix_norm of order {ord}": (INEXACT, lambda xp, x, ord=ord: xp.linalg.matrix_norm(x, ord=ord))
        for ord in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
    },
    "matrix_rank": (INEXACT, lambda xp, x: xp.linalg.matrix_rank(x)),
    "pinv": (INEXACT, lambda xp, x: xp.linalg.pinv(x)),
    "svdvals": (INEXACT, lambda xp, x: xp.linalg.svdvals(x)),
    "qr": (INEXACT, lambda xp, x: _product(xp, *xp.linalg.qr(x))),
    "fft": (INEXACT, lambda xp, x: xp.fft.fft(xp.astype(x, xp.complex128))),
    "fft cut": (COMPLEX, lambda xp, x: xp.fft.fft(x, n=2, axis=0, norm="ortho")),
    "fft filled": (COMPLEX, lambda xp, x: xp.fft.fft(x, n=7, axis=0, norm="forward")),
    "ifft": (COMPLEX, lambda xp, x: xp.fft.ifft(x, norm="ortho")),
    "fftn": (COMPLEX, lambda xp, x: xp.fft.fftn(x, norm="forward")),
    "ifftn": (COMPLEX, lambda xp, x: xp.fft.ifftn(x, s=(2, 5), axes=(1, 0))),
    "rfft": (FLOATS, lambda xp, x: xp.fft.rfft(x, axis=0)),
    "irfft": (COMPLEX, lambda xp, x: xp.fft.irfft(x)),
    "irfft of odd length": (COMPLEX, lambda xp, x: xp.fft.irfft(x, n=5, norm="ortho")),
    "rfftn": (FLOATS, lambda xp, x: xp.fft.rfftn(x, s=(4, 3), axes=(0, 1), norm="ortho")),
    "irfftn": (COMPLEX, lambda xp, x: xp.fft.irfftn(x, norm="forward")),
    "hfft": (COMPLEX, lambda xp, x: xp.fft.hfft(x, norm="ortho")),
    "ihfft": (FLOATS, lambda xp, x: xp.fft.ihfft(x, norm="forward")),
    "fftshift": (INEXACT, lambda xp, x: xp.fft.fftshift(x)),
    "ifftshift": (INEXACT, lambda xp, x: xp.fft.ifftshift(x, axes=0)),
}  # fmt: skip

SQUARES: dict[str, tuple[tuple[str, ...], Call]] = {
    "cholesky": (INEXACT, lambda xp, x: xp.linalg.cholesky(x)),
    "upper cholesky": (INEXACT, lambda xp, x: xp.linalg.cholesky(x, upper=True)),
    "det": (INEXACT, lambda xp, x: xp.linalg.det(x)),
    "slogdet": (INEXACT, lambda xp, x: xp.linalg.slogdet(x)),
    "eigvalsh": (INEXACT, lambda xp, x: xp.linalg.eigvalsh(x)),
    "eigh": (INEXACT, lambda xp, x: xp.linalg.eigh(x).eigenvalues),
    "inv": (INEXACT, lambda xp, x: xp.linalg.inv(x)),
    "solve": (INEXACT, lambda xp, x: xp.linalg.solve(x, x[0, :])),
    "solve of many": (INEXACT, lambda xp, x: xp.linalg.solve(xp.stack([x, x + 1]), x[:, :2])),
    **{
        f"matrix_power of {n}": (INEXACT, lambda xp, x, n=n: xp.linalg.matrix_power(x, n)) for n in (-2, -1, 0, 1, 5)
    },
    "svd": (INEXACT, lambda xp, x: xp.linalg.svd(x).S),
}

ALL = {**{name: (*case, MATRIX) for name, case in CALLS.items()}}
ALL |= {name: (*case, SQUARE) for name, case in SQUARES.items()}


def _product(xp: Any, q: Any, r: Any) -> Any:
    return xp.matmul(q, r)


@pytest.fixture(scope="module")
def be() -> ad.Backend:
    return ad.backend("tensorflow")


@pytest.fixture(scope="module")
def numpy_xp() -> Any:
    return ad.backend("numpy").xp


def input_of(values: Any, dtype: str) -> Any:
    """The values in a dtype; complex ones get imaginary parts, which keep a symmetric matrix Hermitian."""
    parts = 0.25j * (np.triu(values) - np.tril(values)) if dtype in COMPLEX else 0
    return (values + parts).astype(dtype)


def assert_same(found: Any, expected: Any) -> None:
    """Equal shapes, dtypes and values, up to 16 roundings of the largest element."""
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
        return
    expected, found = np.asarray(expected), np.asarray(found)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind in "fc":
        finite = expected[np.isfinite(expected)]
        scale = float(np.max(np.abs(finite), initial=1.0))
        np.testing.assert_allclose(found, expected, rtol=0, atol=16 * np.finfo(expected.dtype).eps * scale)
    else:
        np.testing.assert_array_equal(found, expected)


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


# --- derivatives: TensorFlow's beside the reference engine's, whose rules are others ---------------------------------


def weighted(xp: Any, y: Any) -> Any:
    """A real number that depends on every element, on its real and its imaginary part."""
    weights = xp.asarray(np.cos(np.arange(float(math.prod(y.shape)))).reshape(tuple(y.shape)))
    if xp.isdtype(y.dtype, "complex floating"):
        return xp.sum(weights * xp.real(y)) + xp.sum(xp.imag(y) ** 2)
    return xp.sum(weights * y * y)


def turned(xp: Any, x: Any) -> Any:
    """Complex numbers in all four quadrants."""
    return xp.astype(x, xp.complex128) * xp.asarray(0.6 + 0.8j, dtype=xp.complex128)


DERIVED: dict[str, Call] = {
    "fft": lambda xp, x: xp.fft.fft(turned(xp, x), n=4, norm="ortho"),
    "ifft": lambda xp, x: xp.fft.ifft(turned(xp, x), n=7, axis=0),
    "fftn": lambda xp, x: xp.fft.fftn(turned(xp, x), norm="forward"),
    "ifftn": lambda xp, x: xp.fft.ifftn(turned(xp, x), s=(2, 5), axes=(0, 1)),
    "rfft": lambda xp, x: xp.fft.rfft(x),
    "rfft of even length": lambda xp, x: xp.fft.rfft(x, n=6, norm="forward"),
    "irfft": lambda xp, x: xp.fft.irfft(turned(xp, x)),
    "irfft of odd length": lambda xp, x: xp.fft.irfft(turned(xp, x), n=5, norm="ortho"),
    "rfftn": lambda xp, x: xp.fft.rfftn(x, axes=(1, 0)),
    "irfftn": lambda xp, x: xp.fft.irfftn(turned(xp, x), s=(4, 3), axes=(0, 1)),
    "hfft": lambda xp, x: xp.fft.hfft(turned(xp, x), n=7),
    "ihfft": lambda xp, x: xp.fft.ihfft(x, axis=0, norm="ortho"),
    "fftshift": lambda xp, x: xp.fft.fftshift(x),
    "ifftshift": lambda xp, x: xp.fft.ifftshift(x, axes=1),
    "complex log": lambda xp, x: xp.log(turned(xp, x)),
    "complex log where the parts are equal": lambda xp, x: xp.log(xp.astype(x, xp.complex128) * (1 + 1j)),
    "complex log2": lambda xp, x: xp.log2(turned(xp, x)),
    "complex log1p": lambda xp, x: xp.log1p(turned(xp, x)),
    "complex expm1": lambda xp, x: xp.expm1(turned(xp, x)),
    "complex tanh": lambda xp, x: xp.tanh(turned(xp, x)),
    "remainder": lambda xp, x: xp.remainder(x, xp.asarray(0.7, dtype=xp.float64)),
    "sort": lambda xp, x: xp.sort(x, axis=0, descending=True),
    "unique_values": lambda xp, x: xp.sort(xp.unique_values(xp.concat([x, x]))),
    "cross": lambda xp, x: xp.linalg.cross(x, xp.flip(x), axis=0),
    "diagonal": lambda xp, x: xp.linalg.diagonal(x, offset=-1),
    "vector_norm of order 3": lambda xp, x: xp.linalg.vector_norm(x, ord=3, axis=(0, 1)),
    "vector_norm of order -2": lambda xp, x: xp.linalg.vector_norm(x, ord=-2, axis=1),
    "vector_norm of complex numbers": lambda xp, x: xp.linalg.vector_norm(turned(xp, x), axis=0),
    "matrix_norm of order nuc": lambda xp, x: xp.linalg.matrix_norm(x, ord="nuc"),
    "matrix_norm of order 2": lambda xp, x: xp.linalg.matrix_norm(x, ord=2),
    "matrix_norm of order -2": lambda xp, x: xp.linalg.matrix_norm(x, ord=-2),
    "matrix_norm of order 1": lambda xp, x: xp.linalg.matrix_norm(x, ord=1),
    "matrix_norm of order -inf": lambda xp, x: xp.linalg.matrix_norm(x, ord=-math.inf),
    "svdvals": lambda xp, x: xp.linalg.svdvals(x),
    "pinv": lambda xp, x: xp.linalg.pinv(x),
    "pinv of complex numbers": lambda xp, x: xp.linalg.pinv(xp.add(turned(xp, x), xp.flip(x))),
    "qr": lambda xp, x: xp.linalg.qr(xp.matrix_transpose(x)).R ** 2,
    "det": lambda xp, x: xp.linalg.det(x[:, :3]),
    "det of complex numbers": lambda xp, x: xp.linalg.det(xp.add(turned(xp, x), xp.flip(x))[:, :3]),
    "slogdet": lambda xp, x: xp.linalg.slogdet(x[:, :3]).logabsdet,
    "slogdet of complex numbers": lambda xp, x: xp.linalg.slogdet(xp.add(turned(xp, x), xp.flip(x))[:, :3]).sign,
    "matrix_power of -2": lambda xp, x: xp.linalg.matrix_power(x[:, :3], -2),
    "solve": lambda xp, x: xp.linalg.solve(xp.stack([x[:, :3], x[:, 1:]]), x[:, 0]),
    "eigvalsh": lambda xp, x: xp.linalg.eigvalsh(x @ xp.matrix_transpose(x)),
    "cholesky": lambda xp, x: xp.linalg.cholesky(x @ xp.matrix_transpose(x), upper=True),
}  # fmt: skip

POINT = np.array([[1.7, -0.4, 0.9, 2.3], [0.3, 1.1, -1.9, 0.8], [-0.6, 2.1, 0.5, 1.3]])


@pytest.mark.parametrize("name", DERIVED)
def test_first_and_second_derivatives_are_those_of_the_reference_engine(be: ad.Backend, name: str) -> None:
    def first(engine: ad.Backend) -> Any:
        return engine.grad(lambda x: weighted(engine.xp, DERIVED[name](engine.xp, x)))

    def second(engine: ad.Backend) -> Any:
        return engine.grad(lambda x: weighted(engine.xp, first(engine)(x)))

    numpy = ad.backend("numpy")
    for derivative in (first, second):
        expected = derivative(numpy)(POINT)
        found = be.to_numpy(derivative(be)(tf.constant(POINT)))
        scale = np.max(np.abs(expected))  # of POINT and its square parts the condition number is 2 at most
        np.testing.assert_allclose(found, expected, rtol=0, atol=2**8 * np.finfo(np.float64).eps * scale)


def test_tensorflows_own_determinant_differentiates_complex_matrices_without_the_conjugate() -> None:
    x = tf.constant([[1j]], tf.complex128)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.math.real(tf.linalg.det(x) * (2 + 1j))  # Re(x (2 + i)), of steepest ascent 2 - i
    assert complex(tape.gradient(y, x).numpy().item()) == -(2 - 1j)  # when this fails, the rule may become TensorFlow's


SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
COFACTORS = np.array([[4.0, 4.0, -4.0], [-2.0, -2.0, 2.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize("shape", [(3, 3), (None, None)])
def test_a_singular_determinant_has_its_cofactors_as_derivative(be: ad.Backend, shape: Any) -> None:
    batch = np.stack([SINGULAR, np.eye(3), np.zeros((3, 3))])
    traced = tf.function(
        be.grad(lambda x: be.xp.sum(be.xp.linalg.det(x))),
        input_signature=[tf.TensorSpec([None, *shape], tf.float64)],
        autograph=False,
    )
    for gradient in (be.grad(be.xp.linalg.det), traced):
        found = be.to_numpy(gradient(tf.constant(batch)))
        np.testing.assert_allclose(found, [COFACTORS, np.eye(3), np.zeros((3, 3))], rtol=0, atol=1e-14)


def test_the_second_derivative_of_a_singular_determinant_is_the_product_of_two_others(be: ad.Backend) -> None:
    hessian = be.to_numpy(be.hessian(be.xp.linalg.det)(tf.constant([[1.0, 2.0], [2.0, 4.0]], tf.float64)))
    np.testing.assert_allclose(hessian.reshape(4, 4), np.flip(np.diag([1.0, -1.0, -1.0, 1.0]), 0), rtol=0, atol=1e-14)


def test_the_pseudo_inverse_differentiates_at_repeated_singular_values(be: ad.Backend) -> None:
    weights = tf.constant([[1.0, 2.0], [3.0, 4.0]], tf.float64)
    found = be.grad(lambda x: be.xp.sum(be.xp.linalg.pinv(x) * weights))(2.0 * tf.eye(2, dtype=tf.float64))
    np.testing.assert_allclose(be.to_numpy(found), -be.to_numpy(weights) / 4, rtol=0, atol=1e-14)


def test_a_real_array_that_became_complex_differentiates_without_a_warning(
    be: ad.Backend, caplog: pytest.LogCaptureFixture
) -> None:
    be.grad(lambda x: be.xp.abs(be.xp.astype(x, be.xp.complex128) * 1j))(tf.constant(2.0, tf.float64))
    assert not caplog.records


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


EXTRA: dict[str, Call] = {
    "relu": lambda extra, x: extra.relu(x),
    "sigmoid": lambda extra, x: extra.sigmoid(x),
    "softplus": lambda extra, x: extra.softplus(x),
    "softmax": lambda extra, x: extra.softmax(x, axis=0),
    "logsumexp": lambda extra, x: extra.logsumexp(x, axis=(0, 1), keepdims=True),
    "xlogy": lambda extra, x: extra.xlogy(x, x * x + 1),
    "sinc": lambda extra, x: extra.sinc(x),
    "erf": lambda extra, x: extra.erf(x),
    "median": lambda extra, x: extra.median(x),
    "median over an axis": lambda extra, x: extra.median(x, axis=1, keepdims=True),
    "einsum": lambda extra, x: extra.einsum("ij,kj->ik", x, x),
    "at set": lambda extra, x: extra.at(x, (0, slice(None))).set(x[1]),
    "at multiply": lambda extra, x: extra.at(x, [0, 0]).multiply(2.0),
    "at min": lambda extra, x: extra.at(x, ([0, 1], [1, 1])).min(0.0),
    "at max": lambda extra, x: extra.at(x, x > 1).max(2.0),
}


@pytest.mark.parametrize("name", EXTRA)
def test_a_function_beyond_the_standard_runs_in_a_graph_with_unknown_sizes(be: ad.Backend, name: str) -> None:
    traced = tf.function(
        lambda x: EXTRA[name](be.extra, x), input_signature=[tf.TensorSpec([None, None], tf.float64)], autograph=False
    )
    x = tf.constant(POINT)
    assert_same(traced(x), EXTRA[name](be.extra, x))


# --- indexing in graphs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "idx",
    [
        [0, 2, 0], (slice(None), [3, -1]), ([0, 1], [1, 3]), (..., None, [0]), np.eye(3, 4) > 0, (1, [2, 0]),
        (slice(None, None, -2), [0, 0]), ([0, 1], None, [1, 3]), (slice(2, None, -1), 1), ([[0], [2]], [1, 3]),
        (np.array([True, False, True]), slice(1, None)), True, False, (slice(None), True, [0, 1]),
        np.zeros((0, 4), bool),
    ],
    ids=repr,
)  # fmt: skip
def test_index_reads_and_differentiates_in_a_graph_with_unknown_sizes(be: ad.Backend, idx: Any) -> None:
    values = np.arange(12.0).reshape(3, 4)

    def read(x: Any) -> Any:
        found = be.extra.index(x, idx)
        return found, be.grad(lambda x: be.xp.sum(be.extra.index(x, idx)))(x), be.extra.at(x, idx).add(1.0)

    traced = tf.function(read, input_signature=[tf.TensorSpec([None, None], tf.float64)], autograph=False)
    counts, added = np.zeros_like(values), values.copy()
    np.add.at(counts, idx, 1.0)
    np.add.at(added, idx, 1.0)
    assert_same(traced(tf.constant(values)), (values[idx], counts, added))


@pytest.mark.parametrize("idx", [3, -4, [0, 3], (0, [-5]), (0, 0, 0), (..., ...), np.ones(2, bool), [0.5]], ids=repr)
def test_an_index_that_does_not_fit_is_an_index_error(be: ad.Backend, idx: Any) -> None:
    with pytest.raises(IndexError):
        be.extra.index(tf.zeros((3, 4)), idx)


def test_indices_may_be_unknown_in_a_graph(be: ad.Backend) -> None:
    values, mask = np.arange(6.0).reshape(2, 3), np.array([True, False, True])
    traced = tf.function(
        lambda x, i, mask, n: (be.extra.index(x, (i, mask)), be.extra.index(x, (slice(None), n))),
        input_signature=[
            tf.TensorSpec([None, None], tf.float64), tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.bool),
            tf.TensorSpec([], tf.int64),
        ],
        autograph=False,
    )  # fmt: skip
    found = traced(tf.constant(values), tf.constant([1, 0]), tf.constant(mask), tf.constant(-1, tf.int64))
    assert_same(found, (values[[1, 0], mask], values[:, -1]))
