"""Chapter DIST: arrays that lie in parts, against the same arrays whole, and where what is made of them lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import AutodiffError, Backend, Capability
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_close, numbers
from autodiff_spec.core import trees

VALUES = numbers((8, 2), -1.25, 0.25)
OTHERS = numbers((8, 2), 0.5, 0.125)
SIZE = 2**20
"""Of an array whose parts should be seen to be parts."""

NEEDS = {
    "tape": Capability.TAPE, "persistent tape": Capability.TAPE, "checkpoint": Capability.CHECKPOINT,
    "custom_vjp": Capability.CUSTOM_RULES,
}  # fmt: skip


def require(be: Backend, operator: str) -> None:
    """Skip what an operator needs and the backend does not declare."""
    need = NEEDS.get(operator)
    if need is not None and need not in be.capabilities:
        pytest.skip(f"{be.name} declares no {need.name}")


def spread(be: Backend, values: Any = VALUES, axis: int = 0) -> Any:
    return be._distribution().spread(be.asarray(values), axis)


def whole(be: Backend, values: Any) -> Any:
    return be._distribution().whole(be.asarray(values))


def lies_as(be: Backend, found: Any, like: Any) -> bool:
    placement = be._distribution().placement
    return placement(found) == placement(like)


def total(be: Backend) -> Callable[[Any], Any]:
    """A loss with a second derivative that is not constant: elementwise, and along and across the axis that is cut."""
    xp = be.xp

    def f(x: Any) -> Any:
        columns, rows = xp.sum(x * x, axis=0), xp.sum(x, axis=1)
        return xp.sum(xp.exp(0.5 * x) * xp.sin(x)) + xp.mean(columns**2) + xp.sum(rows**3)

    return f


def each(be: Backend) -> Callable[[Any], Any]:
    """An array whose rows depend on each other."""
    xp = be.xp
    return lambda x: xp.sin(x) * x + xp.mean(x, axis=0)


def on_tape(be: Backend, f: Callable[[Any], Any], x: Any, *, persistent: bool = False) -> Any:
    with be.tape(persistent=persistent) as t:
        x = t.watch(x)
        y = f(x)
    return t.grad(y, x)


def derived(be: Backend, mode: str, f: Callable[..., Any], x: Any) -> Any:
    """The gradient at x, or the derivative along x."""
    if mode == "jvp":
        return be.jvp(f, (x,), (x,))[1]
    return be.grad(f)(x) if mode == "grad" else on_tape(be, f, x)


def ruled(be: Backend, factor: float = 3.0) -> Callable[[Any], Any]:
    """The sum of x³, its derivative factor·x² by a rule."""
    cube = be.custom_vjp(lambda x: x**3)
    cube.defvjp(lambda x: (x**3, x), lambda x, g: (factor * x**2 * g,))
    return lambda x: be.xp.sum(cube(x))


GRADIENTS: dict[str, Callable[[Backend, Any], Any]] = {
    "grad": lambda be, x: be.grad(total(be))(x),
    "value_and_grad": lambda be, x: be.value_and_grad(total(be))(x)[1],
    "vjp": lambda be, x: be.vjp(each(be), x)[1](x)[0],
    "tape": lambda be, x: on_tape(be, total(be), x),
    "persistent tape": lambda be, x: on_tape(be, total(be), x, persistent=True),
    "hvp": lambda be, x: be.hvp(total(be), (x,), (x,))[0],
    "grad of grad": lambda be, x: be.grad(lambda a: be.xp.sum(be.grad(total(be))(a) ** 2))(x),
    "prepare": lambda be, x: be.prepare(be.grad(total(be)), x)(x),
    "checkpoint": lambda be, x: be.grad(lambda a: be.xp.sum(be.checkpoint(each(be))(a) ** 2))(x),
    "custom_vjp": lambda be, x: be.grad(ruled(be))(x),
}
"""Each operator that gives a gradient, and its gradient by ``x``."""

OF_VALUES: dict[str, Callable[[Backend, Any], Any]] = {
    "jvp": lambda be, x: be.jvp(lambda a: be.xp.sin(a) * a, (x,), (x,))[1],
    "vmap": lambda be, x: be.vmap(lambda row: be.xp.sin(row) * be.xp.sum(row))(x),
    "vmap of grad": lambda be, x: be.vmap(be.grad(lambda row: be.xp.sum(row**3)))(x),
}
"""Each operator that gives an array for the value of a function, and such an array; the value lies as ``x`` does."""

MATRICES: dict[str, Callable[[Backend, Any], Any]] = {
    "jacobian": lambda be, x: be.jacobian(each(be))(x),
    "jacobian forward": lambda be, x: be.jacobian(each(be), mode="forward")(x),
    "hessian": lambda be, x: be.hessian(total(be))(x),
}
EVERY = {**GRADIENTS, **OF_VALUES, **MATRICES}


@clause("DIST-01")
@pytest.mark.parametrize("operator", EVERY)
def test_a_derivative_is_that_of_the_whole_array(be: Backend, operator: str) -> None:
    require(be, operator)
    found = be.to_numpy(EVERY[operator](be, spread(be)))
    whole = be.to_numpy(EVERY[operator](be, be.asarray(VALUES)))
    # the same derivative, but for the order of its sums, of which the largest has 64 terms
    assert_close(found, whole, scale=np.abs(whole).max(), condition=64.0)


@clause("DIST-02")
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("operator", GRADIENTS)
def test_a_gradient_lies_as_its_source(be: Backend, operator: str, axis: int) -> None:
    require(be, operator)
    x = spread(be, axis=axis)
    assert lies_as(be, GRADIENTS[operator](be, x), x)


@clause("DIST-02")
@pytest.mark.parametrize("place", ["first", "second"])
def test_a_gradient_beside_that_of_a_whole_array_lies_as_its_source(be: Backend, place: str) -> None:
    x, other = spread(be), whole(be, OTHERS)
    if place == "first":
        by_x, by_other = be.grad(lambda a, b: be.xp.sum(a * b * b), argnums=(0, 1))(x, other)
    else:
        by_other, by_x = be.grad(lambda b, a: be.xp.sum(a * b * b), argnums=(0, 1))(other, x)
    assert lies_as(be, by_x, x)
    assert_close(be.to_numpy(by_x), OTHERS**2)
    assert_close(be.to_numpy(by_other), 2 * VALUES * OTHERS)


def loss(be: Backend, x: Any) -> Callable[[Any], Any]:
    return lambda w: be.xp.mean(be.xp.sum(be.xp.matmul(x, w) ** 2, axis=-1))


@clause("DIST-03")
@pytest.mark.parametrize("operator", ["grad", "vjp", "tape"])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_gradient_by_parameters_in_parts_of_data_in_parts_lies_as_the_parameters(
    be: Backend, operator: str, axis: int
) -> None:
    require(be, operator)
    x, w = spread(be), spread(be, numbers((2, 4)), axis)
    f = loss(be, x)
    ways: dict[str, Callable[[], Any]] = {
        "grad": lambda: be.grad(f)(w),
        "vjp": lambda: be.vjp(f, w)[1](be.xp.ones_like(f(w)))[0],
        "tape": lambda: on_tape(be, f, w),
    }
    found = ways[operator]()
    assert_close(be.to_numpy(found), VALUES.T @ (VALUES @ numbers((2, 4))) / 4, condition=64.0)
    assert lies_as(be, found, w)


@clause("DIST-04")
@pytest.mark.parametrize("operator", OF_VALUES)
def test_what_belongs_to_a_value_lies_as_that(be: Backend, operator: str) -> None:
    x = spread(be)
    assert lies_as(be, OF_VALUES[operator](be, x), x)


@clause("DIST-05")
@pytest.mark.parametrize("value", ["whole", "in other parts", "a NumPy array", "a list", "a gradient step"])
def test_assigning_leaves_a_variable_where_it_lies(be: Backend, value: str) -> None:
    variable = be.variable(spread(be))
    before = be._distribution().placement(variable)
    values, others = whole(be, VALUES), whole(be, OTHERS)
    new: dict[str, Callable[[], Any]] = {
        "whole": lambda: be.asarray(OTHERS),
        "in other parts": lambda: spread(be, OTHERS, axis=1),
        "a NumPy array": lambda: OTHERS.copy(),
        "a list": lambda: OTHERS.tolist(),
        "a gradient step": lambda: variable - be.grad(lambda a: be.xp.sum(0.5 * a * a - a * others))(values),
    }
    be.assign(variable, new[value]())
    assert be._distribution().placement(variable) == before
    assert_close(be.to_numpy(variable), OTHERS)
    assert_close(be.to_numpy(on_tape(be, lambda a: be.xp.sum(a * a), variable)), 2 * OTHERS)


@clause("DIST-06")
@pytest.mark.parametrize("source", ["in the same parts", "in other parts", "whole"])
def test_out_leaves_its_variable_where_it_lies(be: Backend, source: str) -> None:
    x = {"in the same parts": spread(be), "in other parts": spread(be, axis=1), "whole": be.asarray(VALUES)}[source]
    out = be.variable(spread(be, OTHERS))
    before = be._distribution().placement(out)
    with be.tape() as t:
        a = t.watch(x)
        y = be.xp.sum(a**3)
    t.grad(y, a, out=out)
    assert be._distribution().placement(out) == before
    assert_close(be.to_numpy(out), 3 * VALUES**2)


@clause("DIST-07")
@pytest.mark.parametrize("operator", EVERY)
def test_taking_a_derivative_touches_no_values(be: Backend, operator: str) -> None:
    require(be, operator)
    x = spread(be)
    with be._distribution().untouched():
        EVERY[operator](be, x)


@clause("DIST-08")
@pytest.mark.parametrize("operator", ["grad", "vjp", "tape", "hvp", "jvp"])
def test_nobody_holds_more_of_a_derivative_than_of_its_source(be: Backend, operator: str) -> None:
    require(be, operator)
    way, xp = be._distribution(), be.xp
    x = way.ones(SIZE)

    def f(a: Any) -> Any:
        return xp.mean(xp.sin(a) * a)

    ways: dict[str, Callable[[], Any]] = {
        "grad": lambda: be.grad(f)(x),
        "vjp": lambda: be.vjp(xp.sin, x)[1](x)[0],
        "tape": lambda: on_tape(be, f, x),
        "hvp": lambda: be.hvp(f, (x,), (x,))[0],
        "jvp": lambda: be.jvp(xp.sin, (x,), (x,))[1],
    }
    held = way.held(ways[operator]())
    assert held <= way.held(x) + 2**16
    assert held < SIZE * 8  # of a whole one


@clause("DIST-09")
@pytest.mark.parametrize("axis", [0, 1])
def test_ones_lie_as_the_target_and_zeros_as_the_source(be: Backend, axis: int) -> None:
    x, xp = spread(be, axis=axis), be.xp
    ones = be.vjp(lambda a: a + 1.0, x)[1](xp.ones_like(x))[0]
    zeros = be.grad(lambda a, b: xp.sum(b * b), argnums=0)(x, be.asarray(OTHERS))
    assert lies_as(be, zeros, x)
    assert lies_as(be, ones, x)
    assert not be.to_numpy(zeros).any()
    if Capability.TAPE in be.capabilities:
        ones = on_tape(be, lambda a: a + 1.0, x)
        assert lies_as(be, ones, x)
        assert_close(be.to_numpy(ones), np.ones_like(VALUES))


@clause("DIST-10")
@pytest.mark.parametrize("mode", ["grad", "jvp", "tape"])
def test_the_frameworks_own_functions_are_differentiated_or_refused(be: Backend, mode: str) -> None:
    require(be, mode)
    own, x = be._distribution().OWN, spread(be)
    assert own
    expected = 2 * np.sum(VALUES**2) if mode == "jvp" else 2 * VALUES
    for function in own.values():
        try:
            found = derived(be, mode, lambda a, function=function: be.xp.sum(function(a) * a), x)
        except (AutodiffError, TypeError, ValueError):  # the last two are a framework's own refusals
            continue
        assert_close(be.to_numpy(found), expected, condition=64.0)


@clause("DIST-11")
@pytest.mark.parametrize("operation", ["multiply", "matmul", "concat", "where"])
def test_arrays_that_lie_differently_are_differentiated_or_refused(be: Backend, operation: str) -> None:
    xp = be.xp
    x, y = spread(be), spread(be, OTHERS, axis=1)
    of: dict[str, Callable[[Any, Any], Any]] = {
        "multiply": lambda a, b: a * b,
        "matmul": lambda a, b: xp.matmul(xp.matrix_transpose(a), b),
        "concat": lambda a, b: xp.concat([a, b]) ** 2,
        "where": lambda a, b: xp.where(a > b, a * b, b * b),
    }

    def f(a: Any, b: Any) -> Any:
        return xp.sum(of[operation](a, b))

    try:
        found = be.grad(f, argnums=(0, 1))(x, y)
    except AutodiffError:
        return
    expected = be.grad(f, argnums=(0, 1))(be.asarray(VALUES), be.asarray(OTHERS))
    for one, other, source in zip(found, expected, (x, y), strict=True):
        whole = be.to_numpy(other)
        assert_close(be.to_numpy(one), whole, scale=np.abs(whole).max(), condition=64.0)
        assert lies_as(be, one, source)


@clause("DIST-11")
@pytest.mark.parametrize("mode", ["grad", "jvp", "tape"])
def test_beside_any_array_that_is_not_in_parts_it_is_differentiated_or_refused(be: Backend, mode: str) -> None:
    require(be, mode)
    x, other = spread(be), be.asarray(OTHERS)
    try:
        found = derived(be, mode, lambda a: be.xp.sum(a * a * other), x)
    except AutodiffError:
        return
    expected = 2 * np.sum(VALUES**2 * OTHERS) if mode == "jvp" else 2 * VALUES * OTHERS
    assert_close(be.to_numpy(found), expected, condition=64.0)


@clause("DIST-12")
def test_an_array_whose_parts_are_not_known_is_refused(be: Backend) -> None:
    made = be._distribution().UNKNOWN
    if not made:
        pytest.skip(f"every array of {be.name} knows its parts")
    for make in made.values():
        x = make(spread(be))
        for f in (lambda a: be.xp.sum(a * a), lambda a: be.xp.mean(be.xp.exp(a))):
            with pytest.raises(AutodiffError, match=r"[a-z]\("):  # the call that helps
                be.grad(f)(x)


@clause("DIST-13")
def test_what_is_gone_is_an_error(be: Backend) -> None:
    made = be._distribution().GONE
    if not made:
        pytest.skip(f"no array of {be.name} can be gone while it is held")
    for make in made.values():
        with pytest.raises(AutodiffError):
            be.to_numpy(be.grad(lambda a: be.xp.sum(a * a))(make(spread(be))))


@clause("DIST-14")
@pytest.mark.parametrize("axis", [0, 1])
def test_to_numpy_gives_the_whole_array(be: Backend, axis: int) -> None:
    x = spread(be, axis=axis)
    found = be.to_numpy({"x": x, "value": be.value_and_grad(total(be))(x)[0]})
    assert type(found["x"]) is np.ndarray
    assert_close(found["x"], VALUES, condition=0.0)
    assert found["value"].shape == ()


@clause("DIST-15")
def test_check_grad_judges_derivatives_by_an_array_in_parts(be: Backend) -> None:
    assert be.check_grad(total(be), spread(be), raises=False)
    if Capability.CUSTOM_RULES in be.capabilities:
        assert be.check_grad(ruled(be), spread(be), raises=False)
        assert not be.check_grad(ruled(be, 2.0), spread(be), raises=False)


@clause("DIST-16")
@pytest.mark.parametrize("axis", [0, 1])
def test_a_copy_lies_as_the_array(be: Backend, axis: int) -> None:
    x = spread(be, axis=axis)
    made = {"stop_gradient": be.stop_gradient(x), "asarray": be.asarray(x), "in a tree": be.stop_gradient({"x": x})}
    if Capability.TAPE in be.capabilities:
        made["variable"] = be.variable(x)
    for name, tree in made.items():
        [copy] = trees.flatten(tree, be.array_types)[0]
        assert lies_as(be, copy, x), name
        assert_close(be.to_numpy(copy), VALUES)
