"""Whole calls on JAX: functions with a rule of their own, and checkpoints, on tapes and in JAX's transforms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
from jax import numpy as jnp

from autodiff_jax._array import RECORDER, plain
from autodiff_jax._functional import conjugate, native_vjp
from autodiff_jax._tape import TRAITS
from autodiff_spec import Backend, UnsupportedError
from autodiff_spec.core import trees
from autodiff_spec.recording.calls import record_checkpoint, record_rule, require_constant, run_rule, tapes_of

_FORWARD: ContextVar[bool] = ContextVar("autodiff_jax_forward", default=False)


class RuleInForwardMode(UnsupportedError):
    """A rule met inside JAX's forward mode, which has no use for one; whoever started it transposes the rule."""


@contextmanager
def forward_mode() -> Iterator[None]:
    """JAX's own forward mode runs inside."""
    token = _FORWARD.set(True)
    try:
        yield
    finally:
        _FORWARD.reset(token)


def apply_rule(be: Backend, call: Any, arrays: list[Any]) -> list[Any]:
    """The results of a custom call, its rule known to the tapes and to JAX's own transforms around them."""
    if _FORWARD.get():
        raise RuleInForwardMode("JAX's forward mode does not take a custom_vjp(); use jvp(), which transposes its rule")
    values = [plain(array) for array in arrays]
    if not _traced(values):
        outputs = run_rule(be, TRAITS, call, arrays)
        # A tracer among them came from a closure, or from a compilation that is going on: JAX knows.
        return _native(call, values) if _traced(outputs) else outputs
    if not tapes_of(TRAITS, arrays):
        outputs = _native(call, values)
        require_constant(TRAITS, call, outputs)
        return outputs
    outputs, residuals = call.forward(*values)
    require_constant(TRAITS, call, outputs)
    return record_rule(be, TRAITS, call, arrays, _attached(call, values, outputs, residuals), residuals)


def apply_checkpoint(be: Backend, f: Any, arrays: list[Any]) -> list[Any]:
    """A call that the tapes make again; without one, `jax.checkpoint` inside JAX's transforms."""
    if RECORDER.frame().recordings:
        return record_checkpoint(be, TRAITS, f, arrays)
    values = [plain(array) for array in arrays]
    if not _traced(values):
        return f(*values)  # type: ignore[no-any-return]
    segment = _Segment(f)
    try:
        found = jax.checkpoint(segment.value)(*values)
    except jax.errors.ConcretizationTypeError:  # it looks at its values, which that does not show to it
        found = segment.value(*values) if _FORWARD.get() else _native(segment, values)  # forward, nothing is kept
    return segment.outputs(found)


_AN_ARRAY = object()
"""What stands for an array that a trace made, and that must not outlive it."""


class _Segment:
    """The function of a checkpoint as a custom call, whose rule is to run it again."""

    def __init__(self, f: Any) -> None:
        self._f = f
        self._everything: list[Any] = []

    def value(self, *arrays: Any) -> list[Any]:
        """The arrays that it returns."""
        everything = self._f(*arrays)
        self._everything = [_AN_ARRAY if isinstance(output, jax.Array) else output for output in everything]
        return [output for output in everything if isinstance(output, jax.Array)]

    def forward(self, *arrays: Any) -> tuple[list[Any], Any]:
        """These, and the arguments as residuals."""
        return self.value(*arrays), arrays

    def backward(self, arrays: Any, cotangents: list[Any]) -> list[Any]:
        """The pullback, from a second run."""
        return native_vjp(self.value, list(arrays))[1](cotangents)

    def depends_on_more(self) -> UnsupportedError:
        """The error for a closure over another argument of the derivative."""
        return UnsupportedError(
            "the function of a checkpoint() looks at its values and closes over another argument of the derivative, "
            "which JAX's functional form does not allow together; pass that as an argument, or use a tape"
        )

    def outputs(self, found: list[Any]) -> list[Any]:
        """Everything that it returned, ``found`` in the place of the arrays."""
        arrays = iter(found)
        return [next(arrays) if output is _AN_ARRAY else output for output in self._everything]


# --- rules in JAX's own transforms ------------------------------------------------------------------------------


def _traced(values: list[Any]) -> bool:
    return any(isinstance(value, jax.core.Tracer) for value in values)


def _native(call: Any, values: list[Any]) -> list[Any]:
    """The results of ``call`` by `jax.custom_vjp`.

    JAX runs ``fwd`` outside the derivative that it is taking, but inside the next outer one, which would differentiate
    what ``fwd`` does and pass over the rule; hence the rule is attached to its results again.
    """
    constants: list[Any] = []

    def fwd(*leaves: Any) -> Any:
        outputs, residuals = call.forward(*leaves)
        kept, constants[:] = _split(residuals)
        return _attached(call, list(leaves), outputs, residuals), kept

    @jax.custom_vjp
    def apply(*leaves: Any) -> list[Any]:
        return call.value(*leaves)  # type: ignore[no-any-return]

    apply.defvjp(fwd, lambda kept, given: tuple(_shares(call, _joined(kept, constants), given)))
    try:
        found: list[Any] = apply(*values)
    except jax.errors.UnexpectedTracerError as error:
        raise call.depends_on_more() from error
    return found


def _attached(call: Any, values: list[Any], outputs: list[Any], residuals: Any) -> list[Any]:
    """``outputs`` as JAX's transforms see them: with the rule of ``call`` as their derivative by ``values``."""
    if not _traced(values):
        return outputs
    kept, constants = _split(residuals)

    @jax.custom_vjp
    def attach(leaves: Any, results: Any, kept: Any) -> Any:
        return results

    def fwd(leaves: Any, results: Any, kept: Any) -> Any:
        return _attached(call, leaves, results, _joined(kept, constants)), kept

    attach.defvjp(fwd, lambda kept, given: (_shares(call, _joined(kept, constants), given), None, None))
    found: list[Any] = attach(values, outputs, kept)
    return found


def _shares(call: Any, residuals: Any, given: list[Any]) -> list[Any]:
    cotangents = [conjugate(g) if jnp.issubdtype(g.dtype, jnp.inexact) else None for g in given]
    return [None if share is None else conjugate(plain(share)) for share in call.backward(residuals, cotangents)]


def _split(residuals: Any) -> tuple[dict[int, Any], list[Any]]:
    """The arrays among the leaves of ``residuals``, and the rest with the structure, which JAX does not see."""
    leaves, structure = trees.flatten(residuals, (jax.Array,))
    kept = {i: leaf for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)}
    return kept, [structure, [None if i in kept else leaf for i, leaf in enumerate(leaves)]]


def _joined(kept: dict[int, Any], constants: list[Any]) -> Any:
    structure, rest = constants
    return trees.unflatten(structure, [kept.get(i, leaf) for i, leaf in enumerate(rest)])
