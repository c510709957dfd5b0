"""In-place writes on the NumPy engine: everyday programs, what shares memory with what, and what is refused."""

from __future__ import annotations

import contextlib
import copy
import gc
import operator
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import Array
from tests.numpy_calls import CALLS, SOURCES, Call
from tests.numpy_writes import MATRIX, PROGRAMS, REFUSED, VECTOR
from tests.test_numpy_rules import ALL

be = ad.backend("numpy")


# --- everyday programs ------------------------------------------------------------------------------------------


def differences(f: Callable[[Any], Any], x: Any) -> Any:
    """Central differences of the sum of ``f``, extrapolated once: an error of the order of 1e-11."""
    found = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        slopes = []
        for step in (1e-3, 5e-4):
            ahead, behind = x.copy(), x.copy()
            ahead[i] += step
            behind[i] -= step
            slopes.append((np.sum(f(ahead)) - np.sum(f(behind))) / (2 * step))
        found[i] = (4 * slopes[1] - slopes[0]) / 3
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_programs_value_is_numpys_and_its_gradient_that_of_differences(name: str) -> None:
    f, x = PROGRAMS[name]
    before = x.copy()
    value, gradient = be.value_and_grad(f)(x)
    np.testing.assert_array_equal(value, f(x.copy()), strict=False)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(gradient, differences(f, x), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", PROGRAMS)
def test_forward_mode_agrees_with_reverse_mode(name: str) -> None:
    f, x = PROGRAMS[name]
    along = np.cos(np.arange(x.size)).reshape(x.shape)
    value, slope = be.jvp(f, (x,), (along,))
    np.testing.assert_array_equal(value, f(x.copy()))
    np.testing.assert_allclose(np.sum(slope), np.sum(be.grad(f)(x) * along), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_derivatives_agree_with_differences_of_the_first(name: str) -> None:
    f, x = PROGRAMS[name]
    along = np.cos(np.arange(x.size)).reshape(x.shape)
    found = be.grad(lambda x: np.sum(be.grad(f)(x) * along))(x)
    expected = differences(lambda x: be.grad(f)(x) * along, x)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(be.hvp(lambda x: np.sum(f(x)), (x,), (along,))[0], found, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", PROGRAMS)
def test_prepared_checkpointed_and_batched_the_gradient_is_the_same(name: str) -> None:
    f, x = PROGRAMS[name]
    gradient = be.grad(f)
    expected = gradient(x)
    prepared = be.prepare(gradient, x)
    for _ in range(2):
        np.testing.assert_allclose(prepared(x), expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(be.grad(be.checkpoint(lambda x: f(np.copy(x))))(x), expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(be.vmap(gradient)(np.stack([x, x]))[1], expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_recorded_is_not_written_into_numpys_own_array(name: str) -> None:
    f, x = REFUSED[name]
    f(x.copy())
    with pytest.raises((ad.MutationError, TypeError)):
        be.grad(f)(x)


# --- the law of shared memory -------------------------------------------------------------------------------------

METHODS: dict[str, Callable[[Any], Any]] = {
    "[...]": lambda a: a[...],
    "[0]": lambda a: a[0],
    "[1, 2]": lambda a: a[1, 2],
    "[:, ::-2]": lambda a: a[:, ::-2],
    "[[0]]": lambda a: a[[0]],
    "[mask]": lambda a: a[a > 1.0],
    "[None]": lambda a: a[None],
    "[0, 0, ...]": lambda a: a[0, 0, ...],
    "T": lambda a: a.T,
    "mT": lambda a: a.mT,
    "transpose": lambda a: a.transpose(1, 0),
    "ravel": lambda a: a.ravel(),
    "T.ravel": lambda a: a.T.ravel(),
    "ravel by columns": lambda a: a.ravel("F"),
    "flatten": lambda a: a.flatten(),
    "reshape": lambda a: a.reshape(2, 6),
    "T.reshape": lambda a: a.T.reshape(2, 6),
    "T.reshape by columns": lambda a: a.T.reshape(-1, order="F"),
    "reshape of a part": lambda a: a[:, :2].reshape(-1),
    "squeeze": lambda a: a[:1].squeeze(),
    "swapaxes": lambda a: a.swapaxes(0, 1),
    "copy": lambda a: a.copy(),
    "T.copy.ravel": lambda a: a.T.copy().ravel(),
    "astype": lambda a: a.astype(float),
    "astype without a copy": lambda a: a.astype(float, copy=False),
    "astype float32": lambda a: a.astype(np.float32),
    "real": lambda a: a.real,
    "view": lambda a: a.view(),
    "diagonal": lambda a: a.diagonal(),
    "clip": lambda a: a.clip(0.0, 9.0),
    "take": lambda a: a.take([0, 1]),
    "round": lambda a: a.round(1),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "iteration": list,
    "unpacking": lambda a: [*a.T],
    "max": lambda a: a.max(axis=0),
    "sum of nothing": lambda a: np.sum(a, axis=()),
    "conj": np.conj,
    "x.conj": lambda a: a.conj(),
    "sliding_window_view": lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, axis=1),
    "tile once": lambda a: np.tile(a, 1),
    "pad by nothing": lambda a: np.pad(a, 0, mode="edge"),
    "block": np.block,
    "rot90 four times": lambda a: np.rot90(a, 4),
    "concatenate one": lambda a: np.concatenate([a]),
    "einsum": lambda a: np.einsum("ij->ji", a),
    "delete nothing": lambda a: np.delete(a, [], axis=0),
    "matrix_power 1": lambda a: np.linalg.matrix_power(a[:, :3], 1),
    "roll by nothing": lambda a: np.roll(a, 0),
    "resize to the shape": lambda a: np.resize(a, (3, 4)),
    "meshgrid": lambda a: np.meshgrid(a[0], a[1]),
    "broadcast_arrays of one shape": lambda a: np.broadcast_arrays(a, a)[0],
    "full_like": lambda a: np.full_like(a, a[0, 0]),
}
LAW = {**{f"x.{name}": (f, MATRIX) for name, f in METHODS.items()}, **ALL}


def leaves(tree: Any) -> list[Any]:
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, (tuple, list)) else [tree]


def value(x: Any) -> Any:
    return np.array(x.value if isinstance(x, Array) else x)


def after_writing(f: Callable[..., Any], arrays: tuple[Any, ...], into: str) -> list[Any]:
    """The arguments and results of ``f`` after one was added to each of the arguments, or of the results."""
    arguments = [np.copy(a) for a in arrays]
    results = leaves(f(*arguments))
    for x in arguments if into == "arguments" else results:
        if isinstance(getattr(x, "value", x), np.ndarray) and x.dtype.kind in "fc":
            with contextlib.suppress(ValueError):  # read-only
                x += 1
    return [value(x) for x in (*arguments, *results)]


@pytest.mark.parametrize("into", ["arguments", "results"])
@pytest.mark.parametrize("name", LAW)
def test_who_shares_memory_with_numpy_shares_it_when_recorded(name: str, into: str) -> None:
    f, *arrays = LAW[name]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of writing into what is broadcast
        expected = after_writing(f, tuple(arrays), into)
        with be.tape() as t:
            found = after_writing(f, tuple(t.watch(a) for a in arrays), into)
    for plain, recorded in zip(expected, found, strict=True):
        np.testing.assert_allclose(recorded, plain, rtol=1e-6, atol=1e-9)


OTHERWISE = {
    "np.imag(x)": "NumPy's zeros are read-only",
    "x.imag": "NumPy's zeros are read-only",
    "np.broadcast_arrays(x, np.ones((2, 6)))": "ours are read-only, as NumPy's will be",
    "x.base": "there is none",
    "np.fromiter((t**2 for t in x), float)": "refused, but NumPy puts an error of its own in the place of ours",
    **dict.fromkeys((f"np.{f}(x, axis=1, where=mask34)" for f in ("mean", "std", "var")), "there is no where="),
}


@pytest.mark.parametrize("into", ["arguments", "results"])
@pytest.mark.parametrize("call", [call for call in CALLS if call.line not in OTHERWISE], ids=lambda call: call.line)
def test_a_call_shares_memory_as_numpys_does_or_is_refused(call: Call, into: str) -> None:
    f, x = call.function(np), SOURCES[call.group]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = after_writing(f, (x,), into)
            kinds = [isinstance(leaf, np.ndarray) for leaf in leaves(f(np.copy(x)))]
        except (TypeError, AttributeError):  # NumPy has no such thing for a plain x, like=x of a number for example
            return
        with be.tape() as t:
            try:
                found = after_writing(f, (t.watch(x),), into)
            except ad.AutodiffError:
                return
            results = leaves(f(np.copy(t.watch(x))))
    for plain, recorded in zip(expected, found, strict=True):
        if plain.dtype.kind in "biufc":
            np.testing.assert_allclose(recorded, plain, rtol=1e-6, atol=1e-9)
    assert [isinstance(getattr(leaf, "value", leaf), np.ndarray) for leaf in results] == kinds


# --- drawn at random ------------------------------------------------------------------------------------------------


def _mask(a: Any) -> Any:
    return np.arange(a.size).reshape(a.shape) % 3 > 0


VIEWS: list[Callable[[Any, Any], Any]] = [
    lambda a, draw: a[draw.integers(len(a))] if a.ndim else a,
    lambda a, draw: a[draw.integers(2) :: draw.integers(1, 3)] if a.ndim else a,
    lambda a, draw: a[..., ::-1] if a.ndim else a,
    lambda a, draw: a[None],
    lambda a, draw: a.T,
    lambda a, draw: a.reshape(-1),
    lambda a, draw: a.ravel(),
    lambda a, draw: np.reshape(a, (2, -1), order="F") if a.size % 2 == 0 else a.flatten(),
    lambda a, draw: a[...],
    lambda a, draw: a.copy(),
    lambda a, draw: a * 0.5,
    lambda a, draw: np.zeros_like(a),
    lambda a, draw: np.broadcast_to(a, (2, *a.shape)),
    lambda a, draw: np.diagonal(a) if a.ndim == 2 else a,
    lambda a, draw: a[_mask(a)],
    lambda a, draw: np.squeeze(a),
]


def _shift(a: Any, b: Any) -> None:
    a[1:] = a[:-1]


def _add_at(a: Any, b: Any) -> None:
    a[0] = a[0]  # NumPy's ufunc.at writes into read-only arrays too
    np.add.at(a, [0, 0], b.ravel()[0])


def _shape(a: Any, b: Any) -> None:
    a.shape = (*a.shape, 1)


WRITES: list[Callable[[Any, Any], Any]] = [
    lambda a, b: operator.iadd(a, 0.5 * b),
    lambda a, b: operator.imul(a, 0.5 + 0.1 * b),
    lambda a, b: operator.isub(a, 0.25),
    lambda a, b: operator.setitem(a, ..., np.arctan(b)),
    lambda a, b: operator.setitem(a, 0, b.ravel()[0]),
    lambda a, b: operator.setitem(a, [0, -1, 0], b.ravel()[0] * np.arange(3.0).reshape(3, *[1] * (a.ndim - 1))),
    lambda a, b: operator.setitem(a, _mask(a), 0.5),
    lambda a, b: np.multiply(a, 0.5 * b, out=a),
    lambda a, b: np.arctan(a, out=a, where=_mask(a)),
    lambda a, b: np.put(a, [0, -1], b),
    lambda a, b: a.fill(b.ravel()[-1]),
    lambda a, b: np.copyto(a, b * 1.0),  # NumPy does nothing, where a is b, and so allows it for what is read-only
    _add_at,
    _shift,
    _shape,
]


def drawn_program(seed: int, x: Any) -> list[Any]:
    """Arrays made of ``x`` and of each other by views and copies, some of them written meanwhile."""
    draw = np.random.default_rng(seed)
    arrays = [x]
    for _ in range(14):
        a, b = (arrays[k] for k in draw.integers(len(arrays), size=2))
        if draw.random() < 0.5:
            with contextlib.suppress(ValueError, IndexError):
                arrays.append(VIEWS[draw.integers(len(VIEWS))](a, draw))
            if not isinstance(getattr(arrays[-1], "value", arrays[-1]), np.ndarray):
                arrays.pop()  # a number
        else:
            with contextlib.suppress(ValueError, IndexError, AttributeError):
                WRITES[draw.integers(len(WRITES))](a, b)
    return arrays


@pytest.mark.parametrize("seed", range(300))
def test_views_and_writes_drawn_at_random_are_numpys(seed: int) -> None:
    x = np.random.default_rng(seed).uniform(0.5, 1.0, (2, 3))
    expected = drawn_program(seed, x.copy())
    with be.tape() as t:
        found = drawn_program(seed, np.copy(t.watch(x)))
        total = sum(np.sum(a * np.cos(np.arange(a.size)).reshape(a.shape)) for a in found)
    assert [a.shape for a in found] == [a.shape for a in expected]
    for recorded, plain in zip(found, expected, strict=True):
        np.testing.assert_array_equal(value(recorded), plain)
        assert value(recorded).shape == plain.shape
    assert total.dtype == float

    def scalar(x: Any) -> Any:
        return sum(np.sum(a * np.cos(np.arange(a.size)).reshape(a.shape)) for a in drawn_program(seed, x))

    np.testing.assert_allclose(be.grad(scalar)(x), differences(scalar, x), rtol=1e-6, atol=1e-6)


# --- sources, and where no tape records ------------------------------------------------------------------------------

WRITE: dict[str, Callable[[Any], Any]] = {
    "an element": lambda x: operator.setitem(x, 0, 1.0),
    "an operator": lambda x: operator.iadd(x, 1.0),
    "a view": lambda x: operator.setitem(x[1:], 0, 1.0),
    "an operator on a view": lambda x: operator.imul(x.reshape(-1)[::2], 2.0),
    "out=": lambda x: np.add(x, 1.0, out=x),
    "a method": lambda x: x.sort(),
    "a function": lambda x: np.put(x, [0], 1.0),
    "ufunc.at": lambda x: np.add.at(x, [0], 1.0),
    "a reduction": lambda x: np.cumsum(x, out=x),
}


@pytest.mark.parametrize("write", WRITE)
def test_a_source_that_the_user_holds_is_not_written(write: str) -> None:
    v = be.variable(VECTOR)
    with be.tape() as t:
        x = t.watch(VECTOR)
        y = np.sum(x**2) + np.sum(v**3)
        for source in (x, v):
            with pytest.raises(ad.MutationError, match=r"np\.copy\(x\)|assign"):
                WRITE[write](source)
    for gradient, expected in zip(t.grad(y, (x, v)), (2 * VECTOR, 3 * VECTOR**2), strict=True):
        np.testing.assert_array_equal(gradient, expected)


@pytest.mark.parametrize("write", [write for write in WRITE if write != "a reduction"])
def test_a_variable_is_not_written_where_no_tape_is_open(write: str) -> None:
    v = be.variable(VECTOR)
    with pytest.raises((ad.MutationError, ValueError), match=r"assign|read-only"):
        WRITE[write](v)
    np.testing.assert_array_equal(be.to_numpy(v), VECTOR)


@pytest.mark.parametrize("write", WRITE)
def test_what_a_tape_records_is_not_written_where_it_does_not(write: str) -> None:
    with be.tape(persistent=True) as t:
        x = t.watch(VECTOR)
        y = x * x
        with be.pause(), pytest.raises((ad.MutationError, ValueError), match=r"np\.copy\(x\)|read-only"):
            WRITE[write](y)
    with pytest.raises((ad.MutationError, ValueError), match=r"np\.copy\(x\)|read-only"):
        WRITE[write](y)
    np.testing.assert_array_equal(value(y), VECTOR**2)
    np.testing.assert_array_equal(t.grad(y, x), 2 * VECTOR)


def test_after_its_tape_is_spent_an_array_is_written_as_any_other() -> None:
    with be.tape() as t:
        x = t.watch(VECTOR)
        y = x * x
    t.grad(y, x)
    y += 1.0
    np.testing.assert_array_equal(value(y), VECTOR**2 + 1.0)


def test_another_thread_does_not_write_what_this_one_records() -> None:
    errors = []

    def work(y: Any) -> None:
        try:
            y += 1.0
        except ad.MutationError as error:
            errors.append(error)

    with be.tape() as t:
        y = t.watch(VECTOR) * 2.0
        thread = threading.Thread(target=work, args=(y,))
        thread.start()
        thread.join()
    assert errors


def square_in_place(x: Any) -> Any:
    x *= x
    x[0] = x[1]
    return np.sum(x)


@pytest.mark.parametrize("of", [
    lambda x: be.grad(square_in_place)(x), lambda x: be.vjp(square_in_place, x)[1](np.asarray(1.0)),
    lambda x: be.jvp(square_in_place, (x,), (np.ones(6),)), lambda x: be.jacobian(square_in_place, mode="forward")(x),
    lambda x: be.hessian(square_in_place)(x), lambda x: be.check_grad(square_in_place, x),
])  # fmt: skip
def test_the_callers_array_is_not_written_by_the_function_that_is_differentiated(of: Callable[[Any], Any]) -> None:
    x = VECTOR.copy()
    of(x)
    np.testing.assert_array_equal(x, VECTOR)


def test_what_an_outer_tape_records_is_written_by_an_inner_function() -> None:
    def f(x: Any) -> Any:
        kept = x * 1.0

        def inner(y: Any) -> Any:
            kept[0] = y**2 * kept[1]
            return kept[0] * y

        slope = be.grad(inner)(x[2] * 1.0)  # 3 y² x₁
        return slope * kept[0]  # 3 y⁴ x₁²

    x = np.array([0.5, 2.0, 3.0])
    assert be.grad(f)(x).tolist() == pytest.approx([0.0, 6 * 81 * 2.0, 12 * 27 * 4.0])


def test_a_number_that_the_function_gets_is_no_array() -> None:
    def f(x: Any) -> Any:
        y = x
        y += 1
        return x * y

    assert f(2.0) == 6.0
    for x in (2.0, np.float64(2.0)):
        value, gradient = be.value_and_grad(f)(x)
        assert (float(value), float(gradient)) == (6.0, 5.0)
        assert float(be.jvp(f, (x,), (1.0,))[1]) == 5.0
        assert float(be.hessian(f)(x)) == 2.0
    with be.tape() as t:
        x = t.watch(2.0)
        y = f(x)
    assert float(t.grad(y, x)) == 5.0
    assert float(be.value_and_grad(f)(np.array(2.0))[0]) == float(f(np.array(2.0))) == 9.0


# --- numpy's own errors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [
    lambda x: operator.iadd(x, 1j), lambda x: operator.setitem(x, 0, 1j), lambda x: operator.iadd(x, np.ones((2, 6))),
    lambda x: operator.setitem(x, slice(2), np.ones(3)), lambda x: operator.setitem(x, 9, 1.0),
    lambda x: np.add(x, 1j, out=x), lambda x: np.add(x, np.ones((2, 6)), out=x), lambda x: np.sum(x, out=x),
    lambda x: np.put(x, [9], 1.0), lambda x: np.copyto(x, np.ones(6) * 1j), lambda x: x.fill(1j),
    lambda x: operator.setitem(x[0], 0, 1.0),
    lambda x: np.add.reduce(x[None], axis=0, out=x[:5]), lambda x: np.matmul(x, np.eye(6), out=x[:5]),
    lambda x: setattr(x, "shape", (4,)), lambda x: setattr(x.reshape(2, 3).T, "shape", (6,)), lambda x: x.partition(9),
    lambda x: operator.setitem(np.broadcast_to(x, (2, 6)), 0, 1.0),
    lambda x: operator.iadd(x.reshape(2, 3).diagonal(), 1),
    lambda x: np.place(x, [True], []), lambda x: np.put_along_axis(x, np.array([9]), 1.0, 0),
    lambda x: operator.setitem(x, (0, 0), 1.0), lambda x: operator.imatmul(x, np.ones((6, 5))),
])  # fmt: skip
def test_what_numpy_refuses_is_refused_with_numpys_error(write: Callable[[Any], Any]) -> None:
    with pytest.raises(Exception) as numpys:  # noqa: PT011  (whatever it is)
        write(VECTOR.copy())
    with pytest.raises(type(numpys.value)):
        be.grad(lambda x: (write(x), np.sum(x))[1])(VECTOR)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, np.complex128])
def test_what_is_written_is_cast_to_the_arrays_dtype(dtype: Any) -> None:
    def f(x: Any) -> Any:
        out = np.zeros(6, dtype=dtype, like=x)
        out += x
        out[2:] *= x[2:]
        out[0] = x[1]
        np.multiply(out, x, out=out)
        return np.sum(np.abs(out))

    value, gradient = be.value_and_grad(f)(VECTOR)
    assert value == f(VECTOR)
    assert gradient.dtype == np.float64
    expected = be.grad(lambda x: x[1] * x[0] + x[1] ** 2 + np.sum(x[2:] ** 3))(VECTOR)
    np.testing.assert_allclose(gradient, expected, rtol=8 * np.finfo(dtype).eps)


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_what_was_computed_before_a_write_has_the_gradient_of_the_old_value() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        early = y * np.exp(y)
        y *= 100.0
        y[0] = 7.0
        return np.sum(early)

    np.testing.assert_allclose(be.grad(f)(VECTOR), np.exp(VECTOR) * (1 + VECTOR), rtol=1e-14)


def test_the_gradient_by_an_array_that_was_written_since_is_refused_where_it_would_be_zero() -> None:
    with be.tape(persistent=True) as t:
        x = t.watch(VECTOR)
        h = x * 2.0
        y = h**2
        h += 1.0
        z = h**2
    np.testing.assert_array_equal(t.grad(z, h), 2 * (2 * VECTOR + 1))
    with pytest.raises(ad.MutationError, match="written in place"):
        t.grad(y, h)
    np.testing.assert_array_equal(t.grad(y, x), 8 * VECTOR)


def test_writing_into_what_vjp_returned_leaves_its_pullback_alone() -> None:
    with be.tape() as t:
        x = t.watch(VECTOR)
        y, pullback = be.vjp(lambda x: x * x, x)
        y += 1.0
        (slope,) = pullback(np.ones(6))
        total = np.sum(slope * y)
    np.testing.assert_allclose(t.grad(total, x), 2 * (VECTOR**2 + 1) + 4 * VECTOR**2, rtol=1e-14)


def test_a_checkpoint_that_writes_into_an_array_from_outside_is_refused() -> None:
    def f(x: Any, into: str = "nothing") -> Any:
        counter, kept = np.zeros_like(x), x * 1.0

        def layer(y: Any) -> Any:
            own = np.zeros_like(y)
            own += y
            own[1:] *= own[:-1]
            if into == "what is not recorded yet":
                counter[0] = y[0]
            elif into == "what is recorded":
                kept[0] = 1.0
            elif into == "the argument":
                y += 1.0
            return own

        return np.sum(be.checkpoint(layer)(x) * kept)

    np.testing.assert_allclose(be.grad(f)(VECTOR), differences(f, VECTOR), rtol=1e-8)
    for into in ("what is not recorded yet", "what is recorded", "the argument"):
        with pytest.raises(ad.MutationError, match="checkpoint"):
            be.grad(f)(VECTOR, into)


def test_a_function_with_a_rule_of_its_own_does_not_write_into_residuals() -> None:
    def doubled(x: Any) -> Any:
        x *= 2.0
        return x

    custom = be.custom_vjp(doubled)
    custom.defvjp(lambda x: (doubled(x), None), lambda _, g: (2.0 * g,))
    with pytest.raises(ValueError, match="read-only"):
        be.grad(lambda x: np.sum(x * x) + np.sum(custom(x * 1.0)))(VECTOR)


def test_a_dask_array_is_refused() -> None:
    da = pytest.importorskip("dask.array")
    for name in ("an element", "an operator", "out="):
        with pytest.raises(ad.MutationError, match="dask"):
            be.grad(lambda x, write=WRITE[name]: (write(x * 1.0), np.sum(x))[1])(da.ones(6, chunks=3))


def test_where_nothing_is_recorded_arrays_are_numpys_own() -> None:
    v = be.variable(VECTOR)
    assert type(np.zeros_like(v)) is np.ndarray
    with be.tape() as t:
        x = t.watch(VECTOR)
        out = np.zeros_like(x)
        assert type(np.zeros_like(x, dtype=int)) is np.ndarray
        assert type(be.stop_gradient(x)) is np.ndarray
        with be.pause():
            assert type(np.zeros_like(x)) is np.ndarray
            y = np.copy(x)
            y[0] = 9.0
        out += be.stop_gradient(x)
        z = np.sum(out * x) + y[0] * x[0]
    np.testing.assert_array_equal(t.grad(z, x), VECTOR + 9.0 * np.eye(6)[0])


def test_a_program_that_writes_leaves_no_cycle_and_views_are_forgotten() -> None:
    def work() -> None:
        for name in ("normalise rows", "another shape", "interleaved views", "cholesky by hand"):
            f, x = PROGRAMS[name]
            be.grad(lambda x, f=f: np.sum(be.grad(f)(x)))(x)

    work()
    gc.collect()
    gc.disable()
    try:
        work()
        assert gc.collect() == 0
    finally:
        gc.enable()
    with be.tape() as t:
        x = t.watch(VECTOR) * 1.0
        kept = [x[i:] for i in range(3)]
        for _ in range(1000):
            x[1:]
        assert len(x._views) < 200
        x += 1.0
        for i, part in enumerate(kept):
            np.testing.assert_array_equal(value(part), VECTOR[i:] + 1.0)
