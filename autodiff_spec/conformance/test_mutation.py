"""Chapter MUT. A small constant and a large one, for an engine may copy the one and lock the other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend, MutationError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_equal, write

SIZES = pytest.mark.parametrize("size", [3, 100_000], ids=["small", "large"])


def constant(be: Backend, size: int) -> Any:
    return be.asarray(np.full(size, 2.0))


def variable(be: Backend, size: int) -> Any:
    return be.variable(np.full(size, 3.0))


def assert_two_or_noticed(be: Backend, gradient: Callable[[], Any], size: int) -> None:
    """The gradient is that of the values which were captured, or MutationError."""
    try:
        found = gradient()
    except MutationError:
        return
    assert_equal(be, found, np.full(size, 2.0))


@clause("MUT-01")
@SIZES
@pytest.mark.parametrize("by", ["product", "quotient", "where"])
def test_writing_into_a_captured_constant_raises_or_does_no_harm(be: Backend, size: int, by: str) -> None:
    v, c = variable(be, size), constant(be, size)
    mask = c > 1.0
    with be.tape() as t:
        if by == "product":
            y = c * v
        elif by == "quotient":
            y = 4.0 * v / c
        else:
            y = be.xp.where(mask, 2.0 * v, v)
        write(c, 0, 100.0)
        write(mask, 0, False)
    assert_two_or_noticed(be, lambda: t.grad(y, v), size)


@clause("MUT-02")
@SIZES
def test_writing_into_the_base_of_a_captured_view_raises_or_does_no_harm(be: Backend, size: int) -> None:
    v, whole = variable(be, size), constant(be, 2 * size)
    part = whole[:size]
    with be.tape() as t:
        y = v * part
    write(whole, 0, 100.0)
    assert_two_or_noticed(be, lambda: t.grad(y, v), size)


@clause("MUT-03")
@SIZES
def test_writing_into_what_a_pullback_captured_raises_or_does_no_harm(be: Backend, size: int) -> None:
    c = constant(be, size)
    y, pullback = be.vjp(lambda x: x * c, constant(be, size))
    write(c, 0, 100.0)
    assert_two_or_noticed(be, lambda: pullback(be.xp.ones_like(y))[0], size)


class _Left(Exception):
    pass


@clause("MUT-04")
@SIZES
@pytest.mark.parametrize("end", ["spent", "dropped", "left by an exception"])
def test_afterwards_a_captured_array_is_as_writable_as_before(be: Backend, size: int, end: str) -> None:
    v, c = variable(be, size), constant(be, size)
    writable = write(c, 0, 2.0)

    def record() -> None:
        with be.tape() as t:
            y = v * c
            if end == "left by an exception":
                raise _Left
        if end == "spent":
            t.grad(y, v)

    with contextlib.suppress(_Left):
        record()
    assert write(c, 0, 2.0) == writable


@clause("MUT-05")
@SIZES
def test_an_array_changed_between_two_recordings_counts_by_what_each_saw(be: Backend, size: int) -> None:
    v, c = variable(be, size), constant(be, size)

    def gradient() -> Any:
        with be.tape() as t:
            y = v * c
        return t.grad(y, v)

    assert_equal(be, gradient(), np.full(size, 2.0))
    expected = np.full(size, 2.0)
    if write(c, 1, 5.0):
        expected[1] = 5.0
    assert_equal(be, gradient(), expected)


@clause("MUT-06")
@SIZES
@pytest.mark.parametrize("output", ["the answer that a rule reads", "a part of the argument"])
def test_writing_into_the_value_that_vjp_returned_raises_or_does_no_harm(be: Backend, size: int, output: str) -> None:
    if output == "the answer that a rule reads":
        y, pullback = be.vjp(be.xp.sqrt, be.asarray(np.full(size, 0.0625)))
        gradient = lambda: pullback(be.xp.ones_like(y))[0]  # noqa: E731
        write(y, 0, 100.0)
    else:
        (y, part), pullback = be.vjp(lambda x: (x * x, x[:1]), be.asarray(np.ones(size)))
        gradient = lambda: pullback((be.xp.ones_like(y), be.xp.zeros_like(part)))[0]  # noqa: E731
        write(part, 0, 100.0)
    assert_two_or_noticed(be, gradient, size)


READ: dict[str, Callable[[Any, Any], Any]] = {
    "itself": lambda xp, x: x,
    "a slice": lambda xp, x: x[:1],
    "all in another shape": lambda xp, x: xp.reshape(x, (1, -1)),
    "axes in the same order": lambda xp, x: xp.permute_dims(x, (0,)),
    "all of the same dtype": lambda xp, x: xp.astype(x, x.dtype, copy=False),
}


@clause("MUT-07")
@SIZES
@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("when", ["while the tape pauses", "after the tape", "of a variable before the tape"])
def test_writing_into_what_was_read_where_no_tape_records_raises_or_does_no_harm(
    be: Backend, size: int, read: str, when: str
) -> None:
    x = be.variable(np.ones(size))
    part: Any = READ[read](be.xp, x) if when == "of a variable before the tape" else None
    with be.tape() as t:
        if when != "of a variable before the tape":
            x = t.watch(be.asarray(np.ones(size)))
        y = x * x
        if when == "while the tape pauses":
            with be.pause():
                part = READ[read](be.xp, x)
    if when == "after the tape":
        part = READ[read](be.xp, x)
    write(part, (0,) * len(part.shape), 100.0)
    assert_two_or_noticed(be, lambda: t.grad(y, x), size)
