"""Functions of repeated eigenvalues and singular values: what exists is right, what does not is NaN."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

be = ad.backend("numpy")
xp = be.xp
RANDOM = np.random.default_rng(11)
TURN = np.linalg.qr(RANDOM.normal(size=(4, 4)))[0]
LEFT, RIGHT = np.linalg.qr(RANDOM.normal(size=(5, 3)))[0], np.linalg.qr(RANDOM.normal(size=(3, 3)))[0]

SYMMETRIC = {
    "diagonal": np.diag([2.0, 2.0, 3.0, 2.0]),
    "turned": TURN @ np.diag([2.0, 2.0, 3.0, 2.0]) @ TURN.T,
    "two pairs": TURN @ np.diag([-1.0, 2.0, 2.0, -1.0]) @ TURN.T,
    "identity": np.eye(4),
    "zero": np.zeros((4, 4)),
    "distinct": TURN @ np.diag([-1.0, 0.5, 2.0, 3.0]) @ TURN.T,
}
SYMMETRIC = {name: (a + a.T) / 2 for name, a in SYMMETRIC.items()}
SINGULAR = {
    str(values): LEFT * np.array(values) @ RIGHT.T
    for values in ([2.0, 2.0, 2.0], [2.0, 2.0, 1.0], [2.0, 2.0, 0.0], [2.0, 0.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 0.0])
}


def hermitian(a: Any) -> Any:
    """The Hermitian part, so that both triangles are read."""
    return 0.5 * (a + np.conj(np.swapaxes(a, -1, -2)))


def power(k: int) -> Callable[..., Any]:
    """tr(aᵏ), whose gradient is k aᵏ⁻¹, by eigenvalues."""
    return lambda a: np.sum(np.linalg.eigvalsh(hermitian(a)) ** k)


def gradient_of_power(a: Any, k: int) -> Any:
    return k * np.linalg.matrix_power(a, k - 1)


def change_of_gradient(a: Any, d: Any, k: int) -> Any:
    """The derivative k Σ aⁱ d aᵏ⁻²⁻ⁱ of that, along the symmetric part of a direction."""
    d, powers = (d + d.T) / 2, [np.linalg.matrix_power(a, i) for i in range(k)]
    return k * sum(powers[i] @ d @ powers[k - 2 - i] for i in range(k - 1))


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_traces_of_powers_by_eigenvalues_have_the_derivatives_of_traces_of_powers(name: str, k: int) -> None:
    a, d = SYMMETRIC[name], np.random.default_rng(5).normal(size=(4, 4))
    np.testing.assert_allclose(be.grad(power(k))(a), gradient_of_power(a, k), atol=1e-12)
    slope = be.jvp(power(k), (a,), (d,))[1]
    np.testing.assert_allclose(slope, np.sum(gradient_of_power(a, k) * d), atol=1e-12)
    expected = change_of_gradient(a, d, k)
    np.testing.assert_allclose(be.hvp(power(k), (a,), (d,))[0], expected, atol=1e-11)
    hessian = be.hessian(power(k))(a)
    np.testing.assert_allclose(np.tensordot(hessian, d), expected, atol=1e-11)
    twice = be.jvp(lambda a: be.jvp(power(k), (a,), (d,))[1], (a,), (d,))[1]
    np.testing.assert_allclose(twice, np.sum(expected * d), atol=1e-11)


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_reverse_over_reverse_is_right_or_nan(name: str, k: int) -> None:
    a, d = SYMMETRIC[name], np.random.default_rng(5).normal(size=(4, 4))
    found = be.grad(lambda a: np.sum(be.grad(power(k))(a) * d))(a)
    if name == "distinct":
        np.testing.assert_allclose(found, change_of_gradient(a, d, k), atol=1e-11)
    else:
        assert np.isnan(found).any()


def test_reverse_over_reverse_is_right_for_distinct_values_beside_repeated_ones() -> None:
    batch, d = np.stack([SYMMETRIC["turned"], SYMMETRIC["distinct"]]), np.random.default_rng(5).normal(size=(4, 4))
    found = be.grad(lambda a: np.sum(be.grad(power(3))(a) * d))(batch)
    np.testing.assert_allclose(found[1], change_of_gradient(batch[1], d, 3), atol=1e-11)


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("name", SINGULAR)
def test_sums_of_powers_of_singular_values_have_their_derivatives(name: str, transpose: bool) -> None:
    a = SINGULAR[name].T if transpose else SINGULAR[name]
    d = np.random.default_rng(5).normal(size=a.shape)

    def frobenius(a: Any) -> Any:
        return np.sum(np.linalg.svdvals(a) ** 2)

    def fourth(a: Any) -> Any:
        return np.sum(np.linalg.svd(a)[1] ** 4)

    np.testing.assert_allclose(be.grad(frobenius)(a), 2 * a, atol=1e-12)
    np.testing.assert_allclose(be.hvp(frobenius, (a,), (d,))[0], 2 * d, atol=1e-12)
    np.testing.assert_allclose(be.grad(fourth)(a), 4 * a @ a.T @ a, atol=1e-11)
    expected = 4 * (d @ a.T @ a + a @ d.T @ a + a @ a.T @ d)
    np.testing.assert_allclose(be.hvp(fourth, (a,), (d,))[0], expected, atol=1e-11)
    np.testing.assert_allclose(np.tensordot(be.hessian(fourth)(a), d), expected, atol=1e-11)


def test_the_square_of_the_nuclear_norm_at_an_orthogonal_matrix() -> None:
    """(tr √(aᵀa))² at a = q: the gradient is 2n q, its change 2 q (tr s · I + n k/...), here by differences."""
    q = LEFT @ RIGHT.T
    d = RANDOM.normal(size=q.shape)

    def f(a: Any) -> Any:
        return xp.linalg.matrix_norm(a, ord="nuc") ** 2

    np.testing.assert_allclose(be.grad(f)(q), 6 * q, atol=1e-12)
    h = 1e-5
    difference = (be.grad(f)(q + h * d) - be.grad(f)(q - h * d)) / (2 * h)  # distinct values there
    np.testing.assert_allclose(be.hvp(f, (q,), (d,))[0], difference, atol=1e-7)


def test_repeated_values_in_a_batch_and_complex_ones() -> None:
    diagonal = np.stack([np.eye(3), np.diag([1.0, 2.0, 2.0])]).astype(complex)
    turn = np.linalg.qr(RANDOM.normal(size=(3, 3)) + 1j * RANDOM.normal(size=(3, 3)))[0]
    a = turn @ diagonal @ np.conj(turn.T)
    d = RANDOM.normal(size=(2, 3, 3)) + 1j * RANDOM.normal(size=(2, 3, 3))
    d = d + np.conj(np.swapaxes(d, -1, -2))
    _, change = be.jvp(be.grad(power(3)), (a,), (d,))
    np.testing.assert_allclose(change, 3 * (a @ d + d @ a), atol=1e-12)


@pytest.mark.parametrize("f", [np.linalg.eigvalsh, np.linalg.svdvals])
def test_a_jacobian_of_repeated_values_is_one_matrix_in_both_modes(f: Callable[..., Any]) -> None:
    a = np.diag([1.0, 1.0, 2.0])
    np.testing.assert_allclose(be.jacobian(f, mode="forward")(a), be.jacobian(f, mode="reverse")(a), atol=1e-14)


def test_along_a_direction_repeated_values_part_as_the_matrix_does() -> None:
    d = RANDOM.normal(size=(3, 3))
    slope = be.jvp(np.linalg.eigvalsh, (np.eye(3),), (d,))[1]
    np.testing.assert_allclose(slope, np.linalg.eigvalsh(d), atol=1e-12)


def test_vectors_of_repeated_eigenvalues_are_never_silently_wrong() -> None:
    assert not np.all(np.isfinite(be.grad(lambda a: np.linalg.eigh(a)[1][1, 0])(np.eye(2))))
    touched_only_distinct = be.grad(lambda a: np.linalg.eigh(a)[1][2, 2] ** 2)(np.diag([1.0, 1.0, 3.0]))
    np.testing.assert_allclose(touched_only_distinct, np.zeros((3, 3)), atol=1e-12)

    def root(a: Any) -> Any:
        w, v = np.linalg.eigh(a)
        return np.sum((v * np.sqrt(w)) @ v.T * np.arange(9.0).reshape(3, 3))

    assert np.isnan(be.grad(root)(np.eye(3))).any()  # right only with the values' own derivatives


@pytest.mark.parametrize("name", SYMMETRIC)
def test_second_derivatives_along_two_directions_are_right(name: str) -> None:
    a = SYMMETRIC[name]
    first, second = RANDOM.normal(size=(2, 4, 4))

    def slope(a: Any) -> Any:
        return be.jvp(power(3), (a,), (first,))[1]

    expected = np.sum(change_of_gradient(a, first, 3) * second)
    np.testing.assert_allclose(be.jvp(slope, (a,), (second,))[1], expected, atol=1e-11)


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize("modes", list(itertools.product(("forward", "reverse"), repeat=3)))
def test_third_derivatives_are_right_or_nan(name: str, modes: tuple[str, ...]) -> None:
    a, directions = SYMMETRIC[name], np.random.default_rng(3).normal(size=(3, 4, 4))

    def third(f: Callable[..., Any]) -> Any:
        for mode, d in zip(modes, directions, strict=True):
            f = along(f, d, mode)
        return f(a)

    for k in (3, 4):
        found, expected = third(power(k)), third(lambda a, k=k: np.trace(np.linalg.matrix_power(0.5 * (a + a.T), k)))
        assert np.isnan(found) or abs(found - expected) <= 1e-9 * (1 + abs(expected))
        assert name != "distinct" or not np.isnan(found)


def along(f: Callable[..., Any], d: Any, mode: str) -> Callable[..., Any]:
    if mode == "forward":
        return lambda a: be.jvp(f, (a,), (d,))[1]
    return lambda a: np.sum(be.grad(f)(a) * d)


def test_the_nuclear_norm_at_zero_singular_values_has_the_derivative_of_least_norm() -> None:
    nuclear = be.grad(lambda a: np.linalg.norm(a, "nuc"))
    np.testing.assert_array_equal(nuclear(np.zeros((2, 2))), np.zeros((2, 2)))
    np.testing.assert_allclose(nuclear(np.diag([3.0, 0.0])), np.diag([1.0, 0.0]), atol=1e-15)
