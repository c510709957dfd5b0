"""Linear algebra of large matrices on the NumPy engine: by SciPy's factors and without, in blocks and as a whole."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import _lapack
from autodiff_numpy.rules import factorisations

be = ad.backend("numpy")
DTYPES = (np.float32, np.float64, np.complex64, np.complex128)
SIZE = 70  # rows: above all thresholds but that of blocks


@pytest.fixture(params=["with SciPy", "without"], autouse=True)
def scipys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether LAPACK's factors are used."""
    if request.param == "without":
        monkeypatch.setattr(_lapack, "lapack", lambda: None)
        return False
    pytest.importorskip("scipy")
    return True


def drawn(seed, *shape, dtype=np.float64):
    draw = np.random.default_rng(seed)
    value = draw.normal(size=shape) / SIZE**0.5
    return (value + (1j * draw.normal(size=shape) / SIZE**0.5 if np.dtype(dtype).kind == "c" else 0)).astype(dtype)


def regular(seed, size=SIZE, dtype=np.float64):
    return drawn(seed, size, size, dtype=dtype) + np.eye(size, dtype=dtype)


def near(found, expected, dtype, slack=200.0):
    bound = slack * np.finfo(dtype).eps * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound)


def size_of(value):
    """A real number that depends on every part of a value."""
    return np.sum(np.real(value * np.conj(value)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_factors_are_those_of_the_matrix(dtype, scipys):
    a, b = regular(0, dtype=dtype), drawn(1, SIZE, 3, dtype=dtype)
    factors = _lapack.factored(a)
    assert (factors is not None) == scipys
    if factors is None:
        return
    inverse = np.linalg.inv(a)
    near(factors.inverse(), inverse, dtype)
    near(factors.mT.inverse(), inverse.T, dtype)
    near(factors.solve(b), inverse @ b, dtype)
    near(factors.mT.mT.solve(b), inverse @ b, dtype)
    near(factors.mT.solve(b), inverse.T @ b, dtype)
    sign, log = np.linalg.slogdet(a)
    for found, expected in zip((*factors.slogdet(), factors.det()), (sign, log, np.linalg.det(a)), strict=True):
        assert found.dtype == expected.dtype
        near(found, expected, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_of_determinants_and_systems_are_the_formulas(dtype):
    a, b = regular(2, dtype=dtype), drawn(3, SIZE, dtype=dtype)
    inverse = np.linalg.inv(a)
    det = np.linalg.det(a)
    value, g = be.value_and_grad(lambda a: size_of(np.linalg.det(a)))(a)
    near(value, abs(det) ** 2, dtype)
    near(g, 2 * abs(det) ** 2 * inverse.conj().T, dtype)
    near(be.grad(lambda a: np.linalg.slogdet(a)[1])(a), inverse.conj().T, dtype)
    x = np.linalg.solve(a, b)
    with be.tape() as t:
        recorded, right = t.watch(a), t.watch(b)
        y = np.linalg.solve(recorded, right)
        target = size_of(y)
    assert y.value.flags.c_contiguous
    near(ad.to_numpy(y), x, dtype)
    of_a, of_b = t.grad(target, [recorded, right])
    expected = inverse.conj().T @ (2 * x)
    near(of_b, expected, dtype)
    near(of_a, -np.outer(expected, x.conj()), dtype)


@pytest.mark.parametrize("columns", [(), (3,)])
def test_a_system_whose_matrix_or_whose_right_side_is_constant_is_the_same(columns):
    a, b = regular(4), drawn(5, SIZE, *columns)
    both = be.grad(lambda a, b: size_of(np.linalg.solve(a, b)), (0, 1))(a, b)
    near(be.grad(lambda a: size_of(np.linalg.solve(a, b)))(a), both[0], np.float64)
    near(be.grad(lambda b: size_of(np.linalg.solve(a, b)))(b), both[1], np.float64)
    of_single = be.grad(lambda b: size_of(np.linalg.solve(a, b)))(b.astype(np.float32))
    assert of_single.dtype == np.float32
    near(of_single, both[1], np.float32)


FUNCTIONS = {
    "det": lambda a: size_of(np.linalg.det(a)),
    "slogdet": lambda a: size_of(np.linalg.slogdet(a)[1]) + np.real(np.linalg.slogdet(a)[0]),
    "solve": lambda a: size_of(np.linalg.solve(a, a[:, :2] * a[:, :2])),
    "cholesky": lambda a: size_of(np.linalg.cholesky(a)[:, :3]),
    "upper": lambda a: size_of(np.linalg.cholesky(a, upper=True)[:3] ** 2),
}


def definite(seed, dtype=np.float64, size=SIZE, *stack):
    a = drawn(seed, *stack, size, size, dtype=dtype)
    return 3 * np.eye(size, dtype=dtype) + a @ a.conj().mT


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_both_modes_and_second_derivatives_agree(name, dtype):
    f, a, direction = FUNCTIONS[name], definite(6, dtype), definite(7, dtype)
    g = be.grad(f)(a)
    _, slope = be.jvp(f, (a,), (direction,))
    near(slope, np.sum(np.real(g.conj() * direction)), np.float64, 1e4)
    step = 2.0**-13
    curve = (be.grad(f)(a + step * direction) - be.grad(f)(a - step * direction)) / (2 * step)
    with be.tape() as outer:
        x = outer.watch(a)
        slope = np.sum(np.real(np.conj(be.grad(f)(x)) * direction))
    found = outer.grad(slope, x)
    bound = 1e-4 * np.abs(curve).max()  # of the differences, whose error goes by the square of the step
    np.testing.assert_allclose(found, curve, rtol=0, atol=bound)


def test_without_a_regular_matrix_numpy_says_what_it_says():
    a = regular(8)
    a[:, 1] = a[:, 0]
    g = be.grad(np.linalg.det)(a / 2)
    u, s, vh = np.linalg.svd(a / 2)
    expected = np.prod(s[:-1]) * np.linalg.det(u) * np.linalg.det(vh) * np.outer(u[:, -1], vh[-1])
    np.testing.assert_allclose(g, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    exact = np.ones((SIZE, SIZE))
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        be.grad(lambda a: np.sum(np.linalg.solve(a, np.ones(SIZE))))(exact)
    assert float(be.value_and_grad(lambda a: np.linalg.slogdet(a)[1])(exact)[0]) == -np.inf
    a[0, 0] = np.nan
    with be.tape() as t, np.errstate(invalid="ignore"):
        assert np.isnan(ad.to_numpy(np.linalg.det(t.watch(a))))


def test_stacks_of_matrices_are_as_each_of_them():
    a, b = np.stack([regular(s) for s in (9, 10)]), drawn(11, 2, SIZE, 1)
    for f in (np.linalg.det, lambda a: np.linalg.slogdet(a)[1], lambda a: np.linalg.solve(a, b[:1])):
        near(be.grad(f)(a), np.stack([be.grad(f)(one) for one in a]), np.float64)


# --- Cholesky in blocks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [96, 97, 143, 192])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stack", [(), (2, 1)])
def test_the_blocked_share_of_cholesky_is_the_whole_one(size, dtype, stack, monkeypatch, scipys):
    if scipys:
        pytest.skip("it makes no use of SciPy, and is tested without")
    a, weights = definite(12, dtype, size, *stack), drawn(13, *stack, size, size, dtype=dtype)

    def f(a):
        return np.sum(np.linalg.cholesky(a) * weights)

    in_blocks = be.grad(f)(a)
    assert in_blocks.dtype == dtype
    assert not np.triu(in_blocks, 1).any()
    monkeypatch.setattr(factorisations, "_LARGE", 10**9)
    near(in_blocks, be.grad(f)(a), dtype)


def test_the_blocked_share_reads_the_lower_triangle_alone(scipys):
    a, other = definite(14, size=120), definite(14, size=120)
    other[np.triu_indices(120, 1)] = np.nan
    found = [be.value_and_grad(lambda a: np.sum(np.linalg.cholesky(a) ** 3))(x) for x in (a, other)]
    np.testing.assert_array_equal(*[value for value, _ in found])
    np.testing.assert_array_equal(*[g for _, g in found])
