"""Several replicas of a `tf.distribute.Strategy`: inside of its ``run()`` each is a program like any other.

Outside, a value that each replica has of its own is no array, and is refused. Inside, nobody sees whether what a
replica assigns is the same in all of them; so a variable that is made in a strategy's scope takes the mean of what they
assign, as `tf.VariableAggregation.MEAN` has it, and one of the user's that would keep a value of each replica is
refused. What replicas join by `tf.distribute.ReplicaContext.merge_call` is computed in another thread, which no tape of
theirs sees: of what a tape records that is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.pywrap_tfe import TFE_Py_TapeSetShouldRecordBackprop  # private: what else can say so?

from autodiff_spec import UnsupportedError
from autodiff_spec.core.frameworks import HOLDERS
from autodiff_spec.core.lost import EXPLANATIONS

_WORDS = (
    "which holds a value for each replica; differentiate inside of strategy.run(), or make one array of them: "
    "strategy.reduce(), tf.concat(strategy.experimental_local_results(x), 0)"
)


def aggregation() -> tf.VariableAggregation:
    """How a variable that is made here joins the values that replicas assign to it: by their mean, in a strategy.

    Raises:
        UnsupportedError: one replica of several would make it, and all would get the first one's value.
    """
    if not tf.distribute.has_strategy():
        return tf.VariableAggregation.NONE
    if _in_replica():
        raise UnsupportedError(
            "variable() inside of strategy.run() would give every replica the value of the first; make the variable "
            "before, under strategy.scope(), or watch() the array"
        )
    return tf.VariableAggregation.MEAN


def require_reduction(variable: tf.Variable) -> None:
    """Raise `UnsupportedError` where a replica would assign a value to its own part of a mirrored variable."""
    if not isinstance(variable, tf.distribute.DistributedValues) or not _in_replica():
        return
    kept_apart = variable.synchronization == tf.VariableSynchronization.ON_READ
    if variable.aggregation == tf.VariableAggregation.NONE and not kept_apart:
        raise UnsupportedError(
            "assign() inside of strategy.run() would give each replica a value of its own; make the variable by "
            "variable(), or by tf.Variable(..., aggregation=tf.VariableAggregation.MEAN), or assign outside of run()"
        )


def guarded() -> Any:
    """The replica that this code runs as, whose ``merge_call`` refuses from now on what a tape records.

    ``None`` outside of replicas, and where an outer tape has seen to it.
    """
    if not _in_replica():
        return None
    replica = tf.distribute.get_replica_context()
    if "merge_call" in vars(replica):
        return None
    merge = functools.partial(_merged, replica.merge_call)
    replica.merge_call = tf.autograph.experimental.do_not_convert(merge)
    return replica


def _merged(own: Callable[..., Any], merge_fn: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
    """The replica's ``own`` merge, unless a number comes of it that depends on what a tape records."""
    given = [one for one in tf.nest.flatten((args, kwargs or {})) if isinstance(one, tf.Tensor)]
    is_recorded = TFE_Py_TapeSetShouldRecordBackprop(given)
    found = own(merge_fn, args, kwargs)
    if is_recorded and not _of_tensorflow(merge_fn) and any(map(_is_number, tf.nest.flatten(found))):
        raise UnsupportedError(
            "merge_call() computes in another thread, and what a tape records would be lost there; write "
            "tf.distribute.get_replica_context().all_reduce('SUM', v), which has a derivative, or merge outside of "
            "what is differentiated, or tf.stop_gradient(v)"
        )
    return found


def _of_tensorflow(function: Callable[..., Any]) -> bool:
    """Whether TensorFlow itself merges so: values that are assigned; and sums, whose gradient it gives beside."""
    return (getattr(function, "__module__", None) or "").startswith("tensorflow.")


def _is_number(value: Any) -> bool:
    return isinstance(value, tf.Tensor) and (value.dtype.is_floating or value.dtype.is_complex)


def _in_replica() -> bool:
    """Whether this code runs as one replica of several; without a strategy it runs as the only one."""
    several = tf.distribute.has_strategy() and tf.distribute.get_strategy().num_replicas_in_sync > 1
    return several and not tf.distribute.in_cross_replica_context()


def _of_each_replica(value: Any) -> str | None:
    held = isinstance(value, tf.distribute.DistributedValues) and not isinstance(value, tf.Variable)
    return _WORDS if held else None


def _explained(error: Exception) -> UnsupportedError | None:
    """The error of ours for what TensorFlow says where a function closes over such a value, or meets a DTensor."""
    if "PerReplica" in str(error):
        return UnsupportedError(f"an argument is a PerReplica, {_WORDS}")
    if isinstance(error, tf.errors.UnimplementedError) and "expecting a DTensor" in str(error):
        return UnsupportedError(
            "a DTensor meets a plain tensor, perhaps one that TensorFlow's gradient makes; differentiate in a "
            "tf.function, or under `with tf.experimental.dtensor.default_mesh(mesh):`"
        )
    return None


HOLDERS.append(_of_each_replica)
EXPLANATIONS.append(_explained)
