"""``extra`` is one and the same on every backend: names, signatures, values, derivatives, and indexing as NumPy's."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.core.names import EXTRA

VALUES = np.arange(24.0).reshape(2, 3, 4)
VECTOR = np.array([0.3, -1.2, 2.5, 0.9])
MATRIX = np.array([[0.5, -0.25, 1.75, -1.5], [2.25, 0.125, -0.75, 1.0], [-2.0, 0.75, 0.375, 1.25]])


@pytest.fixture(scope="module", params=["numpy", "torch", "tensorflow", "jax"])
def be(request: pytest.FixtureRequest) -> ad.Backend:
    if request.param not in ad.available_backends():
        pytest.skip(f"{request.param} is not installed")
    return ad.backend(request.param, conventions="native")


def double(be: ad.Backend, values: Any) -> Any:
    return be.xp.asarray(np.asarray(values, np.float64), dtype=be.xp.float64)


# --- names and signatures ---------------------------------------------------------------------------------------


def test_the_names_are_the_same(be: ad.Backend) -> None:
    assert sorted(be.extra.__all__) == sorted(EXTRA)


@pytest.mark.parametrize("name", EXTRA)
def test_the_signatures_are_the_same(be: ad.Backend, name: str) -> None:
    try:
        found = inspect.signature(getattr(be.extra, name))
    except ValueError:
        pytest.skip("a function written in C says nothing of its parameters")
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    named = list(inspect.signature(eval(f"lambda {EXTRA[name][1:-1]}: 0")).parameters.values())
    assert [(p.kind, p.default) for p in bare] == [(p.kind, p.default) for p in named]
    assert [p.name for p in bare if p.kind is p.KEYWORD_ONLY] == [p.name for p in named if p.kind is p.KEYWORD_ONLY]


# --- values and derivatives -------------------------------------------------------------------------------------

DERIVED = {
    "relu": lambda extra, x: extra.relu(x),
    "sigmoid": lambda extra, x: extra.sigmoid(x),
    "softplus": lambda extra, x: extra.softplus(40 * x),
    "sinc": lambda extra, x: extra.sinc(x),
    "erf": lambda extra, x: extra.erf(x),
    "softmax": lambda extra, x: extra.softmax(x),
    "softmax axis": lambda extra, x: extra.softmax(x, axis=0),
    "logsumexp": lambda extra, x: extra.logsumexp(x),
    "logsumexp axis": lambda extra, x: extra.logsumexp(x, axis=1, keepdims=True),
    "logsumexp axes": lambda extra, x: extra.logsumexp(x, axis=(0, 1)),
    "xlogy": lambda extra, x: extra.xlogy(x, x * x),
    "erfinv": lambda extra, x: extra.erfinv(x / 4),
    "lgamma": lambda extra, x: extra.lgamma(x - 2.0625),
    "gammainc": lambda extra, x: extra.gammainc(2.5, x * x),
    "gammaincc": lambda extra, x: extra.gammaincc(0.75, 1 + x * x),
    "median": lambda extra, x: extra.median(x),
    "median axis": lambda extra, x: extra.median(x, axis=1, keepdims=True),
    "topk": lambda extra, x: extra.topk(x, 2),
    "topk axis": lambda extra, x: extra.topk(x, 2, axis=0),
    "einsum": lambda extra, x: extra.einsum("ij,kj->ik", x, x),
    "einsum trace": lambda extra, x: extra.einsum("ij,ij", x, x),
    "index": lambda extra, x: extra.index(x, ([0, 2, 0], slice(None, None, -2))),
    "at set": lambda extra, x: extra.at(x, (slice(None), 1)).set(x[:, 0]),
    "at add": lambda extra, x: extra.at(x, [0, 0, 2]).add(x),
    "at multiply": lambda extra, x: extra.at(x, [0, 0, 2]).multiply(x),
    "at min": lambda extra, x: extra.at(x, 1).min(x[0, :]),
    "at max": lambda extra, x: extra.at(x, 1).max(x[0, :]),
    "pad": lambda extra, x: extra.pad(x, ((1, 0), (0, 3)), constant_values=x[0, 0]),
    "pad edge": lambda extra, x: extra.pad(x, ((1, 1), (0, 2)), mode="edge"),
    "pad reflect": lambda extra, x: extra.pad(x, ((0, 0), (3, 1)), mode="reflect"),
    "pad wrap": lambda extra, x: extra.pad(x, ((0, 0), (0, 5)), mode="wrap"),
    "convolve": lambda extra, x: extra.convolve(x[0, :], x[:, 1]),
    "convolve same": lambda extra, x: extra.convolve(x[0, :], x[:, 1], mode="same"),
    "convolve valid": lambda extra, x: extra.convolve(x[:, 1], x[0, :], mode="valid"),
    "segment_sum": lambda extra, x: extra.segment_sum(x, [3, 0, 3], num_segments=5),
    "interp": lambda extra, x: extra.interp(x, [-1.6, -0.1, 0.8, 2.1], x[1, :]),
    "solve_triangular": lambda extra, x: extra.solve_triangular(x[:, :3], x[:, 3], lower=True),
    "solve_triangular transposed": lambda extra, x: extra.solve_triangular(x[:, :3], x, trans="T"),
    "solve_triangular unit": lambda extra, x: extra.solve_triangular(x[:, :3], x, unit_diagonal=True),
    "lstsq over": lambda extra, x: extra.lstsq(x[:, :2], x[:, 2:]),
    "lstsq under": lambda extra, x: extra.lstsq(x[:2, :], x[:2, 0]),
    "expm": lambda extra, x: extra.expm(x[:, 1:]),
}


@pytest.mark.parametrize("name", DERIVED)
def test_derivatives_are_those_of_the_exact_function(be: ad.Backend, name: str) -> None:
    report = be.check_grad(lambda x: DERIVED[name](ad.extra(), x), double(be, MATRIX))
    assert report.passed, str(report)
    assert "oracle" in report.reference


@pytest.mark.parametrize("name", DERIVED)
def test_a_tape_gives_the_derivative_of_the_functional_form(be: ad.Backend, name: str) -> None:
    x = be.variable(double(be, MATRIX))
    with be.tape() as tape:
        y = DERIVED[name](be.extra, x)
    functional = be.grad(lambda a: DERIVED[name](be.extra, a))(double(be, MATRIX))
    np.testing.assert_allclose(be.to_numpy(tape.grad(y, x)), be.to_numpy(functional), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("conventions", ["native", "spec"])
@pytest.mark.parametrize(("function", "value"), [("softmax", 1.0), ("log_softmax", 0.0)])
def test_a_number_is_a_row_of_one(be: ad.Backend, function: str, value: float, conventions: str) -> None:
    flavour = ad.backend(be.name, conventions)
    for axis in (-1, 0):
        found = flavour.value_and_grad(lambda x, axis=axis: getattr(flavour.extra, function)(x, axis=axis))
        assert [float(be.to_numpy(number)) for number in found(double(flavour, 2.0))] == [value, 0.0]


@pytest.mark.parametrize("function", ["gammainc", "gammaincc"])
def test_orders_broadcast_and_a_number_takes_the_dtype_of_the_array(be: ad.Backend, function: str) -> None:
    special = pytest.importorskip("scipy.special")
    orders, x = np.array([[0.5], [2.0], [7.5]]), np.array([0.25, 1.0, 9.0])
    f = getattr(be.extra, function)
    np.testing.assert_allclose(
        be.to_numpy(f(double(be, orders), double(be, x))), getattr(special, function)(orders, x), rtol=1e-13
    )
    for number, array in ((2.5, be.asarray(x, dtype=be.xp.float32)), (2, be.asarray(x, dtype=be.xp.float64))):
        assert f(number, array).dtype == be.grad(lambda a, n=number: f(n, a))(array).dtype == array.dtype
    assert f(be.asarray(x, dtype=be.xp.float32), 2.5).dtype == be.xp.float32


def test_a_second_derivative_beside_a_recorded_order_is_right_or_refused(be: ad.Backend) -> None:
    order, x = be.variable(double(be, 2.0)), be.variable(double(be, [1.0, 2.0]))
    with be.tape() as outer:
        with be.tape() as tape:
            y = be.extra.gammainc(order, x)
        try:
            slope = be.xp.sum(tape.grad(y, x))
        except ad.UnsupportedError:
            return
    try:
        found = outer.grad(slope, x)
    except ad.UnsupportedError:
        return
    np.testing.assert_allclose(be.to_numpy(found), [0.0, -np.exp(-2.0)], atol=1e-15)


@pytest.mark.parametrize("wrong", [[0.5, 1.0], [True, False]])
def test_one_hot_takes_integers_alone(be: ad.Backend, wrong: Any) -> None:
    for value in (be.asarray(np.array(wrong)), wrong):
        with pytest.raises(ad.DtypeError, match="takes an array of class numbers"):
            be.extra.one_hot(value, 2)


def test_one_hot_of_a_batch(be: ad.Backend) -> None:
    classes = be.asarray(np.array([2, 0, 1]))
    found = be.vmap(lambda i: be.extra.one_hot(i, 3))(classes)
    np.testing.assert_array_equal(be.to_numpy(found), np.eye(3)[[2, 0, 1]])


# --- indexing ---------------------------------------------------------------------------------------------------

MASK = VALUES % 5 > 2
INDICES = [
    0, -1, (1, 2), (1, 2, 3), (), ..., None, (None, 1, ..., None), slice(None, None, -1), slice(2, None, -3),
    (0, slice(5, 0, -2)), (..., slice(None, None, -2)), (slice(None, None, -1), slice(1, 1, -1)),
    (slice(-100, 100), slice(-1, None)), [1, 0, 1], [-1, -2], ([0, 1], [2, 0]), (0, [2, 0]), (slice(None), [2, 0, 2]),
    (slice(None), slice(None, None, -1), [3, 0]), ([1, 0], slice(None), [0, 3]),
    ([1, 0], slice(None, None, -1), [0, 3]), (..., None, [0, 3]), ([[0], [1]], [[0, 2]]), [],
    np.array([1, 0], np.int8), np.array([0, 1, 1], np.uint8),
    MASK, (0, MASK[0]), (slice(None), MASK[0]), (MASK[:, :, 0], slice(None, None, -1)), (MASK[:, 0, 0], 0),
    [True, False], (np.int64(1), np.array(2)),
]  # fmt: skip


@pytest.mark.parametrize("idx", INDICES, ids=repr)
@pytest.mark.parametrize("kind", ["plain", "recorded"])
def test_index_and_at_are_as_in_numpy(be: ad.Backend, idx: Any, kind: str) -> None:
    x = double(be, VALUES)
    added, counts = VALUES.copy(), np.zeros_like(VALUES)
    np.add.at(added, idx, 1.0)
    np.add.at(counts, idx, 1.0)
    with be.tape() as tape:
        if kind == "recorded":
            x = tape.watch(x)
        found = be.extra.index(x, idx)
        changed = be.extra.at(x, idx).add(1.0)
    np.testing.assert_array_equal(be.to_numpy(found), VALUES[idx])
    np.testing.assert_array_equal(be.to_numpy(changed), added)
    if kind == "recorded":
        np.testing.assert_array_equal(be.to_numpy(tape.grad(found, x)), counts)


def test_indices_are_arrays_of_the_backend_too(be: ad.Backend) -> None:
    xp, x = be.xp, double(be, VALUES)
    places = xp.asarray([1, 0, 1], dtype=xp.int64)
    np.testing.assert_array_equal(be.to_numpy(be.extra.index(x, places)), VALUES[[1, 0, 1]])
    np.testing.assert_array_equal(be.to_numpy(be.extra.index(x, (0, x[0, ...] > 5))), VALUES[0][VALUES[0] > 5])


@pytest.mark.parametrize("idx", [2, -3, (0, 3), [0, 2], (0, [-4]), (0, 0, 0, 0)], ids=repr)
def test_an_index_out_of_bounds_raises(be: ad.Backend, idx: Any) -> None:
    for x in (double(be, VALUES), be.variable(double(be, VALUES))):
        with be.tape(), pytest.raises(IndexError):
            be.extra.index(x, idx)


def test_set_replaces_and_leaves_the_original(be: ad.Backend) -> None:
    x = double(be, VECTOR)
    found = be.extra.at(x, slice(None, None, -2)).set(double(be, [10.0, 20.0]))
    np.testing.assert_array_equal(be.to_numpy(found), [0.3, 20.0, 2.5, 10.0])
    np.testing.assert_array_equal(be.to_numpy(x), VECTOR)


@pytest.mark.parametrize(("how", "places"), [("add", [0, 2, 0]), ("multiply", [0, 2, 0]), ("multiply", [1, 1, 1])])
def test_at_differentiates_complex_numbers_at_repeated_places(be: ad.Backend, how: str, places: list[int]) -> None:
    """Of Re Σ w·f(x, y) by both: with holomorphic f the conjugates of w·f'."""
    x, y = np.array([1 + 2j, -0.5j, 3.0]), np.array([2 - 1j, 0.5 + 0.5j, 1j])
    w = np.array([1.0, 2.0j, -1 + 1j])

    def f(a: Any, b: Any) -> Any:
        return be.xp.sum(be.xp.real(be.asarray(w) * getattr(be.extra.at(a, np.asarray(places)), how)(b)))

    found = be.to_numpy(be.grad(f, (0, 1))(be.asarray(x), be.asarray(y)))
    others = [np.prod([y[k] for k, p in enumerate(places) if p == i]) for i in range(3)]
    rest = [x[p] * np.prod([y[n] for n, q in enumerate(places) if q == p and n != k]) for k, p in enumerate(places)]
    expected = (w, w[places]) if how == "add" else (w * others, w[places] * rest)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, np.conj(other), rtol=1e-14)
