"""Chapters GRAD and VJP: results are fresh and dense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_equal, write

# Programs whose pullbacks are tempted to hand on the cotangent, one shared buffer, a view or a constant.
PROGRAMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "a + b": lambda xp, a, b: a + b,
    "a - b": lambda xp, a, b: a - b,
    "a * b": lambda xp, a, b: a * b,
    "sum(a) + sum(b)": lambda xp, a, b: xp.sum(a) + xp.sum(b),
    "sum(a * b)": lambda xp, a, b: xp.sum(a * b),
    "reshape(a) + reshape(b)": lambda xp, a, b: xp.reshape(a, (2, 1)) + xp.reshape(b, (2, 1)),
    "concat": lambda xp, a, b: xp.concat([a, b]),
    "stack": lambda xp, a, b: xp.stack([a, b]),
    "flip(a) + b": lambda xp, a, b: xp.flip(a) + b,
    "asarray(a) + 0 * b": lambda xp, a, b: xp.asarray(a) + 0.0 * b,
    "mean of a, b unused": lambda xp, a, b: xp.mean(a) + 0.0 * xp.sum(b),
}

programs = pytest.mark.parametrize("program", list(PROGRAMS))


def recording(be: Backend, program: str, *, persistent: bool = False) -> Any:
    """A tape, its two variables and its target."""
    a = be.variable([1.0, 2.0], dtype=be.xp.float64)
    b = be.variable([3.0, 4.0], dtype=be.xp.float64)
    with be.tape(persistent=persistent) as t:
        y = PROGRAMS[program](be.xp, a, b)
    return t, a, b, y


def overwrite(x: Any) -> None:
    """Write 99 into the first element, where that is possible."""
    write(x, (0,) * len(x.shape), 99.0)


@clause("GRAD-22")
@programs
def test_writing_into_one_result_changes_no_other(be: Backend, program: str) -> None:
    t, a, b, y = recording(be, program)
    results = t.grad(y, (a, b, a))
    before = [be.to_numpy(g).tolist() for g in results]
    for k, result in enumerate(results):
        overwrite(result)
        assert [be.to_numpy(g).tolist() for g in results[k + 1 :]] == before[k + 1 :]


@clause("VJP-33")
@programs
def test_writing_into_one_result_of_the_functional_form_changes_no_other(be: Backend, program: str) -> None:
    a, b = be.asarray([1.0, 2.0]), be.asarray([3.0, 4.0])
    results = be.grad(lambda x, y: PROGRAMS[program](be.xp, x, y), argnums=(0, 1, 0))(a, b)
    before = [be.to_numpy(g).tolist() for g in results]
    for k, result in enumerate(results):
        overwrite(result)
        assert [be.to_numpy(g).tolist() for g in results[k + 1 :]] == before[k + 1 :]


@clause("GRAD-22")
def test_zeros_of_unconnected_sources_share_no_memory(be: Backend) -> None:
    v, a, b = (be.variable([1.0, 2.0]) for _ in range(3))
    with be.tape() as t:
        y = v * v
    first, second = t.grad(y, (a, b))
    overwrite(first)
    assert_equal(be, second, [0.0, 0.0])


@clause("GRAD-23")
@programs
def test_writing_into_a_result_does_not_change_the_cotangent(be: Backend, program: str) -> None:
    t, a, b, y = recording(be, program)
    cotangent = be.asarray(np.full(tuple(y.shape), 5.0))
    results = t.grad(y, (a, b), cotangent=cotangent)
    for result in results:
        assert result is not cotangent
        overwrite(result)
        assert set(be.to_numpy(cotangent).ravel().tolist()) == {5.0}


@clause("GRAD-23")
@pytest.mark.parametrize("kind", ["native", "NumPy's"])
@pytest.mark.parametrize("source", ["a variable", "a watched array"])
def test_the_derivative_of_a_source_by_itself_is_a_copy_of_the_cotangent(be: Backend, source: str, kind: str) -> None:
    given: Any = np.array([5.0, 6.0])
    cotangent = be.asarray(given) if kind == "native" else given
    with be.tape() as t:
        v = be.variable([1.0, 2.0], dtype=be.xp.float64)
        x = v if source == "a variable" else t.watch(v)
        _ = x * x
    g = t.grad(x, x, cotangent=cotangent)
    overwrite(g)
    assert np.asarray(be.to_numpy(cotangent) if kind == "native" else cotangent).tolist() == [5.0, 6.0]


@clause("VJP-34")
@programs
def test_writing_into_what_a_pullback_returns_does_not_change_the_cotangent(be: Backend, program: str) -> None:
    a, b = be.asarray([1.0, 2.0]), be.asarray([3.0, 4.0])
    y, pullback = be.vjp(lambda x, z: PROGRAMS[program](be.xp, x, z), a, b)
    cotangent = be.asarray(np.full(tuple(y.shape), 5.0))
    first = [be.to_numpy(g).tolist() for g in pullback(cotangent)]
    for result in pullback(cotangent):
        overwrite(result)
    assert set(be.to_numpy(cotangent).ravel().tolist()) == {5.0}
    assert [be.to_numpy(g).tolist() for g in pullback(cotangent)] == first
    assert be.to_numpy(a).tolist() == [1.0, 2.0]
    assert be.to_numpy(b).tolist() == [3.0, 4.0]


@clause("GRAD-24")
@programs
def test_writing_into_a_result_changes_no_source_or_target(be: Backend, program: str) -> None:
    t, a, b, y = recording(be, program)
    value = be.to_numpy(y).tolist()
    for result in t.grad(y, (a, b)):
        overwrite(result)
    assert be.to_numpy(a).tolist() == [1.0, 2.0]
    assert be.to_numpy(b).tolist() == [3.0, 4.0]
    assert be.to_numpy(y).tolist() == value


@clause("GRAD-24")
@pytest.mark.parametrize("program", ["a * b", "sum(a * b)", "a + b"])
def test_writing_into_a_result_changes_no_constant(be: Backend, program: str) -> None:
    v, constant = be.variable([1.0, 2.0], dtype=be.xp.float64), be.asarray([3.0, 4.0], dtype=be.xp.float64)
    with be.tape() as t:
        y = PROGRAMS[program](be.xp, v, constant)
    overwrite(t.grad(y, v))
    assert_equal(be, constant, [3.0, 4.0])


@clause("GRAD-25")
@programs
def test_writing_into_a_result_does_not_change_the_next_answer(be: Backend, program: str) -> None:
    t, a, b, y = recording(be, program, persistent=True)
    results = t.grad(y, (a, b))
    before = [be.to_numpy(g).tolist() for g in results]
    for result in results:
        overwrite(result)
    assert [be.to_numpy(g).tolist() for g in t.grad(y, (a, b))] == before


@clause("GRAD-26")
@programs
def test_each_element_of_a_result_has_memory_of_its_own(be: Backend, program: str) -> None:
    t, a, b, y = recording(be, program)
    for result in t.grad(y, (a, b)):
        rest = be.to_numpy(result)[1]
        overwrite(result)
        assert be.to_numpy(result)[1] == rest
