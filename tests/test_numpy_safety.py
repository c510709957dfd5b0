"""The NumPy engine's state: what is captured, what other contexts do meanwhile, what an interruption leaves behind."""

from __future__ import annotations

import contextlib
import gc
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import _frozen, _tape, _wrap
from autodiff_numpy._tables import RECORDER

be = ad.backend("numpy")
xp = be.xp
LARGE = 10_000  # of float64: more than is copied


# --- captured constants ---------------------------------------------------------------------------------------


def recorded_product(v: Any, constant: Any) -> tuple[ad.Tape, Any]:
    with be.tape() as t:
        y = v * constant
    return t, y


def test_a_large_constant_is_read_only_until_the_tape_is_spent() -> None:
    v, c = be.variable(np.ones(LARGE)), np.full(LARGE, 2.0)
    t, y = recorded_product(v, c)
    with pytest.raises(ValueError, match="read-only"):
        c *= 3.0
    assert t.grad(y, v)[0] == 2.0
    c *= 3.0
    assert not _frozen._LOCKS


def test_the_lock_lasts_as_long_as_one_of_two_tapes_needs_it() -> None:
    v, c = be.variable(np.ones(LARGE)), np.full(LARGE, 2.0)
    (first, y), (second, z) = recorded_product(v, c), recorded_product(v, c[:])
    first.grad(y, v)
    assert not c.flags.writeable
    second.grad(z, v)
    assert c.flags.writeable


def test_views_and_their_owner_are_locked_and_unlocked_together() -> None:
    v, whole = be.variable(np.ones(LARGE)), np.ones((2, LARGE))
    first, second = whole[0], whole[1]
    one, y = recorded_product(v, first)
    other, z = recorded_product(v, second)
    arrays = (whole, first, second)
    assert [array.flags.writeable for array in arrays] == [False] * 3
    one.grad(y, v)
    assert [array.flags.writeable for array in arrays] == [False] * 3  # the memory is one
    other.grad(z, v)
    assert [array.flags.writeable for array in arrays] == [True] * 3


def test_a_view_of_a_view_locks_the_owner_too() -> None:
    v, whole = be.variable(np.ones(LARGE)), np.ones((2, LARGE))
    t, y = recorded_product(v, whole[1:].reshape(-1)[:])
    with pytest.raises(ValueError, match="read-only"):
        whole[:] = 3.0
    with pytest.raises(ValueError, match="read-only"):
        whole[0, :1][:] = 3.0  # a view that is made afterwards
    assert t.grad(y, v)[0] == 1.0


@pytest.mark.xfail(strict=True, reason="an array does not know its views, and each has its own flag; docs/numpy.md")
def test_writing_through_a_view_that_was_made_before_raises_or_does_no_harm() -> None:
    v, c = be.variable(np.ones(LARGE)), np.full(LARGE, 2.0)
    before = c[:]
    t, y = recorded_product(v, c)
    before[:] = 3.0
    assert t.grad(y, v)[0] == 2.0


def test_what_was_read_only_before_stays_so() -> None:
    v, c = be.variable(np.ones(LARGE)), np.ones(LARGE)
    view = c[:]
    c.flags.writeable = False
    for constant in (c, view, np.broadcast_to(1.0, LARGE), np.frombuffer(bytes(8 * LARGE))):
        before = constant.flags.writeable
        t, y = recorded_product(v, constant)
        t.grad(y, v)
        assert constant.flags.writeable == before


def test_the_memory_of_another_owner_is_copied() -> None:
    v, memory = be.variable(np.ones(LARGE)), bytearray(8 * LARGE)
    t, y = recorded_product(v, np.frombuffer(memory))
    memory[:] = b"\xff" * len(memory)
    assert t.grad(y, v)[0] == 0.0


def test_a_second_derivative_keeps_the_lock_that_the_first_had() -> None:
    v, c = be.variable(np.ones(LARGE)), np.full(LARGE, 2.0)
    with be.tape() as outer:
        with be.tape() as inner:
            y = v * v * c
        g = inner.grad(y, v)
    assert not c.flags.writeable
    assert outer.grad(g, v)[0] == 4.0
    assert c.flags.writeable


def test_the_lock_goes_whichever_thread_drops_the_recording() -> None:
    v, c = be.variable(np.ones(LARGE)), np.full(LARGE, 2.0)
    held = [recorded_product(v, c) for _ in range(20)]
    threads = [threading.Thread(target=lambda: [held.pop() for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert c.flags.writeable


# --- contexts ---------------------------------------------------------------------------------------------------


def cubes(value: float, found: list[float]) -> Iterator[None]:
    """Three steps that are suspended inside the tape, and the gradient of v³."""
    v = be.variable(value)
    with be.tape() as t:
        yield
        y = v * v
        yield
        y = y * v
    found.append(float(be.to_numpy(t.grad(y, v))))  # the other's tape may be open, and record it
    yield


def paused(found: list[float]) -> Iterator[None]:
    """Suspended inside a tape that was opened and closed under pause(), around which nothing may be recorded."""
    v = be.variable(3.0)
    with be.tape() as t:
        c = v * 1.0
        yield
        with be.pause():
            c = c * v
        yield
        y = c * v
    found.append(float(be.to_numpy(t.grad(y, v))))  # the other's tape may be open, and record it
    yield


@pytest.mark.parametrize("order", sorted(set(itertools.permutations("aaabbb"))), ids="".join)
def test_generators_that_are_interleaved_at_will_do_not_mix(order: tuple[str, ...]) -> None:
    first: list[float] = []
    second: list[float] = []
    running = {"a": cubes(2.0, first), "b": paused(second)}
    for turn in order:
        next(running[turn])
    assert (first, second) == ([12.0], [9.0])
    assert not RECORDER.frame().recordings


def training_loss(w: Any, data: Any) -> Any:
    return xp.sum(xp.tanh(xp.matmul(data, w)) ** 2)


def test_many_threads_with_many_tapes_agree_with_one() -> None:
    draw = np.random.default_rng(0)
    weights = [draw.normal(size=(30, 3)) for _ in range(8)]
    data = draw.normal(size=(400, 30))  # shared and large, so that all of them hold its lock in turn
    gradient = be.grad(training_loss)
    expected = [gradient(w, data) for w in weights]
    curvature = [be.grad(lambda w: xp.sum(gradient(w, data) ** 2))(w) for w in weights]

    def work(k: int) -> bool:
        right = True
        for i in range(20):
            v = be.variable(weights[k])
            with be.tape(persistent=i % 2 == 0) as t:
                y = training_loss(v, data)
            right &= np.array_equal(t.grad(y, v), expected[k])
            if i % 5 == 0:
                with be.tape() as outer:
                    with be.tape() as inner:
                        y = training_loss(v, data)
                    square = xp.sum(inner.grad(y, v) ** 2)
                right &= np.array_equal(outer.grad(square, v), curvature[k])
        return right

    with ThreadPoolExecutor(len(weights)) as pool:
        assert all(pool.map(work, range(len(weights))))
    assert data.flags.writeable
    assert not _frozen._LOCKS


# --- interruptions ----------------------------------------------------------------------------------------------


class Interrupt:
    """Raises KeyboardInterrupt the ``k``-th time that something is called, before or after it is done."""

    def __init__(self, function: Callable[..., Any], k: int, *, after: bool) -> None:
        self.function = function
        self.left = k
        self.after = after

    def __call__(self, *args: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise KeyboardInterrupt
        found = self.function(*args)
        if self.left == 0:
            raise KeyboardInterrupt
        return found


def program(v: Any, constant: Any) -> Any:
    with be.tape() as outer:
        with be.tape() as inner:
            y = xp.sum(xp.sin(v) * constant * v)
        g = xp.sum(inner.grad(y, v) ** 2)
    return outer.grad(g, v)


PLACES = {
    "a record": (_wrap, "record"),
    "a rule": (_tape, "pull_values"),
    "a recorded rule": (_tape, "pull_tracked"),
}


@pytest.fixture(scope="module")
def _only_what_is_new_is_collected() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # the collector is asked often
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_only_what_is_new_is_collected")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("place", PLACES)
def test_an_interruption_anywhere_leaves_nothing_behind(
    place: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    v, constant = be.variable(np.linspace(0.0, 1.0, LARGE)), np.full(LARGE, 2.0)
    expected = program(v, constant)
    module, name = PLACES[place]
    right = getattr(module, name)
    for k in itertools.count(1):
        interrupt = Interrupt(right, k, after=after)
        monkeypatch.setattr(module, name, interrupt)
        gc.collect()
        try:
            program(v, constant)
        except KeyboardInterrupt:
            pass
        else:
            assert interrupt.left > 0
            break
        finally:
            monkeypatch.setattr(module, name, right)
        assert not RECORDER.frame().recordings
        assert constant.flags.writeable
        assert not gc.collect()  # and no cycle holds what was recorded
        np.testing.assert_array_equal(program(v, constant), expected)
    assert k > 4


def test_a_tape_whose_backward_pass_was_interrupted_is_spent_and_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    v = be.variable(np.ones(LARGE))
    with be.tape() as t:
        y = xp.sum(xp.sin(xp.cos(v)))
    residuals = [weakref.ref(edge[2][0]) for node in t._recording.nodes[1:3] for edge in node.edges if edge[2]]
    assert [ref() is not None for ref in residuals] == [True, True]
    monkeypatch.setattr(_tape, "pull_values", Interrupt(_tape.pull_values, 1, after=False))
    with pytest.raises(KeyboardInterrupt):
        t.grad(y, v)
    assert residuals[-1]() is None
    assert not t._recording.nodes
    with pytest.raises(ad.TapeConsumedError):
        t.grad(y, v)


# --- no cycles --------------------------------------------------------------------------------------------------


def tape(*, persistent: bool = False) -> None:
    v = be.variable(np.ones(3))
    with be.tape(persistent=persistent) as t:
        x = t.watch(np.ones(3))
        y = xp.sum(xp.sin(v) * x)
    t.grad(y, (v, x))


def failing() -> None:
    v = be.variable(np.ones(3))
    with contextlib.suppress(ZeroDivisionError), be.tape():
        xp.sin(v)
        raise ZeroDivisionError


def refused() -> None:
    v = be.variable(np.ones(3))
    with be.tape() as t:
        y = v * 2.0
    with contextlib.suppress(ad.UntrackedError):
        t.grad(y, np.ones(3))


def cubed(x: Any) -> Any:
    return xp.sum(x * x * x)


POINT = np.array([1.0, 2.0])
WORKS: dict[str, Callable[[], Any]] = {
    "a tape": tape,
    "a persistent tape": lambda: tape(persistent=True),
    "a tape that is not asked": lambda: recorded_product(be.variable(1.0), 2.0),
    "nested tapes": lambda: program(be.variable(POINT), POINT),
    "an exception": failing,
    "a refused call": refused,
    "grad": lambda: be.grad(cubed)(POINT),
    "grad of grad": lambda: be.grad(lambda x: xp.sum(be.grad(cubed)(x)))(POINT),
    "vjp": lambda: be.vjp(cubed, POINT)[1](np.asarray(1.0)),
    "a pullback that is not called": lambda: be.vjp(cubed, POINT),
    "jvp": lambda: be.jvp(cubed, (POINT,), (POINT,)),
    "jvp of grad": lambda: be.jvp(be.grad(cubed), (POINT,), (POINT,)),
    "grad of jvp": lambda: be.grad(lambda x: be.jvp(cubed, (x,), (POINT,))[1])(POINT),
    "jacobian": lambda: be.jacobian(lambda x: x * x)(POINT),
    "hessian": lambda: be.hessian(cubed)(POINT),
    "hvp": lambda: be.hvp(cubed, (POINT,), (POINT,)),
    "vmap of grad": lambda: be.vmap(be.grad(cubed))(np.ones((3, 2))),
}


@pytest.mark.usefixtures("_only_what_is_new_is_collected")
@pytest.mark.parametrize("work", WORKS)
def test_everything_is_freed_at_once_without_the_collector(work: str) -> None:
    WORKS[work]()  # what is made once, stays
    gc.collect()
    gc.disable()
    try:
        WORKS[work]()
        assert gc.collect() == 0
    finally:
        gc.enable()
