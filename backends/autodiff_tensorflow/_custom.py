"""Functions with a rule of their own on TensorFlow."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.python.eager import record  # private: what else can say whether a tape listens?
from tensorflow.python.eager.forwardprop_util import pack_tangents  # and whether an accumulator does?

from autodiff_spec import Backend, UnsupportedError


def apply_rule(be: Backend, call: Any, arrays: list[Any]) -> list[Any]:
    """The results of a custom call, by `tf.custom_gradient`; in a graph, which is differentiated later, always so."""
    arrays = [tf.convert_to_tensor(array) for array in arrays]
    if pack_tangents(arrays).tangents:
        raise UnsupportedError(
            "custom_vjp() has a pullback alone, which tf.autodiff.ForwardAccumulator would leave out; "
            "use jvp() of this backend"
        )
    tracked = _listening(arrays)
    with record.stop_recording():
        values = [tf.identity(array) for array in arrays]
    outputs, residuals = call.forward(*values) if tracked else (call.value(*values), None)
    if tf.executing_eagerly() and _listening(outputs):
        raise call.depends_on_more()
    floating = [k for k, output in enumerate(outputs) if be.kind(output.dtype) != "other"]
    if not (tracked and floating):
        return list(outputs)

    def pull(given: tuple[Any, ...], variables: Any) -> list[Any]:
        if variables:
            raise call.depends_on_more()
        # Where a tape listens the residuals have to be functions of the arguments.
        kept = call.forward(*arrays)[1] if _listening(arrays) else residuals
        cotangents: list[Any] = [None] * len(outputs)
        for k, cotangent in zip(floating, given, strict=True):
            cotangents[k] = cotangent
        return call.backward(kept, cotangents)  # type: ignore[no-any-return]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def recorded(*_: Any) -> tuple[list[Any], Any]:
        return [outputs[k] for k in floating], lambda *given, variables=None: pull(given, variables)

    results = list(outputs)
    for k, result in zip(floating, recorded(*arrays), strict=True):
        results[k] = result
    return results


def _listening(arrays: list[Any]) -> bool:
    """Whether a tape, ours or the user's, records what is done to one of ``arrays``; in a graph one may, later."""
    return not tf.executing_eagerly() or bool(record.should_record_backprop(arrays))
