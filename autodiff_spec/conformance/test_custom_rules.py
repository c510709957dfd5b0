"""Chapter RULE: custom_vjp()."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import autodiff_spec as ad
from autodiff_spec import Backend, Capability, CustomRuleError, UnsupportedError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import COSINES
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal, write
from autodiff_spec.conformance.strategies import values
from autodiff_spec.core import trees


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


def marked(be: Backend) -> Any:
    """x³ with the derivative 30x², ten times the true one, so that it shows whether the rule was used."""
    f = be.custom_vjp(lambda x: x * x * x)
    f.defvjp(lambda x: (x * x * x, x), lambda x, g: (30.0 * x * x * g,))
    return f


def with_rule(be: Backend, bwd: Callable[..., Any], fwd: Callable[..., Any] | None = None) -> Any:
    """The identity with this rule."""
    f = be.custom_vjp(lambda *args: args[0] * 1.0)
    f.defvjp(fwd or (lambda *args: (args[0] * 1.0, args)), bwd)
    return f


@clause("RULE-01", "RULE-03")
def test_the_gradient_is_what_the_rule_says(be: Backend) -> None:
    value, gradient = be.value_and_grad(marked(be))(array(be, [1.0, 2.0]))
    assert_equal(be, value, [1.0, 8.0])
    assert_equal(be, gradient, [30.0, 120.0])
    _, pullback = be.vjp(lambda a: marked(be)(a) * 2.0, array(be, [1.0, 2.0]))
    for _ in range(2):
        assert_equal(be, pullback(array(be, [1.0, 10.0]))[0], [60.0, 2400.0])
    assert_equal(be, marked(be)(array(be, [1.0, 2.0])), [1.0, 8.0])


@clause("RULE-02")
def test_the_gradient_on_a_tape_is_what_the_rule_says(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape(persistent=True) as t:
        x = t.watch(array(be, [3.0, 1.0]))
        y = marked(be)(v) * 2.0 + marked(be)(x)
    for _ in range(2):
        gv, gx = t.grad(y, (v, x))
        assert_equal(be, y, [29.0, 17.0])
        assert_equal(be, gv, [60.0, 240.0])
        assert_equal(be, gx, [270.0, 30.0])


@clause("RULE-04")
def test_forward_mode_does_not_pass_over_the_rule(be: Backend) -> None:
    x, v = array(be, [1.0, 2.0]), array(be, [1.0, 10.0])
    calls: list[tuple[Callable[[], Any], Any]] = [
        (lambda: be.jvp(marked(be), (x,), (v,))[1], [30.0, 1200.0]),
        (lambda: be.jvp(lambda a: marked(be)(a * a), (x,), (v,))[1], [60.0, 19200.0]),
        (lambda: be.jacobian(marked(be), mode="forward")(x), [[30.0, 0.0], [0.0, 120.0]]),
        (lambda: be.jvp(be.grad(marked(be)), (x,), (v,))[1], [60.0, 1200.0]),
        (lambda: be.grad(lambda a: be.jvp(marked(be), (a,), (v,))[1])(x), [60.0, 1200.0]),
        (lambda: be.hvp(marked(be), (x,), (v,))[0], [60.0, 1200.0]),
    ]
    for call, expected in calls:
        try:
            found = call()
        except UnsupportedError:
            continue
        assert_equal(be, found, expected)


RESIDUALS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any, Any], Any]]] = {
    "the argument": (lambda x: x, lambda be, x, g: 30.0 * x * x * g),
    "a square": (lambda x: x * x, lambda be, square, g: 30.0 * square * g),
    "several": (lambda x: {"x": x, "y": [x * 3.0, "text"]}, lambda be, r, g: 10.0 * r["x"] * r["y"][0] * g),
}


@clause("RULE-05")
@pytest.mark.parametrize("residuals", list(RESIDUALS))
def test_the_second_derivative_is_that_of_the_rule(be: Backend, residuals: str) -> None:
    keep, pull = RESIDUALS[residuals]
    f = be.custom_vjp(lambda x: x * x * x)
    f.defvjp(lambda x: (x * x * x, keep(x)), lambda r, g: (pull(be, r, g),))
    x = array(be, [1.0, 2.0])
    assert_equal(be, be.grad(be.grad(f))(x), [60.0, 120.0])
    assert_equal(be, be.hessian(f)(x), [[60.0, 0.0], [0.0, 120.0]])
    assert_equal(be, be.grad(be.grad(be.grad(f)))(x), [60.0, 60.0])


@clause("RULE-06", "RULE-07")
@pytest.mark.parametrize("persistent", [False, True])
def test_the_second_derivative_on_nested_tapes_is_that_of_the_rule(be: Backend, persistent: bool) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape(persistent=True) as outer:
        with be.tape(persistent=persistent) as inner:
            y = marked(be)(v)
        g = inner.grad(y, v)
    assert_equal(be, g, [30.0, 120.0])
    assert_equal(be, outer.grad(g, v), [60.0, 120.0])
    assert_equal(be, outer.grad(y, v), [30.0, 120.0])


@clause("RULE-07")
def test_the_rule_is_used_for_the_value_of_an_inner_derivative(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    assert_equal(be, be.grad(lambda a: be.value_and_grad(marked(be))(a)[0])(x), [30.0, 120.0])
    third = be.grad(lambda a: be.grad(lambda b: be.value_and_grad(marked(be))(b)[0])(a))
    assert_equal(be, third(x), [60.0, 120.0])


@clause("RULE-08")
def test_custom_functions_call_each_other(be: Backend) -> None:
    inner = marked(be)
    outer = be.custom_vjp(lambda x: inner(x) * x)
    outer.defvjp(lambda x: (outer(x), x), lambda x, g: (g * inner(x),))
    x = array(be, [1.0, 2.0])
    assert_equal(be, be.grad(outer)(x), [1.0, 8.0])
    assert_equal(be, be.grad(be.grad(outer))(x), [30.0, 120.0])
    plain = be.custom_vjp(lambda x: x)
    plain.defvjp(lambda x: (inner(x), x), lambda x, g: (g * be.grad(inner)(x),))
    assert_equal(be, be.grad(plain)(x), [30.0, 120.0])


@clause("RULE-29")
@pytest.mark.parametrize("inner", list(COSINES))
def test_a_custom_function_may_take_derivatives(be: Backend, inner: str) -> None:
    if inner == "tape" and Capability.TAPE not in be.capabilities:
        pytest.skip(f"{be.name} has no tapes")
    cosine = COSINES[inner]
    f = be.custom_vjp(lambda x: cosine(be, x))
    f.defvjp(lambda x: (cosine(be, x), x), lambda x, g: (10.0 * g * cosine(be, x),))
    point = np.array([0.5, 2.0])
    x, slope = be.asarray(point), 10.0 * np.cos(point)
    assert_close(be.to_numpy(f(x)), np.cos(point))
    assert_close(be.to_numpy(be.grad(f)(x)), slope, scale=10.0)
    assert_close(be.to_numpy(be.grad(be.grad(f))(x)), -10.0 * np.sin(point), scale=10.0)
    # as a constant factor too, where the derivative is taken of something else
    assert_close(be.to_numpy(be.grad(lambda a: a * f(x))(x)), np.cos(point), scale=1.0)


@clause("RULE-09", "RULE-10")
def test_everything_may_be_a_tree(be: Backend) -> None:
    f = be.custom_vjp(lambda t, s: {"y": t["a"] * s, "z": (t["b"][0] + s,)})

    def fwd(t: Any, s: Any) -> Any:
        return {"y": t["a"] * s, "z": (t["b"][0] + s,)}, {"t": t, "s": [s]}

    def bwd(r: Any, g: Any) -> Any:
        return {"a": 10.0 * g["y"] * r["s"][0], "b": [g["z"][0], None]}, None

    f.defvjp(fwd, bwd)
    tree = {"a": array(be, [1.0, 2.0]), "b": [array(be, 3.0), array(be, [4.0])]}
    gt, gs = be.grad(lambda t, s: f(t, s)["y"] + f(t, s)["z"][0], argnums=(0, 1))(tree, array(be, 5.0))
    assert_equal(be, gt["a"], [50.0, 50.0])
    assert_equal(be, gt["b"][0], 2.0)
    assert_equal(be, gt["b"][1], [0.0])
    assert_equal(be, gs, 0.0)
    none = with_rule(be, lambda r, g: (None,))
    assert_equal(be, be.grad(none)(array(be, [1.0, 2.0])), [0.0, 0.0])


@clause("RULE-11")
def test_other_arguments_are_passed_on(be: Backend) -> None:
    seen: list[Any] = []
    f = be.custom_vjp(lambda x, n, name, mask, table, scale, *, shift: x * n)

    def fwd(x: Any, *rest: Any, shift: Any) -> Any:
        seen.append((*rest, shift))
        return x * rest[0], rest[0]

    f.defvjp(fwd, lambda n, g: (10.0 * n * g, None, None, None, {"none": None}, g))
    mask, x = be.xp.asarray([True, False]), array(be, [1.0, 2.0])
    g = be.grad(lambda a: f(a, 3, "text", mask, {"of": [1, None]}, 2.5, shift=0.5))(x)
    assert_equal(be, g, [30.0, 30.0])
    ((n, name, got, table, scale, shift),) = seen
    assert (n, name, table, scale, shift) == (3, "text", {"of": [1, None]}, 2.5, 0.5)
    assert_equal(be, got, [True, False])


@clause("RULE-12")
def test_results_without_influence_have_a_cotangent_of_zeros(be: Backend) -> None:
    seen: list[Any] = []

    def bwd(x: Any, g: Any) -> Any:
        seen.append(g)
        return (g[0] * 10.0,)

    f = be.custom_vjp(lambda x: (x, be.xp.sum(x), be.xp.argmax(x), "text"))
    f.defvjp(lambda x: ((x * 1.0, be.xp.sum(x), be.xp.argmax(x), "text"), x), bwd)
    x = array(be, [1.0, 2.0])
    assert_equal(be, be.grad(lambda a: f(a)[0])(x), [10.0, 10.0])
    first, second, third, fourth = seen[-1]
    assert_equal(be, first, [1.0, 1.0])
    assert_equal(be, second, 0.0)
    assert third is None
    assert fourth is None
    value, found = be.value_and_grad(lambda a: (f(a)[0], f(a)[2]))(x)
    assert_equal(be, value[1], 1)
    assert_equal(be, found, [10.0, 10.0])
    assert f(x)[3] == "text"


def refused(be: Backend, bwd: Callable[..., Any], *args: Any, fwd: Any = None) -> str:
    """The message of the error that a rule raises, in the functional form."""
    with pytest.raises(CustomRuleError) as caught:
        be.grad(with_rule(be, bwd, fwd))(*args)
    return str(caught.value)


@clause("RULE-13")
def test_a_wrong_number_of_cotangents_is_refused(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    for wrong in (lambda r, g: g, lambda r, g: (g, g), lambda r, g: (), lambda r, g: None, lambda r, g: [g]):
        assert "tuple" in refused(be, wrong, x)
    assert "2 positional arguments" in refused(be, lambda r, g: (g,), x, x)


@clause("RULE-14")
def test_a_cotangent_of_the_wrong_shape_is_refused(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    for shape in ((), (1,), (1, 2), (3,)):
        message = refused(be, lambda r, g, shape=shape: (be.xp.ones(shape, dtype=g.dtype),), x)
        assert "args[0]" in message
        assert str(shape) in message
    tree = {"w": [x, array(be, 1.0)]}
    f = be.custom_vjp(lambda t: t["w"][0] * 1.0)
    f.defvjp(lambda t: (t["w"][0] * 1.0, None), lambda r, g: ({"w": [g, g]},))
    with pytest.raises(CustomRuleError, match=r"args\[0\]\['w'\]\[1\]"):
        be.grad(f)(tree)


@clause("RULE-15")
def test_a_cotangent_of_the_wrong_structure_is_refused(be: Backend) -> None:
    tree = {"a": array(be, [1.0, 2.0]), "b": (array(be, [1.0, 2.0]), array(be, [1.0, 2.0]))}
    for wrong in (
        lambda r, g: (g,),
        lambda r, g: ({"a": g},),
        lambda r, g: ({"a": g, "b": g},),
        lambda r, g: ({"a": g, "b": [g, g]},),
        lambda r, g: ((g, (g, g)),),
    ):
        f = be.custom_vjp(lambda t: t["a"] * 1.0)
        f.defvjp(lambda t: (t["a"] * 1.0, None), wrong)
        with pytest.raises(CustomRuleError, match="structure"):
            be.grad(f)(tree)


@clause("RULE-16")
@pytest.mark.parametrize(("argument", "given"), [("float32", "float64"), ("float64", "float32")])
def test_a_cotangent_is_cast_to_its_arguments_dtype(be: Backend, argument: str, given: str) -> None:
    x = be.asarray(np.array([1.0, 2.0], dtype=argument))
    dtype = getattr(be.xp, given)
    g = be.grad(with_rule(be, lambda r, g: (be.xp.astype(g, dtype) * 10.0,)))(x)
    assert_array(be, g, (2,), x.dtype)
    assert_equal(be, g, [10.0, 10.0])


@clause("RULE-16")
def test_an_integer_cotangent_is_refused(be: Backend) -> None:
    message = refused(be, lambda r, g: (be.xp.asarray([1, 2]),), array(be, [1.0, 2.0]))
    assert "args[0]" in message


@clause("RULE-17")
def test_a_function_without_a_rule_is_refused(be: Backend) -> None:
    f = be.custom_vjp(lambda x: x)
    with pytest.raises(CustomRuleError, match="defvjp"):
        f(array(be, 1.0))


@clause("RULE-18")
def test_a_fwd_without_residuals_is_refused(be: Backend) -> None:
    for wrong in (lambda x: x, lambda x: (x, x, x), lambda x: [x, x]):
        assert "pair" in refused(be, lambda r, g: (g,), array(be, [1.0, 2.0]), fwd=wrong)


@clause("RULE-19")
def test_a_variable_in_the_closure_is_refused(be: Backend) -> None:
    w, v = be.variable(3.0, dtype=be.xp.float64), be.variable([1.0, 2.0], dtype=be.xp.float64)
    f = be.custom_vjp(lambda x: x * w)
    f.defvjp(lambda x: (x * w, None), lambda r, g: (g,))
    assert_equal(be, f(array(be, [1.0, 2.0])), [3.0, 6.0])
    with be.tape() as t:
        for argument in (v, array(be, [1.0, 2.0])):
            with pytest.raises(CustomRuleError, match="positional"):
                f(argument)
        scaled = w * 2.0
        g = be.custom_vjp(lambda x, *, by: x * by)
        g.defvjp(lambda x, *, by: (x * by, None), lambda r, g: (g,))
        with pytest.raises(CustomRuleError, match="positional"):
            g(v, by=scaled)
        y = v * 2.0
    assert_equal(be, t.grad(y, v), [2.0, 2.0])


@clause("RULE-20")
def test_another_argument_of_the_derivative_is_refused(be: Backend) -> None:
    def closing(x: Any, argument: Any) -> Any:
        f = be.custom_vjp(lambda a: a * x)
        f.defvjp(lambda a: (a * x, None), lambda r, g: (g,))
        return f(argument)

    x = array(be, [1.0, 2.0])
    with pytest.raises(CustomRuleError, match="positional"):
        be.grad(lambda a: closing(a, a))(x)
    with pytest.raises(CustomRuleError, match="positional"):
        be.grad(lambda a: closing(a, x))(x)


@clause("RULE-20", "RULE-29")
def test_another_argument_in_a_derivative_inside_is_refused(be: Backend) -> None:
    def closing(x: Any, argument: Any) -> Any:
        f = be.custom_vjp(lambda a: be.grad(lambda t: be.xp.sum(t * t * x))(a))
        f.defvjp(lambda a: (be.grad(lambda t: be.xp.sum(t * t * x))(a), None), lambda r, g: (g,))
        return f(argument)

    x = array(be, [1.0, 2.0])
    for call in (lambda a: closing(a, a), lambda a: closing(a, x)):
        with pytest.raises(CustomRuleError, match="positional"):
            be.grad(call)(x)


@clause("RULE-21")
def test_batches_use_the_rule(be: Backend) -> None:
    x = array(be, [[1.0, 2.0], [3.0, 4.0]])
    assert_equal(be, be.vmap(marked(be))(x), [[1.0, 8.0], [27.0, 64.0]])
    assert_equal(be, be.vmap(be.grad(marked(be)))(x), [[30.0, 120.0], [270.0, 480.0]])
    assert_equal(be, be.grad(be.vmap(marked(be)))(x), [[30.0, 120.0], [270.0, 480.0]])


@clause("RULE-22")
def test_a_rule_may_stop_gradients(be: Backend) -> None:
    f = be.custom_vjp(lambda x: x * x)
    f.defvjp(lambda x: (x * x, x), lambda x, g: (be.stop_gradient(x * x) * x * g,))
    x = array(be, [1.0, 2.0])
    assert_equal(be, be.grad(f)(x), [1.0, 8.0])
    assert_equal(be, be.grad(be.grad(f))(x), [1.0, 4.0])


@clause("RULE-23", "RULE-04")
@given(data=st.data())
def test_the_right_rule_is_the_plain_function(be: Backend, data: st.DataObject) -> None:
    x, y, v = data.draw(values((3,))), data.draw(values(())), data.draw(values((3,)))

    def plain(a: Any, b: Any) -> Any:
        return be.xp.sin(a * b)

    def bwd(r: Any, g: Any) -> Any:
        a, b = r
        slope = g * be.xp.cos(a * b)
        return slope * b, be.xp.sum(slope * a)

    f = be.custom_vjp(plain)
    f.defvjp(lambda a, b: (plain(a, b), (a, b)), bwd)
    before, size = x.copy(), 64.0 * (1.0 + np.abs(v).sum())
    primals = be.asarray(x), be.asarray(y)
    for derivative in (
        lambda g: be.vjp(g, *primals)[1](be.asarray(v)),
        lambda g: be.jvp(g, primals, (be.asarray(v), be.asarray(y)))[1],
        lambda g: be.hvp(lambda a, b: g(a, b) * g(a, b), primals, (be.asarray(v), be.asarray(y))),
    ):
        expected = trees.flatten(be.to_numpy(derivative(plain)))[0]
        for _ in range(2):
            found = trees.flatten(be.to_numpy(derivative(f)))[0]
            for one, other in zip(found, expected, strict=True):
                assert_close(one, other, scale=size)
    np.testing.assert_array_equal(be.to_numpy(primals[0]), before)


@clause("RULE-24")
def test_writing_into_a_gradient_changes_no_residual(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    f = with_rule(be, lambda r, g: (r,), lambda x: (x * 1.0, x * 10.0))
    with be.tape(persistent=True) as t:
        y = f(v)
    first = t.grad(y, v)
    write(first, 0, 100.0)
    assert_equal(be, t.grad(y, v), [10.0, 20.0])


@clause("RULE-25")
def test_complex_cotangents_are_the_interfaces(be: Backend) -> None:
    z, u = np.array([1.0 + 2.0j, -0.5j]), np.array([1.0 - 3.0j, 0.25 + 1.0j])
    f = be.custom_vjp(lambda a: a * a)
    f.defvjp(lambda a: (a * a, a), lambda a, g: (2.0 * be.xp.conj(a) * g,))
    (found,) = be.vjp(f, be.asarray(z))[1](be.asarray(u))
    assert_close(be.to_numpy(found), 2 * z.conj() * u, scale=32.0)
    (found,) = be.vjp(lambda a: f(a) * (1.0 + 1.0j), be.asarray(z))[1](be.asarray(u))
    assert_close(be.to_numpy(found), 2 * z.conj() * (1.0 - 1.0j) * u, scale=32.0)


@clause("RULE-26")
@pytest.mark.parametrize("where", ["fwd", "bwd"])
def test_an_exception_leaves_no_trace(be: Backend, where: str) -> None:
    def broken(*args: Any) -> Any:
        raise KeyError("mine")

    x = array(be, [1.0, 2.0])
    f = with_rule(be, broken) if where == "bwd" else with_rule(be, lambda r, g: (g,), broken)
    with pytest.raises((KeyError, ad.TapeError), match="mine"):
        be.grad(f)(x)
    assert_equal(be, be.grad(marked(be))(x), [30.0, 120.0])


@clause("RULE-27")
def test_the_function_of_the_module_follows_the_current_backend(be: Backend) -> None:
    @ad.custom_vjp
    def f(x: Any) -> Any:
        """The square."""
        return x * x

    f.defvjp(lambda x: (f(x), x), lambda x, g: (20.0 * x * g,))
    with ad.use_backend(be):
        assert_equal(be, ad.grad(f)(array(be, [1.0, 2.0])), [20.0, 40.0])
    assert f.__doc__ == "The square."


@clause("RULE-28")
def test_a_prepared_gradient_uses_the_rule(be: Backend) -> None:
    gradient = be.prepare(be.grad(marked(be)), array(be, [1.0, 2.0]))
    for point, expected in (([1.0, 2.0], [30.0, 120.0]), ([-1.0, 3.0], [30.0, 270.0])):
        assert_equal(be, gradient(array(be, point)), expected)


@clause("RULE-34")
@pytest.mark.parametrize("way", ["grad", "vjp", "jvp", "vmap", "tape"])
def test_an_integer_array_may_come_before_the_floating_ones(be: Backend, way: str) -> None:
    xp = be.xp
    f = be.custom_vjp(lambda i, x, y: xp.take(x, i, axis=0) * y)

    def forward(i: Any, x: Any, y: Any) -> Any:
        picked = xp.take(x, i, axis=0)
        return picked * y, (picked, y)

    def backward(kept: Any, g: Any) -> Any:
        picked, y = kept
        return None, xp.concat([10.0 * g * y, 0.0 * g[:1]]), 100.0 * g * picked

    f.defvjp(forward, backward)
    i = be.asarray(np.array([0, 1]))
    x, y = array(be, [1.0, 2.0, 3.0]), array(be, [5.0, 7.0])
    by_x, by_y = [50.0, 70.0, 0.0], [100.0, 200.0]
    if way == "grad":
        found = be.grad(lambda x, y: xp.sum(f(i, x, y)), argnums=(0, 1))(x, y)
    elif way == "vjp":
        found = be.vjp(lambda x, y: f(i, x, y), x, y)[1](array(be, [1.0, 1.0]))
    elif way == "vmap":
        batch = be.vmap(be.grad(lambda x, y: xp.sum(f(i, x, y)), argnums=(0, 1)))
        found = tuple(each[0] for each in batch(xp.stack([x, x]), xp.stack([y, y])))
    elif way == "tape":
        if Capability.TAPE not in be.capabilities:
            pytest.skip(f"{be.name} has no tapes")
        v, w = be.variable(x), be.variable(y)
        with be.tape() as t:
            z = f(i, v, w)
        found = t.grad(z, (v, w))
    else:
        if not be._has_forward():
            pytest.skip(f"{be.name} has no forward mode")
        _, tangent = be.jvp(lambda x, y: f(i, x, y), (x, y), (array(be, [1.0, 2.0, 4.0]), array(be, [0.5, 0.25])))
        assert_equal(be, tangent, [100.0, 190.0])
        return
    assert_equal(be, found[0], by_x)
    assert_equal(be, found[1], by_y)
