"""Chapter MEM.

What is measured is the process: each test would hold on to many times what it allows if anything leaked. Arrays are of
one mebibyte (of 64 kibibytes where many small steps are taken), so that neither the interpreter's nor a framework's own
bookkeeping matters.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_equal, resident_bytes

MEBIBYTE = 1 << 20
LENGTH = MEBIBYTE // 8
OPERATIONS = 10
ROUNDS = 20
KEPT = OPERATIONS * ROUNDS * MEBIBYTE
"""What a test below would keep, at least, if the residuals of each round were kept."""


def growth(work: Callable[[], Any], rounds: int = ROUNDS, *, collect: bool = False) -> int:
    """By how many bytes the process grows over ``rounds`` of ``work``, the garbage collector switched off."""
    for _ in range(3):
        work()
    gc.collect()
    before = resident_bytes()
    gc.disable()
    try:
        for _ in range(rounds):
            work()
        if collect:
            gc.collect()
        return resident_bytes() - before
    finally:
        gc.enable()


def large(be: Backend) -> Any:
    return be.variable(np.linspace(0.0, 1.0, LENGTH))


def chain(be: Backend, x: Any) -> Any:
    """A scalar from operations that each need a residual of the size of ``x``."""
    for _ in range(OPERATIONS):
        x = be.xp.sin(x)
    return be.xp.sum(x)


@clause("MEM-01")
def test_a_thousand_gradients_leave_no_objects_behind(be: Backend) -> None:
    v = be.variable([1.0, 2.0, 3.0], dtype=be.xp.float64)

    def step() -> None:
        with be.tape() as t:
            y = be.xp.sum(be.xp.sin(v) * v)
        be.assign(v, v - 0.001 * t.grad(y, v))

    def count(steps: int) -> int:
        for _ in range(steps):
            step()
        gc.collect()
        return sys.getallocatedblocks()

    count(50)  # fills what caches there are
    before = count(50)
    assert count(1000) - before < 500  # one object kept at every step would be a thousand


@clause("MEM-02")
def test_a_thousand_gradients_do_not_grow_the_process(be: Backend) -> None:
    v, storage = be.variable(np.ones(LENGTH // 16)), be.variable(np.zeros(LENGTH // 16))

    def step() -> None:
        with be.tape() as t:
            y = be.xp.sum(v * v)
        t.grad(y, v, out=storage)

    assert growth(step, 1000) < 1000 * (MEBIBYTE // 16) // 4
    assert_equal(be, storage[0], 2.0)


@clause("MEM-03")
@pytest.mark.parametrize("by", ["grad", "jacobian"])
def test_a_spent_tape_holds_no_residuals(be: Backend, by: str) -> None:
    v, kept = large(be), []

    def work() -> None:
        with be.tape() as t:
            y = chain(be, v)
        getattr(t, by)(y, v)
        kept.append((t, y))

    assert growth(work) < KEPT // 4
    assert len(kept) == ROUNDS + 3


@clause("MEM-04")
def test_a_recording_that_is_dropped_is_freed_without_the_collector(be: Backend) -> None:
    v = large(be)

    def work() -> None:
        with be.tape():
            chain(be, v)

    assert growth(work) < KEPT // 4


@clause("MEM-05")
def test_a_persistent_tape_that_is_dropped_is_freed_without_the_collector(be: Backend) -> None:
    v = large(be)

    def work() -> None:
        with be.tape(persistent=True) as t:
            y = chain(be, v)
        t.grad(y, v)

    assert growth(work) < KEPT // 4


@clause("MEM-05", "NEST-01")
def test_nested_tapes_that_are_dropped_are_freed_without_the_collector(be: Backend) -> None:
    v = large(be)

    def work() -> None:
        with be.tape() as outer:
            with be.tape() as inner:
                y = be.xp.sum(v * v * v)
            g = be.xp.sum(inner.grad(y, v))
        outer.grad(g, v)

    assert growth(work, 30) < 30 * 2 * MEBIBYTE


@clause("MEM-06")
def test_what_does_not_depend_on_a_source_is_not_kept(be: Backend) -> None:
    v, constant = large(be), be.asarray(np.linspace(0.0, 1.0, LENGTH))
    with be.tape() as t:
        y = be.xp.sum(v * v)
        assert growth(lambda: chain(be, constant)) < KEPT // 4
        with be.pause():
            assert growth(lambda: chain(be, v)) < KEPT // 4
    assert_equal(be, t.grad(y, v)[-1], 2.0)


@clause("MEM-07")
def test_a_pullback_that_is_dropped_is_freed_without_the_collector(be: Backend) -> None:
    x, one = be.asarray(np.linspace(0.0, 1.0, LENGTH)), be.asarray(1.0)

    def work() -> None:
        _, pullback = be.vjp(lambda a: chain(be, a), x)
        pullback(one)

    assert growth(work) < KEPT // 4
    gradient = be.grad(lambda a: chain(be, a))
    assert growth(lambda: gradient(x)) < KEPT // 4


@clause("MEM-08")
def test_a_tape_spent_inside_its_own_with_keeps_nothing_more(be: Backend) -> None:
    v = large(be)
    with be.tape() as t:
        y = be.xp.sum(v * v)
        t.grad(y, v)
        assert growth(lambda: chain(be, v)) < KEPT // 4


@clause("MEM-09")
def test_a_recording_left_by_an_exception_is_freed(be: Backend) -> None:
    v = large(be)

    def work() -> None:
        try:
            with be.tape():
                chain(be, v)
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass

    assert growth(work) < KEPT // 4


@clause("MEM-10")
def test_a_variable_that_is_dropped_is_freed(be: Backend) -> None:
    def work() -> None:
        v = large(be)
        with be.tape() as t:
            y = be.xp.sum(v * v)
        t.grad(y, v)

    assert growth(work, 100, collect=True) < 100 * MEBIBYTE // 4
