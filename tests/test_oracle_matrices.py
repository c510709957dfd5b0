"""The oracle's linear algebra and Fourier transforms against closed forms, and its derivatives against known ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff_spec import oracle
from autodiff_spec.oracle import xp
from autodiff_spec.oracle._context import ctx

GENERATOR = np.random.default_rng(20261200)
A = np.diag([2.0, 4.0, 6.0]) + GENERATOR.integers(-8, 8, (3, 3)) / 32
B = A[:, :2]
COMPLEX = A + 1j * A.T / 4
STACK = np.stack([A, A.T + 1.0])
MATRICES = {"square": A, "tall": B, "wide": B.T, "stack": STACK, "complex": COMPLEX, "complex tall": COMPLEX[:, :2]}
TINY = 1e-45


def exactly(found: Any, expected: Any) -> None:
    """Equal far beyond double precision."""
    difference = xp.asarray(found) - xp.asarray(expected)
    assert difference.shape == xp.asarray(found).shape == xp.asarray(expected).shape
    assert all(abs(v) < TINY for v in difference.values.ravel().tolist())


def mirrored(x: Any) -> Any:
    return xp.conj(xp.matrix_transpose(x))


def slope(program: Any, *args: Any, cotangent: Any = None) -> Any:
    """The gradient by the first argument."""
    return oracle.gradient(program, *args, cotangent=cotangent)[0]


# --- factorisations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("full", [False, True])
def test_singular_values_and_vectors_make_the_matrix(matrix: Any, full: bool) -> None:
    x = xp.asarray(matrix)
    u, s, vh = xp.linalg.svd(x, full_matrices=full)
    k = s.shape[-1]
    exactly(xp.matmul(u[..., :k] * s[..., None, :], vh[..., :k, :]), x)
    exactly(mirrored(u) @ u, np.broadcast_to(np.eye(u.shape[-1]), (*matrix.shape[:-2], *2 * u.shape[-1:])))
    exactly(vh @ mirrored(vh), np.broadcast_to(np.eye(vh.shape[-2]), (*matrix.shape[:-2], *2 * vh.shape[-2:-1])))
    assert u.shape == np.linalg.svd(matrix, full_matrices=full).U.shape
    assert (np.diff(oracle.to_numpy(s)) < 0).all()


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_orthonormal_columns_and_a_triangle_make_the_matrix(matrix: Any, mode: str) -> None:
    x = xp.asarray(matrix)
    q, r = xp.linalg.qr(x, mode=mode)
    exactly(q @ r, x)
    exactly(mirrored(q) @ q, np.broadcast_to(np.eye(q.shape[-1]), (*matrix.shape[:-2], *2 * q.shape[-1:])))
    exactly(xp.tril(r, k=-1), xp.zeros_like(r))
    assert q.shape == np.linalg.qr(matrix, mode=mode).Q.shape  # type: ignore[call-overload]


@pytest.mark.parametrize("matrix", [A, STACK, COMPLEX], ids=["square", "stack", "complex"])
def test_eigenvectors_and_cholesky_factors_make_the_hermitian_matrix(matrix: Any) -> None:
    x = xp.asarray(matrix)
    h = (x + mirrored(x)) / 2
    values, vectors = xp.linalg.eigh(h)
    exactly(xp.matmul(vectors * values[..., None, :], mirrored(vectors)), h)
    assert (np.diff(oracle.to_numpy(values)) > 0).all()
    positive = x @ mirrored(x)
    factor = xp.linalg.cholesky(positive)
    exactly(factor @ mirrored(factor), positive)
    exactly(xp.linalg.cholesky(positive, upper=True), mirrored(factor))


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_the_pseudo_inverse_satisfies_the_equations_of_penrose(matrix: Any) -> None:
    x = xp.asarray(matrix)
    p = xp.linalg.pinv(x)
    exactly(x @ p @ x, x)
    exactly(p @ x @ p, p)
    exactly(mirrored(x @ p), x @ p)
    exactly(mirrored(p @ x), p @ x)


@pytest.mark.parametrize("order", [1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc"])
def test_norms_of_matrices_are_numpys(order: Any) -> None:
    for matrix in MATRICES.values():
        found = oracle.to_numpy(xp.linalg.matrix_norm(xp.asarray(matrix), ord=order, keepdims=True))
        np.testing.assert_allclose(found, np.linalg.matrix_norm(matrix, ord=order, keepdims=True), rtol=1e-14)


def test_ranks_of_empty_and_deficient_matrices() -> None:
    ranks = xp.linalg.matrix_rank(xp.asarray([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]]))
    assert ranks.values.tolist() == [1, 2]
    assert xp.linalg.eigvalsh(xp.zeros((0, 2, 2))).shape == (0, 2)
    assert xp.linalg.svd(xp.zeros((0, 3, 2))).U.shape == (0, 3, 3)
    assert float(xp.linalg.det(xp.zeros((0, 0)))) == 1.0
    assert np.isnan(oracle.to_numpy(xp.linalg.cholesky(xp.asarray([[1.0, 2.0], [2.0, 1.0]])))).any()
    assert np.isnan(oracle.to_numpy(xp.linalg.qr(xp.asarray([[1.0, 1.0], [1.0, 1.0]])).Q)).any()


# --- derivatives in closed form -----------------------------------------------------------------------------------


def test_the_gradient_of_the_determinant_is_the_transposed_adjugate() -> None:
    exactly(slope(lambda xp, x: xp.linalg.det(x), np.array([[1.0, 2.0], [2.0, 4.0]])), [[4.0, -2.0], [-2.0, 1.0]])
    adjugate = xp.linalg.det(xp.asarray(A)) * mirrored(xp.linalg.inv(xp.asarray(A)))
    exactly(slope(lambda xp, x: xp.linalg.det(x), A), adjugate)


def test_the_gradients_of_inv_solve_and_the_pseudo_inverse() -> None:
    g, x = GENERATOR.integers(-8, 8, (3, 3)) / 4.0, xp.asarray(A)
    inverse = xp.linalg.inv(x)
    exactly(slope(lambda xp, x: xp.linalg.inv(x), A, cotangent=g), -(inverse.mT @ xp.asarray(g) @ inverse.mT))
    exactly(slope(lambda xp, x: xp.linalg.pinv(x), A, cotangent=g), -(inverse.mT @ xp.asarray(g) @ inverse.mT))
    right = xp.linalg.solve(x.mT, xp.asarray(g))
    exactly(slope(lambda xp, b: xp.linalg.solve(xp.asarray(A), b), np.ones((3, 3)), cotangent=g), right)


def test_the_eigenvalues_of_a_2_by_2_matrix_have_the_derivatives_of_their_formula() -> None:
    def by_formula(xp: Any, x: Any) -> Any:
        mean, half = (x[0, 0] + x[1, 1]) / 2, (x[0, 0] - x[1, 1]) / 2
        root = xp.sqrt(half * half + x[1, 0] * x[1, 0])
        return xp.stack([mean - root, mean + root])

    x, g = np.array([[2.0, 0.5], [0.5, 3.0]]), np.array([1.0, -3.0])
    exactly(slope(lambda xp, x: xp.linalg.eigvalsh(x), x, cotangent=g), slope(by_formula, x, cotangent=g))
    ((found,),) = oracle.second(lambda xp, x: xp.linalg.eigvalsh(x), x, cotangent=g)
    ((expected,),) = oracle.second(by_formula, x, cotangent=g)
    exactly(found, expected)


def test_the_projectors_of_eigenvectors_turn_as_perturbation_theory_says() -> None:
    # first order: dP₁ = Σ (P₁ dA P_j + P_j dA P₁)/(λ₁ - λ_j); T. Kato, Perturbation Theory, chapter II, section 2.1
    symmetric = (A + A.T) / 2
    direction = np.array([[1.0, 2.0, 0.0], [2.0, -1.0, 0.5], [0.0, 0.5, 3.0]])

    def program(xp: Any, t: Any) -> Any:
        _, v = xp.linalg.eigh(xp.asarray(symmetric) + t * xp.asarray(direction))
        return v[:, :1] @ v[:, :1].mT

    w, v = xp.linalg.eigh(xp.asarray(symmetric))
    p = [v[:, i : i + 1] @ v[:, i : i + 1].mT for i in range(3)]
    d = xp.asarray(direction)
    expected = sum((p[0] @ d @ p[j] + p[j] @ d @ p[0]) / (w[0] - w[j]) for j in (1, 2))
    exactly(oracle.jvp(program, (0.0,), (1.0,)), expected)


def test_the_gradient_of_a_singular_value_is_the_product_of_its_vectors() -> None:
    u, _, vh = xp.linalg.svd(xp.asarray(B), full_matrices=False)
    found = slope(lambda xp, x: xp.linalg.svdvals(x), B, cotangent=np.array([0.0, 1.0]))
    exactly(found, u[:, 1:] @ vh[1:, :])


def test_the_gradient_of_the_nuclear_norm_is_the_orthogonal_polar_factor() -> None:
    x = np.array([[3.0, 4.0], [-4.0, 3.0]])  # singular values 5 and 5
    exactly(slope(lambda xp, x: xp.linalg.matrix_norm(x, ord="nuc"), x), xp.asarray(x) / 5)


def test_triangular_factors_of_2_by_2_matrices_have_the_derivatives_of_their_formulas() -> None:
    def cholesky(xp: Any, x: Any) -> Any:
        a = xp.sqrt(x[0, 0])
        b = x[1, 0] / a
        return a + 2 * b + 3 * xp.sqrt(x[1, 1] - b * b)

    def weighted(xp: Any, factor: Any) -> Any:
        return factor[0, 0] + 2 * factor[1, 0] + 3 * factor[1, 1]

    x = np.array([[2.0, 0.5], [0.5, 3.0]])
    exactly(slope(lambda xp, x: weighted(xp, xp.linalg.cholesky(x)), x), slope(cholesky, x))

    def upper(xp: Any, x: Any) -> Any:
        first = xp.linalg.vector_norm(x[:, 0])
        return first + 2 * xp.vecdot(x[:, 0], x[:, 1]) / first + 3 * xp.abs(xp.linalg.det(x)) / first

    exactly(slope(lambda xp, x: weighted(xp, xp.linalg.qr(x).R.mT), x), slope(upper, x))


def test_repeated_eigenvalues_leave_symmetric_functions_smooth() -> None:
    x = np.array([[2.0, 0.0], [0.0, 2.0]])
    exactly(slope(lambda xp, x: xp.sum(xp.linalg.eigvalsh((x + x.mT) / 2) ** 3), x), 12 * np.eye(2))
    found = slope(lambda xp, x: xp.sum(xp.exp(xp.linalg.eigvalsh((x + x.mT) / 2))), x)
    exactly(found, xp.exp(xp.asarray(2.0)) * xp.eye(2))


def test_kinks_are_known_where_eigenvalues_meet_and_singular_values_vanish() -> None:
    apart, equal = np.diag([1.0, 2.0]), np.diag([2.0, 2.0])
    assert oracle.kink_distance(lambda xp, x: xp.linalg.eigvalsh(x), apart) > 0.4
    assert oracle.kink_distance(lambda xp, x: xp.linalg.eigvalsh(x), equal) < 1e-30
    assert oracle.kink_distance(lambda xp, x: xp.linalg.svdvals(x), np.diag([1.0, 0.0])) < 1e-30


# --- Fourier transforms -------------------------------------------------------------------------------------------

Z = np.array([1.0, -2.5, 0.5, 3.0]) + 1j * np.array([0.25, 1.0, -1.5, 2.0])
NORMS = ("backward", "ortho", "forward")


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [None, 2, 3, 5])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_transforms_have_numpys_values(name: str, n: int | None, norm: Any) -> None:
    x = Z.real if name in ("rfft", "ihfft") else Z
    for array, axis in ((x, -1), (np.stack([x, 2 * x], axis=1), 0)):
        found = getattr(xp.fft, name)(xp.asarray(array), n=n, axis=axis, norm=norm)
        expected = getattr(np.fft, name)(array, n=n, axis=axis, norm=norm)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(oracle.to_numpy(found), expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
def test_transforms_along_several_axes_have_numpys_values(name: str) -> None:
    x = np.stack([Z, Z[::-1] * 2])
    x = x.real if name == "rfftn" else x
    for keywords in ({}, {"axes": (1, 0)}, {"s": (3, 5), "axes": (0, 1)}, {"norm": "ortho"}):
        found = getattr(xp.fft, name)(xp.asarray(x), **keywords)
        expected = getattr(np.fft, name)(x, **keywords)
        np.testing.assert_allclose(oracle.to_numpy(found), expected, rtol=1e-14, atol=1e-14)


def test_shifts_and_frequencies_have_numpys_values() -> None:
    x = np.arange(15.0).reshape(3, 5)
    for name in ("fftshift", "ifftshift"):
        for axes in (None, 0, (0, 1)):
            found = getattr(xp.fft, name)(xp.asarray(x), axes=axes)
            np.testing.assert_array_equal(oracle.to_numpy(found), getattr(np.fft, name)(x, axes=axes))
    for n in (4, 5):
        np.testing.assert_allclose(oracle.to_numpy(xp.fft.fftfreq(n, d=0.5)), np.fft.fftfreq(n, d=0.5))
        np.testing.assert_allclose(oracle.to_numpy(xp.fft.rfftfreq(n, d=0.5)), np.fft.rfftfreq(n, d=0.5))


@pytest.mark.parametrize("norm", NORMS)
def test_a_transform_and_its_inverse_are_the_identity(norm: str) -> None:
    z = xp.asarray(Z)
    exactly(xp.fft.ifft(xp.fft.fft(z, norm=norm), norm=norm), z)
    exactly(xp.fft.irfft(xp.fft.rfft(xp.real(z), norm=norm), n=4, norm=norm), xp.real(z))
    exactly(xp.fft.ihfft(xp.fft.hfft(z[:3], n=5, norm=norm), n=5, norm=norm)[1:], z[1:3])


def test_the_pullback_of_the_transform_is_the_unscaled_inverse() -> None:
    g = Z[::-1].copy()
    exactly(slope(lambda xp, z: xp.fft.fft(z), Z, cotangent=g), 4 * xp.fft.ifft(xp.asarray(g)))
    exactly(slope(lambda xp, z: xp.fft.ifft(z), Z, cotangent=g), xp.fft.fft(xp.asarray(g)) / 4)


# --- values from tables -------------------------------------------------------------------------------------------

# Digits of the NIST Digital Library of Mathematical Functions' constants and functions (chapters 3, 4, 7).
E = "2.71828182845904523536028747135266249775724709369995"
SIN_1 = "0.84147098480789650665250232163029899962256306079837"
COS_1 = "0.54030230586813971740093660744297660373231042061792"
TANH_1 = "0.76159415595576488811945828260479359041276859725793"
LN_2 = "0.69314718055994530941723212145817656807550013436025"
TWO_OVER_ROOT_PI = "1.12837916709551257389615890312154517168810125865799"
TABLE = {
    "exp at 1": (lambda xp, x: xp.exp(x), 1.0, ctx.mpf(E)),
    "sin at 1": (lambda xp, x: xp.sin(x), 1.0, ctx.mpf(COS_1)),
    "cos at 1": (lambda xp, x: xp.cos(x), 1.0, -ctx.mpf(SIN_1)),
    "tanh at 1": (lambda xp, x: xp.tanh(x), 1.0, 1 - ctx.mpf(TANH_1) ** 2),
    "log2 at 1": (lambda xp, x: xp.log2(x), 1.0, 1 / ctx.mpf(LN_2)),
    "2**x at 0": (lambda xp, x: xp.pow(2.0, x), 0.0, ctx.mpf(LN_2)),
    "x**x at 1": (lambda xp, x: xp.pow(x, x), 1.0, ctx.mpf(1)),
    "erf at 0": (lambda xp, x: xp.extra.erf(x), 0.0, ctx.mpf(TWO_OVER_ROOT_PI)),
    "xlogy at 0": (lambda xp, x: xp.extra.xlogy(x, 2.0), 0.0, ctx.mpf(LN_2)),
}


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE)
def test_derivatives_agree_with_tables_to_45_digits(case: Any) -> None:
    program, x, expected = case
    exactly(slope(program, x), expected)


# --- a point kept ------------------------------------------------------------------------------------------------


def test_a_linearization_gives_the_products_that_gradient_and_jvp_give() -> None:
    def program(xp: Any, x: Any, z: Any, i: Any) -> Any:
        return xp.sin(x[i]) * xp.exp(z), xp.sum(x)

    args = (np.array([1.0, 2.0, 4.0]), np.array([0.5 + 1j, -1.0 + 0.25j]), np.array([0, 2]))
    g, t = (np.array([1.0 - 1j, 0.5j]), np.array(3.0)), (np.array([1.0, -1.0, 2.0]), np.array([1j, 2.0]), None)
    kept = oracle.Linearization(program, *args)
    for one, other in zip(kept.gradient(g), oracle.gradient(program, *args, cotangent=g), strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            exactly(one, other)
    for one, other in zip(kept.jvp(*t), oracle.jvp(program, args, t), strict=True):
        exactly(one, other)
    exactly(kept.value[1], oracle.value(program, *args)[1])


def test_the_pushforward_of_a_complex_argument_follows_both_parts() -> None:
    z, t = np.array([1.0 + 2j, -0.5j]), np.array([0.5 - 1j, 2.0])
    exactly(oracle.jvp(lambda xp, z: z * xp.conj(z), (z,), (t,)), xp.asarray(2 * (z * t.conj()).real) + 0j)


def test_the_sizes_of_what_cancels_in_a_linearization() -> None:
    there = oracle.Linearization(lambda xp, x, y: x / y, np.array([2.0, -2.0]), 0.5)
    by_x, by_y = there.gradient()
    assert abs(float(by_y[()])) < 1e-50
    np.testing.assert_array_equal(oracle.to_numpy(by_x), [2.0, 2.0])
    np.testing.assert_array_equal(oracle.to_numpy(there.gradient_sizes()[1]), 16.0)
    np.testing.assert_array_equal(oracle.to_numpy(there.gradient_sizes(np.array([-1.0, 2.0]))[0]), [2.0, 4.0])
    np.testing.assert_allclose(oracle.to_numpy(there.jvp(np.array([4.0, 4.0]), 1.0)), [0.0, 16.0], atol=1e-50)
    np.testing.assert_array_equal(oracle.to_numpy(there.jvp_sizes(np.array([4.0, 4.0]), 1.0)), [16.0, 16.0])
