"""Chapter PREP: prepared functions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, PreparationError, ShapeMismatchError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal, write
from autodiff_spec.conformance.strategies import values

PROGRAMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "elementwise": lambda xp, x, y: xp.sin(x * y) + xp.where(x > y, x, 2.0 * y) / (1.5 + y * y),
    "products": lambda xp, x, y: xp.matmul(xp.reshape(x, (1, 3)), xp.reshape(y, (3, 1))) * x,
    "reductions": lambda xp, x, y: xp.max(x) * xp.sum(y, keepdims=True) + xp.mean(x * y) - xp.prod(y),
    "indexed": lambda xp, x, y: xp.concat([xp.flip(x)[1:], y[:1] * x[2]]) + xp.stack([x, y])[1, :],
}


def array(be: Backend, value: Any, dtype: str = "float64") -> Any:
    return be.asarray(np.array(value, dtype=dtype))


@clause("PREP-01")
@pytest.mark.parametrize("program", list(PROGRAMS))
@given(data=st.data())
def test_the_answer_is_that_of_the_function(be: Backend, program: str, data: st.DataObject) -> None:
    examples = [data.draw(values((3,))) for _ in range(2)]

    def f(x: Any, y: Any) -> Any:
        return PROGRAMS[program](be.xp, x, y)

    prepared = be.prepare(f, *map(be.asarray, examples))
    for given_values in (examples, [data.draw(values((3,))) for _ in range(2)], examples):
        x, y = map(be.asarray, given_values)
        expected, found = be.to_numpy(f(x, y)), prepared(x, y)
        assert_array(be, found, expected.shape, be.xp.float64)
        assert_close(be.to_numpy(found), expected, scale=64.0)


@clause("PREP-02")
@given(data=st.data())
def test_gradients_can_be_prepared(be: Backend, data: st.DataObject) -> None:
    x, y = data.draw(values((3,))), data.draw(values((3,)))

    def f(a: Any, b: Any) -> Any:
        return be.xp.sum(be.xp.sin(a) * b * b)

    arrays = be.asarray(x), be.asarray(y)
    examples = array(be, [0.5, 1.0, 2.0]), array(be, [1.0, -1.0, 0.25])
    gx, gy = be.prepare(be.grad(f, argnums=(0, 1)), *examples)(*arrays)
    assert_close(be.to_numpy(gx), np.cos(x) * y * y)
    assert_close(be.to_numpy(gy), 2.0 * np.sin(x) * y)
    value, gradient = be.prepare(be.value_and_grad(f), *examples)(*arrays)
    assert_close(be.to_numpy(value), np.sum(np.sin(x) * y * y), scale=12.0)
    assert_close(be.to_numpy(gradient), np.cos(x) * y * y)


@clause("PREP-02")
def test_jacobians_can_be_prepared(be: Backend) -> None:
    jacobian = be.prepare(be.jacobian(lambda x: x[1:] * x[0]), array(be, [0.0, 0.0, 0.0]))
    assert_equal(be, jacobian(array(be, [2.0, 3.0, 4.0])), [[3.0, 2.0, 0.0], [4.0, 0.0, 2.0]])


@clause("PREP-03")
def test_second_derivatives_can_be_prepared(be: Backend) -> None:
    x, v = array(be, [1.0, 2.0]), array(be, [1.0, 10.0])

    def cube(a: Any) -> Any:
        return be.xp.sum(a * a * a)

    examples = array(be, [0.5, 0.5]), array(be, [1.0, 1.0])
    assert_equal(be, be.prepare(lambda a, b: be.hvp(cube, (a,), (b,))[0], *examples)(x, v), [6.0, 120.0])
    assert_equal(be, be.prepare(lambda a, b: be.jvp(cube, (a,), (b,))[1], *examples)(x, v), 123.0)
    assert_equal(be, be.prepare(be.hessian(cube), examples[0])(x), [[6.0, 0.0], [0.0, 12.0]])
    twice = be.prepare(be.grad(lambda a: be.xp.sum(be.grad(cube)(a) * a)), examples[0])
    assert_equal(be, twice(x), [9.0, 36.0])


@clause("PREP-04")
@given(data=st.data())
def test_a_branch_goes_the_way_of_the_arguments(be: Backend, data: st.DataObject) -> None:
    def f(x: Any) -> Any:
        return be.xp.sum(x * x) if bool(be.xp.sum(x) > 0.0) else be.xp.sum(-2.0 * x)

    prepared, gradient = (be.prepare(g, array(be, [1.0, 1.0])) for g in (f, be.grad(f)))
    for x in (data.draw(values((2,))), np.array([3.0, -1.0]), np.array([-3.0, 1.0]), data.draw(values((2,)))):
        positive = np.sum(x) > 0.0
        assert_equal(be, prepared(be.asarray(x)), np.sum(x * x) if positive else np.sum(-2.0 * x))
        assert_equal(be, gradient(be.asarray(x)), 2.0 * x if positive else np.full(2, -2.0))


@clause("PREP-04")
def test_more_ways_than_one_can_keep(be: Backend) -> None:
    def f(x: Any) -> Any:
        for power in range(1, 5):
            x = x * 2.0 if bool(x[power] > 0.0) else x + 1.0
        return x

    def of_numpy(x: Any) -> Any:
        for power in range(1, 5):
            x = x * 2.0 if x[power] > 0.0 else x + 1.0
        return x

    prepared = be.prepare(f, array(be, [1.0] * 5))
    for bits in (*range(16), *range(0, 16, 3)):
        x = np.array([1.0, *(8.0 if bits >> i & 1 else -8.0 for i in range(4))])
        assert_equal(be, prepared(be.asarray(x)), of_numpy(x))


@clause("PREP-05")
def test_a_loop_runs_as_often_as_the_arguments_ask_for(be: Backend) -> None:
    def f(a: Any) -> Any:
        b = a * 2.0
        while bool(be.xp.sum(b) < 100.0):
            b = b * 2.0
        return be.xp.sum(b)

    prepared, gradient = (be.prepare(g, array(be, [0.5, 1.0])) for g in (f, be.grad(f)))
    for x in ([0.5, 1.0], [30.0, 30.0], [0.25, 0.0], [0.5, 1.0]):
        factor = next(2.0**k for k in range(1, 20) if sum(x) * 2.0**k >= 100.0)
        assert_equal(be, prepared(array(be, x)), sum(x) * factor)
        assert_equal(be, gradient(array(be, x)), [factor, factor])


@clause("PREP-06")
def test_what_python_computes_from_a_value_counts_anew(be: Backend) -> None:
    by_float = be.prepare(lambda x: x * float(x[0]), array(be, [2.0, 3.0]))
    by_index = be.prepare(lambda x: x[int(x[0])] * x, array(be, [1.0, 3.0]))
    for x in ([2.0, 3.0], [0.0, 5.0], [-0.0, 5.0], [1.0, 7.0]):
        assert_equal(be, by_float(array(be, x)), [x[0] * x[0], x[1] * x[0]])
        if x[0] < 2.0:
            assert_equal(be, by_index(array(be, x)), [x[int(x[0])] * x[0], x[int(x[0])] * x[1]])


@clause("PREP-07")
def test_a_variable_is_read_on_every_call(be: Backend) -> None:
    w, x = be.variable([1.0, 2.0], dtype=be.xp.float64), array(be, [3.0, 5.0])
    plain = be.prepare(lambda a: a * w + be.xp.sum(w), x)
    gradient = be.prepare(be.grad(lambda a: be.xp.sum(a * a * w)), x)
    for value in ([1.0, 2.0], [10.0, -1.0], [0.0, 4.0]):
        be.assign(w, np.array(value))
        assert_equal(be, plain(x), np.array([3.0, 5.0]) * value + sum(value))
        assert_equal(be, gradient(x), 2.0 * np.array([3.0, 5.0]) * value)


@clause("PREP-08")
def test_a_tape_inside_can_be_prepared(be: Backend) -> None:
    w = be.variable([1.0, 2.0], dtype=be.xp.float64)

    def gradient(x: Any) -> Any:
        with be.tape() as t:
            y = be.xp.sum(w * w * x)
        return t.grad(y, w)

    prepared = be.prepare(gradient, array(be, [1.0, 1.0]))
    assert_equal(be, prepared(array(be, [3.0, 5.0])), [6.0, 20.0])
    be.assign(w, np.array([10.0, 20.0]))
    assert_equal(be, prepared(array(be, [3.0, 5.0])), [60.0, 200.0])


@clause("PREP-09")
def test_an_assignment_happens_on_every_call_once(be: Backend) -> None:
    w, x = be.variable(0.0, dtype=be.xp.float64), array(be, 2.0)

    def step(a: Any) -> Any:
        be.assign(w, w + a)
        return w * 10.0

    prepared = be.prepare(step, x)
    be.assign(w, 1.0)
    for expected in (3.0, 5.0, 7.0):
        assert_equal(be, prepared(x), expected * 10.0)
        assert_equal(be, w, expected)


@clause("PREP-10")
def test_another_shape_or_dtype_is_refused(be: Backend) -> None:
    prepared = be.prepare(lambda x, t: x * t["w"][0], array(be, [1.0, 2.0]), {"w": [array(be, 3.0)]})
    x = array(be, [1.0, 2.0])
    with pytest.raises(PreparationError) as caught:
        prepared(array(be, [1.0, 2.0, 3.0]), {"w": [array(be, 3.0, "float32")]})
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert any(line.startswith("args[0] has shape (3,), prepared for (2,)") for line in lines)
    assert any(line.startswith("args[1]['w'][0] has dtype") and "32" in line and "64" in line for line in lines)
    narrow, whole = array(be, [1.0, 2.0], "float32"), be.xp.asarray([1, 2])
    for wrong in (array(be, [[1.0, 2.0]]), array(be, [1.0]), narrow, whole, 1.0):
        with pytest.raises(PreparationError, match=r"args\[0\]"):
            prepared(wrong, {"w": [array(be, 3.0)]})
    assert_equal(be, prepared(x, {"w": [array(be, 3.0)]}), [3.0, 6.0])


@clause("PREP-10")
def test_a_shape_that_would_broadcast_is_refused(be: Backend) -> None:
    gradient = be.prepare(be.grad(lambda x, y: be.xp.sum(x * y)), array(be, [[1.0, 2.0]]), array(be, [3.0, 4.0]))
    for x, y in (([1.0, 2.0], [3.0, 4.0]), ([[1.0, 2.0]], 3.0), ([[1.0], [2.0]], [3.0, 4.0])):
        with pytest.raises(PreparationError):
            gradient(array(be, x), array(be, y))


@clause("PREP-11")
def test_another_structure_is_refused(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    prepared = be.prepare(lambda a, b, *, scale: a[0] * b["w"] * scale, (x,), {"w": x}, scale=x)
    wrong: list[tuple[Any, Any]] = [
        (((x,), {"v": x}), {"scale": x}), (((x, x), {"w": x}), {"scale": x}), ((x, {"w": x}), {"scale": x}),
        (((x,), {"w": x}), {}), (((x,), {"w": x}), {"size": x}), (((x,),), {"scale": x}),
        (([x], {"w": x}), {"scale": x}),
    ]  # fmt: skip
    for args, kwargs in wrong:
        with pytest.raises(PreparationError, match="structure"):
            prepared(*args, **kwargs)
    assert_equal(be, prepared((x,), {"w": x}, scale=x), [1.0, 8.0])


@clause("PREP-12")
def test_a_refused_call_changes_nothing(be: Backend) -> None:
    prepared = be.prepare(be.grad(lambda x: be.xp.sum(x * x)), array(be, [1.0, 2.0]))
    for _ in range(2):
        with pytest.raises(PreparationError):
            prepared(array(be, [1.0, 2.0, 3.0]))
        assert_equal(be, prepared(array(be, [3.0, 4.0])), [6.0, 8.0])


@clause("PREP-13")
def test_arguments_and_results_may_be_trees(be: Backend) -> None:
    def f(tree: Any, *, scale: Any) -> Any:
        return {"sum": tree["a"] + tree["b"][0], "rest": [tree["a"] * scale, (tree["b"][1],)]}

    tree = {"a": array(be, [1.0, 2.0]), "b": (array(be, [3.0, 4.0]), array(be, 5.0))}
    prepared = be.prepare(f, tree, scale=array(be, 2.0))
    other = {"a": array(be, [10.0, 20.0]), "b": (array(be, [1.0, 1.0]), array(be, 6.0))}
    found = prepared(other, scale=array(be, 3.0))
    assert_equal(be, found["sum"], [11.0, 21.0])
    assert_equal(be, found["rest"][0], [30.0, 60.0])
    assert_equal(be, found["rest"][1][0], 6.0)
    gradients = be.prepare(be.grad(lambda t: be.xp.sum(t["a"] * t["b"][0])), tree)(other)
    assert_equal(be, gradients["a"], [1.0, 1.0])
    assert_equal(be, gradients["b"][0], [10.0, 20.0])
    assert_equal(be, gradients["b"][1], 0.0)


@clause("PREP-14")
def test_what_is_no_array_counts_by_its_value(be: Backend) -> None:
    def f(x: Any, factor: float, how: str, flag: bool) -> Any:
        y = x * factor if how == "times" else x + factor
        return -y if flag else y

    prepared = be.prepare(f, array(be, [1.0, 2.0]), 3.0, "times", False)
    x = array(be, [5.0, 7.0])
    assert_equal(be, prepared(x, 3.0, "times", False), [15.0, 21.0])
    for factor in range(12):
        assert_equal(be, prepared(x, float(factor), "plus", True), [-5.0 - factor, -7.0 - factor])
    assert_equal(be, prepared(x, 3.0, "times", False), [15.0, 21.0])
    with pytest.raises(PreparationError, match=r"args\[1\]"):
        prepared(x, "3.0", "times", False)


@clause("PREP-28")
@pytest.mark.parametrize("where", ["in the function", "in its arguments", "in its elements", "in a gradient"])
def test_minus_zero_beside_zero_is_another_number(be: Backend, where: str) -> None:
    xp = be.xp
    x = array(be, [3.0, -5.0])
    above, below = np.array([0.0, 0.0]), np.array([-0.0, -0.0])

    def f(x: Any) -> Any:
        return xp.copysign(x, be.asarray(above)) + 10.0 * xp.copysign(x, be.asarray(below))

    if where == "in the function":
        assert_equal(be, be.prepare(f, x)(x), [-27.0, -45.0])
    elif where == "in a gradient":
        assert_equal(be, be.prepare(be.grad(lambda x: xp.sum(f(x))), x)(x), [-9.0, 9.0])
    elif where == "in its elements":
        signs = be.prepare(lambda x: xp.copysign(array(be, [1.0, 1.0]), x), be.asarray(above))
        assert_equal(be, signs(be.asarray(below)), [-1.0, -1.0])
        assert_equal(be, signs(be.asarray(above)), [1.0, 1.0])
    else:
        signs = be.prepare(lambda x, zero: xp.copysign(x, be.asarray(np.array([zero, zero]))), x, 0.0)
        assert_equal(be, signs(x, -0.0), [-3.0, -5.0])
        assert_equal(be, signs(x, 0.0), [3.0, 5.0])


@clause("PREP-15")
def test_results_share_memory_with_no_other_call(be: Backend) -> None:
    prepared = be.prepare(lambda x: (x * 2.0, be.xp.sin(x) * 0.0, be.xp.sum(x)), array(be, [1.0, 2.0]))
    x = array(be, [3.0, 4.0])
    first, second = prepared(x), prepared(x)
    expected: tuple[Any, ...] = ([6.0, 8.0], [0.0, 0.0], 7.0)
    for k in range(3):
        write(first[k], ..., -1.0)
        for one, value in zip((*first[k + 1 :], *second), (*expected[k + 1 :], *expected), strict=True):
            assert_equal(be, one, value)
    assert_equal(be, x, [3.0, 4.0])
    for one, value in zip(prepared(x), expected, strict=True):
        assert_equal(be, one, value)


@clause("PREP-15")
def test_an_earlier_result_outlives_later_calls(be: Backend) -> None:
    gradient = be.prepare(be.value_and_grad(lambda x: be.xp.sum(x * x * x)), array(be, [1.0, 2.0]))
    results = [gradient(array(be, [float(i), 1.0])) for i in range(4)]
    for i, (value, slope) in enumerate(results):
        assert_equal(be, value, i**3 + 1.0)
        assert_equal(be, slope, [3.0 * i * i, 3.0])


@clause("PREP-16")
def test_an_open_tape_differentiates_arguments_and_closures(be: Backend) -> None:
    w, x = be.variable(3.0, dtype=be.xp.float64), array(be, [1.0, 2.0])
    prepared = be.prepare(lambda a: be.xp.sum(a * a * w), x)
    for factor in (3.0, 5.0):
        be.assign(w, factor)
        with be.tape() as t:
            watched = t.watch(x)
            y = prepared(watched) + prepared(x)
        gx, gw = t.grad(y, (watched, w))
        assert_equal(be, gx, [2.0 * factor, 4.0 * factor])
        assert_equal(be, gw, 10.0)
        assert_equal(be, prepared(x), 5.0 * factor)


@clause("PREP-16")
def test_it_can_be_prepared_while_a_tape_is_open(be: Backend) -> None:
    w, x = be.variable(3.0, dtype=be.xp.float64), array(be, [1.0, 2.0])
    with be.tape() as t:
        prepared = be.prepare(lambda a: be.xp.sum(a * w), x)
        y = w * prepared(x)
    assert_equal(be, t.grad(y, w), 18.0)
    be.assign(w, 1.0)
    assert_equal(be, prepared(x), 3.0)


@clause("PREP-17")
def test_it_composes_with_other_operators(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    cube = be.prepare(lambda a: a * a * a, x)
    of_one = be.prepare(lambda a: a * a, array(be, 1.0))
    assert_equal(be, be.grad(lambda a: be.xp.sum(cube(a)))(x), [3.0, 12.0])
    assert_equal(be, be.vmap(of_one)(x), [1.0, 4.0])
    nested = be.prepare(lambda a: cube(a) + 1.0, x)
    assert_equal(be, nested(array(be, [2.0, 3.0])), [9.0, 28.0])
    batched = be.prepare(be.vmap(be.grad(lambda a: a * a * a)), x)
    assert_equal(be, batched(array(be, [2.0, 3.0])), [12.0, 27.0])


@clause("PREP-18")
def test_it_composes_with_higher_derivatives(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    cube = be.prepare(lambda a: be.xp.sum(a * a * a), x)
    slope = be.prepare(be.grad(lambda a: be.xp.sum(a * a * a)), x)
    assert_equal(be, be.hessian(cube)(x), [[6.0, 0.0], [0.0, 12.0]])
    assert_equal(be, be.jacobian(slope)(x), [[6.0, 0.0], [0.0, 12.0]])
    assert_equal(be, be.jvp(slope, (x,), (array(be, [1.0, 10.0]),))[1], [6.0, 120.0])


@clause("PREP-19")
def test_threads_have_their_own_answers(be: Backend) -> None:
    gradient = be.prepare(be.grad(lambda x: be.xp.sum(x * x * x)), array(be, [0.0] * 8))
    found: dict[int, list[Any]] = {}
    start = threading.Barrier(4)

    def work(number: int) -> None:
        x = array(be, [float(number)] * 8)
        start.wait()
        found[number] = [be.to_numpy(gradient(x)) for _ in range(25)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        assert all(np.array_equal(one, [3.0 * number**2] * 8) for one in found[number])


@clause("PREP-20")
def test_out_receives_the_result(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    gradient = be.prepare(be.grad(lambda a, b: be.xp.sum(a * a * b), argnums=(0, 1)), x, x)
    out = (be.variable([0.0, 0.0], dtype=be.xp.float64), be.variable([0.0, 0.0], dtype=be.xp.float64))
    for scale in (1.0, 3.0):
        found = gradient(x, array(be, [scale, scale]), out=out)
        assert found is out
        assert_equal(be, out[0], [2.0 * scale, 4.0 * scale])
        assert_equal(be, out[1], [1.0, 4.0])
    with pytest.raises(ShapeMismatchError, match="out"):
        gradient(x, x, out=(out[0], be.variable(0.0, dtype=be.xp.float64)))
    with pytest.raises(ShapeMismatchError, match="out"):
        gradient(x, x, out=out[0])


@clause("PREP-23")
def test_out_may_be_mutable_arrays_and_even_the_arguments(be: Backend) -> None:
    x, y = array(be, [1.0, 2.0]), array(be, [5.0, 6.0])
    swap = be.prepare(lambda a, b: (b * 10.0, a * 100.0), x, y)
    out = (array(be, [0.0, 0.0]), array(be, [0.0, 0.0]))
    assert swap(x, y, out=out) is out
    assert_equal(be, out[0], [50.0, 60.0])
    assert_equal(be, out[1], [100.0, 200.0])
    swap(x, y, out=(x, y))
    assert_equal(be, x, [50.0, 60.0])
    assert_equal(be, y, [100.0, 200.0])


@clause("PREP-29")
def test_out_may_overlap_an_argument(be: Backend) -> None:
    buffer = array(be, [1.0, 2.0, 3.0, 0.0])
    prepared = be.prepare(lambda a: (a * 10.0, be.xp.cumulative_sum(a)), array(be, [1.0, 2.0, 3.0]))
    out = (buffer[1:], array(be, [0.0, 0.0, 0.0]))
    assert prepared(buffer[:-1], out=out) is out
    assert_equal(be, buffer, [1.0, 10.0, 20.0, 30.0])
    assert_equal(be, out[1], [1.0, 3.0, 6.0])


@clause("PREP-21")
def test_an_error_of_the_function_is_raised_when_its_time_comes(be: Backend) -> None:
    def f(x: Any) -> Any:
        if bool(be.xp.sum(x) < 0.0):
            raise LookupError("negative")
        return x * 2.0

    prepared = be.prepare(f, array(be, [1.0, 2.0]))
    for _ in range(2):
        with pytest.raises(LookupError, match="negative"):
            prepared(array(be, [-1.0, -2.0]))
        assert_equal(be, prepared(array(be, [3.0, 4.0])), [6.0, 8.0])


@clause("PREP-22")
def test_numpy_arrays_are_taken_as_the_backends_own(be: Backend) -> None:
    prepared = be.prepare(lambda x, y: x * y, np.array([1.0, 2.0]), array(be, [3.0, 4.0]))
    assert_equal(be, prepared(np.array([5.0, 6.0]), np.array([3.0, 4.0])), [15.0, 24.0])
    assert_equal(be, prepared(array(be, [5.0, 6.0]), array(be, [3.0, 4.0])), [15.0, 24.0])
