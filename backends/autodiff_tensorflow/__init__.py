"""The TensorFlow adapter: `tf.GradientTape` behind the interface of autodiff_spec.

Arrays are `tf.Tensor` and `tf.Variable`, and TensorFlow differentiates them. ``autodiff_tensorflow.xp`` is an
array API namespace over them, which needs no global switch, and ``autodiff_tensorflow.extra`` the few functions
beyond the standard.

>>> import autodiff_tensorflow
>>> autodiff_tensorflow.backend().name
'tensorflow'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autodiff_tensorflow._backend import TensorFlowBackend

__all__ = ["backend"]


def backend(conventions: str = "native") -> TensorFlowBackend:
    """The backend, in either flavour; discovery calls this, users ``autodiff_spec.backend("tensorflow")``."""
    from autodiff_tensorflow._backend import TensorFlowBackend  # loads TensorFlow

    return TensorFlowBackend(conventions)
