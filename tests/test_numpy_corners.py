"""Corners of NumPy that programs come to: sides of branch cuts, places in memory, options, threads."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

be = ad.backend("numpy")

VECTOR = np.array([0.3, -0.7, 1.2, 1.9])
MATRIX = np.linspace(0.5, 2.0, 12).reshape(3, 4) + np.sin(np.arange(12.0)).reshape(3, 4) / 5
CUBE = np.linspace(0.5, 2.0, 24).reshape(2, 3, 4)


def as_numpy(x: Any) -> np.ndarray:
    return be.to_numpy(x) if hasattr(x, "node") else np.asarray(x)


def require_numpys(f: Callable[[Any], Any], x: np.ndarray) -> None:
    """The value is NumPy's, and the gradient of a weighted sum and the slope along a direction are differences'."""
    plain = np.asarray(f(x.copy()))
    weights = np.linspace(0.5, 1.7, plain.size).reshape(plain.shape)
    values: list[Any] = []

    def weighted(x: Any) -> Any:
        y = f(x)
        values.append(y)
        return np.sum(y * weights)

    found = be.grad(weighted)(x)
    np.testing.assert_array_equal(as_numpy(values[0]), plain)
    assert as_numpy(values[0]).dtype == plain.dtype
    steps = np.eye(x.size).reshape(-1, *x.shape) * 1e-6
    slopes = [np.sum((np.asarray(f(x + step)) - np.asarray(f(x - step))) * weights) / 2e-6 for step in steps]
    np.testing.assert_allclose(found.ravel(), slopes, rtol=1e-6, atol=1e-7)
    direction = np.cos(np.arange(x.size)).reshape(x.shape)
    np.testing.assert_allclose(be.jvp(weighted, (x,), (direction,))[1], np.sum(found * direction), rtol=1e-10)


# --- the side of a cut -----------------------------------------------------------------------------------------------

CUT = [
    complex(*parts)
    for size in (2.0, -2.0, 0.5)
    for zero in (0.0, -0.0)
    for parts in ((size, zero), (zero, size))
]  # fmt: skip


@pytest.mark.parametrize("z", CUT, ids=str)
@pytest.mark.parametrize("name", ["arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "sqrt", "log"])
def test_the_sign_of_a_zero_says_on_which_side_of_a_cut_the_derivative_is(name: str, z: complex) -> None:
    f, along = getattr(np, name), 1.0 if z.imag == 0 else 1j

    def at(step: float) -> np.ndarray:  # `z + step` would lose the zero's sign
        return np.asarray(complex(z.real + step, z.imag) if along == 1.0 else complex(z.real, z.imag + step))

    slope = (f(at(1e-6)) - f(at(-1e-6))) / 2e-6
    np.testing.assert_allclose(be.jvp(f, (at(0.0),), (np.asarray(along + 0j),))[1], slope, rtol=1e-8)
    (share,) = be.vjp(f, at(0.0))[1](np.asarray(1.0 + 0j))
    np.testing.assert_allclose(np.conj(share) * along, slope, rtol=1e-8)


@pytest.mark.parametrize("x", [-2.0, 0.3, 2.0])
@pytest.mark.parametrize("name", ["arcsin", "arccos", "arctanh", "sqrt", "log"])
def test_emath_is_differentiated_on_the_side_that_it_computes(name: str, x: float) -> None:
    f = getattr(np.emath, name)
    slope = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(be.jvp(f, (x,), (1.0,))[1], slope, rtol=1e-8)


# --- places in memory ------------------------------------------------------------------------------------------------

IN_MEMORY: dict[str, Callable[[Any], Any]] = {
    "reshape by A": lambda a: a.T.reshape((12,), order="A"),
    "reshape by A, by position": lambda a: np.reshape(a.T, (12,), "A"),
    "reshape by A, by name": lambda a: np.reshape(a.T, shape=(2, 6), order="A"),
    "reshape of rows by A": lambda a: a.reshape((2, 6), order="a"),
    "ravel by A": lambda a: a.T.ravel("A"),
    "ravel by K": lambda a: a.T.ravel(order="K"),
    "ravel by K of a copy": lambda a: a.T.copy(order="K").ravel("K"),
    "ravel by K of reversed rows": lambda a: np.ravel(a[::-1].T, "K"),
    "ravel by K of columns with gaps": lambda a: np.ravel(a.T[::2], "K"),
    "ravel by K of what was broadcast": lambda a: np.broadcast_to(a[0], (3, 4)).ravel("K"),
    "ravel by K of turned axes": lambda a: a.reshape(3, 2, 2).transpose(2, 0, 1).ravel("K"),
}


@pytest.mark.parametrize("name", IN_MEMORY)
def test_elements_in_the_order_of_memory(name: str) -> None:
    require_numpys(IN_MEMORY[name], MATRIX)


def written_by_k(b: Any, a: Any) -> Any:
    b.ravel(order="K")[:3] = 5 * a[0, 0]
    b.reshape(-1)[:2] = 3.0
    return b


WRITTEN: dict[str, Callable[[Any], Any]] = {
    "an array like a transposed one": lambda a: written_by_k(np.zeros_like(a.T), a) + a.T,
    "a transposed result": lambda a: written_by_k(a.T * 2, a),
    "a sorted one": lambda a: written_by_k(np.sort(a.T, axis=0), a),
    "a sorted one of three axes": lambda a: written_by_k(np.sort(np.moveaxis(np.stack([a, a * 2]), 0, -1)), a[:, :1]),
    "taken rows": lambda a: written_by_k(np.take(a.T, [0, 2], axis=1), a),
    "repeated rows": lambda a: written_by_k(np.repeat(a.T, 2, axis=0), a),
    "rows less one": lambda a: written_by_k(np.delete(a.T, 0, axis=0), a),
    "rows and one more": lambda a: written_by_k(np.insert(a.T, 0, 1.0, axis=0), a),
    "pieces": lambda a: written_by_k(np.piecewise(a.T, [a.T > 1], [lambda v: v**2, 2.0]), a),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_result_lies_in_memory_as_numpys_does_so_that_its_views_are_views(name: str) -> None:
    require_numpys(WRITTEN[name], MATRIX)


FORMS: dict[str, Callable[[Any], Any]] = {
    "rows": lambda x: x,
    "transposed": lambda x: x.T,
    "first axis last": lambda x: np.moveaxis(x, 0, -1),
    "reversed": lambda x: x[::-1],
    "gaps": lambda x: x[..., ::2],
}
RESULTS: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp, "product": lambda x: x * x[:1], "where": lambda x: np.where(x > 1, x, 0.0),
    "clip": lambda x: x.clip(1), "cumsum": lambda x: np.cumsum(x, axis=0),
    "sort": np.sort, "partition": lambda x: np.partition(x, 1, axis=0),
    "flip": np.flip, "roll": lambda x: np.roll(x, 1, 0), "take": lambda x: np.take(x, [0, 1], axis=0),
    "index": lambda x: x[[0, 1]], "index along the second": lambda x: x[:, [0, 1]], "sum": lambda x: np.sum(x, axis=0),
    "concatenate": lambda x: np.concatenate([x, x]), "stack": lambda x: np.stack([x, x], -1),
    "repeat": lambda x: np.repeat(x, 2, 0), "tile": lambda x: np.tile(x, 2), "pad": lambda x: np.pad(x, 1),
    "copy": np.copy, "method copy": lambda x: x.copy(), "cast": lambda x: x.astype(np.float32), "tril": np.tril,
    "insert": lambda x: np.insert(x, 0, 1.0, 0), "delete": lambda x: np.delete(x, 0, 0), "real": np.real,
    "compress": lambda x: np.compress([True, False], x, axis=0), "like": np.zeros_like, "round": np.round,
    "piecewise": lambda x: np.piecewise(x, [x > 1], [1.0, 2.0]), "matmul": lambda x: x @ np.swapaxes(x, -1, -2),
    "meshgrid": lambda x: np.meshgrid(x[0].ravel(), x[0].ravel())[0],
    "cast by columns": lambda x: x.astype(float, order="F"),
}  # fmt: skip


@pytest.mark.parametrize("point", [MATRIX, CUBE], ids=["two axes", "three axes"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RESULTS)
def test_a_result_has_numpys_strides(name: str, form: str, point: np.ndarray) -> None:
    def f(x: Any) -> Any:
        return RESULTS[name](FORMS[form](x))

    strides: list[Any] = []

    def noted(x: Any) -> Any:
        y = f(x)
        strides.append(y.strides)
        return y * 1.0

    be.vjp(noted, point)
    assert strides[0] == f(point).strides


# --- options ---------------------------------------------------------------------------------------------------------

MASK = np.array([True, False, True, True])
CALLS: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "take, out by position": (lambda x: np.take(x, [0, 2, 5], 0, None, "wrap"), VECTOR),
    "sum, out by position": (lambda x: np.sum(x, 0, None, None, True), VECTOR),
    "mean, out by position": (lambda x: np.mean(x, 0, None, None, True), VECTOR),
    "max, out by position": (lambda x: np.max(x, 0, None, True), VECTOR),
    "std, out by position": (lambda x: np.std(x, 0, None, None, 1), VECTOR),
    "quantile, out by position": (lambda x: np.quantile(x, 0.3, 0, None, False, "hazen"), VECTOR),
    "median, out by position": (lambda x: np.median(x, 0, None, False, True), VECTOR),
    "tile by an array": (lambda x: np.tile(x, np.asarray(2)), VECTOR),
    "tile by a number of NumPy's": (lambda x: np.tile(x, np.int64(2)), VECTOR),
    "piecewise, conditions as rows": (lambda x: np.piecewise(x, MASK[None], [np.sin, np.square]), VECTOR),
    "piecewise, one condition": (lambda x: np.piecewise(x, MASK, [np.sin, np.square]), VECTOR),
    "piecewise, nothing is left": (lambda x: np.piecewise(x, [x < 9], [np.sin, lambda v: v / v.max()]), VECTOR),
    "average along axes": (lambda a: np.average(a, axis=(1, 0), weights=MATRIX.T), MATRIX),
    "linspace of one": (lambda x: np.linspace(x[0], x[1], 1, retstep=True)[0], VECTOR),
    "linspace of none": (lambda x: x * np.size(np.linspace(x[0], x[1], 0, retstep=True)[0]), VECTOR),
    "convolve, mode by number": (lambda x: np.convolve(x, [1.0, 2.0], 1), VECTOR),
    "histogramdd, edges in a tuple": (lambda x: np.histogramdd(np.array([[0.5], [1.0]]), (x[1:],))[1][0], VECTOR),
    "histogram2d, edges for each": (lambda x: np.histogram2d([0.5], [1.0], [x[1:], [0.0, 2.0]])[1], VECTOR),
    "histogram2d, the same edges": (lambda x: np.histogram2d([0.5], [1.0], x[1:])[2], VECTOR),
    "logarithm to a base": (lambda x: np.emath.logn(x[2], x[2:]), VECTOR),
    "astype, all by position": (lambda x: x.astype(np.float64, "C", "same_kind", False, True), VECTOR),
    "method clip, below alone": (lambda x: x.clip(0.5), VECTOR),
    "method clip, by position and name": (lambda x: x.clip(0.5, max=x[2]), VECTOR),
    "view": (lambda x: x.view(np.float64) * x.view(), VECTOR),
    "is it in": (lambda a: a * (2 if a[1, 2] in a else 3) * (2 if -1.0 in a else 5), MATRIX),
    "ufunc, dtype": (lambda x: np.multiply(x, 3, dtype=np.float64), VECTOR),
    "ufunc, casting": (lambda x: np.add(x, x[0], casting="same_kind"), VECTOR),
    "ufunc, order": (lambda a: np.multiply(a, a, order="F").ravel("K"), MATRIX),
    "ufunc, subok": (lambda x: np.exp(x, subok=False), VECTOR),
    "ufunc, signature": (lambda x: np.exp(x, signature="d->d"), VECTOR),
    "ufunc, sig": (lambda x: np.arctan2(x, 1.0, sig=(np.float64, None, None)), VECTOR),
    "ufunc of two results": (lambda x: np.modf(x, casting="same_kind")[0], VECTOR),
    "comparison into a mask": (lambda x: (np.greater(x, 1, out=(m := np.zeros(4, bool))), x * m)[1], VECTOR),
    "rounded into whole numbers": (
        lambda x: (np.floor(x, out=(n := np.zeros(4, int)), casting="unsafe"), x * n)[1],
        VECTOR,
    ),
    "places into whole numbers": (lambda a: (np.argmax(a, axis=0, out=(n := np.zeros(4, int))), a * n)[1], MATRIX),
    "ufunc in place": (lambda x: np.add(x, x, out=np.zeros_like(x), casting="unsafe", order="K"), VECTOR),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_as_numpy_takes_it(name: str) -> None:
    require_numpys(*CALLS[name])


def test_a_ufunc_computes_in_the_dtype_that_it_is_told() -> None:
    value, pullback = be.vjp(lambda x: np.exp(x, dtype=np.float32, casting="same_kind"), VECTOR)
    np.testing.assert_array_equal(value, np.exp(VECTOR, dtype=np.float32, casting="same_kind"), strict=True)
    np.testing.assert_allclose(pullback(np.ones(4, np.float32))[0], np.exp(VECTOR), rtol=1e-6)


@pytest.mark.parametrize("call", [
    lambda x: np.convolve(x, [1.0], "circular"), lambda x: np.correlate(x, [1.0], "circular"),
    lambda x: x.astype(int, casting="safe"), lambda x: np.exp(x, dtype=np.int64),
    lambda x: np.array([x[0]], copy=False, like=x if hasattr(x, "node") else None),
])  # fmt: skip
def test_what_numpy_refuses_is_refused_with_an_error_of_its_class(call: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, ValueError)) as numpys:
        call(VECTOR)
    with pytest.raises(numpys.type):
        be.grad(lambda x: np.sum(call(x)))(VECTOR)


# --- arrays with like= -----------------------------------------------------------------------------------------------

MADE: dict[str, Callable[[Any], Any]] = {
    "arange": lambda like: np.arange(4.0, **like),
    "tri": lambda like: np.tri(4, **like)[1],
    "fromfunction": lambda like: np.fromfunction(lambda i: i * 1.0, (4,), **like),
    "fromiter": lambda like: np.fromiter((float(i) for i in range(4)), float, **like),
    "fromstring": lambda like: np.fromstring("1 2 3 4", sep=" ", **like),
    "frombuffer": lambda like: np.frombuffer(np.arange(4.0).tobytes(), **like).copy(),
    "require": lambda like: np.require([1.0, 2.0, 3.0, 4.0], requirements="C", **like),
    "ascontiguousarray": lambda like: np.ascontiguousarray([1.0, 2.0, 3.0, 4.0], **like),
}


@pytest.mark.parametrize("name", MADE)
def test_an_array_that_is_made_like_a_recorded_one_can_be_filled(name: str) -> None:
    def f(x: Any) -> Any:
        made = MADE[name]({"like": x} if hasattr(x, "node") else {})
        made[1:3] += x[:2] ** 2
        return made * x

    require_numpys(f, VECTOR)


def test_a_range_between_recorded_numbers() -> None:
    require_numpys(lambda x: np.arange(x[0], 3.0, x[2], **({"like": x} if hasattr(x, "node") else {})), VECTOR)


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_of_a_recorded_one_lies_in_memory_as_asked(order: Any) -> None:
    for made in (
        lambda a: np.array(a, dtype=np.float32, order=order, like=a),
        lambda a: np.asarray(a.T, order=order, like=a),
        lambda a: np.require(a, requirements=order, like=a),
        lambda a: (np.ascontiguousarray if order == "C" else np.asfortranarray)(a.T, like=a),
    ):
        flags: list[bool] = []
        be.grad(lambda a, made=made, flags=flags: (flags.append(made(a).flags[order]), np.sum(a))[1])(MATRIX)
        assert flags == [True]


def test_numbers_that_a_generator_gives_are_not_lost() -> None:
    with pytest.raises(ad.LostDerivativeError):
        be.grad(lambda x: np.sum(np.fromiter([x[0], x[1]], float, like=x)))(VECTOR)


# --- what has no derivative is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("use", [
    lambda x: x.view(np.complex128), lambda x: x.view(np.int64), lambda x: x.view(np.ma.MaskedArray),
    lambda x: x.setflags(write=False), lambda x: setattr(x.flags, "writeable", False),
    lambda x: x.flags.__setitem__("WRITEABLE", False), lambda x: np.exp(x, where=MASK),
    lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, writeable=True),
])  # fmt: skip
def test_it_is_refused_and_the_remedy_is_named(use: Callable[[Any], Any]) -> None:
    with pytest.raises(ad.UnsupportedError, match=r"use |give |hand out "):
        be.grad(lambda x: (use(x), np.sum(x))[1])(VECTOR)


@pytest.mark.parametrize("name", ["tobytes", "tofile", "dump", "dumps"])
def test_bytes_lose_the_derivative(name: str, tmp_path: Any) -> None:
    arguments = [tmp_path / "x"] if name in ("tofile", "dump") else []
    with pytest.raises(ad.LostDerivativeError, match=name):
        be.grad(lambda x: (getattr(x, name)(*arguments), np.sum(x))[1])(VECTOR)
    with be.tape() as t:
        y = t.watch(VECTOR) * 2.0
    assert getattr(y, name)(*arguments) == getattr(VECTOR * 2.0, name)(*arguments)  # nothing records it here


def test_flags_are_read() -> None:
    assert be.grad(lambda x: np.sum(x) * x.flags.c_contiguous * x.flags["OWNDATA"])(VECTOR).tolist() == [1.0] * 4


# --- threads ---------------------------------------------------------------------------------------------------------


def squares_in_a_pool(x: Any) -> Any:
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda v: v * v, x))


def squares_in_threads(x: Any) -> Any:
    out = np.zeros_like(x)

    def work(i: int) -> None:
        out[i] = x[i] ** 2

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(x))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return np.sum(out)


def numbers_in_a_pool(x: Any) -> Any:
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(float, x)) * x[0]


def under_tapes_of_their_own(x: Any) -> Any:
    def work(v: Any) -> Any:
        with be.tape() as own:
            w = own.watch(2.0)
            y = v * w
        own.grad(y, w)
        return y

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(work, x))


def numbers_under_tapes(x: Any) -> Any:
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda v: be.grad(lambda w: w * float(v))(2.0), x)) * x[0]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    "f",
    [
        squares_in_a_pool,
        squares_in_threads,
        numbers_in_a_pool,
        under_tapes_of_their_own,
        numbers_under_tapes,
    ],
)
@pytest.mark.parametrize("of", [be.grad, lambda f: lambda x: be.jvp(f, (x,), (x,)), be.hessian])
def test_a_thread_without_the_tape_does_not_lose_what_it_records(of: Any, f: Callable[[Any], Any]) -> None:
    with pytest.raises(ad.LostDerivativeError, match="thread"):
        of(f)(VECTOR)


def test_a_thread_that_runs_in_the_tapes_context_is_recorded() -> None:
    def in_a_pool(x: Any) -> Any:
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(contextvars.copy_context().run, np.square, v) for v in x]
            return sum(job.result() for job in jobs)

    async def apart(x: Any) -> Any:
        return await asyncio.to_thread(np.square, x)

    np.testing.assert_array_equal(be.grad(in_a_pool)(VECTOR), 2 * VECTOR)
    np.testing.assert_array_equal(be.grad(lambda x: asyncio.run(apart(x)))(VECTOR), 2 * VECTOR)


def test_a_thread_may_look_at_values_and_take_gradients_of_its_own() -> None:
    def f(x: Any) -> Any:
        with ThreadPoolExecutor(2) as pool:
            seen = sum(pool.map(lambda v: ad.to_numpy(v) * be.grad(np.square)(3.0), x))
        return np.sum(x) * seen

    np.testing.assert_allclose(be.grad(f)(VECTOR), [6.0 * VECTOR.sum()] * 4)


def test_what_was_recorded_is_a_value_in_any_thread_once_its_tape_is_closed() -> None:
    with be.tape() as t:
        x = t.watch(VECTOR)
        y = x * x
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: float(np.sum(y * 2.0))).result() == np.sum(VECTOR**2 * 2.0)
    np.testing.assert_array_equal(t.grad(y, x), 2 * VECTOR)


def test_a_tape_inside_a_pause_leaves_it_a_pause() -> None:
    with be.tape() as t:
        x = t.watch(VECTOR)
        with be.pause():
            with be.tape() as inner:
                y = inner.watch(VECTOR)
                z = y * y
            np.testing.assert_array_equal(inner.grad(z, y), 2 * VECTOR)
            np.testing.assert_array_equal(x * 2.0, 2 * VECTOR)
        np.testing.assert_array_equal(t.grad(x * x, x), 2 * VECTOR)


# --- a source with gaps ----------------------------------------------------------------------------------------------

GAPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "every second column": lambda a: a[:, ::2], "columns": lambda a: a[:, 1:3],
    "transposed columns": lambda a: a[:, 1:].T, "rows": lambda a: a[1:], "all": lambda a: a.T,
    "reversed rows": lambda a: a[::-1], "reversed": lambda a: a[::-1, ::-1], "a column": lambda a: a[:, 1],
    "turned axes": lambda a: a.reshape(3, 2, 2).transpose(1, 0, 2),
}  # fmt: skip
VIEWED: dict[str, Callable[[Any], Any]] = {
    "ravel": lambda a: a.ravel(), "reshape": lambda a: a.reshape(-1), "ravel by columns": lambda a: a.ravel(order="F"),
    "ravel by K": lambda a: a.ravel("K"), "reshape of the transposed": lambda a: a.T.reshape(-1),
    "reshape in part": lambda a: a.reshape(a.shape[0], -1)[:, 0], "the first of each row": lambda a: a[..., :1],
}  # fmt: skip


@pytest.mark.parametrize("gaps", GAPS)
@pytest.mark.parametrize("name", VIEWED)
def test_views_of_a_source_with_gaps_are_views_where_numpys_are(name: str, gaps: str) -> None:
    def f(a: Any) -> Any:
        VIEWED[name](a)[:2] *= 3.0
        return a**2

    x = GAPS[gaps](MATRIX)
    apart = GAPS[gaps](MATRIX.copy())
    value, slope = be.jvp(f, (x,), (np.ones(x.shape),))
    _, pullback = be.vjp(f, x)
    np.testing.assert_array_equal(value, f(apart))
    tripled = np.sqrt(f(GAPS[gaps](MATRIX.copy()))) / np.abs(x)  # 3 where the write reached the source, and 1 elsewhere
    np.testing.assert_allclose(slope, 2 * x * tripled**2)
    np.testing.assert_allclose(pullback(np.ones(x.shape))[0], 2 * x * tripled**2)


def test_whole_numbers_that_are_recorded_are_options_as_any_others() -> None:
    def program() -> None:
        from autodiff_numpy import recorded_xp as xp

        twice = xp.asarray([2, 1])
        assert type(twice) is type(xp.asarray(1.0))
        np.testing.assert_array_equal(ad.to_numpy(xp.repeat(xp.asarray([1.0, 2.0]), twice)), [1.0, 1.0, 2.0])

    contextvars.copy_context().run(program)  # what records every array does so until its context ends


# --- what a program changes after it was used ------------------------------------------------------------------------


def changing_rows(a: Any) -> Any:
    rows, total = [0], 0.0
    for i in (1, 2):
        total = total + np.sum(a[rows] ** 2)
        rows.append(i)
    return total * a


def changing(use: Callable[[Any, list[Any]], Any], *before: Any) -> Callable[[Any], Any]:
    """The program that uses a list, and then changes it."""

    def f(a: Any) -> Any:
        numbers = [list(part) if isinstance(part, list) else part for part in before]
        found = use(a, numbers)
        if isinstance(numbers[0], list):
            numbers[0][0] = 1
        numbers.reverse()
        return found**2

    return f


def changing_array(use: Callable[[Any, Any], Any], *before: Any) -> Callable[[Any], Any]:
    """The program that uses an array of NumPy's, and then turns it round."""

    def f(a: Any) -> Any:
        numbers = np.array(before)
        found = use(a, numbers)
        numbers[...] = numbers[::-1].copy()
        return found**2

    return f


CHANGED: dict[str, Callable[[Any], Any]] = {
    "rows in a loop": changing_rows,
    "an index": changing(lambda a, i: a[i], 0, 2),
    "an index of lists": changing(lambda a, i: a[i], [0, 1], [2, 2]),
    "an index in a tuple": changing(lambda a, i: a[i, 1:], 0, 2),
    "a mask": changing(lambda a, i: a[i], True, True, False),
    "where it is written": changing(lambda a, i: (b := a.copy(), b.__setitem__(i, b[1] ** 2), b)[2], 0, 2),
    "axes": changing(lambda a, axes: a.reshape(3, 2, 2).transpose(axes), 1, 2, 0),
    "axes of NumPy's function": changing(lambda a, axes: np.transpose(a.reshape(3, 2, 2), axes=axes), 1, 2, 0),
    "a shape": changing(lambda a, shape: a.reshape(shape), 2, 6),
    "shifts": changing(lambda a, shifts: np.roll(a, shifts, (0, 1)), 1, 2),
    "axes of a transform": changing(lambda a, axes: np.fft.fftn(a, axes=axes).real, 1, 0),
    "axes in an array": changing_array(lambda a, axes: a.reshape(3, 2, 2).transpose(axes), 1, 2, 0),
    "shifts in an array": changing_array(lambda a, shifts: np.roll(a, shifts, (0, 1)), 1, 2),
    "an index in an array": changing_array(lambda a, i: a[i] * np.take(a, i, axis=0), 0, 2),
    "bins": changing_array(lambda a, i: np.bincount(i, weights=a[0]), 0, 1, 1, 2),
    "pieces": changing_array(lambda a, i: np.add.reduceat(a, i, axis=1), 0, 2),
    "factors": changing_array(lambda a, w: a * w, 1.0, 2.0, 3.0, 4.0),
    "places": changing(lambda a, i: np.take(a, i, axis=1), 0, 3),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_list_that_changes_later_counts_as_it_was(name: str) -> None:
    require_numpys(CHANGED[name], MATRIX)


def test_a_view_is_read_anew_as_it_was_made() -> None:
    def f(a: Any) -> Any:
        shape, axes = [2, 6], [1, 0]
        b = a.copy()
        wide, turned = b.reshape(shape), b.transpose(axes)
        shape.reverse()
        axes.reverse()
        b *= b
        return wide * turned.reshape(2, 6)

    require_numpys(f, MATRIX)
