"""Prepared functions of the NumPy engine: replayed exactly, into kept memory, and never where that would be wrong."""

from __future__ import annotations

import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import autodiff_spec as ad
from autodiff_numpy.prepare import compiled
from autodiff_spec.conformance.functions import FUNCTIONS, Variant
from autodiff_spec.conformance.programs import Case, cases, pool_of
from autodiff_spec.core import trees

pytestmark = pytest.mark.filterwarnings("ignore::autodiff_spec.IndependentWarning")  # of floor and its like
be = ad.backend("numpy")
VARIANTS = [variant for function in FUNCTIONS for variant in function.variants]
DTYPES = ("float16", "float32", "float64", "longdouble", "complex64", "int32", "uint8", "bool")
INDEX_OF_A_CONSTANT = ("at add", "segment_sum", "complex beyond segment_sum")  # NumPy reads the index without asking
X = np.array([1.0, -2.0, 3.0])
LOOKING = {"prod", "cumulative_prod", "sort", "take_along_axis", "interp", "segment_sum"}  # which look at values


@pytest.fixture(scope="module", autouse=True, params=["compiled", "pure"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Everything here holds with the compiled module and without."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "pure":
            patch.setattr(compiled, "SPEED", None)
        elif compiled.SPEED is None:
            pytest.skip("the compiled module was not built, or AUTODIFF_SPEC_PURE is set")
        yield request.param


def prepared(f: Callable[..., Any], *args: Any) -> tuple[Any, Any]:
    """A prepared function, and what the engine made of it."""
    made = be.prepare(f, *args)
    (run,) = made._runs.values()
    return made, run


def assert_same(found: Any, expected: Any) -> None:
    leaves, structure = trees.flatten(found, (np.ndarray,))
    others, like = trees.flatten(expected, (np.ndarray,))
    assert structure == like
    for one, other in zip(leaves, others, strict=True):
        assert isinstance(one, np.ndarray) == isinstance(other, (np.ndarray, np.generic))
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other, strict=False)


# --- what is replayed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_every_function_and_its_gradient_is_replayed_to_the_bit(variant: Variant) -> None:
    arrays = variant.arrays(variant.shapes[0])
    other = [array[..., ::-1].copy() if array.ndim else array for array in arrays]
    tracked = tuple(i for i, arg in enumerate(variant.args) if arg.differentiable)

    def f(*args: Any) -> Any:
        return variant.program(be.extra if variant.extra else be.xp, *args)

    def size(*args: Any) -> Any:
        results = f(*args)
        parts = results if isinstance(results, tuple) else (results,)
        return sum(be.xp.sum(be.xp.real(part * part)) for part in parts if part.dtype.kind in "fc")

    for program in (f, be.grad(size, tracked)) if tracked else (f,):
        made, run = prepared(program, *arrays)
        assert bool(run.refused) == (variant.name in INDEX_OF_A_CONSTANT)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # reversed arguments may lie outside of the function's domain
            for args in (arrays, other, arrays):
                try:
                    expected = program(*args)
                except np.linalg.LinAlgError as error:
                    with pytest.raises(np.linalg.LinAlgError, match=str(error)):
                        made(*args)
                else:
                    assert_same(made(*args), expected)


def test_a_share_that_is_traced_is_added_to_constant_ones() -> None:
    def f(x: Any) -> Any:
        return be.xp.var(x) + be.xp.sum(be.xp.stack([x, x]))  # back to front: two shares are constants, the next is not

    made, run = prepared(be.grad(f), np.array([1.0, 2.0]))
    assert not run.refused
    np.testing.assert_array_equal(made(np.array([3.0, 5.0])), be.grad(f)(np.array([3.0, 5.0])))


@given(case=cases(pool_of(be), dtypes=("float64",)))
def test_random_programs_and_their_derivatives_are_replayed_to_the_bit(case: Case) -> None:
    every = tuple(range(len(case.args)))

    def f(*arrays: Any) -> Any:
        results = case.program.function(be, be.xp, *arrays)
        return sum(be.xp.sum(part) for part in results) if isinstance(results, tuple) else be.xp.sum(results)

    def slope(*arrays: Any) -> Any:
        return sum(be.xp.sum(be.xp.sin(g)) for g in be.grad(f, every)(*arrays))

    other = [0.75 * array for array in case.args]
    for function in (f, be.grad(f, every), be.grad(slope, every)):
        made, run = prepared(function, *case.args)
        writes = function is f and "writes" in {operation.group for operation in case.program.operations}
        assert not run.refused or writes or LOOKING & {operation.name for operation in case.program.operations}
        for arrays in (case.args, other, case.args):
            with np.errstate(all="ignore"):  # elsewhere the domain may be left
                assert_same(made(*arrays), function(*arrays))


def test_the_source_is_one_line_a_call() -> None:
    _, run = prepared(be.grad(lambda x: np.sum(np.sin(x) * x)), X)
    (program, *_), *_ = run.programs
    lines = program.source.splitlines()
    assert lines[0] == "def replay(x0, o0):"
    assert any(line.strip().startswith("cos(x0, ") for line in lines)
    assert len(lines) <= program.calls + 3  # the head, the settings for errors, the results
    assert "sum" not in program.source  # nothing asks for the value


def test_what_no_result_needs_is_left_out() -> None:
    def f(x: Any) -> Any:
        np.exp(x)
        np.linalg.eigh(np.outer(x, x))
        return x * 2.0

    _, run = prepared(f, X)
    assert run.programs[0][0].calls == 1


@pytest.mark.parametrize("exponent", [2, 2.0, 0.5, -1, -1.0, 1, 3, 0, 1.5, np.float64(2.0)])
def test_powers_are_those_of_the_operator(exponent: Any) -> None:
    x = np.array([0.0, -0.0, 2.0, 0.3, np.inf])
    with np.errstate(all="ignore"):
        made, run = prepared(lambda a: (a**exponent, exponent**a), x)
        y = x[::-1].copy()
        assert_same(made(y), (y**exponent, exponent**y))
    assert not run.refused


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_are_those_of_the_function(dtype: str) -> None:
    x = np.array([1, 0, 3]).astype(dtype)

    def f(a: Any) -> Any:
        sums = np.sum(a), a.mean(), a[0] + a[1]
        return a * 2, a + 1.5, a / 3, np.where(a, a, 0.5), a.astype("complex64"), a > 1, *sums

    made, run = prepared(f, x)
    assert not run.refused
    assert_same(made(x[::-1].copy()), tuple(map(np.asarray, f(x[::-1].copy()))))


def test_memory_that_is_not_contiguous_is_read_right() -> None:
    matrix = np.arange(12.0).reshape(3, 4)

    def f(a: Any) -> Any:
        return a.T.reshape(2, 6) @ np.ravel(a)[:6], a.T.reshape(-1) * 2.0, np.reshape((a * 2.0).T, (6, 2))

    made, run = prepared(f, matrix)
    assert not run.refused
    for other in (matrix[::-1], np.asfortranarray(matrix), np.ones((4, 3)).T):
        assert_same(made(other), f(other))


def test_floating_point_warnings_are_those_of_the_function() -> None:
    made, _ = prepared(lambda x: np.log(x), np.array([1.0, 2.0]))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        made(np.array([0.0, 1.0]))
    gradient, _ = prepared(be.grad(lambda x: np.sum(np.sqrt(x))), np.array([1.0, 2.0]))
    assert_same(gradient(np.array([0.0, 1.0])), np.array([np.inf, 0.5]))  # and no warning: backward is silent


# --- memory ---------------------------------------------------------------------------------------------------


def peak(run: Callable[[], Any]) -> int:
    """The memory that one more call takes at most, its result included."""
    kept = [run(), run()]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept.append(run())
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def deep(x: Any, w: Any) -> Any:
    for _ in range(5):
        x = np.tanh(x @ w + 0.1) * 1.01
    return np.sum(np.where(x > 0, x, 0.5 * x) ** 2)


def test_no_array_is_allocated_with_out_and_one_for_each_result_without() -> None:
    x, w = np.full((256, 64), 0.01), np.full((64, 64), 0.02)
    made, run = prepared(be.grad(deep, (0, 1)), x, w)
    assert not run.refused
    out = (np.empty_like(x), np.empty_like(w))
    small = 8 * 1024  # lists, tuples and views; an array of the program has 128 KiB
    assert peak(lambda: made(x, w, out=out)) < small
    assert abs(peak(lambda: made(x, w)) - x.nbytes - w.nbytes) < small
    assert_same(out, be.grad(deep, (0, 1))(x, w))


def test_buffers_are_used_again() -> None:
    def f(x: Any) -> Any:
        for _ in range(50):
            x = np.sin(x) * 1.5 + 0.25
        return np.sum(x)

    _, run = prepared(f, X)
    names = run.programs[0][0].replay.__globals__
    assert sum(type(value) is np.ndarray and value.shape == (3,) for value in names.values()) == 1


# --- what is noticed ------------------------------------------------------------------------------------------


def test_each_way_through_the_branches_is_recorded_once() -> None:
    runs = []

    def f(x: Any) -> Any:
        runs.append(1)
        return x * 2.0 if np.sum(x) > 0 else x if np.max(x) > -1 else x - 1.0

    made, run = prepared(f, X)
    for _ in range(3):
        for x in (X, -X, -abs(X) - 2.0):
            assert_same(made(x), x * 2.0 if np.sum(x) > 0 else x if np.max(x) > -1 else x - 1.0)
    assert len(run.programs) == 3
    assert len(runs) == 6  # each is recorded, and recorded again to compare


def test_a_function_whose_branches_never_come_back_runs_as_it_is() -> None:
    made, run = prepared(lambda x: x * float(x[0]), X)
    for i in range(100):
        x = np.array([i + 0.5, 1.0, 2.0])
        assert_same(made(x), x * x[0])
    assert "another way" in run.refused


def test_the_shape_of_a_selection_is_looked_at() -> None:
    def f(x: Any) -> Any:
        chosen = x[x > 0]
        return np.sum(chosen * np.arange(float(chosen.size)))

    made, run = prepared(f, X)
    gradient, _ = prepared(be.grad(f), X)
    for x in (X, -X, X, np.zeros(3), -X):
        assert_same(made(x), np.asarray(f(x)))
        assert_same(gradient(x), be.grad(f)(x))
    assert not run.refused


def shuffled_in_place(x: Any) -> Any:
    y = x * 2.0
    y[0] = 5.0
    return y


def added_in_place(x: Any) -> Any:
    y = x * 2.0
    z = y
    y += 1.0
    return z


def written_into_a_constant(x: Any) -> Any:
    found = np.zeros(3)
    found[1] = x[0]
    return found


def written_by_out(x: Any) -> Any:
    found = np.zeros(3)
    np.multiply(x, 2.0, out=found)
    np.copyto(found[:1], x[1:2])
    return found


def converted(x: Any) -> Any:
    return np.asarray(x) * 2.0 + np.array([x[0], x[1], x[2]])


def counted(x: Any) -> Any:
    buffer = np.ones(3)
    y = x * buffer
    buffer += 1.0
    return y * buffer


def compared(x: Any) -> Any:
    return x * 2.0 if np.array_equal(x, X) else x * 3.0


def nearly_compared(x: Any) -> Any:
    return be.grad(lambda x: x * 2.0 if np.allclose(x, X) else x * 3.0)(x)


ESCAPES = [shuffled_in_place, added_in_place, written_by_out, converted, counted, compared, nearly_compared]


@pytest.mark.parametrize("f", ESCAPES, ids=lambda f: f.__name__)
def test_what_cannot_be_replayed_runs_as_it_is(f: Any) -> None:
    made, run = prepared(f, X)
    assert run.refused
    assert run.refused in repr(made)
    assert run.refused in made.explain()
    for x in (X, -X):
        assert_same(made(x.copy()), f(x.copy()))


def test_an_element_in_a_constant_array_counts_by_its_value() -> None:
    made, _ = prepared(written_into_a_constant, X)
    for x in (X, -X, X * 3.0, X):
        assert_same(made(x), np.array([0.0, x[0], 0.0]))


def test_what_is_drawn_is_drawn_anew() -> None:
    generator, twin = np.random.default_rng(1), np.random.default_rng(1)
    made, run = prepared(lambda x: x + generator.normal(size=3), X)
    assert run.refused
    twin.normal(size=(2, 3))
    assert_same(made(X), X + twin.normal(size=3))


def test_an_argument_that_is_written_to_is_written_to_once() -> None:
    def f(x: Any) -> Any:
        x += 1.0
        return x * 2.0

    made, _ = prepared(f, X.copy())
    x = X.copy()
    assert_same(made(x), (X + 1.0) * 2.0)
    assert_same(x, X + 1.0)


def test_captured_arrays_may_change_in_place() -> None:
    data = np.array([1.0, 2.0, 3.0])
    made, run = prepared(lambda x: np.sum(x * data), X)
    data[...] = 10.0
    assert not run.refused
    assert_same(made(X), np.asarray(20.0))


def test_a_program_that_asks_for_numpys_types_gets_the_same_answer() -> None:
    made, run = prepared(lambda x: x * 2.0 if isinstance(x, np.ndarray) and isinstance(x[0], float) else x, X)
    assert_same(made(-X), -X * 2.0)
    assert not run.refused


def test_a_result_that_is_no_tree_of_arrays_runs_as_it_is() -> None:
    made, run = prepared(lambda x: be.vjp(lambda a: a * a, x), X)
    assert "tree" in run.refused
    y, pullback = made(X)
    assert_same(pullback(y)[0], 2.0 * X * y)


def test_results_are_arrays_of_their_own() -> None:
    constant = np.array([9.0])
    made, run = prepared(lambda x: (x, x[0], np.sum(x), x.T, constant, 3.0, None), X)
    assert not run.refused
    for _ in range(2):
        found = made(X)
        for one in found[:5]:
            assert type(one) is np.ndarray
            assert one.flags.writeable
            assert one.base is None
            assert not np.shares_memory(one, X)
            assert not np.shares_memory(one, constant)
            one[...] = -1.0
        assert found[5:] == (3.0, None)
    assert_same(made(X)[4], np.array([9.0]))


def test_a_thread_that_finds_the_buffers_taken_runs_the_function_as_it_is() -> None:
    made, run = prepared(lambda x: x * 2.0, X)
    with run._lock:
        thread = threading.Thread(target=lambda: found.append(made(X)))
        found: list[Any] = []
        thread.start()
        thread.join(10.0)
    assert_same(found[0], X * 2.0)


def test_lists_objects_and_scipys_functions_are_no_obstacle() -> None:
    special = pytest.importorskip("scipy.special")

    def f(x: Any) -> Any:
        q, r = np.linalg.qr(np.outer(x, x) + np.eye(3))
        parts = np.split(q @ r, 3)
        return special.erf(parts[0]) + np.linalg.solve(r, x) + sum(np.unstack(x)) + np.einsum("i,i->", x, x)

    made, run = prepared(f, X)
    assert not run.refused
    for x in (X, X + 0.5):
        assert_same(made(x), f(x))
