"""The oracle's namespace against NumPy: values, shapes, dtypes and special values."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from autodiff_spec import oracle
from autodiff_spec.oracle import xp
from tests import fresh

X = np.array([[0.5, -1.25, 2.0], [3.5, 0.75, -0.25]])
Y = np.array([1.5, -0.5, 4.0])
POSITIVE = np.abs(X) + 0.25
COMPLEX = X + 1j * X[::-1]


def both(program: Any, *args: Any) -> tuple[Any, Any]:
    """A program's value by the oracle and by NumPy."""
    outputs = program(xp, *(xp.asarray(a) for a in args))
    return outputs, program(np, *args)


def same(program: Any, *args: Any) -> None:
    ours, theirs = both(program, *args)
    if not isinstance(ours, (tuple, list)):
        ours, theirs = (ours,), (theirs,)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == np.shape(b)
        assert a.dtype == np.asarray(b).dtype
        np.testing.assert_allclose(oracle.to_numpy(a), b, rtol=1e-13, atol=1e-15)


UNARY = "abs atan asinh ceil conj cos cosh exp expm1 floor imag isfinite isinf isnan negative positive real reciprocal "
UNARY += "round sign signbit sin sinh square tan tanh trunc"
ON_POSITIVE = "log log10 log1p log2 sqrt"
BINARY = "add atan2 copysign divide equal floor_divide greater greater_equal hypot less less_equal logaddexp maximum "
BINARY += "minimum multiply not_equal remainder subtract"
ON_COMPLEX = "abs acos acosh asin asinh atan atanh conj cos cosh exp imag log real round sin sinh sqrt tan tanh isnan"
OPERATORS = "add sub mul truediv floordiv mod lt le gt ge eq ne"


@pytest.mark.parametrize("name", UNARY.split())
def test_unary_functions_have_numpys_values(name: str) -> None:
    same(lambda ns, x: getattr(ns, name)(x), X)


@pytest.mark.parametrize("name", ON_POSITIVE.split())
def test_functions_on_positive_numbers_have_numpys_values(name: str) -> None:
    same(lambda ns, x: getattr(ns, name)(x), POSITIVE)


@pytest.mark.parametrize("name", ON_COMPLEX.split())
def test_functions_on_complex_numbers_have_numpys_values(name: str) -> None:
    same(lambda ns, x: getattr(ns, name)(x), COMPLEX)


@pytest.mark.parametrize("name", BINARY.split())
def test_binary_functions_broadcast_and_have_numpys_values(name: str) -> None:
    same(lambda ns, x, y: getattr(ns, name)(x, y), X, Y)


@pytest.mark.parametrize("name", OPERATORS.split())
def test_operators_take_arrays_and_python_scalars_on_either_side(name: str) -> None:
    apply = getattr(operator, name)
    same(lambda ns, x, y: (apply(x, y), apply(x, 2), apply(3.5, x), apply(x, 0.5)), X, Y)
    same(lambda ns, x: (apply(x, 2), apply(7, x)), np.array([1, 2, 3]))


INTEGERS = (np.array([5, 3, 12]), np.array([1, 2, 4]))


@pytest.mark.parametrize("name", ["and", "or", "xor", "left_shift", "right_shift"])
def test_bitwise_functions_are_numpys(name: str) -> None:
    same(lambda ns, x, y: getattr(ns, f"bitwise_{name}")(x, y), *INTEGERS)


PROGRAMS = {
    "logical": lambda ns, x, y: (
        ns.logical_and(x > 0, y > 0),
        ns.logical_or(x > 0, y > 0),
        ns.logical_xor(x > 0, y > 0),
    ),
    "not": lambda ns, x, y: (ns.logical_not(x > 0), ~(x > 0), ns.bitwise_invert(y > 0), (x > 0) & (y > 0)),
    "pow": lambda ns, x, y: (x**2, ns.pow(ns.abs(x), y), 2.0**y, x**-1),
    "clip": lambda ns, x, y: (ns.clip(x, -1.0, 1.0), ns.clip(x, None, y), ns.clip(x, y, None)),
    "sum": lambda ns, x, y: (ns.sum(x), ns.sum(x, axis=0), ns.sum(x, axis=(0, 1), keepdims=True), ns.sum(x > 0)),
    "prod": lambda ns, x, y: (ns.prod(x), ns.prod(x, axis=-1), ns.prod(x[:0], axis=0)),
    "mean": lambda ns, x, y: (ns.mean(x), ns.mean(x, axis=1, keepdims=True)),
    "max": lambda ns, x, y: (ns.max(x), ns.max(x, axis=0), ns.min(x, axis=(0, 1), keepdims=True), ns.min(x, axis=1)),
    "var": lambda ns, x, y: (ns.var(x), ns.std(x, axis=0), ns.var(x, axis=1, correction=1, keepdims=True)),
    "all": lambda ns, x, y: (ns.all(x > -9), ns.any(x > 3, axis=0), ns.all(x), ns.any(x, axis=1, keepdims=True)),
    "arg": lambda ns, x, y: (ns.argmax(x), ns.argmin(x, axis=1), ns.argmax(x, axis=0, keepdims=True)),
    "cumulative": lambda ns, x, y: (ns.cumulative_sum(x, axis=1), ns.cumulative_prod(y, include_initial=True)),
    "sort": lambda ns, x, y: (ns.sort(x), ns.sort(x, axis=0), ns.argsort(x, axis=1)),
    "diff": lambda ns, x, y: (ns.diff(x), ns.diff(x, axis=0)),
    "matmul": lambda ns, x, y: (x @ y, x @ x.T, ns.matmul(y, x.mT), y @ y, ns.matmul(x[:, :0], x[:, :0].T)),
    "vecdot": lambda ns, x, y: (ns.vecdot(x, y), ns.tensordot(x, x, axes=2), ns.tensordot(x, y, axes=((1,), (0,)))),
    "like": lambda ns, x, y: (ns.zeros_like(x), ns.ones_like(x), ns.full_like(x, 2), ns.zeros_like(x > 0)),
    "create": lambda ns, x, y: (ns.zeros(3), ns.ones((2, 2)), ns.full((2,), 7.0), ns.eye(2, 3, k=1), ns.full((), True)),
    "range": lambda ns, x, y: (ns.arange(3), ns.arange(0.5, 3.0, 0.5), ns.linspace(0.0, 1.0, 5), ns.arange(2, 8, 3)),
    "meshgrid": lambda ns, x, y: (*ns.meshgrid(y, y), *ns.meshgrid(y, y[:2], indexing="ij")),
    "triangle": lambda ns, x, y: (ns.tril(x), ns.triu(x, k=1)),
    "reshape": lambda ns, x, y: (ns.reshape(x, (3, 2)), ns.reshape(x, (-1,)), ns.permute_dims(x, (1, 0)), x.T),
    "broadcast": lambda ns, x, y: (ns.broadcast_to(y, (2, 3)), *ns.broadcast_arrays(x, y)),
    "join": lambda ns, x, y: (ns.concat([x, x]), ns.concat([x, x], axis=1), ns.stack([y, y], axis=1), *ns.unstack(x)),
    "axes": lambda ns, x, y: (ns.expand_dims(x, axis=1), ns.squeeze(x[:1], axis=0), ns.moveaxis(x, 0, 1)),
    "turn": lambda ns, x, y: (ns.flip(x), ns.flip(x, axis=1), ns.roll(x, 1), ns.roll(x, (1, 1), axis=(0, 1))),
    "repeat": lambda ns, x, y: (ns.repeat(y, 2), ns.repeat(x, 2, axis=1), ns.tile(y, (2, 2))),
    "where": lambda ns, x, y: (ns.where(x > 0, x, 0.0), ns.where(x > 0, x, y), ns.where(x > 0, 1, 2)),
    "take": lambda ns, x, y: (ns.take(x, ns.asarray([2, 0]), axis=1), ns.take_along_axis(x, ns.argsort(x), axis=1)),
    "index": lambda ns, x, y: (x[0], x[1, 2], x[:, 1:], x[..., None, 0], x[::-1], x[x > 0], y[ns.asarray([0, 0])]),
    "cast": lambda ns, x, y: (ns.astype(x, ns.int64), ns.astype(x, ns.bool), ns.astype(x > 0, ns.float64)),
    "linalg": lambda ns, x, y: (ns.linalg.det(x @ x.T), ns.linalg.inv(x @ x.T), ns.linalg.solve(x @ x.T, x[:, 0])),
    "products": lambda ns, x, y: (
        ns.linalg.outer(y, y),
        ns.linalg.trace(x),
        ns.linalg.diagonal(x),
        ns.linalg.cross(x, y),
    ),
    "slogdet": lambda ns, x, y: (*ns.linalg.slogdet(-x @ x.T), ns.linalg.matrix_power(x @ x.T, 3)),
    "cholesky": lambda ns, x, y: ns.linalg.cholesky(x @ x.T),
    "norms": lambda ns, x, y: tuple(
        ns.linalg.vector_norm(x, ord=o, axis=1) for o in (0, 1, 2, 3, 2.5, np.inf, -np.inf)
    ),
    "matrix norms": lambda ns, x, y: tuple(ns.linalg.matrix_norm(x, ord=o) for o in ("fro", 1, np.inf, -1, -np.inf)),
    "iteration": lambda ns, x, y: tuple(row * 2 for row in x),
    "conversions": lambda ns, x, y: (ns.asarray(float(y[0]) + int(y[2]) + len(x) + x.ndim + x.size), x * complex(y[0])),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_have_numpys_values_shapes_and_dtypes(name: str) -> None:
    same(PROGRAMS[name], X, Y)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (lambda x: xp.sqrt(x), [np.nan, 0.0, np.inf]),
        (lambda x: xp.log(x), [np.nan, -np.inf, np.inf]),
        (lambda x: 1 / x, [-1.0, np.inf, 0.0]),
        (lambda x: x / 0.0, [-np.inf, np.nan, np.inf]),
        (lambda x: x - x, [0.0, 0.0, np.nan]),
        (lambda x: xp.asin(x * 2), [np.nan, 0.0, np.nan]),
        (lambda x: xp.acosh(x), [np.nan, np.nan, np.inf]),
        (lambda x: xp.atanh(x), [-np.inf, 0.0, np.nan]),
        (lambda x: xp.log1p(x), [-np.inf, 0.0, np.inf]),
        (lambda x: xp.exp(x * 1e20), [0.0, 1.0, np.inf]),
        (lambda x: xp.tanh(x * 1e20), [-1.0, 0.0, 1.0]),
        (lambda x: x**-1.0, [-1.0, np.inf, 0.0]),
        (lambda x: x**0.5, [np.nan, 0.0, np.inf]),
        (lambda x: x**0, [1.0, 1.0, 1.0]),
        (lambda x: 2.0 ** (x * xp.inf), [0.0, np.nan, np.inf]),
        (lambda x: xp.maximum(x, xp.nan), [np.nan] * 3),
        (lambda x: xp.remainder(x, 0.0), [np.nan] * 3),
        (lambda x: xp.floor(x), [-1.0, 0.0, np.inf]),
        (lambda x: xp.sin(xp.exp(xp.exp(x * 50 + 60))), [None, None, np.nan]),
    ],
)
def test_special_values_are_ieees_and_never_exceptions(program: Any, expected: Any) -> None:
    found = oracle.to_numpy(program(xp.asarray([-1.0, 0.0, np.inf])))
    for a, b in zip(found, expected, strict=True):
        if b is not None:
            np.testing.assert_equal(a, b)


def test_dtypes_are_labels_and_values_stay_exact() -> None:
    x = xp.asarray(np.float32(0.1), dtype=xp.float16)
    assert x.dtype == xp.float16
    assert float(x) == float(np.float32(0.1))
    assert (x * 2.0).dtype == xp.float16
    assert (x + xp.asarray(1.0)).dtype == xp.float64
    assert xp.isdtype(x.dtype, "real floating")
    assert xp.result_type(x, xp.complex64) == xp.complex64
    assert xp.finfo(x.dtype).bits == 16


def test_numpy_arrays_mix_with_oracle_arrays() -> None:
    x = xp.asarray([1.0, 2.0])
    for result in (np.ones(2) * x, x * np.ones(2), np.float64(1.0) * x):
        assert isinstance(result, oracle.Array)
    with pytest.raises(TypeError, match="to_numpy"):
        np.asarray(x)


def test_refusals_name_the_reason() -> None:
    with pytest.raises(NotImplementedError, match="nextafter"):
        xp.nextafter(xp.asarray(1.0), xp.asarray(2.0))
    with pytest.raises(TypeError, match="real"):
        xp.floor(xp.asarray(1j))
    with pytest.raises(ValueError, match="nothing"):
        xp.max(xp.zeros((0,)))


def test_singular_systems_give_nan() -> None:
    assert np.isnan(oracle.to_numpy(xp.linalg.inv(xp.ones((2, 2))))).all()


def test_extra_functions_have_their_definitions() -> None:
    x, extra = xp.asarray(Y), xp.extra
    shifted = np.exp(Y - Y.max())
    np.testing.assert_allclose(oracle.to_numpy(extra.softmax(x)), shifted / shifted.sum(), rtol=1e-14)
    np.testing.assert_allclose(oracle.to_numpy(extra.logsumexp(x)), np.log(np.exp(Y).sum()), rtol=1e-14)
    np.testing.assert_allclose(oracle.to_numpy(extra.relu(x)), np.maximum(Y, 0))
    np.testing.assert_allclose(oracle.to_numpy(extra.sinc(x)), np.sinc(Y), atol=1e-16)
    np.testing.assert_allclose(oracle.to_numpy(extra.softplus(x)), np.logaddexp(Y, 0), rtol=1e-14)
    np.testing.assert_allclose(oracle.to_numpy(extra.median(xp.asarray(X), axis=1)), np.median(X, axis=1))
    np.testing.assert_allclose(oracle.to_numpy(extra.topk(x, 2)), [4.0, 1.5])
    np.testing.assert_allclose(oracle.to_numpy(extra.einsum("ij,j->i", X, x)), X @ Y, rtol=1e-14)


def test_updates_return_new_arrays_and_are_differentiated() -> None:
    x, at = np.array([1.0, 2.0, 3.0]), xp.extra.at
    array = xp.asarray(x)
    assert oracle.to_numpy(at(array, 1).set(7.0)).tolist() == [1.0, 7.0, 3.0]
    assert oracle.to_numpy(at(array, xp.asarray([0, 0])).add(xp.asarray([1.0, 2.0]))).tolist() == [4.0, 2.0, 3.0]
    assert oracle.to_numpy(at(array, slice(1, None)).multiply(2.0)).tolist() == [1.0, 4.0, 6.0]
    assert oracle.to_numpy(at(array, array > 1).min(2.5)).tolist() == [1.0, 2.0, 2.5]
    assert oracle.to_numpy(at(array, ...).max(2.5)).tolist() == [2.5, 2.5, 3.0]
    assert oracle.to_numpy(array).tolist() == x.tolist()
    (found,) = oracle.gradient(lambda ns, v: ns.extra.at(v, 1).set(v[0] * 5), x)
    assert oracle.to_numpy(found).tolist() == [6.0, 0.0, 1.0]
    assert oracle.permitted(lambda ns, v: ns.extra.at(v, 1).max(2.0), x).contains(np.array([1.0, 0.25, 1.0]))


def test_empty_arrays_have_empty_gradients() -> None:
    empty = np.zeros((0, 3))
    assert oracle.gradient(lambda ns, v: ns.sum(v), empty)[0].shape == (0, 3)
    assert oracle.to_numpy(oracle.value(lambda ns, v: ns.prod(v, axis=0), empty)).tolist() == [1.0] * 3
    assert oracle.to_numpy(oracle.value(lambda ns, v: v.T @ v, empty)).tolist() == [[0.0] * 3] * 3
    assert oracle.permitted(lambda ns, v: abs(v), empty).contains(empty)


def test_all_names_are_public_and_the_oracle_loads_no_framework() -> None:
    assert all(hasattr(oracle, name) for name in oracle.__all__)
    assert all(hasattr(xp, name) for name in xp.__all__)
    code = "import sys, autodiff_spec.oracle; print(sorted({'torch', 'tensorflow', 'jax', 'scipy'} & set(sys.modules)))"
    assert fresh.program(code) == "[]"


def test_a_copy_is_laid_out_as_numpys_so_that_a_reshape_views_what_numpys_views() -> None:
    def program(xp: Any, a: Any) -> Any:
        copied = xp.asarray(xp.broadcast_to(a, (2, 1, 2)), copy=True)
        part = xp.reshape(copied, (-1,))
        copied[0, ...] = 0.5
        return part

    x = np.array([[1.0, 2.0]])
    assert oracle.value(program, x).astype(float).tolist() == program(np, x).tolist()
