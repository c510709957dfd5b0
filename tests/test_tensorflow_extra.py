"""Indices and functions beyond the standard in TensorFlow's graphs, where sizes and indices may be unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests.tensorflow_calls import POINT, Call, assert_same

tf = pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def be() -> ad.Backend:
    return ad.backend("tensorflow")


EXTRA: dict[str, Call] = {
    "relu": lambda extra, x: extra.relu(x),
    "sigmoid": lambda extra, x: extra.sigmoid(x),
    "softplus": lambda extra, x: extra.softplus(x),
    "softmax": lambda extra, x: extra.softmax(x, axis=0),
    "logsumexp": lambda extra, x: extra.logsumexp(x, axis=(0, 1), keepdims=True),
    "xlogy": lambda extra, x: extra.xlogy(x, x * x + 1),
    "sinc": lambda extra, x: extra.sinc(x),
    "erf": lambda extra, x: extra.erf(x),
    "erfinv": lambda extra, x: extra.erfinv(x / 8),
    "lgamma": lambda extra, x: extra.lgamma(x),
    "gammainc": lambda extra, x: extra.gammainc(2.5, x * x),
    "median": lambda extra, x: extra.median(x),
    "median over an axis": lambda extra, x: extra.median(x, axis=1, keepdims=True),
    "einsum": lambda extra, x: extra.einsum("ij,kj->ik", x, x),
    "at set": lambda extra, x: extra.at(x, (0, slice(None))).set(x[1]),
    "at multiply": lambda extra, x: extra.at(x, [0, 0]).multiply(2.0),
    "at min": lambda extra, x: extra.at(x, ([0, 1], [1, 1])).min(0.0),
    "at max": lambda extra, x: extra.at(x, x > 1).max(2.0),
    "pad": lambda extra, x: extra.pad(x, ((1, 2), (0, 3)), constant_values=x[0, 0]),
    "pad edge": lambda extra, x: extra.pad(x, (2, 1), mode="edge"),
    "pad reflect": lambda extra, x: extra.pad(x, 5, mode="reflect"),
    "pad wrap": lambda extra, x: extra.pad(x, (0, 5), mode="wrap"),
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


@pytest.mark.parametrize("name", EXTRA)
def test_a_function_beyond_the_standard_runs_in_a_graph_with_unknown_sizes(be: ad.Backend, name: str) -> None:
    traced = tf.function(
        lambda x: EXTRA[name](be.extra, x), input_signature=[tf.TensorSpec([None, None], tf.float64)], autograph=False
    )
    x = tf.constant(POINT)
    assert_same(traced(x), EXTRA[name](be.extra, x))


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
