"""`autodiff_jax.xp` with every new floating array recorded, for suites of namespaces that should see recorded arrays.

The recording is always open and keeps nothing: its nodes live as long as the arrays that stand for them. There is no
tape for it, so nothing can be differentiated with respect to these arrays; open a tape and watch them. Integers and
truth values stay plain, as they do under a tape.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from autodiff_jax import xp
from autodiff_jax._array import RECORDER, Array, kind_of, resolve
from autodiff_spec._recording import Node, Recording


class _Forgetful(list[Node]):
    """The nodes of a recording that no tape walks."""

    def append(self, node: Node, /) -> None:
        """Let the node go with its array."""


_ALWAYS = Recording()
_ALWAYS.nodes = _Forgetful()

_CREATION = ("arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like", "linspace", "ones",
             "ones_like", "zeros", "zeros_like")  # fmt: skip


def _recorded(array: Any) -> Any:
    """The array under a new source of the recording, which is opened in this context if need be."""
    array = resolve(array)
    if type(array) is Array or not (kind := kind_of(array)).floating:
        return array
    if _ALWAYS not in RECORDER.frame().recordings:
        RECORDER.start(_ALWAYS)
    return Array(array, RECORDER.source(_ALWAYS, None), kind)


def _making(create: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(create)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        return _recorded(create(*args, **kwargs))

    return recorded


SUPPORTED_API_VERSIONS = xp.SUPPORTED_API_VERSIONS
__array_api_version__ = xp.__array_api_version__
__all__ = list(xp.__all__)
globals().update({name: getattr(xp, name) for name in xp.__all__})
globals().update({name: _making(getattr(xp, name)) for name in _CREATION})
fft = SimpleNamespace(**{name: getattr(xp.fft, name) for name in xp.fft.__all__})
fft.fftfreq, fft.rfftfreq = _making(xp.fft.fftfreq), _making(xp.fft.rfftfreq)
