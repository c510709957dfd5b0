"""Arrays of another library inside recorded ones: a Dask array is differentiated without being computed."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff_spec as ad

da = pytest.importorskip("dask.array")

be = ad.backend("numpy")
extra = be.extra
VALUES = np.random.default_rng(3).uniform(0.5, 2.0, size=(6, 4))
WEIGHTS = np.random.default_rng(4).normal(size=4)

FUNCTIONS = {
    "elementwise": lambda x: np.sin(x) * np.exp(-x) + x**2 / (1 + np.abs(x - 1)),
    "sum": lambda x: np.sum(np.log1p(np.exp(x))),
    "mean along": lambda x: np.mean(np.tanh(x * x), axis=0),
    "variance": lambda x: np.var(x) + np.sum(np.std(x, axis=0)),
    "max": lambda x: np.max(x, axis=1) ** 2,
    "where": lambda x: np.where(x > 1, x, x**3),
    "maximum": lambda x: np.maximum(x, 1.0) ** 2,
    "power": lambda x: x**x,
    "norm": lambda x: np.linalg.norm(x) ** 3,  # the squares of the norm's own gradient add up to 1, whatever x
    "matrix and vector": lambda x: np.log1p(np.exp(x @ WEIGHTS)),
    "matrices": lambda x: (x.T @ x) ** 2,
    "einsum": lambda x: np.einsum("ij,kj->ik", x, x) ** 2,
    "slices": lambda x: x[1:4, ::2] ** 2,
    "an integer": lambda x: x[2] ** 2 * x[0, 0],
    "new axes": lambda x: x[:, None] * 2 * x[None],
    "broadcasting": lambda x: x * np.broadcast_to(x[0], x.shape),
    "concatenate": lambda x: np.concatenate([x, x * 2], axis=0) ** 2,
    "stack": lambda x: np.stack([x, x * 2]) ** 2,
    "transpose": lambda x: np.swapaxes(x, 0, 1) * WEIGHTS[:, None] * x.T,
    "cumsum": lambda x: np.cumsum(x, axis=0) ** 2,
    "logsumexp": lambda x: extra.logsumexp(x, axis=1),
    "softmax": lambda x: extra.softmax(x, axis=1) ** 2,
    "float32": lambda x: x.astype(np.float32) ** 2,
    "two arrays": lambda x: x * VALUES + VALUES * x**2,
}


class Lazy:
    """A Dask array that counts how many of its blocks were computed."""

    def __init__(self, values):
        self.blocks = 0
        self.array = da.from_array(values, chunks=2).map_blocks(self._block, meta=np.empty((0,) * values.ndim))

    def _block(self, block):
        self.blocks += 1
        return block


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_gradient_of_a_dask_array_is_a_lazy_dask_array(name, order):
    gradient = be.grad(FUNCTIONS[name])
    if order == 2:
        first = gradient
        gradient = be.grad(lambda x: np.sum(first(x) ** 2))
    lazy = Lazy(VALUES)
    found = gradient(lazy.array)
    assert isinstance(found, da.Array)
    assert lazy.blocks == 0
    exact = gradient(VALUES)
    assert (found.shape, found.dtype) == (exact.shape, exact.dtype)
    # the same rules; only sums are done block by block, in another order
    tolerance = 8 * np.finfo(np.float32 if name == "float32" else np.float64).eps
    np.testing.assert_allclose(found.compute(), exact, rtol=tolerance, atol=tolerance * np.abs(exact).max())
    assert lazy.blocks > 0


def test_a_tape_watches_a_dask_array_beside_a_numpy_array():
    lazy = Lazy(VALUES)
    with be.tape() as t:
        x, w = t.watch((lazy.array, WEIGHTS))
        loss = np.mean((x @ w - 1.0) ** 2)
    by_x, by_w = t.grad(loss, (x, w))
    assert isinstance(by_x, da.Array)
    assert isinstance(by_w, da.Array)
    assert lazy.blocks == 0
    residual = 2 * (VALUES @ WEIGHTS - 1.0) / 6
    np.testing.assert_allclose(by_x.compute(), np.outer(residual, WEIGHTS), rtol=1e-14)
    np.testing.assert_allclose(by_w.compute(), VALUES.T @ residual, rtol=1e-13)


def test_a_product_of_a_dask_array_is_differentiated_lazily_once():
    lazy = Lazy(VALUES)
    first = be.grad(lambda x: np.prod(x, axis=1))
    found = first(lazy.array)
    assert isinstance(found, da.Array)
    assert lazy.blocks == 0
    np.testing.assert_allclose(found.compute(), first(VALUES), rtol=1e-15)
    second = be.grad(lambda x: np.sum(first(x) ** 2))  # looks for zeros, and so computes
    np.testing.assert_allclose(second(lazy.array), second(VALUES), rtol=1e-14)


def test_what_surrounds_a_derivative_stays_lazy():
    lazy = Lazy(VALUES)
    variable = be.variable(lazy.array)
    with be.tape() as t:
        y = np.sum(be.stop_gradient(np.sin(variable)) * variable)
        assert "dask" in repr(y)
    gradient = t.grad(y, variable)
    value, again = be.value_and_grad(lambda x: np.sum(np.sin(x) ** 2))(lazy.array)
    be.assign(variable, lazy.array * 2)
    assert all(isinstance(a, da.Array) for a in (gradient, value, again, variable.value))
    assert lazy.blocks == 0
    np.testing.assert_array_equal(gradient.compute(), np.sin(VALUES))
    assert type(be.to_numpy(y)) is np.ndarray


def test_indices_that_dask_cannot_add_into_are_refused():
    with pytest.raises(ad.UnsupportedError, match=r"read slices"):
        be.grad(lambda x: x[np.array([0, 2, 2])] ** 2)(Lazy(VALUES).array)


def test_an_integer_dask_array_is_refused_as_a_numpy_one_is():
    with pytest.raises(ad.NotDifferentiableError, match="int64"):
        be.grad(np.sum)(da.arange(4, chunks=2))
