"""What only the NumPy engine promises: NumPy code as it is, memory without cycles, rules as a table."""

from __future__ import annotations

import functools
import gc
import inspect
import itertools
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import Array
from autodiff_numpy._parameters import names_of, parameters_of, takes_any_keyword
from autodiff_numpy._rule import RULES, DuplicateRuleError, rule
from autodiff_numpy._tables import VALUES

be = ad.backend("numpy")
xp = be.xp


def test_code_written_for_numpy_is_differentiated_as_it_is():
    def energy(x):
        y = np.sin(x) * np.exp(-x) + x @ x
        return np.mean(y[1:] ** 2) + np.linalg.norm(x) + np.where(x > 0, x, -x).sum()

    x = np.array([0.5, -1.0, 2.0])
    gradient, step = be.grad(energy)(x), 1e-6
    for i in range(3):
        shift = step * np.eye(3)[i]
        assert gradient[i] == pytest.approx((energy(x + shift) - energy(x - shift)) / (2 * step), rel=1e-7)


@pytest.mark.parametrize("call", [np.sort_complex, lambda x: np.gcd.reduce(x), lambda x: np.sin(x, where=x > 0)])
def test_a_numpy_function_without_a_rule_is_refused_by_name(call):
    with pytest.raises(ad.UnsupportedError, match="has no derivative rule"):
        be.grad(call)(np.ones(3))


@pytest.mark.parametrize("call", [
    lambda x, out: np.put(out, [0], x[0]), lambda x, out: np.copyto(out, x),
    lambda x, out: np.place(out, out == 0, x), lambda x, out: np.putmask(out, out == 0, x),
    lambda x, out: np.put_along_axis(out, np.array([[0]]), x[:1, None], 0), lambda x, out: np.add(x, 1.0, out=out[0]),
    lambda x, out: np.add.at(out, 0, x), lambda x, out: np.sum(x, out=out[0, :1][0]),
    lambda x, out: np.add.reduce(x, out=out[0, 0, ...]), lambda x, out: np.cumsum(x, 0, None, out[0]),
    lambda x, out: out.__iadd__(x),
])  # fmt: skip
def test_writing_what_is_recorded_into_an_array_of_numpys_own_is_refused_with_the_remedy(call):
    with pytest.raises((ad.MutationError, TypeError), match=r"np\.zeros_like\(x\)"):
        be.grad(lambda x: call(x, np.zeros((3, 3))))(np.ones(3))


def test_a_function_that_hands_its_argument_through_gives_no_variable():
    v = be.variable([[1.0, 2.0]])
    with be.tape() as t:
        results = [np.rot90(v, 0), np.rot90(m=v, k=0), np.atleast_2d(v)]
        be.assign(v, [[5.0, 6.0]])
    for y in results:
        np.testing.assert_array_equal(be.to_numpy(y), [[1.0, 2.0]])
    np.testing.assert_array_equal(t.grad(results, v), [[3.0, 3.0]])


def test_a_rule_is_declared_once():
    with pytest.raises(DuplicateRuleError):
        rule(np.sin, lambda xp, g: g)


def test_a_rule_that_names_an_unknown_residual_is_refused():
    with pytest.raises(TypeError, match="asks for the residual 'q'"):
        rule(np.spacing, lambda xp, g, q: g)


def test_a_recording_is_freed_without_the_cycle_collector():
    gc.collect()
    gc.disable()
    try:
        v = be.variable(np.ones(1000))
        with be.tape() as t:
            y = v
            for _ in range(50):
                y = xp.sin(y)
        assert isinstance(y, Array)
        residual = weakref.ref(y.node.edges[0][2][0])
        del t, y
        assert residual() is None
        with be.tape(persistent=True) as outer, be.tape() as inner:
            y = v * v
            g = inner.grad(y, v)
        residual = weakref.ref(g.value)
        del outer, inner, y, g
        assert residual() is None
    finally:
        gc.enable()


def test_a_spent_tape_holds_no_residuals_although_its_target_lives():
    v = be.variable(np.ones(100_000))
    tracemalloc.start()
    try:
        with be.tape() as t:
            y = v
            for _ in range(20):
                y = xp.sin(y)
        recorded = tracemalloc.get_traced_memory()[0]
        t.grad(y, v)
        spent = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    one = 8 * 100_000
    assert recorded > 19 * one
    assert spent < 3 * one


def test_only_named_residuals_are_kept():
    v = be.variable(np.ones(100_000))
    tracemalloc.start()
    try:
        with be.tape():
            y = v
            for _ in range(20):
                y = y + 1.0
            used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used < 3 * 8 * 100_000


def test_a_recorded_array_stays_readable_after_its_tape_is_spent():
    v = be.variable(2.0)
    with be.tape() as t:
        y = v * v
    t.grad(y, v)
    assert type(y * 2.0) is not Array
    assert float(y) == 4.0
    assert y.shape == ()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
def test_every_floating_dtype_keeps_itself(dtype):
    gradient = be.grad(lambda x: xp.sum(xp.real(xp.exp(x) * x)))(np.ones(3, dtype))
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient, 2 * np.exp(np.ones((), dtype)), rtol=4 * np.finfo(dtype).eps)


def test_mixed_dtypes_give_each_source_its_own():
    a, b = np.ones(3, np.float32), np.ones((2, 3), np.float64)
    ga, gb = be.grad(lambda a, b: a * b, argnums=(0, 1))(a, b)
    assert (ga.dtype, gb.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(ga, [2.0, 2.0, 2.0])


def test_numpys_reflected_and_matrix_operators_reach_the_recording():
    w = np.array([[1.0, 2.0], [3.0, 4.0]])
    gradient = be.grad(lambda x: np.sum(w @ x) + (2.0 ** x).sum() + (np.ones(2) - x)[0])(np.array([1.0, 2.0]))
    np.testing.assert_allclose(gradient, [4 + 2 * np.log(2) - 1, 6 + 4 * np.log(2)])


def test_recorded_scalars_can_be_combined_by_asarray():
    gradient = be.grad(lambda x: xp.sum(xp.asarray([x[0] * 2.0, x[1], 3.0]) ** 2))(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(gradient, [8.0, 4.0])


CAPTURED = {
    "x * c": lambda x, c, i: x * c,
    "c / x": lambda x, c, i: c / x,
    "matmul": lambda x, c, i: c @ x,
    "where": lambda x, c, i: np.where(c > 1, x, 0.0),
    "where with the mask as it is": lambda x, c, i: np.where(i, x, 0.0),
    "an index": lambda x, c, i: x[i],
    "an index among others": lambda x, c, i: x[None][0, i],
    "a mask": lambda x, c, i: x[i > 0],
    "power": lambda x, c, i: x**c,
}


@pytest.mark.parametrize("name", list(CAPTURED))
def test_a_constant_that_changes_after_it_was_recorded_does_no_harm(name):
    def gradient(change):
        c, i = np.array([1.0, 2.0, 3.0]), np.array([0, 2, 2])
        v = be.variable([0.5, 1.5, 2.5])
        with be.tape() as t:
            y = CAPTURED[name](v, c, i)
        if change:
            c[:], i[:] = 100.0, 1
        return t.grad(y, v)

    np.testing.assert_array_equal(gradient(change=True), gradient(change=False))


# --- reading many parts of one array ----------------------------------------------------------------------------


def test_reading_each_element_writes_the_gradient_out_once(monkeypatch):
    written = []
    scatter = VALUES.scatter
    monkeypatch.setattr(VALUES, "scatter", lambda *args: written.append(args) or scatter(*args))
    x = np.linspace(0.0, 1.0, 50)
    gradient = be.grad(lambda x: sum(x[i] ** 2 for i in range(50)))(x)
    np.testing.assert_array_equal(gradient, 2 * x)
    assert len(written) == 1


@pytest.mark.parametrize("persistent", [False, True])
def test_parts_add_up_with_other_shares_in_any_order(persistent):
    rows, x = np.array([0, 2, 0]), np.arange(12.0).reshape(3, 4)
    weight = np.zeros((3, 4))
    weight[1] += 3
    np.add.at(weight, rows, 5)
    weight[:, 1:] += 7
    for order in itertools.permutations(range(4)):
        reads = [lambda x: np.sum(2 * x), lambda x: 3 * np.sum(x[1]), lambda x: 5 * np.sum(x[rows]),
                 lambda x: 7 * np.sum(x[:, 1:])]  # fmt: skip
        with be.tape(persistent=persistent) as t:
            w = t.watch(x)
            total = sum(np.sum(reads[i](w)) for i in order)
        for _ in range(2 if persistent else 1):
            np.testing.assert_array_equal(t.grad(total, w), weight + 2)


def test_a_part_that_two_arrays_share_is_not_written_into():
    a, b = be.variable(np.ones(3)), be.variable(np.ones(3))
    with be.tape() as t:
        total = a + b  # the cotangent of the sum is that of both
        y = total[0] + a[0] + 2 * a[1]
    first, second = t.grad(y, (a, b))
    assert (first.tolist(), second.tolist()) == ([2.0, 2.0, 0.0], [1.0, 0.0, 0.0])


NUMBERS = [0.1, -0.0, 3, True, 2**24 + 1, 1e-60, 1e39, 70000, float("inf"), float("nan")]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("function", [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.arctan2])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64])
def test_a_python_number_counts_as_numpy_takes_it(function, number, dtype):
    if dtype is np.complex64 and function is np.arctan2:
        pytest.skip("NumPy has no complex arctan2")
    array = np.array([[1.5, -0.0], [np.nan, 3.0]], dtype)
    for arguments in ((array, number), (number, array)):
        with be.tape() as t:
            recorded = [t.watch(x) if x is array else x for x in arguments]
            with np.errstate(all="ignore"):
                found, expected = ad.to_numpy(function(*recorded)), function(*arguments)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(np.signbit(found.real), np.signbit(expected.real))
            with np.errstate(all="raise"):  # and warns where NumPy does
                assert _raised(function, *recorded) == _raised(function, *arguments)


def _raised(function, *arguments):
    try:
        function(*arguments)
    except (FloatingPointError, OverflowError) as error:
        return str(error)
    return None


def test_a_number_that_no_dtype_holds_is_refused_as_by_numpy():
    with be.tape() as t:
        x = t.watch(np.ones(2))
        with pytest.raises(OverflowError, match="too large"):
            x * 10**400


def test_reads_of_a_variable_share_an_array_as_long_as_its_value_stands():
    x = be.variable([1.0, 2.0])
    with be.tape(persistent=True) as outer:
        first, again = x.read(), x.read()
        y = x * x
        be.assign(x, [3.0, 4.0])
        y = y + x
        with be.tape() as inner:
            z = x * x
        (inner_share,) = inner.grad(z, [x])
    assert first is again
    assert first is not x.read()
    np.testing.assert_array_equal(outer.grad(y, x), [3.0, 5.0])
    np.testing.assert_array_equal(ad.to_numpy(inner_share), [6.0, 8.0])
    np.testing.assert_array_equal(outer.grad(inner_share, x), [2.0, 2.0])
    with be.tape() as other:
        y = x * 2
    np.testing.assert_array_equal(other.grad(y, x), [2.0, 2.0])


def test_threads_that_read_one_variable_get_arrays_of_their_own_tapes():
    x, barrier = be.variable([1.0, 2.0]), threading.Barrier(4)

    def work(factor):
        for _ in range(200):
            barrier.wait()
            with be.tape() as t:
                y = factor * x * x
            np.testing.assert_array_equal(t.grad(y, x), 2 * factor * np.array([1.0, 2.0]))
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, [1.0, 2.0, 3.0, 4.0]))


def test_an_array_that_a_variable_was_read_as_refuses_another_shape_and_writes():
    x = be.variable([[1.0, 2.0], [3.0, 4.0]])
    with be.tape() as t:
        for handle in (x.read(), np.ravel(x)):
            with pytest.raises(ad.MutationError):
                handle[...] = 0.0
        flat = np.reshape(x, (2, 2))
        y = np.sum(flat * x)
    np.testing.assert_array_equal(t.grad(y, x), [[2.0, 4.0], [6.0, 8.0]])


def _odd(a, /, b, c=1, *rest, d, e=None, **more): ...


@functools.wraps(_odd)
def _wrapped(*args, **kwargs): ...


def test_parameters_read_from_code_are_those_that_inspect_finds():
    for function in (*RULES, _odd, _wrapped, lambda x: x):
        if isinstance(function, np.ufunc):
            assert names_of(function) == list("xyz"[: function.nin])
            continue
        expected = [
            (p.name, p.default, p.kind is p.KEYWORD_ONLY)
            for p in inspect.signature(function).parameters.values()
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        assert [tuple(p) for p in parameters_of(function)] == expected
        assert names_of(function) == [name for name, _, _ in expected]
    assert takes_any_keyword(_wrapped)
    assert not takes_any_keyword(lambda x: x)
