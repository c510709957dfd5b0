"""The functions of `autodiff_spec.beyond`: values, the same error for a mistake everywhere, batches, compilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

RANDOM = np.random.default_rng(150)
Program = Callable[[Any, Any], Any]


@pytest.fixture(scope="module", params=["numpy", "torch", "tensorflow", "jax"])
def be(request: pytest.FixtureRequest) -> ad.Backend:
    if request.param not in ad.available_backends():
        pytest.skip(f"{request.param} is not installed")
    return ad.backend(request.param, conventions="native")


def real(*shape: int) -> Any:
    return RANDOM.normal(size=shape)


# --- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
@pytest.mark.parametrize(
    ("shape", "widths"),
    [((3,), 2), ((3,), (7, 4)), ((1,), (2, 5)), ((2, 3), ((1, 0), (0, 2))), ((2, 3), 0), ((), 3), ((2, 1, 3), (1, 4))],
)
def test_pad_is_that_of_numpy(be: ad.Backend, mode: str, shape: tuple[int, ...], widths: Any) -> None:
    x = real(*shape)
    found = be.to_numpy(be.extra.pad(be.asarray(x), widths, mode=mode))
    np.testing.assert_array_equal(found, np.pad(x, widths, mode) if shape else x)


@pytest.mark.parametrize("dtype", ["int64", "bool", "float32", "complex128"])
def test_pad_keeps_the_dtype(be: ad.Backend, dtype: str) -> None:
    for mode in ("constant", "wrap"):
        found = be.extra.pad(be.asarray(np.ones(3, dtype)), 1, mode=mode)
        assert be.to_numpy(found).dtype == dtype


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("sizes", [(4, 3), (3, 5), (1, 1), (3, 3), (1, 4)])
def test_convolve_is_that_of_numpy(be: ad.Backend, mode: Any, sizes: tuple[int, int]) -> None:
    for unit in (1.0, 1 + 2j):
        a, v = (unit * real(n) for n in sizes)
        found = be.to_numpy(be.extra.convolve(be.asarray(a), be.asarray(v), mode=mode))
        np.testing.assert_allclose(found, np.convolve(a, v, mode), rtol=1e-13, atol=1e-13)


def test_segment_sum_adds_rows_in_any_order(be: ad.Backend) -> None:
    x, ids = real(5, 2, 3), np.array([3, 0, 3, 1, 0])
    expected = np.zeros((5, 2, 3))
    np.add.at(expected, ids, x)
    for given in (ids, ids.tolist(), be.asarray(ids), ids.astype(np.uint8)):
        found = be.extra.segment_sum(be.asarray(x), given, num_segments=5)
        np.testing.assert_allclose(be.to_numpy(found), expected, rtol=1e-15)


def test_ids_that_change_afterwards_change_no_gradient(be: ad.Backend) -> None:
    ids, x = np.array([0, 1, 1]), be.variable(real(3))
    with be.tape() as tape:
        y = be.extra.segment_sum(x, ids, 2)[1] * 2.0
    ids[:] = 0
    np.testing.assert_array_equal(be.to_numpy(tape.grad(y, x)), [0.0, 2.0, 2.0])


@pytest.mark.parametrize(
    ("knots", "values"),
    [([0.0, 1.0, 2.5], [1.0, -1.0, 3.0]), ([0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 5.0, 6.0]), ([1.0], [4.0])],
    ids=["three knots", "a jump", "one knot"],
)
def test_interp_is_that_of_numpy(be: ad.Backend, knots: list[float], values: list[float]) -> None:
    x = np.array([[-np.inf, -1.0, 0.0, 0.5], [1.0, 1.5, 2.0, 2.25], [2.5, 7.0, np.inf, np.nan]])
    found = be.to_numpy(be.extra.interp(be.asarray(x), knots, np.array(values)))
    expected = np.where(np.isnan(x), np.nan, np.interp(x, knots, values))  # of one knot NumPy gives a number
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_equal_knots_spoil_no_derivative(be: ad.Backend) -> None:
    knots, values = be.asarray([0.0, 1.0, 1.0, 2.0]), be.asarray([0.0, 1.0, 5.0, 6.0])
    found = be.grad(be.extra.interp, (0, 1, 2))(be.asarray([0.5, 1.25]), knots, values)
    expected = [1.0, 1.0], [-0.5, -0.5, -0.75, -0.25], [0.5, 0.5, 0.75, 0.25]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(be.to_numpy(one), other, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_python_numbers_and_lists_have_no_say_in_the_dtype(be: ad.Backend, dtype: Any) -> None:
    x = be.asarray(np.array([0.1, 0.7], dtype))
    for found, expected in (
        (be.extra.interp(x, [0.1, 0.2, 0.9], [1, 2, 3]), np.interp([0.1, 0.7], [0.1, 0.2, 0.9], [1, 2, 3])),
        (be.extra.convolve(x, [0.1, 0.2]), np.convolve([0.1, 0.7], [0.1, 0.2])),
        (be.extra.lstsq([[0.1], [0.2]], x), np.linalg.lstsq([[0.1], [0.2]], [0.1, 0.7], rcond=None)[0]),
    ):
        assert found.dtype == x.dtype
        np.testing.assert_allclose(be.to_numpy(found), expected, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("trans", [0, "T", 2])
@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("lower", [False, True])
def test_solve_triangular_is_that_of_scipy(be: ad.Backend, lower: bool, unit: bool, trans: Any) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    a, b = real(2, 50, 50) / 50 + 1j * real(2, 50, 50) / 50 + 2 * np.eye(50), real(50, 3)
    options = {"lower": lower, "unit_diagonal": unit, "trans": trans}
    expected = np.stack([linalg.solve_triangular(one, b, **options) for one in a])
    found = be.to_numpy(be.extra.solve_triangular(be.asarray(a), be.asarray(b), **options))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_lstsq_is_that_of_numpy_for_any_rank(be: ad.Backend, shape: tuple[int, int], rank: int) -> None:
    m, n = shape
    a, b = real(m, rank) @ real(rank, n), real(m, 2)
    expected = np.linalg.lstsq(a, b)[0]
    for right, solution in ((b, expected), (b[:, 0], expected[:, 0])):
        found = be.to_numpy(be.extra.lstsq(be.asarray(a), be.asarray(right)))
        np.testing.assert_allclose(found, solution, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("size", [0.0, 1e-9, 0.1, 1.0, 10.0, 100.0])
def test_expm_is_that_of_scipy(be: ad.Backend, size: float) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    for a in (size * real(3, 6, 6), size * (real(2, 4, 4) + 1j * real(2, 4, 4))):
        expected = np.stack([linalg.expm(one) for one in a])
        found = be.to_numpy(be.extra.expm(be.asarray(a)))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * np.abs(expected).max())


# --- one error for one mistake ----------------------------------------------------------------------------------

REFUSED: dict[str, tuple[type[Exception], str, Program]] = {
    "pad: three widths": (ad.ShapeMismatchError, "for each of 2 axes", lambda extra, x: extra.pad(x, (1, 2, 3))),
    "pad: pairs for three axes": (ad.ShapeMismatchError, "2 axes", lambda extra, x: extra.pad(x, ((1, 1),) * 3)),
    "pad: a width of 1.5": (TypeError, "integers", lambda extra, x: extra.pad(x, 1.5)),
    "pad: a negative width": (ValueError, "not negative", lambda extra, x: extra.pad(x, (-1, 2))),
    "pad: an unknown mode": (ValueError, "'constant', 'edge'", lambda extra, x: extra.pad(x, 1, mode="mirror")),
    "pad: a constant for each side": (
        ad.ShapeMismatchError, "0-d", lambda extra, x: extra.pad(x, 1, constant_values=x[0])
    ),
    "pad: a constant nobody uses": (
        ValueError, "takes no constant", lambda extra, x: extra.pad(x, 1, mode="edge", constant_values=2.0)
    ),
    "pad: an edge of nothing": (
        ad.ShapeMismatchError, "no element", lambda extra, x: extra.pad(x[:0], ((1, 0), (0, 0)), mode="edge")
    ),
    "convolve: an unknown mode": (
        ValueError, "'full', 'same'", lambda extra, x: extra.convolve(x[0, :], x[0, :], mode="circular")
    ),
    "convolve: a matrix": (ad.ShapeMismatchError, "a vector", lambda extra, x: extra.convolve(x[0, :], x)),
    "segment_sum: too few ids": (ad.ShapeMismatchError, "each row", lambda extra, x: extra.segment_sum(x, [0, 1], 2)),
    "segment_sum: fractional ids": (
        TypeError, "integers", lambda extra, x: extra.segment_sum(x, [0.0, 1.0, 1.0], 2)
    ),
    "segment_sum: a number out of bounds": (
        IndexError, "from 0 to 2", lambda extra, x: extra.segment_sum(x, [0, 1, 3], 3)
    ),
    "segment_sum: fewer than no sums": (ValueError, "largest id", lambda extra, x: extra.segment_sum(x, [0, 1, 2], -1)),
    "interp: a value too few": (
        ad.ShapeMismatchError, "each knot", lambda extra, x: extra.interp(x, [0.0, 1.0], [0.0, 1.0, 2.0])
    ),
    "interp: complex values": (
        ad.DtypeError, "real and imaginary", lambda extra, x: extra.interp(x, [0.0, 1.0], [0.0, 1j])
    ),
    "solve_triangular: a matrix that is not square": (
        ad.ShapeMismatchError, "square", lambda extra, x: extra.solve_triangular(x, x)
    ),
    "solve_triangular: a right side of other rows": (
        ad.ShapeMismatchError, "as many rows", lambda extra, x: extra.solve_triangular(x[:, :3], x[:2, :])
    ),
    "solve_triangular: a wrong letter": (
        ValueError, "'N', 'T' or 'C'", lambda extra, x: extra.solve_triangular(x[:, :3], x, trans="H")
    ),
    "lstsq: a right side of other rows": (
        ad.ShapeMismatchError, "as many rows", lambda extra, x: extra.lstsq(x, x[0, :])
    ),
    "lstsq: a vector for a matrix": (ad.ShapeMismatchError, "matrices", lambda extra, x: extra.lstsq(x[0, :], x)),
    "expm: a matrix that is not square": (ad.ShapeMismatchError, "square", lambda extra, x: extra.expm(x)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("kind", ["plain", "recorded"])
def test_a_mistake_is_the_same_error_on_every_backend(be: ad.Backend, name: str, kind: str) -> None:
    error, says, program = REFUSED[name]
    x = be.asarray(real(3, 4))
    with be.tape() as tape, pytest.raises(error, match=says) as caught:
        program(be.extra, tape.watch(x) if kind == "recorded" else x)
    assert type(caught.value) is error


# --- batches and compilation ------------------------------------------------------------------------------------

OF_A_MATRIX: dict[str, Program] = {
    "convolve": lambda extra, x: extra.convolve(x[0, :], x[:, 1], mode="same"),
    "segment_sum": lambda extra, x: extra.segment_sum(x, [3, 0, 3, 1], num_segments=5),
    "interp": lambda extra, x: extra.interp(x, [-1.5, -0.1, 0.8, 2.0], x[1, :]),
    "solve_triangular": lambda extra, x: extra.solve_triangular(x, x[:, 3], lower=True, unit_diagonal=True),
    "solve_triangular transposed": lambda extra, x: extra.solve_triangular(x, x, trans=1),
    "lstsq": lambda extra, x: extra.lstsq(x[:, :2], x[:, 2:]),
    "expm": lambda extra, x: extra.expm(x),

    "pad": lambda extra, x: extra.pad(x, ((1, 2), (0, 3)), constant_values=x[0, 0]),
    "pad reflect": lambda extra, x: extra.pad(x, ((1, 2), (0, 5)), mode="reflect"),
}


@pytest.mark.parametrize("name", OF_A_MATRIX)
def test_a_batch_is_the_loop(be: ad.Backend, name: str) -> None:
    batch = real(3, 4, 4)

    def both(x: Any) -> Any:
        f = OF_A_MATRIX[name]
        return f(be.extra, x), be.grad(lambda x: be.xp.sum(f(be.extra, x) ** 2))(x)

    found = be.vmap(both)(be.asarray(batch))
    for i, x in enumerate(batch):
        for part, expected in zip(found, both(be.asarray(x)), strict=True):
            np.testing.assert_allclose(be.to_numpy(part)[i], be.to_numpy(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", OF_A_MATRIX)
def test_a_prepared_function_has_the_same_values_and_gradients(be: ad.Backend, name: str) -> None:
    first, second = (be.asarray(real(4, 4)) for _ in range(2))
    gradient = be.value_and_grad(lambda x: be.xp.sum(OF_A_MATRIX[name](be.extra, x) ** 2))
    prepared = be.prepare(gradient, first)
    for x in (first, second):
        for found, expected in zip(prepared(x), gradient(x), strict=True):
            np.testing.assert_allclose(be.to_numpy(found), be.to_numpy(expected), rtol=1e-12, atol=1e-12)
