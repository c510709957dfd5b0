"""Chapter MUT: arrays that are written in place while they are recorded, and arrays that share memory with them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend, MutationError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_close, write

POINT = np.array([[0.5, 1.0, 1.5], [2.0, 0.25, 0.75]])
Program = Callable[[Any, Any], Any]


def copied(xp: Any, x: Any) -> Any:
    """An array of the program's own."""
    return xp.asarray(x, copy=True)


def assert_gradient(be: Backend, f: Program, slopes: Any, values: Any = None) -> None:
    """The gradient of the sum of ``f`` at the point, and its value if that is given."""
    value, gradient = be.value_and_grad(lambda x: f(be.xp, x))(be.asarray(POINT))
    assert_close(be.to_numpy(gradient), np.asarray(slopes), "float64")
    if values is not None:
        assert_close(be.to_numpy(value), np.asarray(values), "float64")


# --- what is written ----------------------------------------------------------------------------------------------


def _element(xp: Any, x: Any) -> Any:
    y = copied(xp, x)
    y[0, 1] = x[1, 0] * x[1, 0]
    return y


def _slice(xp: Any, x: Any) -> Any:
    y = copied(xp, x)
    y[:, 1:] = x[:, :2] * 3.0
    return y


def _overlap(xp: Any, x: Any) -> Any:
    y = copied(xp, x)
    y[:, 1:] = y[:, :2] * 1.0
    return y


def _mask(xp: Any, x: Any) -> Any:
    y = copied(xp, x)
    y[x > 0.9] = 0.0
    return y


def _broadcast(xp: Any, x: Any) -> Any:
    y = copied(xp, x)
    y[:, :2] = x[0, 2]
    return y


def _whole(xp: Any, x: Any) -> Any:
    y = copied(xp, x)
    y[...] = x * x
    return y


WRITTEN: dict[str, tuple[Program, Any]] = {
    "an element": (_element, [[1.0, 0.0, 1.0], [5.0, 1.0, 1.0]]),
    "a slice": (_slice, [[4.0, 3.0, 0.0], [4.0, 3.0, 0.0]]),
    "a slice of itself": (_overlap, [[2.0, 1.0, 0.0], [2.0, 1.0, 0.0]]),
    "a mask": (_mask, [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]),
    "a number for many": (_broadcast, [[0.0, 0.0, 5.0], [0.0, 0.0, 1.0]]),
    "all of it": (_whole, 2 * POINT),
}


@clause("MUT-08")
@pytest.mark.parametrize("what", WRITTEN)
def test_writing_into_a_recorded_array_is_differentiated_or_refused(be: Backend, what: str) -> None:
    f, slopes = WRITTEN[what]
    try:
        gradient = be.grad(lambda x: f(be.xp, x))(be.asarray(POINT))
    except Exception:  # whatever the framework raises
        return
    assert_close(be.to_numpy(gradient), np.asarray(slopes), "float64")


@clause("MUT-09")
@pytest.mark.parametrize("what", WRITTEN)
def test_what_is_written_has_the_derivative_of_what_it_was_made_of(be: Backend, what: str) -> None:
    f, slopes = WRITTEN[what]
    assert_gradient(be, f, slopes)


OPERATORS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "+=": (operator.iadd, lambda x: np.full_like(x, 1.5)),
    "-=": (operator.isub, lambda x: np.full_like(x, 0.5)),
    "*=": (operator.imul, lambda x: x),
    "/=": (operator.itruediv, lambda x: np.zeros_like(x)),
}


@clause("MUT-10")
@pytest.mark.parametrize("name", OPERATORS)
def test_an_in_place_operator_is_seen_under_the_arrays_other_name(be: Backend, name: str) -> None:
    operate, slopes = OPERATORS[name]

    def f(xp: Any, x: Any) -> Any:
        y = copied(xp, x)
        other = y
        operate(y, x * 0.5)
        return other

    assert_gradient(be, f, slopes(POINT))


VIEWS: dict[str, Program] = {
    "a row": lambda xp, y: y[0, ...],
    "a slice of a slice": lambda xp, y: y[:1, :][:, ::-1],
    "transposed": lambda xp, y: xp.permute_dims(y, (1, 0))[:, :1],
    "reshaped": lambda xp, y: xp.reshape(y, (6,))[:3],
    "iterated": lambda xp, y: next(iter(y)),
}


@clause("MUT-11")
@pytest.mark.parametrize("view", VIEWS)
def test_writing_through_a_view_writes_into_the_array(be: Backend, view: str) -> None:
    def f(xp: Any, x: Any) -> Any:
        y = copied(xp, x)
        part = VIEWS[view](xp, y)
        part *= part  # the first row
        part[...] = part * 2.0
        return y

    assert_gradient(be, f, [4 * POINT[0], np.ones(3)], [2 * POINT[0] ** 2, POINT[1]])


@clause("MUT-12")
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_that_was_read_before_sees_what_is_written_into_the_array(be: Backend, view: str) -> None:
    def f(xp: Any, x: Any) -> Any:
        y = copied(xp, x)
        part = VIEWS[view](xp, y)
        y *= x
        y[0, :2] = x[1, :2] * 3.0
        return xp.sum(part * part)

    two, three = POINT[0, 2], 9 * POINT[1, :2]
    assert_gradient(be, f, [[0.0, 0.0, 4 * two**3], [*(2 * three), 0.0]])


@clause("MUT-13")
def test_what_was_computed_before_a_write_keeps_its_derivative_or_is_refused(be: Backend) -> None:
    def f(xp: Any, x: Any) -> Any:
        y = copied(xp, x)
        early = y * y
        y *= 10.0
        y[0, 0] = 7.0
        return early + y * 0.0

    try:
        gradient = be.grad(lambda x: f(be.xp, x))(be.asarray(POINT))
    except MutationError:
        return
    assert_close(be.to_numpy(gradient), 2 * POINT, "float64")


@clause("MUT-14")
def test_an_array_like_a_recorded_one_can_be_filled_with_recorded_elements(be: Backend) -> None:
    def f(xp: Any, x: Any) -> Any:
        out = xp.zeros_like(x)
        for i in range(2):
            for j in range(3):
                out[i, j] = x[i, j] * x[i, j] + (out[i, j - 1] if j else 0.0)
        return out

    assert_gradient(be, f, 2 * POINT * [3, 2, 1], np.cumsum(POINT**2, axis=1))


# --- into what ----------------------------------------------------------------------------------------------------


@clause("MUT-15")
@pytest.mark.parametrize("of", ["grad", "vjp", "jvp"])
def test_a_function_that_writes_into_its_argument_is_right_or_refused_and_the_callers_stays(
    be: Backend, of: str
) -> None:
    def f(x: Any) -> Any:
        x *= x
        x[0, 0] = x[1, 1] * 1.0
        return be.xp.sum(x)

    x, ones = be.asarray(POINT), be.asarray(np.ones((2, 3)))
    expected = 2 * POINT
    expected[0, 0], expected[1, 1] = 0.0, 4 * POINT[1, 1]
    try:
        if of == "jvp":
            found, expected = be.to_numpy(be.jvp(f, (x,), (ones,))[1]), np.asarray(np.sum(expected))
        else:
            found = be.to_numpy(be.grad(f)(x) if of == "grad" else be.vjp(f, x)[1](be.asarray(1.0))[0])
    except Exception:  # whatever the framework raises
        found = None
    np.testing.assert_array_equal(be.to_numpy(x), POINT)
    if found is not None:
        assert_close(found, expected, "float64")


@clause("MUT-16")
@pytest.mark.parametrize("how", ["an element", "an operator", "a view"])
@pytest.mark.parametrize("kind", ["watched", "variable"])
def test_writing_into_a_source_is_right_or_refused(be: Backend, kind: str, how: str) -> None:
    with be.tape() as t:
        x = be.variable(POINT) if kind == "variable" else t.watch(be.asarray(POINT))
        early = x * x
        source = x
        try:
            if how == "an element":
                x[0, 0] = 7.0
            elif how == "an operator":
                x += 1.0
            else:
                x[0, ...][...] = 7.0
        except Exception:  # whatever the framework raises
            x = source
        y = be.xp.sum(early) + be.xp.sum(x * 0.0)
    try:
        found = t.grad(y, source)
    except MutationError:
        return
    assert_close(be.to_numpy(found), 2 * POINT, "float64")


@clause("MUT-17")
@pytest.mark.parametrize("how", ["an element", "an operator", "a view"])
def test_what_is_written_under_pause_is_constant_or_refused(be: Backend, how: str) -> None:
    with be.tape() as t:
        x = t.watch(be.asarray(POINT))
        y = x * x
        with be.pause():
            try:
                if how == "an element":
                    y[0, 0] = 0.0
                elif how == "an operator":
                    y *= 0.0
                else:
                    part = y[0, ...]
                    part *= 0.0
            except Exception:  # whatever the framework raises
                return
        z = be.xp.sum(y + x)
    value = be.to_numpy(y)
    expected = np.where(value == 0.0, 0.0, 2 * POINT) + 1.0
    assert_close(be.to_numpy(t.grad(z, x)), expected, "float64")


@clause("MUT-18")
def test_an_inner_function_that_writes_into_what_an_outer_recording_owns_is_right_or_refused(be: Backend) -> None:
    xp = be.xp

    def f(x: Any) -> Any:
        kept = copied(xp, x)

        def inner(y: Any) -> Any:
            kept[0, :] = y * y * kept[1, :]
            return xp.sum(kept[0, :] * y)

        return xp.sum(be.grad(inner)(x[0, :] * 1.0) * kept[0, :])  # Σ 3 y² b · y² b

    try:
        found = be.grad(f)(be.asarray(POINT))
    except Exception:  # whatever the framework raises
        return
    y, b = POINT
    assert_close(be.to_numpy(found), np.array([12 * y**3 * b**2, 6 * y**4 * b]), "float64")


@clause("MUT-19")
def test_the_gradient_by_an_array_that_was_written_since_is_not_silently_zero(be: Backend) -> None:
    with be.tape() as t:
        x = t.watch(be.asarray(POINT))
        h = x * 2.0
        y = be.xp.sum(h * 3.0)
        written = write(h, (0, 0), 7.0)
    if not written:
        return
    try:
        found = t.grad(y, h, unconnected="none")
    except Exception:  # whatever the framework raises
        return
    assert found is not None


# --- how it is differentiated -------------------------------------------------------------------------------------


def cubes(be: Backend, x: Any) -> Any:
    """Σ x³, by two writes, one of them through a view."""
    y = copied(be.xp, x)
    for row in y:
        row *= row
    y[...] = y * x
    return be.xp.sum(y)


@clause("MUT-20")
def test_a_program_that_writes_has_its_second_derivatives(be: Backend) -> None:
    def f(x: Any) -> Any:
        return cubes(be, x)

    x, direction = be.asarray(POINT), be.asarray(np.arange(6.0).reshape(2, 3))
    expected = 6 * POINT * np.arange(6.0).reshape(2, 3)
    assert_close(be.to_numpy(be.grad(lambda x: be.xp.sum(be.grad(f)(x) * direction))(x)), expected, "float64")
    (product,) = be.hvp(f, (x,), (direction,))
    assert_close(be.to_numpy(product), expected, "float64")


@clause("MUT-21")
def test_a_program_that_writes_has_its_pushforward(be: Backend) -> None:
    tangent = np.arange(6.0).reshape(2, 3)
    value, slope = be.jvp(lambda x: cubes(be, x), (be.asarray(POINT),), (be.asarray(tangent),))
    assert_close(be.to_numpy(value), np.sum(POINT**3), "float64")
    assert_close(be.to_numpy(slope), np.sum(3 * POINT**2 * tangent), "float64")


@clause("MUT-22")
def test_the_prepared_gradient_of_a_program_that_writes_is_its_gradient(be: Backend) -> None:
    prepared = be.prepare(be.grad(lambda x: cubes(be, x)), be.asarray(POINT))
    for point in (POINT, POINT[::-1] * 2.0):
        assert_close(be.to_numpy(prepared(be.asarray(point))), 3 * point**2, "float64")


@clause("MUT-23")
@pytest.mark.parametrize("into", ["an array of its own", "an array from outside", "its argument"])
def test_a_checkpoint_that_writes_is_right_or_refused(be: Backend, into: str) -> None:
    xp = be.xp

    def f(x: Any) -> Any:
        kept = x * 1.0

        def layer(x: Any) -> Any:
            if into == "an array from outside":
                kept[0, 0] = x[1, 1] * 2.0
            if into == "its argument":
                x *= 2.0
                return xp.sum(x * x)
            return cubes(be, x)

        y = x * 1.0
        return be.checkpoint(layer)(y) + xp.sum(kept * y)

    expected = 3 * POINT**2 + 2 * POINT
    if into == "an array from outside":
        expected[0, 0] = 3 * POINT[0, 0] ** 2 + 2 * POINT[1, 1]
        expected[1, 1] += 2 * POINT[0, 0]
    if into == "its argument":
        expected = 8 * POINT + 4 * POINT
    try:
        found = be.grad(f)(be.asarray(POINT))
    except Exception:  # whatever the framework raises
        assert into != "an array of its own"
        return
    assert_close(be.to_numpy(found), expected, "float64")


@clause("MUT-24")
def test_a_batch_of_gradients_of_a_program_that_writes(be: Backend) -> None:
    batch = np.stack([POINT, 2 * POINT])
    found = be.vmap(be.grad(lambda x: cubes(be, x)))(be.asarray(batch))
    assert_close(be.to_numpy(found), 3 * batch**2, "float64")


@clause("MUT-25")
def test_complex_numbers_are_written_with_their_derivative(be: Backend) -> None:
    def f(x: Any) -> Any:
        z = be.xp.astype(x, be.xp.complex128)
        z[0, ...] = z[0, ...] * 2j
        z[1, ...] = x[0, ...] * x[0, ...]  # real ones
        return be.xp.sum(be.xp.imag(z) + be.xp.real(z))

    found = be.grad(f)(be.asarray(POINT))
    assert_close(be.to_numpy(found), np.array([2 + 2 * POINT[0], np.zeros(3)]), "float64")
