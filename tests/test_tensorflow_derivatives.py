"""First and second derivatives through TensorFlow's array namespace, beside those of the reference engine's own rules.

Derivatives are the shared suite's business, except where a rule is of the adapter's own making.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests.tensorflow_calls import POINT, Call

tf = pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def be() -> ad.Backend:
    return ad.backend("tensorflow")


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


@pytest.mark.parametrize("flavour", ["native", "spec"])
@pytest.mark.parametrize("name", ["sin", "tan", "tanh", "sinh", "asin", "atan", "exp", "log", "sqrt", "expm1"])
def test_rows_and_segments_are_differentiated_twice(name: str, flavour: str) -> None:
    """TensorFlow's cotangent of rows is `tf.IndexedSlices`, which the derivative of tanh' multiplies by a number."""
    be = ad.backend("tensorflow", flavour)
    xp, x = be.xp, tf.constant([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], tf.float64)
    function, rows = getattr(xp, name), xp.asarray([2, 0])
    first = be.grad(lambda x: xp.sum(function(x)))
    found = be.jacobian(lambda x: xp.take(first(x), rows, axis=0))(x)
    np.testing.assert_allclose(be.to_numpy(found), be.to_numpy(be.jacobian(first)(x))[[2, 0]], rtol=1e-14, atol=0)

    def of_segments(x: Any) -> Any:
        return function(be.extra.segment_sum(x, xp.asarray([0, 1, 1]), 2) / 2)

    forward, reverse = (be.to_numpy(be.jacobian(of_segments, mode=mode)(x)) for mode in ("forward", "reverse"))
    np.testing.assert_allclose(forward, reverse, rtol=1e-14, atol=0)
