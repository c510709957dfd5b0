"""The error for a function that closes over an array of another framework, in place of whatever the meeting raised.

Frameworks answer ``x * other`` in their own ways: "unsupported operand", "invalid combination of arguments", "can't
call numpy() on Tensor that requires grad". None of them says what to write.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from autodiff_spec.core.engine import Engine
from autodiff_spec.core.errors import BackendMismatchError
from autodiff_spec.core.frameworks import array_of, framework_of

_RAISE = dis.opmap["RAISE_VARARGS"]
_NOT_THE_USERS = ("autodiff_", "torch", "tensorflow", "jax", "numpy", "keras", "array_api_compat")


def raise_mixed(engine: Engine, error: BaseException | None) -> None:
    """Raise `BackendMismatchError` from an error of an array of ``engine`` that met one of another framework.

    Only where an operation raised it, in a function that has such an array at hand; what a program raises itself stays.
    """
    if type(error).__name__ not in ("TypeError", "RuntimeError", "TracerArrayConversionError"):
        return
    assert error is not None
    trace = _innermost(error.__traceback__)
    if trace is None or (trace.tb_next is None and trace.tb_frame.f_code.co_code[trace.tb_lasti] == _RAISE):
        return
    for known, value in _at_hand(trace.tb_frame):
        framework = framework_of(array_of(value).__class__)
        foreign = framework not in (None, engine.name) and hasattr(value, "shape") and hasattr(value, "dtype")
        if foreign and not engine.is_array(value):
            raise BackendMismatchError(
                f"{known} is an array of {framework} ({type(value).__name__}), and the function runs on the backend "
                f"{engine.name!r}: {str(error).partition(chr(10))[0]}; pass its to_numpy(), or arrays of one framework"
            ) from error


def _innermost(trace: TracebackType | None) -> TracebackType | None:
    """The last entry of a traceback that is in a user's code."""
    found = None
    while trace is not None:
        if not trace.tb_frame.f_globals.get("__name__", "").startswith(_NOT_THE_USERS):
            found = trace
        trace = trace.tb_next
    return found


def _at_hand(frame: FrameType) -> Iterator[tuple[str, Any]]:
    """The variables of a function with their values: its own, those it closes over, and the globals that it names."""
    yield from frame.f_locals.items()
    yield from ((name, frame.f_globals[name]) for name in frame.f_code.co_names if name in frame.f_globals)
