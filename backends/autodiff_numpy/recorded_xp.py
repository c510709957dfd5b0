"""`autodiff_numpy.xp` with every new array recorded; see `autodiff_spec.recording.namespace`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_numpy import xp
from autodiff_numpy._array import RECORDER, Array, resolve
from autodiff_spec.recording.namespace import recorded_namespace
from autodiff_spec.recording.nodes import Node


def _recorded(array: Any, source: Callable[[], Node]) -> Any:
    array = resolve(array)
    return array if type(array) is Array else Array(np.asarray(array), source())


globals().update(recorded_namespace(xp, RECORDER, _recorded))
