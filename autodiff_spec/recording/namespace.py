"""A namespace whose every new array is recorded: for suites of namespaces that should see recorded arrays.

The recording is always open and keeps nothing: its nodes live as long as the arrays that stand for them. There is no
tape for it, so nothing can be differentiated with respect to these arrays; open a tape and watch them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from autodiff_spec.recording.nodes import Node, Recording
from autodiff_spec.recording.tape import ArrayTraits

_CREATION = ("arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like", "linspace", "ones",
             "ones_like", "zeros", "zeros_like")  # fmt: skip


class _Always(Recording):
    """A recording without a tape: `float` of its arrays loses nothing, for nobody can ask it for a derivative."""

    __slots__ = ()
    asked = False


class _Forgetful(list[Node]):
    """The nodes of a recording that no tape walks."""

    def append(self, node: Node, /) -> None:
        """Let the node go with its array."""


def recorded_namespace(xp: Any, traits: ArrayTraits, records: Callable[[Any], bool]) -> dict[str, Any]:
    """The names of ``xp`` and what they stand for, creation functions so that their results are recorded.

    Args:
        xp: an engine's namespace, for plain and recorded arrays.
        traits: how its arrays are recorded.
        records: whether a plain array is to be recorded; others stay plain.
    """
    always, recorder = _Always(), traits.recorder
    always.nodes = _Forgetful()

    def recorded(array: Any) -> Any:
        array = traits.current(array)
        if type(array) is traits.array or not records(array):
            return array
        if always not in recorder.frame().recordings:  # this context's
            recorder.start(always)
        return traits.wrap(array, recorder.source(always, None))

    def making(create: Callable[..., Any]) -> Callable[..., Any]:
        return functools.wraps(create)(lambda *args, **kwargs: recorded(create(*args, **kwargs)))

    fft = {name: getattr(xp.fft, name) for name in xp.fft.__all__}
    fft |= {name: making(fft[name]) for name in ("fftfreq", "rfftfreq")}
    names = {name: getattr(xp, name) for name in (*xp.__all__, "SUPPORTED_API_VERSIONS", "__array_api_version__")}
    names |= {name: making(names[name]) for name in _CREATION}
    return names | {"__all__": list(xp.__all__), "fft": SimpleNamespace(**fft)}
