"""Chapter THREAD. Deterministic: threads and tasks take turns at the points where a program says so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from autodiff_spec import Backend, LostDerivativeError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_equal

Turn = Callable[[], Awaitable[None]]
Program = Callable[[Turn], Awaitable[Any]]
TIMEOUT = 60.0


class Baton:
    """Hands the right to run from thread to thread, in a circle of those that are not done."""

    def __init__(self, count: int) -> None:
        self._changed = threading.Condition()
        self._running = list(range(count))

    def wait(self, number: int) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._running[0] == number, TIMEOUT):
                raise TimeoutError("the other thread did not hand over")

    def hand_over(self, number: int, *, done: bool = False) -> None:
        with self._changed:
            self._running.remove(number)
            if not done:
                self._running.append(number)
            self._changed.notify_all()


def threads_in_turns(*programs: Program) -> list[Any]:
    """Run each program in a thread of its own; ``await turn()`` hands over to the next. Returns what they return."""
    baton, results, errors = Baton(len(programs)), [None] * len(programs), []

    def run(number: int, program: Program) -> None:
        async def turn() -> None:  # waits without suspending: the coroutine stays in its thread
            baton.hand_over(number)
            baton.wait(number)

        try:
            baton.wait(number)
            _drive(program(turn), results, number)
        except BaseException as error:
            errors.append(error)
        finally:
            baton.hand_over(number, done=True)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(programs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    if errors:
        raise errors[0]
    return results


def _drive(coroutine: Any, results: list[Any], number: int) -> None:
    try:
        coroutine.send(None)
    except StopIteration as stop:
        results[number] = stop.value


def tasks_in_turns(*programs: Program) -> list[Any]:
    """Run each program as a task of one event loop; ``await turn()`` hands over to the next."""

    async def run() -> list[Any]:
        async def turn() -> None:
            await asyncio.sleep(0)

        return await asyncio.gather(*(program(turn) for program in programs))

    return asyncio.run(run())


def variable(be: Backend, value: float) -> Any:
    return be.variable(value, dtype=be.xp.float64)


def powers(be: Backend, value: float, exponent: int) -> Program:
    """d/dv v^exponent, with a turn after every operation."""

    async def program(turn: Turn) -> float:
        v = variable(be, value)
        await turn()
        with be.tape() as t:
            y = v
            for _ in range(exponent - 1):
                await turn()
                y = y * v
            await turn()
        await turn()
        return float(be.to_numpy(t.grad(y, v)))

    return program


def second(be: Backend, value: float) -> Program:
    """d²/dv² v³ by nested tapes, with a turn after every operation."""

    async def program(turn: Turn) -> float:
        v = variable(be, value)
        with be.tape() as outer:
            await turn()
            with be.tape() as inner:
                await turn()
                y = v * v
                await turn()
                y = y * v
                await turn()
            g = inner.grad(y, v)
            await turn()
        await turn()
        return float(be.to_numpy(outer.grad(g, v)))

    return program


def paused(be: Backend) -> Program:
    """Under pause() while the others record: c = v² is constant in c·v."""

    async def program(turn: Turn) -> float:
        v = variable(be, 3.0)
        with be.tape() as t:
            await turn()
            with be.pause():
                await turn()
                c = v * v
                await turn()
                await turn()
            await turn()
            y = c * v
        return float(be.to_numpy(t.grad(y, v)))

    return program


@clause("THREAD-01")
def test_tapes_filled_in_turns_do_not_mix(be: Backend) -> None:
    assert threads_in_turns(powers(be, 3.0, 2), powers(be, 2.0, 3), powers(be, 2.0, 4)) == [6.0, 12.0, 32.0]


@clause("THREAD-02")
def test_nested_gradients_in_turns_are_right(be: Backend) -> None:
    assert threads_in_turns(second(be, 2.0), powers(be, 3.0, 2), second(be, 3.0)) == [12.0, 6.0, 18.0]


@clause("THREAD-03")
def test_a_variable_may_be_read_by_two_threads(be: Backend) -> None:
    v = variable(be, 3.0)

    def program(factor: float) -> Program:
        async def run(turn: Turn) -> float:
            with be.tape() as t:
                await turn()
                y = v * v
                await turn()
                y = factor * y
                await turn()
            return float(be.to_numpy(t.grad(y, v)))

        return run

    assert threads_in_turns(program(1.0), program(10.0)) == [6.0, 60.0]


@clause("THREAD-04")
def test_pause_in_one_thread_does_not_stop_another(be: Backend) -> None:
    assert threads_in_turns(paused(be), powers(be, 2.0, 4)) == [9.0, 32.0]


@clause("THREAD-05")
def test_a_tape_of_one_thread_does_not_record_another_thread(be: Backend) -> None:
    v = variable(be, 3.0)

    async def recorder(turn: Turn) -> Any:
        with be.tape(persistent=True) as t:
            y = v * v
            await turn()
            await turn()
            z = y * v
        return float(be.to_numpy(t.grad(z, v))), t.jacobian(y, v)

    async def other(turn: Turn) -> float:
        with be.tape() as t:
            await turn()
            y = v * v * v * v
        return float(be.to_numpy(t.grad(y, v)))

    (first, jacobian), last = threads_in_turns(recorder, other)
    assert (first, float(be.to_numpy(jacobian)), last) == (27.0, 6.0, 108.0)


@clause("THREAD-06")
def test_an_exception_in_one_thread_does_not_disturb_another(be: Backend) -> None:
    async def failing(turn: Turn) -> str:
        v = variable(be, 3.0)
        try:
            with be.tape():
                await turn()
                y = v * v
                await turn()
                raise ZeroDivisionError(y)
        except ZeroDivisionError:
            return "raised"

    assert threads_in_turns(failing, powers(be, 2.0, 4), failing) == ["raised", 32.0, "raised"]


@clause("THREAD-07")
def test_functional_gradients_in_turns_are_right(be: Backend) -> None:
    """The function hands over in the middle of its evaluation, without suspending."""
    found = {}
    baton = Baton(2)

    def run(number: int, factor: float) -> None:
        def f(x: Any) -> Any:
            y = x * x
            baton.hand_over(number)
            baton.wait(number)
            y = y * factor
            baton.hand_over(number)
            baton.wait(number)
            return y * x

        baton.wait(number)
        try:
            found[number] = float(be.to_numpy(be.grad(f)(be.asarray(2.0, dtype=be.xp.float64))))
        finally:
            baton.hand_over(number, done=True)

    threads = [threading.Thread(target=run, args=(number, factor)) for number, factor in enumerate((1.0, 10.0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert found == {0: 12.0, 1: 120.0}


@clause("THREAD-08")
@pytest.mark.parametrize("nested", [False, True], ids=["first order", "second order"])
def test_tapes_of_tasks_that_take_turns_do_not_mix(be: Backend, nested: bool) -> None:
    if nested:
        assert tasks_in_turns(second(be, 2.0), powers(be, 3.0, 2), second(be, 3.0)) == [12.0, 6.0, 18.0]
    else:
        assert tasks_in_turns(powers(be, 3.0, 2), powers(be, 2.0, 3), powers(be, 2.0, 4)) == [6.0, 12.0, 32.0]


@clause("THREAD-09")
def test_pause_in_one_task_does_not_stop_another(be: Backend) -> None:
    assert tasks_in_turns(paused(be), powers(be, 2.0, 4)) == [9.0, 32.0]


@clause("THREAD-01", "TAPE-29")
def test_after_the_threads_this_one_records_right(be: Backend) -> None:
    threads_in_turns(powers(be, 3.0, 2), second(be, 2.0))
    v = variable(be, 3.0)
    with be.tape() as t:
        y = v * v
    assert_equal(be, t.grad(y, v), 6.0)


@clause("THREAD-10")
@pytest.mark.parametrize("own_tape", [False, True], ids=["no tape of its own", "a tape of its own"])
def test_what_another_thread_computes_of_a_recorded_array_is_no_constant(be: Backend, own_tape: bool) -> None:
    def work(x: Any) -> Any:
        if not own_tape:
            return x * x
        with be.tape():
            v = variable(be, 3.0)
            return x * v

    try:
        with be.tape() as t:
            x = t.watch(variable(be, 3.0))
            with ThreadPoolExecutor(1) as pool:
                y = pool.submit(work, x).result(TIMEOUT) + x
        found = float(be.to_numpy(t.grad(y, x)))
    except LostDerivativeError:
        return
    assert found == (4.0 if own_tape else 7.0)
