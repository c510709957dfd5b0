"""The functions of `autodiff_spec.beyond` on TensorFlow, where sizes may be unknown inside `tf.function`."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_spec.beyond import Beyond
from autodiff_tensorflow import xp
from autodiff_tensorflow.xp.convert import length


class TensorFlowBeyond(Beyond):
    """With sizes that may be tensors."""

    def _length(self, x: Any, axis: int) -> Any:
        return length(x, axis)

    def _range(self, start: int, stop: Any) -> Any:
        return tf.range(start, stop) if isinstance(stop, tf.Tensor) else np.arange(start, stop)

    def _ordered(self, n: Any, m: Any) -> tuple[Any, Any]:
        return tf.maximum(n, m), tf.minimum(n, m)

    def _convolved(self, a: Any, v: Any) -> Any:
        if not a.dtype.is_complex:
            return _filtered(a, v)
        (a, b), (v, w) = ((tf.math.real(z), tf.math.imag(z)) for z in (a, v))
        return tf.complex(_filtered(a, v) - _filtered(b, w), _filtered(a, w) + _filtered(b, v))

    def _known(self, ids: Any) -> Any:
        return ids.numpy() if tf.executing_eagerly() else None

    def _segments(self, x: Any, ids: Any, count: int) -> Any:
        return tf.math.unsorted_segment_sum(x, tf.cast(ids, tf.int64), count)

    def _triangular(self, a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
        a = tf.linalg.set_diag(a, tf.ones_like(tf.linalg.diag_part(a))) if unit_diagonal else a
        return tf.linalg.triangular_solve(a, b, lower=lower)

    def _exponential(self, a: Any) -> Any:
        return tf.linalg.expm(a)


def _filtered(a: Any, v: Any) -> Any:
    """The convolution of real vectors, by TensorFlow's filters, which do not turn them around."""
    margin = length(v, 0) - 1
    signal = tf.pad(a, [[margin, margin]])[None, :, None]
    return tf.nn.conv1d(signal, tf.reverse(v, [0])[:, None, None], stride=1, padding="VALID")[0, :, 0]


BEYOND = TensorFlowBeyond(xp)
