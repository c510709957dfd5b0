"""Chapter HOST: each operator in each of the framework's own transforms, against the transform of its closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec import AutodiffError, Backend, BackendMismatchError, Capability
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import source_for
from autodiff_spec.conformance.checks import assert_close, assert_equal
from autodiff_spec.core import trees

Function = Callable[[Any, Any], Any]

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # by torch.func itself

NEEDS = {
    "tape": Capability.TAPE, "Jacobian of a tape": Capability.TAPE, "checkpoint": Capability.CHECKPOINT,
    "grad of checkpoint": Capability.CHECKPOINT, "custom_vjp": Capability.CUSTOM_RULES,
    "grad of custom_vjp": Capability.CUSTOM_RULES, "hosted": Capability.CUSTOM_RULES,
    "grad of hosted": Capability.CUSTOM_RULES,
}  # fmt: skip


def operators(be: Backend, seen: set[Backend]) -> dict[str, tuple[Function, Function]]:
    """Each operator applied to b ↦ c·b³ at a, and what that is in closed form; c is closed over.

    The backends that are current while the function runs are added to ``seen``.
    """
    xp = be.xp

    def cube(b: Any) -> Any:
        seen.add(ad.backend())
        return b * b * b

    def total(c: Any) -> Callable[[Any], Any]:
        return lambda b: xp.sum(c * cube(b))

    def each(c: Any) -> Callable[[Any], Any]:
        return lambda b: c * cube(b)

    def diagonal(v: Any) -> Any:
        return xp.eye(v.shape[0], dtype=v.dtype) * v

    def on_tape(f: Callable[[Any], Any], a: Any, how: str) -> Any:
        with be.tape() as t:
            x = t.watch(a)
            y = f(x)
        return getattr(t, how)(y, x)

    def ruled(b: Any) -> Any:
        def backward(b: Any, g: Any) -> tuple[Any]:
            seen.add(ad.backend())
            return (3.0 * b * b * g,)

        rule = be.custom_vjp(cube)
        rule.defvjp(lambda b: (cube(b), b), backward)
        return rule(b)

    hosted = source_for(be).host(lambda c, b: c * b * b * b, like=lambda _, b: b)

    def value(c: Any, a: Any) -> Any:
        return c * a * a * a

    def slope(c: Any, a: Any) -> Any:
        return 3.0 * c * a * a

    def curvature(c: Any, a: Any) -> Any:
        return 6.0 * c * a

    # Named, for AutoGraph cannot tell two functions of one line apart, and would run both unconverted.
    def summed(c: Any, a: Any) -> Any:
        return xp.sum(value(c, a))

    def slopes(c: Any, a: Any) -> Any:
        return diagonal(slope(c, a))

    def curvatures(c: Any, a: Any) -> Any:
        return diagonal(curvature(c, a))

    def along(c: Any, a: Any) -> Any:
        return 3.0 * c * a * a * a

    def curvature_along(c: Any, a: Any) -> Any:
        return 6.0 * c * a * a

    return {
        "grad": (lambda c, a: be.grad(total(c))(a), slope),
        "value of value_and_grad": (lambda c, a: be.value_and_grad(total(c))(a)[0], summed),
        "gradient of value_and_grad": (lambda c, a: be.value_and_grad(total(c))(a)[1], slope),
        "value of vjp": (lambda c, a: be.vjp(each(c), a)[0], value),
        "pullback": (lambda c, a: be.vjp(each(c), a)[1](a)[0], along),
        "value of jvp": (lambda c, a: be.jvp(each(c), (a,), (a,))[0], value),
        "jvp": (lambda c, a: be.jvp(each(c), (a,), (a,))[1], along),
        "jacobian": (lambda c, a: be.jacobian(each(c))(a), slopes),
        "jacobian forward": (lambda c, a: be.jacobian(each(c), mode="forward")(a), slopes),
        "hessian": (lambda c, a: be.hessian(total(c))(a), curvatures),
        "hvp": (lambda c, a: be.hvp(total(c), (a,), (a,))[0], curvature_along),
        "vmap": (lambda c, a: c * be.vmap(cube)(a), value),
        "vmap of grad": (lambda c, a: c * be.vmap(be.grad(cube))(a), slope),
        "grad of grad": (lambda c, a: be.grad(lambda z: xp.sum(be.grad(total(c))(z)))(a), curvature),
        "lift": (lambda c, a: be.grad(lambda b: xp.sum(be.lift(each(c))(b)))(a), slope),
        "prepare": (lambda c, a: be.prepare(be.grad(total(c)), a)(a), slope),
        "checkpoint": (lambda c, a: be.checkpoint(each(c))(a), value),
        "grad of checkpoint": (lambda c, a: be.grad(lambda z: xp.sum(be.checkpoint(each(c))(z)))(a), slope),
        "custom_vjp": (lambda c, a: c * ruled(a), value),
        "grad of custom_vjp": (lambda c, a: be.grad(lambda b: xp.sum(c * ruled(b)))(a), slope),
        "hosted": (hosted, value),
        "grad of hosted": (lambda c, a: be.grad(lambda b: xp.sum(hosted(c, b)))(a), slope),
        "tape": (lambda c, a: on_tape(total(c), a, "grad"), slope),
        "Jacobian of a tape": (lambda c, a: on_tape(each(c), a, "jacobian"), slopes),
    }


OPERATORS = (
    *("grad", "value of value_and_grad", "gradient of value_and_grad", "value of vjp", "pullback", "value of jvp"),
    *("jvp", "jacobian", "jacobian forward", "hessian", "hvp", "vmap", "vmap of grad", "grad of grad", "lift"),
    *("prepare", "checkpoint", "grad of checkpoint", "custom_vjp", "grad of custom_vjp", "hosted", "grad of hosted"),
    *("tape", "Jacobian of a tape"),
)
KINDS = {
    "reverse": "HOST-01", "second": "HOST-02", "forward": "HOST-03", "batched": "HOST-04", "compiled": "HOST-05",
    "recomputed": "HOST-06",
}  # fmt: skip
CASES = [
    pytest.param(operator, kind, id=f"{operator}, {kind}", marks=clause(one))
    for kind, one in KINDS.items()
    for operator in OPERATORS
]
EVERY = [pytest.param(operator, kind, id=f"{operator}, {kind}") for kind in KINDS for operator in OPERATORS]


_FOUND: dict[tuple[Backend, str, str], list[tuple[str, Any, list[Any]]]] = {}


def transformed(be: Backend, operator: str, kind: str) -> list[tuple[str, Any, list[Any]]]:
    """For each transform its name, what it makes of the operator (arrays, or the error), and of the closed form."""
    need = NEEDS.get(operator)
    if need is not None and need not in be.capabilities:
        pytest.skip(f"{be.name} declares no {need.name}")
    if (be, operator, kind) in _FOUND:  # some frameworks compile for seconds, and two tests ask
        return _FOUND[be, operator, kind]
    given, closed = operators(be, set())[operator]
    a, c = (be.asarray(value, dtype=be.xp.float64) for value in ([1.0, 2.0], [0.5, 3.0]))
    found: list[tuple[str, Any, list[Any]]] = []
    for name, transform in be._host().TRANSFORMS.get(kind, {}).items():
        expected = numpys(be, transform(closed, a, c))
        try:
            found.append((name, numpys(be, transform(given, a, c)), expected))
        except (AutodiffError, TypeError, ValueError) as error:  # the last two are the framework's own refusals
            found.append((name, error, expected))
    if not found:
        pytest.skip(f"{be.name} has no transform of the kind {kind!r} of its own")
    _FOUND[be, operator, kind] = found
    return found


def numpys(be: Backend, tree: Any) -> list[Any]:
    """The leaves of a tree of arrays."""
    return [be.to_numpy(leaf) for leaf in trees.flatten(tree, be.array_types)[0]]


@pytest.mark.parametrize(("operator", "kind"), CASES)
def test_an_operator_inside_is_right_or_refused(be: Backend, operator: str, kind: str) -> None:
    for _, found, expected in transformed(be, operator, kind):
        if isinstance(found, Exception):
            continue
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other, scale=np.max(np.abs(other), initial=1.0))


@clause("HOST-08")
@pytest.mark.parametrize(("operator", "kind"), EVERY)
def test_an_operator_inside_is_not_refused(be: Backend, operator: str, kind: str) -> None:
    refused = {name: found for name, found, _ in transformed(be, operator, kind) if isinstance(found, Exception)}
    assert not refused


@clause("HOST-07")
def test_the_frameworks_own_gradient_inside_is_differentiated(be: Backend) -> None:
    gradient, xp = be._host().gradient, be.xp
    a, c = (be.asarray(value, dtype=be.xp.float64) for value in ([1.0, 2.0], [0.5, 3.0]))

    def inside(b: Any) -> Any:
        return be.lift(gradient(lambda z: xp.sum(c * z * z * z)))(b)

    assert_equal(be, be.grad(lambda b: xp.sum(inside(b)))(a), [3.0, 36.0])
    assert_equal(be, be.jacobian(inside)(a), [[3.0, 0.0], [0.0, 36.0]])
    assert_equal(be, be.hessian(lambda b: xp.sum(b * inside(b)))(a), [[9.0, 0.0], [0.0, 108.0]])


@clause("HOST-09")
@pytest.mark.parametrize("operator", [one for one in OPERATORS if "tape" not in one and "hosted" not in one])
def test_the_operators_backend_is_current_inside(be: Backend, operator: str) -> None:
    need = NEEDS.get(operator)
    if need is not None and need not in be.capabilities:
        pytest.skip(f"{be.name} declares no {need.name}")
    seen: set[Backend] = set()
    a, c = (be.asarray(value, dtype=be.xp.float64) for value in ([1.0, 2.0], [0.5, 3.0]))
    with ad.use_backend(Backend()) as other:
        operators(be, seen)[operator][0](c, a)
        assert ad.backend() is other
    assert seen == {be}


@clause("HOST-10")
@pytest.mark.parametrize("operator", ["grad", "value_and_grad", "vjp", "jvp", "jacobian", "hessian", "hvp", "vmap"])
@pytest.mark.parametrize("result", ["array", "number"])
def test_a_result_of_another_framework_is_refused(be: Backend, operator: str, result: str) -> None:
    x = be.asarray([1.0, 2.0], dtype=be.xp.float64)

    def f(a: Any) -> Any:
        values = np.ones(2)  # as np.exp(a) gives them on a framework that NumPy converts
        return values if result == "array" else np.sum(values)

    calls: dict[str, Callable[[], Any]] = {
        "vjp": lambda: be.vjp(f, x), "jvp": lambda: be.jvp(f, (x,), (x,)), "hvp": lambda: be.hvp(f, (x,), (x,)),
    }  # fmt: skip
    call = calls.get(operator, lambda: getattr(be, operator)(f)(x))
    with pytest.raises(BackendMismatchError, match="a NumPy array"):
        call()
