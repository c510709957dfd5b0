"""Arrays of another library inside recorded ones: a Dask array is differentiated without being computed."""

from __future__ import annotations

import re

import cloudpickle
import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.conformance._calls import Call
from autodiff_spec.conformance.functions import FUNCTIONS as FUNCTIONS_OF_CLAUSES

dask = pytest.importorskip("dask")
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

    def __init__(self, values, chunks=2):
        self.blocks = 0
        meta = np.empty((0,) * values.ndim, values.dtype)
        self.array = da.from_array(values, chunks=chunks).map_blocks(self._block, meta=meta)

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
    second = be.grad(lambda x: np.sum(first(x) ** 2))
    with pytest.raises(ad.UnsupportedError, match=r"looks for zeros: say x.compute\(\)"):
        second(lazy.array)
    asked = be.grad(lambda x: np.sum(first(x.compute()) ** 2))
    np.testing.assert_allclose(asked(lazy.array), second(VALUES), rtol=1e-14)


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


# --- every function of the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "variant"),
    [pytest.param(row, variant, id=variant.name) for row in FUNCTIONS_OF_CLAUSES for variant in row.variants],
)
def test_a_function_of_a_dask_array_is_lazy_and_right_or_refused(function, variant):
    call = Call(be, function, variant, variant.shapes[0])
    sources = [Lazy(primal, 1) for primal in call.primals]
    exact, cotangents = call.cotangent()
    try:
        value, pullback = be.vjp(call, *[source.array for source in sources])
        found = pullback(lazily(cotangents, value))
    except (ad.UnsupportedError, ad.ShapeMismatchError) as error:  # a mask's result has an unknown size
        refused = str(error)
    else:
        refused = ""
    assert not any(source.blocks for source in sources), "it computed, and nobody asked"
    if refused:
        assert re.search(r"(?i)dask|nan", refused)
        assert re.search(r"\(\)|read slices|pass", refused), "no remedy"
        return
    expected = call.truth.gradient(exact)
    sizes = call.truth.gradient_sizes(exact) if variant.cancels else [None] * len(expected)
    for i, gradient in zip(call.tracked, found, strict=True):
        assert isinstance(gradient, da.Array)
        call.assert_right(np.asarray(gradient), expected[i], "pullback", 1, sizes[i])


BY_VALUES = {
    "sort": np.sort,
    "partition": lambda x: np.partition(x, 1),
    "median": np.median,
    "nanmedian": np.nanmedian,
    "quantile": lambda x: np.quantile(x, 0.5),
    "percentile": lambda x: np.percentile(x, 50),
    "unique": np.unique,
    "unwrap": np.unwrap,
    "convolve": lambda x: np.convolve(x[0], x[1]),
    "interp": lambda x: np.interp(x, [0.0, 3.0], [1.0, 2.0]),
    "insert": lambda x: np.insert(x, 1, 2.0),
    "choose": lambda x: np.choose([0, 1, 0, 1], [x[0], x[1]]),
    "piecewise": lambda x: np.piecewise(x, [x > 1], [lambda part: part**2, lambda part: part]),
    "trim_zeros": lambda x: np.trim_zeros(x[0]),
    "histogram": lambda x: np.histogram(np.ones((4, 4)), 3, weights=x)[0],
    "sqrt": np.emath.sqrt,
    "det": np.linalg.det,
    "slogdet": lambda x: np.linalg.slogdet(x)[1],
    "eigvalsh": np.linalg.eigvalsh,
    "pinv": np.linalg.pinv,
    "qr": lambda x: np.linalg.qr(x)[1],
    "svd": lambda x: np.linalg.svd(x)[1],
    "svdvals": lambda x: np.linalg.norm(x, 2),
    "lstsq": lambda x: np.linalg.lstsq(x, np.ones(4))[0],
    "argsort": lambda x: x * np.argsort(a=x),
    "argpartition": lambda x: x * x.argpartition(1),
    "lexsort": lambda x: x * np.lexsort((x[0], x[1])),
    "array_equal": lambda x: x * np.array_equal(x, a2=x),
    "matrix_rank": lambda x: x * np.linalg.matrix_rank(x),
    "may_share_memory": lambda x: x * np.may_share_memory(x, x),
}


@pytest.mark.parametrize("chunks", [2, 4])
@pytest.mark.parametrize("name", BY_VALUES)
def test_a_function_that_looks_at_values_is_refused_before_it_does(name, chunks):
    lazy = Lazy(VALUES[:4], chunks)

    def total(x):
        return np.sum(BY_VALUES[name](x))

    with pytest.raises(ad.UnsupportedError, match=rf"{name} is no function of Dask's that stays lazy.*x\.compute\(\)"):
        be.grad(total)(lazy.array)
    assert lazy.blocks == 0
    asked = be.grad(lambda x: total(x.compute()))(lazy.array)  # the remedy
    np.testing.assert_array_equal(asked, be.grad(total)(VALUES[:4]))


STAYS_LAZY = {
    "nanmax": lambda x: np.nanmax(a=x, axis=0) ** 2,
    "nanmin": lambda x: np.nanmin(x, axis=1) ** 2,
    "nanmean": lambda x: np.nanmean(x, axis=0) ** 2,
    "nanvar": lambda x: np.nanvar(x, axis=0),
    "nanstd": lambda x: np.nanstd(x, axis=0) ** 3,  # as of a norm, the squares of its own gradient add up to the same
    "i0": lambda x: np.i0(x) ** 2,
    "size": lambda x: x**2 / np.size(x) / np.size(x, 0),
    "isrealobj": lambda x: x**2 * np.isrealobj(x),
    "multi_dot": lambda x: np.linalg.multi_dot([x, x.T, x]),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", STAYS_LAZY)
def test_functions_that_dask_lacks_stay_lazy_where_they_are_made_of_its_own(name, order):
    gradient = be.grad(lambda x: np.sum(STAYS_LAZY[name](x)))
    if order == 2:
        first = gradient
        gradient = be.grad(lambda x: np.sum(first(x) ** 2))
    values = VALUES.copy()
    if name.startswith("nan"):
        values[1, 2] = np.nan
    lazy = Lazy(values)
    found = gradient(lazy.array)
    assert isinstance(found, da.Array)
    assert lazy.blocks == 0
    exact = gradient(values)
    np.testing.assert_allclose(found.compute(), exact, rtol=1e-13, atol=1e-13 * np.nanmax(np.abs(exact)))


def test_a_prepared_function_of_a_dask_array_reads_nothing():
    lazy = Lazy(VALUES)
    prepared = be.prepare(be.grad(lambda x: np.sum(np.tanh(x))), lazy.array)
    assert "arrays of another library" in repr(prepared)
    found = prepared(lazy.array)
    assert isinstance(found, da.Array)
    assert lazy.blocks == 0
    np.testing.assert_array_equal(found, be.grad(lambda x: np.sum(np.tanh(x)))(VALUES))


def lazily(cotangents, value):
    """Cotangents in the chunks of the values that they are of."""
    if isinstance(value, tuple):
        return tuple(map(lazily, cotangents, value))
    known = isinstance(value, da.Array) and not any(np.isnan(size) for size in value.shape)
    return da.from_array(cotangents, chunks=value.chunks) if known else cotangents


# --- what Dask's own functions would lose --------------------------------------------------------------------------

BESIDE = da.ones(4, chunks=2)
OF_DASK = {
    "sum": lambda x: da.sum(x),
    "mean": lambda x: da.mean(x),
    "add": lambda x: np.sum(da.add(BESIDE, x)),
    "where": lambda x: np.sum(da.where(BESIDE > 0, x, BESIDE)),
    "concatenate": lambda x: np.sum(da.concatenate([x, BESIDE])),
    "stack": lambda x: np.sum(da.stack([BESIDE, x])),
    "dot": lambda x: da.dot(BESIDE, x),
    "tensordot": lambda x: da.tensordot(x, BESIDE, 1),
    "einsum": lambda x: da.einsum("i,i->", x, BESIDE),
    "map_blocks": lambda x: np.sum(da.map_blocks(np.multiply, BESIDE, x, dtype=float)),
    "blockwise": lambda x: np.sum(da.blockwise(np.sin, "i", x, "i", dtype=float)),
    "apply_gufunc": lambda x: np.sum(da.apply_gufunc(np.sin, "()->()", x, output_dtypes=float)),
    "asarray": lambda x: np.sum(da.asarray(x)),
    "from_array": lambda x: np.sum(da.from_array(x, chunks=2)),
    "reduction": lambda x: da.reduction(x, np.sum, np.sum, dtype=float),
    "pad": lambda x: np.sum(da.pad(x, 1)),
    "compute": lambda x: np.sum(dask.compute(x)[0]),
    "sin": lambda x: np.sum(da.from_delayed(dask.delayed(np.sin)(x), (4,), float)),
}


@pytest.mark.parametrize("record", ["a gradient", "a tape", "a direction"])
@pytest.mark.parametrize("name", OF_DASK)
@pytest.mark.parametrize("values", [da.arange(4.0, chunks=2), np.arange(4.0)], ids=["Dask's", "NumPy's"])
def test_a_function_of_dasks_own_that_would_lose_a_derivative_is_refused_by_name(name, record, values):
    def on_a_tape():
        with be.tape() as t:
            OF_DASK[name](t.watch(values))

    derivative = {
        "a gradient": lambda: be.grad(OF_DASK[name])(values),
        "a direction": lambda: be.jvp(OF_DASK[name], (values,), (values,)),
        "a tape": on_a_tape,
    }[record]
    with pytest.raises(ad.LostDerivativeError, match=rf"Dask's {name} would lose .* use (np\.|NumPy's functions)"):
        derivative()


@pytest.mark.parametrize("function", [da.sin, da.exp, lambda x: da.clip(x, 0, 10), da.linalg.norm])
def test_a_function_of_dasks_own_that_calls_numpys_is_differentiated(function):
    found = be.grad(lambda x: np.sum(function(x)))(da.arange(1.0, 5.0, chunks=2))
    expected = be.grad(lambda x: np.sum(function(x)))(np.arange(1.0, 5.0))
    np.testing.assert_allclose(found, expected, rtol=1e-14)


METHODS_OF_DASK = {
    "map_blocks": lambda x: x.map_blocks(np.sin),
    "map_overlap": lambda x: x.map_overlap(np.sin, 1),
    "to_delayed": lambda x: x.to_delayed(),
    "blocks": lambda x: x.blocks[0],
    "partitions": lambda x: x.partitions[0],
    "vindex": lambda x: x.vindex[[0, 1]],
    "topk": lambda x: x.topk(2),
}


@pytest.mark.parametrize("name", METHODS_OF_DASK)
def test_a_method_of_dasks_own_that_would_lose_a_derivative_is_refused_by_name(name):
    lazy = Lazy(np.arange(4.0))
    with pytest.raises(ad.LostDerivativeError, match=rf"Dask's {name} would lose .* use NumPy's functions"):
        be.grad(lambda x: np.sum(METHODS_OF_DASK[name](x)))(lazy.array)
    assert lazy.blocks == 0
    with be.tape() as t:
        x = t.watch(lazy.array)
    METHODS_OF_DASK[name](x)  # the tape is closed: nothing is lost
    with pytest.raises(AttributeError, match=name):
        be.grad(lambda x: np.sum(METHODS_OF_DASK[name](x)))(np.arange(4.0))


def test_a_variable_and_a_dead_record_are_dasks_to_take():
    variable = be.variable(np.arange(4.0))
    assert da.sum(variable).compute() == 6
    with be.tape() as t:
        x = t.watch(np.arange(4.0))
    assert da.sum(x).compute() == 6


# --- what is sent to the workers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [10**5, 16 * 10**6])
def test_a_gradients_graph_holds_no_data(rows):
    x = da.ones((rows, 4), chunks=(rows // 8, 4))
    for f in (
        lambda x: np.mean(np.tanh(x) ** 2),
        lambda x: np.sum(np.sum(x, axis=0) ** 2),
        lambda x: np.sum(np.mean(x, axis=1, keepdims=True) ** 2),
        lambda x: np.sum(np.var(x, axis=0)) + np.linalg.norm(x),
        lambda x: np.mean((x @ WEIGHTS - 1) ** 2),
    ):
        value, gradient = be.value_and_grad(f)(x)
        assert gradient.chunks == x.chunks
        for lazy in (value, gradient):
            assert len(cloudpickle.dumps(dict(lazy.__dask_graph__()))) < 1e5


def test_a_large_block_is_never_made_as_a_whole():
    x = da.ones((2**30, 8), chunks=(2**15, 8))  # 64 GiB
    gradient = be.grad(lambda x: np.mean(np.tanh(x) ** 2) + np.sum(np.sum(x, axis=1) ** 2))(x)
    assert gradient.chunks == x.chunks
    np.testing.assert_allclose(gradient[:3].compute()[0], 16 + 2 * np.tanh(1) / np.cosh(1) ** 2 / 2**33, rtol=1e-14)


# --- where the values are -------------------------------------------------------------------------------------------


def test_a_variable_keeps_its_kind_and_its_chunks():
    variable = be.variable(np.ones(4))
    for _ in range(3):
        be.assign(variable, variable.value - 0.1 * da.ones(4, chunks=2))  # a graph would grow with every step
        assert type(variable.value) is np.ndarray
    np.testing.assert_allclose(variable.value, 0.7)
    lazy = be.variable(da.ones(4, chunks=2))
    be.assign(lazy, np.arange(4.0))
    assert lazy.value.chunks == ((2, 2),)
    np.testing.assert_array_equal(lazy.value, np.arange(4.0))


@pytest.mark.parametrize("move", [lambda x: x.rechunk(3), lambda x: x.persist(), lambda x: x.compute()])
def test_blocks_are_moved_inside_a_derivative(move):
    x = da.from_array(VALUES, chunks=2)
    gradient = be.grad(lambda x: np.sum(move(x * 2) ** 3))(x)
    assert gradient.chunks == x.chunks
    np.testing.assert_allclose(gradient, 24 * VALUES**2, rtol=1e-15)
    second = be.grad(lambda x: np.sum(be.grad(lambda x: np.sum(move(x) ** 3))(x)))(x)
    np.testing.assert_allclose(second, 6 * VALUES, rtol=1e-15)
    _, tangent = be.jvp(lambda x: move(x) ** 2, (x,), (x,))
    np.testing.assert_allclose(tangent, 2 * VALUES**2, rtol=1e-15)


def test_chunks_are_those_of_the_value():
    seen = []
    be.grad(lambda x: seen.append((x.chunks, x.numblocks, x.npartitions)) or np.sum(x))(da.ones((4, 6), chunks=(2, 3)))
    assert seen == [(((2, 2), (3, 3)), (2, 2), 4)]
    with pytest.raises(AttributeError, match="rechunk"):
        be.grad(lambda x: np.sum(x.rechunk(2)))(np.ones(4))


def test_unknown_sizes_are_refused_with_the_remedy():
    x = da.arange(6.0, chunks=2)
    with pytest.raises(ad.UnsupportedError, match=r"unknown sizes; call compute_chunk_sizes\(\)"):
        be.grad(np.sum)(x[x > 2])
    known = x[x > 2].compute_chunk_sizes()
    np.testing.assert_array_equal(be.grad(lambda x: np.sum(x**2))(known), [6.0, 8.0, 10.0])


def test_cholesky_is_the_lower_factor():
    a = np.array([[4.0, 2.0], [2.0, 3.0]])
    lazy = da.from_array(a, chunks=1)

    def f(a):
        return np.sum(np.linalg.cholesky(a) * np.array([[1.0, 2.0], [3.0, 4.0]]))

    np.testing.assert_allclose(be.value_and_grad(f)(lazy)[0], f(a), rtol=1e-15)
    np.testing.assert_allclose(be.grad(f)(lazy), be.grad(f)(a), rtol=1e-14)


def test_a_derived_step_has_no_more_tasks_than_one_by_hand():
    x, y = da.ones((800, 3), chunks=(100, 3)), da.ones(800, chunks=100)
    w = np.linspace(-1, 1, 3)
    z = -y * (x @ w)
    by_hand = np.mean(np.logaddexp(0, z)), x.T @ (-y / (1 + np.exp(-z))) / 800
    derived = be.value_and_grad(lambda w: np.mean(np.logaddexp(0, -y * (x @ w))))(w)

    def tasks(collections):
        return {key for one in dask.optimize(*collections) for key in dict(one.dask)}

    np.testing.assert_allclose(dask.compute(*derived)[1], dask.compute(*by_hand)[1], rtol=1e-13)
    assert len(tasks(derived)) <= len(tasks(by_hand))
