"""An array API namespace (2024.12) over plain `tf.Tensor` and `tf.Variable`.

Names, signatures and keywords are the standard's, and so is the promotion of dtypes inside these functions; operators
and methods of a tensor stay TensorFlow's own, and no global switch is set. Each function is made of TensorFlow's
differentiable operations, and runs eagerly and under `tf.function`, where the number of axes has to be known and sizes
may be unknown.

A tensor is indexed with integers, slices, ``None``, ``...`` and one boolean mask; for the rest there are `take`,
`take_along_axis` and ``autodiff_tensorflow.extra.index``. Tensors are immutable, and have no ``.T`` or ``.size``.
"""

from __future__ import annotations

import math as _math
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from autodiff_spec.core.names import DTYPES as _DTYPES
from autodiff_spec.core.names import MAIN as _MAIN
from autodiff_spec.core.names import gathered as _gathered
from autodiff_tensorflow.xp import (
    _info,
    creation,
    dtypes,
    elementwise,
    fft,
    linalg,
    manipulation,
    reductions,
    searching,
    sets,
)
from autodiff_tensorflow.xp.dtypes import bool_ as bool

e, inf, nan, pi = _math.e, _math.inf, _math.nan, _math.pi
newaxis = None
__array_api_version__ = "2024.12"

_found = _gathered(
    (*_MAIN, *_DTYPES[1:], "bfloat16", "broadcast_shapes", "float16", "isin"),
    *(elementwise, linalg, manipulation, reductions, creation, dtypes, searching, sets, _info),
)
globals().update(_found)

if _TYPE_CHECKING:  # the names that come from the families

    def __getattr__(name: str) -> _Any: ...


__all__ = ["__array_api_version__", "bool", "e", "fft", "inf", "linalg", "nan", "newaxis", "pi"]
__all__ += list(_found)
