"""The compiled module: its plans give NumPy's bits, warnings and errors, and hold no reference too many."""

from __future__ import annotations

import gc
import itertools
import sys
import threading
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy.prepare import compiled
from tests import fresh

pytestmark = pytest.mark.skipif(compiled.SPEED is None, reason="the compiled module was not built")
speed: Any = compiled.SPEED
be = ad.backend("numpy")
UFUNCS = [x for x in vars(np).values() if isinstance(x, np.ufunc) and x.signature is None and x.nout == 1]
DTYPES = ("bool", "int8", "uint16", "int32", "int64", "float16", "float32", "float64", "longdouble", "complex64",
          "complex128")  # fmt: skip
LAYOUTS: dict[str, Any] = {
    "in a row": lambda a: a,
    "transposed": lambda a: a.T.copy().T,
    "spaced": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "reversed": lambda a: a[::-1, ::-1],
    "a row": lambda a: a[:1],
    "a column": lambda a: np.asfortranarray(a)[:, :1],
    "a number": lambda a: np.array(a[0, 0]),
    "stretched": lambda a: np.broadcast_to(a[0], a.shape),
}


def drawn(dtype: str, shape: tuple[int, ...], seed: int) -> Any:
    values = np.random.default_rng(seed).normal(scale=3.0, size=shape)
    parts = values + 1j * values[::-1] if np.dtype(dtype).kind == "c" else values
    with np.errstate(all="ignore"):
        return (abs(parts) if np.dtype(dtype).kind == "u" else parts).astype(dtype)


def ran(ufunc: Any, inputs: tuple[Any, ...], out: Any, size: int = 0) -> bool:
    """Whether a step computed into ``out``; errors of floating point arithmetic are not asked for."""
    step = compiled.step(ufunc, (*inputs, out))
    if step is not None:
        assert speed.Plan([], 0, [(size, [(*step, 0, None)])], None)()
    return step is not None


def assert_same_bits(found: Any, expected: Any) -> None:
    assert found.dtype == expected.dtype
    equal = (found == expected) | ((found != found) & (expected != expected))
    assert equal.all()
    assert (np.signbit(found) == np.signbit(expected))[found == found].all() if found.dtype.kind == "f" else True


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_a_step_gives_the_bits_of_the_ufunc(ufunc: Any) -> None:
    seen = 0
    for dtype, layouts in itertools.product(DTYPES, itertools.combinations_with_replacement(LAYOUTS, ufunc.nin)):
        inputs = tuple([LAYOUTS[layout](drawn(dtype, (5, 67), i)) for i, layout in enumerate(layouts)])
        with np.errstate(all="ignore"):
            try:
                expected = np.asarray(ufunc(*inputs))
            except (TypeError, ValueError):  # no such loop; integers to negative integer powers
                continue
            out = np.empty_like(expected)
            if expected.dtype.kind in "biufc" and ran(ufunc, inputs, out):
                seen += 1
                assert_same_bits(out, expected)
    assert seen or ufunc in (np.isnat, np.ldexp)  # dates; floats and integers


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("ufunc", [np.sin, np.exp, np.tanh, np.sqrt, np.square, np.multiply, np.power, np.divide],
                         ids=lambda ufunc: ufunc.__name__)  # fmt: skip
@pytest.mark.parametrize("size", [8193, 3 * 8192, 30001])
def test_blocks_give_the_bits_of_the_ufunc(ufunc: Any, dtype: str, size: int) -> None:
    x = drawn(dtype, (size,), 1)
    for inputs in ((x, x[::-1].copy()), (x, np.array(x[0])), (np.array(x[1]), x)) if ufunc.nin == 2 else ((x,),):
        with np.errstate(all="ignore"):
            expected = ufunc(*inputs)
        out = np.empty_like(expected)
        assert ran(ufunc, inputs, out, size)
        assert_same_bits(out, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("one", "other"), list(itertools.product(LAYOUTS, repeat=2)))
def test_copies_and_choices_move_elements(dtype: str, one: str, other: str) -> None:
    x, y = LAYOUTS[one](drawn(dtype, (5, 67), 1)), LAYOUTS[other](drawn(dtype, (5, 67), 2))
    mask = LAYOUTS[other](drawn("bool", (5, 67), 3))
    out = np.zeros((5, 67), dtype)
    assert ran(None, (x,), out)
    assert_same_bits(out, np.broadcast_to(x, out.shape))
    assert ran(None, (mask, x, y), out)
    assert_same_bits(out, np.broadcast_to(np.where(mask, x, y), out.shape))


def test_what_has_no_loop_of_its_own_is_no_step() -> None:
    x, n = np.ones(3), np.ones(3, int)
    assert compiled.step(np.multiply, (x, 2.0, x)) is not None
    assert compiled.step(np.multiply, (x, n, x)) is None  # one is cast
    assert compiled.step(np.matmul, (x, x, np.empty(()))) is None
    assert compiled.step(np.vecdot, (x, x, np.empty(()))) is None
    assert compiled.step(np.modf, (x, x, x)) is None
    assert compiled.step(np.multiply, (x, None, x)) is None
    assert compiled.step(None, (None, x)) is None
    assert compiled.step(None, (n, x)) is None
    assert compiled.step(np.add, (x[:-1], x[1:], x[1:])) is None  # it would read what it has written
    assert compiled.step(np.add, (x.astype(">f8"), x, x)) is None
    assert compiled.step(np.sum, (x, x)) is None


# --- floating point errors ------------------------------------------------------------------------------------


def messages(run: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [str(one.message) for one in caught]


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_a_step_warns_where_the_ufunc_does(ufunc: Any) -> None:
    for dtype, length in itertools.product(DTYPES, (1, 67)):
        limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else np.finfo(dtype) if dtype != "bool" else None
        corners = [0, 1, -1, 2, -3] + ([limits.max, limits.min] if limits else [])
        corners += [np.inf, np.nan, -0.0, limits.tiny, -100, 80] if limits and np.dtype(dtype).kind in "fc" else []
        with np.errstate(all="ignore"):
            values = [np.full(length, corner).astype(dtype) for corner in corners if corner >= 0 or dtype[0] != "u"]
        for inputs in itertools.product(values, repeat=ufunc.nin):
            with np.errstate(all="warn"):
                try:
                    expected = messages(lambda inputs=inputs: ufunc(*inputs))
                except (TypeError, ValueError):
                    break
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    out = np.empty_like(np.asarray(ufunc(*inputs)))
                step = compiled.step(ufunc, (*inputs, out)) if out.dtype.kind in "biufc" else None
                if step is None:
                    break
                plan = speed.Plan([], 0, [(0, [(*step, 15, None)])], None)
                assert messages(plan) == expected, (dtype, inputs)


def test_warnings_are_those_of_numpy_one_for_each_step() -> None:
    def f(x: Any) -> Any:
        y = np.exp(1000.0 * x) - np.log(x - x) + np.sqrt(-x) + np.exp(-1000.0 * x)
        with np.errstate(divide="ignore", invalid="warn"):
            return y + 1.0 / (x - x) + np.sqrt(-x) + np.log(x - x)

    for size in (3, 30000):
        x = np.ones(size)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            made = be.prepare(f, x)
        for settings in ({}, {"all": "warn"}, {"under": "warn", "over": "ignore"}):
            with np.errstate(**{"all": "ignore", **settings}):
                found = []
                for function in (made, f):
                    with warnings.catch_warnings(record=True) as caught:
                        warnings.simplefilter("always")
                        function(x)
                    found.append([str(one.message) for one in caught])
            assert found[0] == found[1]
            assert found[0]  # the recorded block warns in any case


def test_an_error_that_is_raised_is_raised() -> None:
    made = be.prepare(lambda x: np.sin(np.log(x)), np.ones(3))
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero encountered in log"):
        made(np.zeros(3))
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(made(np.ones(3)), np.zeros(3))  # and nothing is left behind


def test_what_numpy_calls_for_errors_is_called() -> None:
    told: list[Any] = []
    made = be.prepare(lambda x: np.log(x), np.ones(3))
    with np.errstate(divide="call", call=lambda *args: told.append(args)):
        made(np.zeros(3))
    assert told == [("divide by zero", 1)]


# --- safety ---------------------------------------------------------------------------------------------------


def test_a_plan_declines_what_does_not_lie_in_memory_as_expected() -> None:
    x, out = np.arange(6.0).reshape(2, 3), np.empty((2, 3))
    plan = speed.Plan([x, out], 1, [(0, [(np.sin, (x, out), 0, None)])], None)
    locked = np.empty((2, 3))
    locked.flags.writeable = False
    unaligned = np.frombuffer(bytearray(49), np.uint8)[1:].view(np.float64).reshape(2, 3)
    for wrong in (x.T, x.T.copy().T, x[:1], x.astype("float32"), x.astype(">f8"), [1.0], 1.0, x[0, 0], unaligned,
                  x.view(type("Mine", (np.ndarray,), {}))):  # fmt: skip
        assert plan(wrong, out) is False
    for wrong in (locked, out.T, out[:1]):
        assert plan(x, wrong) is False
    assert plan(x + 1.0, out) is True
    np.testing.assert_array_equal(out, np.sin(x + 1.0))
    with pytest.raises(TypeError, match="2 arrays"):
        plan(x)
    with pytest.raises(TypeError, match="2 arrays"):
        plan(x, out=out)


def test_a_plan_of_nonsense_is_refused() -> None:
    x, whole, block = np.ones(3), np.ones(20000), np.ones(speed.BLOCK)
    steps: list[Any] = [
        (np.sin, (x, x)), (np.sin, (x, x), 0), (np.sin, (x,), 0, None), (np.sin, (x, x, x), 0, None),
        (3, (x, x), 0, None), (np.sin, [x, x], 0, None), (np.sin, (x, 1.0), 0, None), 3,
        (np.sin, (x, x.astype(int)), 0, None),
        (np.matmul, (x, x, np.empty(())), 0, None), (np.divmod, (x, x, x, x), 0, None), (None, (x, x, x), 0, None),
        (np.sin, (x, np.ones(4)), 0, None), (np.add, (x, x, x[:1]), 0, None),
        (np.sin, (x.astype(object), x.astype(object)), 0, None), (np.add, (x, x, x, x, x), 0, None),
    ]  # fmt: skip
    for step in steps:
        with pytest.raises((TypeError, ValueError)):
            speed.Plan([], 0, [(0, [step])], None)
    for size, step in ((20000, (np.sin, (x, whole), 0, None)), (20000, (np.sin, (whole[::2], block), 0, None)),
                       (3, (np.sin, (x, x), 0, None)), (-1, (np.sin, (x, x), 0, None))):  # fmt: skip
        with pytest.raises(ValueError, match=r"block|longer"):
            speed.Plan([], 0, [(size, [step])], None)
    for arguments in ((), ([], 0, []), ((), 0, [], None), ([x[::2]], 0, [], None), ([1.0], 0, [], None),
                      ([], 0, [3], None), ([], 0, [(0, 3)], None)):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            speed.Plan(*arguments)
    with pytest.raises(TypeError, match="keyword"):
        speed.Plan([], 0, [], report=None)


def test_plans_keep_what_they_need_and_nothing_else() -> None:
    x, out, errors = np.ones(3), np.empty(3), {"divide": "warn"}
    before = [sys.getrefcount(thing) for thing in (x, out, errors, np.sin)]
    plan = speed.Plan([x, out], 1, [(0, [(np.sin, (x, out), 15, errors)])], print)
    for _ in range(100):
        assert plan(x, out)
        assert not plan(out[:1], out)
        with pytest.raises(ValueError, match="operands"):
            speed.Plan([x], 0, [(0, [(np.sin, (x, out), 15, errors), (np.sin, (x,), 0, errors)])], print)
    del plan
    assert [sys.getrefcount(thing) for thing in (x, out, errors, np.sin)] == before
    gone = np.ones(3)
    plan = speed.Plan([out], 0, [(0, [(np.exp, (gone, out), 0, None)])], None)
    del gone
    assert plan(out)
    np.testing.assert_array_equal(out, np.exp(np.ones(3)))


def test_what_only_stood_for_an_argument_or_was_a_variables_value_is_let_go_of() -> None:
    stand_in, out = np.ones(3), np.empty(3)
    gone = weakref.ref(stand_in)
    plan = speed.Plan([stand_in, out], 1, [(0, [(np.sin, (stand_in[::-1], out), 0, None)])], None)
    del stand_in
    assert gone() is None
    assert plan(np.arange(3.0), out)
    np.testing.assert_array_equal(out, np.sin(np.arange(3.0)[::-1]))
    w = be.variable([1.0, 2.0])
    gone = weakref.ref(w.value)
    made = be.prepare(lambda x: x * w, np.ones(2))
    be.assign(w, [3.0, 4.0])
    gc.collect()
    assert gone() is None
    np.testing.assert_array_equal(made(np.ones(2)), [3.0, 4.0])
    assert "multiply(x0, w0, o0)" in made.explain()


def test_a_plan_that_runs_is_not_entered_again() -> None:
    x, out = np.zeros(3), np.empty(3)
    refused: list[str] = []

    def again(*_: Any) -> None:
        try:
            plan(x, out)
        except RuntimeError as error:
            refused.append(str(error))

    plan = speed.Plan([x, out], 1, [(0, [(np.log, (x, out), 15, {})])], again)
    assert plan(x, out)
    assert refused == ["this plan is running in another thread"]


def test_threads_share_a_prepared_function() -> None:
    def f(x: Any) -> Any:
        for _ in range(10):
            x = np.sin(x) * 1.01 + 0.1
        return np.sum(x)

    made = be.prepare(be.grad(f), np.zeros(50_000))
    inputs = [np.full(50_000, 0.1 * k) for k in range(4)]
    expected = [be.grad(f)(x) for x in inputs]
    wrong: list[int] = []

    def work(k: int) -> None:
        wrong.extend(k for _ in range(20) if not np.array_equal(made(inputs[k]), expected[k]))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# --- with and without ------------------------------------------------------------------------------------------


def test_the_environment_chooses_pure_python() -> None:
    program = "from autodiff_numpy._compiled import SPEED; print(SPEED is None)"
    for value, pure in (("1", "True"), ("0", "False"), ("", "False")):
        assert fresh.program(program, AUTODIFF_SPEC_PURE=value) == pure


def test_residuals_of_large_arrays_hold_a_block_each() -> None:
    def f(x: Any) -> Any:
        for _ in range(10):
            x = np.sin(x) * 1.01 + 0.1
        return np.sum(x)

    x = np.linspace(-1.0, 1.0, 200_000)
    made = be.prepare(be.grad(f), x)
    (run,) = made._runs.values()
    globals_of = run.programs[0][0].replay.__globals__
    assert not [name for name, value in globals_of.items() if isinstance(value, np.ndarray) and value.size == x.size]
    np.testing.assert_array_equal(made(x), be.grad(f)(x))
