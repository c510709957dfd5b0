"""`autodiff_jax.xp` with every new floating array recorded; see `autodiff_spec.recording.namespace`.

Integers and truth values stay plain, as they do under a tape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_jax import xp
from autodiff_jax._array import RECORDER, Array, kind_of, resolve
from autodiff_spec.recording.namespace import recorded_namespace
from autodiff_spec.recording.nodes import Node


def _recorded(array: Any, source: Callable[[], Node]) -> Any:
    array = resolve(array)
    if type(array) is Array or not (kind := kind_of(array)).floating:
        return array
    return Array(array, source(), kind)


globals().update(recorded_namespace(xp, RECORDER, _recorded))
