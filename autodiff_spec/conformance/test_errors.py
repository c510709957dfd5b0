"""Chapter ERR: the error table, each row with its remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autodiff_spec
from autodiff_spec import (
    AutodiffError,
    Backend,
    BackendMismatchError,
    Capability,
    NotDifferentiableError,
    ShapeMismatchError,
    TapeConsumedError,
    TapeStateError,
    UnsupportedError,
    UntrackedError,
)
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_equal

TABLE: dict[str, type[Exception]] = {
    "BackendNotFoundError": LookupError,
    "BackendNotInstalledError": ImportError,
    "BackendMismatchError": TypeError,
    "UnsupportedError": NotImplementedError,
    "NotDifferentiableError": TypeError,
    "DtypeError": TypeError,
    "UntrackedError": ValueError,
    "ShapeMismatchError": ValueError,
    "TapeError": RuntimeError,
    "TapeConsumedError": autodiff_spec.TapeError,
    "TapeStateError": autodiff_spec.TapeError,
    "MutationError": RuntimeError,
    "PreparationError": RuntimeError,
    "ComputationError": RuntimeError,
    "CustomRuleError": ValueError,
}


@dataclass(frozen=True)
class Refusal:
    """One bad call: what it is made with, what it must raise, and what its message must say.

    Attributes:
        call: takes the scene: ``be``, the variable ``v``, ``plain``, an array, the closed tape ``t``, its target ``y``.
        error: the type that it raises.
        operation: how the message names what was called.
        argument: how it names the argument, by its path in the tree.
        remedy: what to do instead, or a part of it.
    """

    call: Callable[[Any], Any]
    error: type[Exception]
    operation: str
    argument: str
    remedy: str


def _watching(value: Any) -> Callable[[Any], Any]:
    def call(s: Any) -> None:
        with s.be.tape() as t:
            t.watch(value)

    return call


def _reentered(s: Any) -> None:
    with s.t:
        pass


def _out_under_a_tape(s: Any) -> None:
    with s.be.tape():
        s.t.grad(s.y, s.v, out=s.v)


VARIABLES = {
    "variable of an int": Refusal(
        lambda s: s.be.variable(3), NotDifferentiableError, "variable()", "value", "write 3.0"
    ),
    "variable of a bool": Refusal(
        lambda s: s.be.variable(True), NotDifferentiableError, "variable()", "value", "pass a float"
    ),
    "variable of a string": Refusal(
        lambda s: s.be.variable("3.0"), NotDifferentiableError, "variable()", "value", "pass a float"
    ),
    "variable of ints": Refusal(
        lambda s: s.be.variable([1, 2]), NotDifferentiableError, "variable()", "value", "3.0 instead of 3"
    ),
    "variable of ragged lists": Refusal(
        lambda s: s.be.variable([[1.0], [1.0, 2.0]]), NotDifferentiableError, "variable()", "value", "equal length"
    ),
    "variable of an int array": Refusal(
        lambda s: s.be.variable(np.array([1])), NotDifferentiableError, "variable()", "value", "floating dtype"
    ),
    "variable of an int dtype": Refusal(
        lambda s: s.be.variable(1.0, dtype=s.be.xp.int32),
        NotDifferentiableError,
        "variable()",
        "dtype",
        "floating dtype",
    ),
    "assign of a wrong shape": Refusal(
        lambda s: s.be.assign(s.v, [1.0, 2.0, 3.0]), ShapeMismatchError, "assign()", "(3,)", "new variable"
    ),
    "assign of an int": Refusal(
        lambda s: s.be.assign(s.v, 3), NotDifferentiableError, "assign()", "value", "write 3.0"
    ),
    "assign to an array": Refusal(
        lambda s: s.be.assign(s.plain, [1.0, 2.0]), UnsupportedError, "assign()", "variable", "variable()"
    ),
}
TAPES = {
    "watch of an int": Refusal(_watching(3), NotDifferentiableError, "watch()", "x", "write 3.0"),
    "watch of an int in a tree": Refusal(
        _watching({"a": [1.0, 3]}), NotDifferentiableError, "watch()", "x['a'][1]", "write 3.0"
    ),
    "watch on a closed tape": Refusal(
        lambda s: s.t.watch(s.plain), TapeStateError, "watch()", "tape", "inside the tape's own `with`"
    ),
    "entering twice": Refusal(_reentered, TapeStateError, "entered", "tape", "make a new one with tape()"),
    "grad of a new tape": Refusal(
        lambda s: s.be.tape().grad(s.y, s.v), TapeStateError, "entered", "tape", "with tape()"
    ),
}
COTANGENTS = {
    "cotangent of a wrong shape": Refusal(
        lambda s: s.t.grad(s.y, s.v, cotangent=s.be.asarray(1.0)),
        ShapeMismatchError, "grad()", "cotangent", "exactly the target's shape",
    ),
    "cotangent of a wrong shape in a tree": Refusal(
        lambda s: s.t.grad({"a": [s.y]}, s.v, cotangent={"a": [s.be.asarray([1.0])]}),
        ShapeMismatchError, "grad()", "cotangent['a'][0]", "exactly the target's shape",
    ),
    "cotangent of ints": Refusal(
        lambda s: s.t.grad(s.y, s.v, cotangent=s.be.xp.asarray([1, 2])),
        NotDifferentiableError, "grad()", "cotangent", "floating",
    ),
    "cotangent of another tree": Refusal(
        lambda s: s.t.grad(s.y, s.v, cotangent=[1.0, 2.0]),
        ShapeMismatchError, "grad()", "cotangent", "same structure",
    ),
}  # fmt: skip
GRADIENTS = {
    "target computed outside": Refusal(
        lambda s: s.t.grad(s.outside, s.v), UntrackedError, "grad()", "target", "inside `with tape()`"
    ),
    "target in a tree computed outside": Refusal(
        lambda s: s.t.grad({"a": s.y, "b": s.outside}, s.v), UntrackedError, "grad()", "target['b']", "watch()"
    ),
    "target that is a float": Refusal(
        lambda s: s.t.grad(3.0, s.v), UntrackedError, "grad()", "target", "inside the tape"
    ),
    "target of ints": Refusal(
        lambda s: s.t.grad(s.be.xp.asarray([1]), s.v), NotDifferentiableError, "grad()", "target", "floating"
    ),
    "source that was not watched": Refusal(
        lambda s: s.t.grad(s.y, s.plain), UntrackedError, "grad()", "sources", "x = t.watch(x)"
    ),
    "source in a tree that was not watched": Refusal(
        lambda s: s.t.grad(s.y, {"w": [s.v, s.plain]}), UntrackedError, "grad()", "sources['w'][1]", "x = t.watch(x)"
    ),
    "source that is an int": Refusal(
        lambda s: s.t.grad(s.y, (s.v, 3)), NotDifferentiableError, "grad()", "sources[1]", "variable"
    ),
    "source of ints": Refusal(
        lambda s: s.t.grad(s.y, s.be.xp.asarray([1])), NotDifferentiableError, "grad()", "sources", "floating"
    ),
    "out of a wrong shape": Refusal(
        lambda s: s.t.grad(s.y, s.v, out=s.be.variable([0.0])), ShapeMismatchError, "grad()", "out", "of that shape"
    ),
    "out of another tree": Refusal(
        lambda s: s.t.grad(s.y, [s.v], out=s.v), ShapeMismatchError, "grad()", "out", "same structure"
    ),
    "out that is a float": Refusal(
        lambda s: s.t.grad(s.y, [s.v], out=[1.0]), UnsupportedError, "grad()", "out[0]", "variable()"
    ),
    "out under an outer tape": Refusal(_out_under_a_tape, TapeStateError, "grad()", "out=", "use the returned value"),
    "jacobian of a target computed outside": Refusal(
        lambda s: s.t.jacobian(s.outside, s.v), UntrackedError, "jacobian()", "target", "inside `with tape()`"
    ),
    "jacobian by a source that was not watched": Refusal(
        lambda s: s.t.jacobian(s.y, [s.plain]), UntrackedError, "jacobian()", "sources[0]", "x = t.watch(x)"
    ),
    "jacobian of two targets": Refusal(
        lambda s: s.t.jacobian((s.y, s.y), s.v), ShapeMismatchError, "jacobian()", "target", "once for each"
    ),
}
REFUSALS = {**VARIABLES, **TAPES, **COTANGENTS, **GRADIENTS}
refusals = pytest.mark.parametrize("case", list(REFUSALS))


def scene(be: Backend) -> Any:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    outside = v * v
    with be.tape() as t:
        y = v * v
    return SimpleNamespace(be=be, v=v, plain=be.asarray([1.0, 2.0]), outside=outside, t=t, y=y)


def message_of(case: Refusal, s: Any) -> str:
    with pytest.raises(AutodiffError) as caught:
        case.call(s)
    return str(caught.value)


@clause("ERR-01")
@pytest.mark.parametrize("name", list(TABLE))
def test_every_error_is_what_the_table_says(be: Backend, name: str) -> None:
    error = getattr(autodiff_spec, name)
    assert issubclass(error, AutodiffError)
    assert issubclass(error, TABLE[name])
    assert str(error("a message")) == "a message"


@clause("ERR-02")
@refusals
def test_a_refusal_raises_the_error_of_the_table(be: Backend, case: str) -> None:
    with pytest.raises(AutodiffError) as caught:
        REFUSALS[case].call(scene(be))
    assert type(caught.value) is REFUSALS[case].error


@clause("ERR-03")
@refusals
def test_a_refusal_names_the_operation(be: Backend, case: str) -> None:
    assert REFUSALS[case].operation in message_of(REFUSALS[case], scene(be))


@clause("ERR-04")
@refusals
def test_a_refusal_names_the_argument_by_its_path(be: Backend, case: str) -> None:
    assert REFUSALS[case].argument in message_of(REFUSALS[case], scene(be))


@clause("ERR-05")
@refusals
def test_a_refusal_says_what_to_do(be: Backend, case: str) -> None:
    assert REFUSALS[case].remedy in message_of(REFUSALS[case], scene(be))


@clause("ERR-06", "ERR-07", "ERR-08", "TAPE-24")
@refusals
def test_nothing_is_lost_after_a_refusal(be: Backend, case: str) -> None:
    s = scene(be)
    message_of(REFUSALS[case], s)
    assert_equal(be, s.v, [1.0, 2.0])
    assert_equal(be, s.t.grad(s.y, s.v), [2.0, 4.0])
    with be.tape() as t:
        y = s.v * s.v * s.v
    assert_equal(be, t.grad(y, s.v), [3.0, 12.0])
    be.assign(s.v, [3.0, 4.0])
    assert_equal(be, be.grad(lambda x: x * s.v)(be.asarray([1.0, 1.0], dtype=be.xp.float64)), [3.0, 4.0])


@clause("ERR-09")
@pytest.mark.parametrize("capability", list(Capability), ids=lambda capability: capability.name)
def test_an_undeclared_capability_is_refused(be: Backend, capability: Capability) -> None:
    if capability in be.capabilities:
        be.require(capability, "this")
        return
    with pytest.raises(UnsupportedError, match=capability.name):
        be.require(capability, "this")
    if capability is Capability.TAPE:
        for call in (be.tape, be.pause, lambda: be.variable(1.0)):
            with pytest.raises(UnsupportedError, match="TAPE"):
                call()


@clause("ERR-10", "TAPE-21")
def test_a_consumed_tape_names_the_persistent_one(be: Backend) -> None:
    s = scene(be)
    s.t.grad(s.y, s.v)
    for call in (s.t.grad, s.t.jacobian):
        with pytest.raises(TapeConsumedError, match="persistent=True"):
            call(s.y, s.v)
    assert_equal(be, s.v, [1.0, 2.0])


def _pulled(be: Backend, cotangent: Any) -> Any:
    return be.vjp(lambda x: {"a": [x, x * x]}, be.asarray([1.0, 2.0]))[1](cotangent)


FUNCTIONAL: dict[str, Refusal] = {
    "an int argument": Refusal(
        lambda s: s.be.grad(lambda x: x)(3), NotDifferentiableError, "grad()", "args[0]", "write 3.0"
    ),
    "a second argument that is an int": Refusal(
        lambda s: s.be.grad(lambda x, y: y, argnums=1)(1.0, 3), NotDifferentiableError, "grad()", "args[1]", "write 3.0"
    ),
    "an int in a tree": Refusal(
        lambda s: s.be.grad(lambda x: x["a"][0])({"a": [3]}),
        NotDifferentiableError, "grad()", "args[0]['a'][0]", "write 3.0",
    ),
    "an int primal": Refusal(
        lambda s: s.be.vjp(lambda x, y: x, 1.0, np.array([3])),
        NotDifferentiableError, "vjp()", "primals[1]", "floating dtype",
    ),
    "a cotangent of a wrong shape": Refusal(
        lambda s: _pulled(s.be, {"a": [s.plain, s.be.asarray([1.0])]}),
        ShapeMismatchError, "pullback", "cotangent['a'][1]", "exactly the target's shape",
    ),
    "a cotangent of ints": Refusal(
        lambda s: _pulled(s.be, {"a": [s.plain, s.be.xp.asarray([1, 2])]}),
        NotDifferentiableError, "pullback", "cotangent['a'][1]", "floating",
    ),
    "a cotangent of another tree": Refusal(
        lambda s: _pulled(s.be, s.plain), ShapeMismatchError, "pullback", "cotangent", "same structure"
    ),
}  # fmt: skip


@clause("ERR-11")
@pytest.mark.parametrize("case", list(FUNCTIONAL))
def test_a_functional_form_refuses_with_operation_argument_and_remedy(be: Backend, case: str) -> None:
    refusal, s = FUNCTIONAL[case], SimpleNamespace(be=be, plain=be.asarray([1.0, 2.0]))
    with pytest.raises(refusal.error) as caught:
        refusal.call(s)
    assert type(caught.value) is refusal.error
    for part in (refusal.operation, refusal.argument, refusal.remedy):
        assert part in str(caught.value)


@clause("ERR-11")
def test_argnums_out_of_range_name_the_count(be: Backend) -> None:
    with pytest.raises(ValueError, match=r"argnums=2 .* 2 positional arguments"):
        be.grad(lambda x, y: x, argnums=2)(1.0, 2.0)


class _Foreign:
    """An array of another framework, by the package of its type, that would be converted silently."""

    shape = (2,)
    dtype = np.dtype("float64")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray([1.0, 2.0], dtype)


FOREIGN: dict[str, Callable[[Backend, Any, Any], Any]] = {
    "asarray": lambda be, x, other: be.asarray(other),
    "asarray of a list": lambda be, x, other: be.asarray([other, other]),
    "asarray of the namespace": lambda be, x, other: be.xp.asarray(other),
    "to_numpy": lambda be, x, other: be.to_numpy({"a": other}),
    "stop_gradient": lambda be, x, other: be.stop_gradient([x, other]),
    "grad": lambda be, x, other: be.grad(lambda a: a)(other),
    "grad by another argument": lambda be, x, other: be.grad(lambda a, b: a)(x, {"b": [other]}),
    "a keyword": lambda be, x, other: be.grad(lambda a, *, b: a)(x, b=other),
    "vjp": lambda be, x, other: be.vjp(lambda a: a, other),
    "cotangent": lambda be, x, other: be.vjp(lambda a: a, x)[1](other),
    "vmap": lambda be, x, other: be.vmap(lambda a: a)(other),
    "vmap of another argument": lambda be, x, other: be.vmap(lambda a, b: a, in_axes=(0, None))(x, other),
    "prepare": lambda be, x, other: be.prepare(lambda a: x, other),
}


@clause("ERR-17")
@pytest.mark.parametrize("call", list(FOREIGN))
def test_an_array_of_another_framework_is_refused(be: Backend, call: str) -> None:
    package = "torch" if be.name != "torch" else "jax"
    other = type("Other", (_Foreign,), {"__module__": f"{package}.made_up"})()
    with pytest.raises(BackendMismatchError, match=f"an array of {package}.*{be.name!r}.*to_numpy"):
        FOREIGN[call](be, be.asarray([1.0, 2.0]), other)
