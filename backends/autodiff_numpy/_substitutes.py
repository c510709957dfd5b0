"""What to call in place of a function of SciPy that cannot see recorded arrays."""

from __future__ import annotations

import importlib
from types import FrameType
from typing import Any

import numpy as np

OURS = ("linalg", "signal", "sparse", "special", "stats")
"""The modules of `autodiff_numpy.scipy`."""


def substitute(frame: FrameType) -> str:
    """The function of `autodiff_numpy.scipy`, or of `numpy.linalg`, for that of SciPy which ``frame`` runs in.

    Nothing where there is none, or where the frame is not SciPy's.
    """
    called = None
    above: FrameType | None = frame
    while above is not None and above.f_globals.get("__name__", "").startswith(("scipy.", "numpy.")):
        if above.f_globals["__name__"].startswith("scipy."):
            called = above  # the last one is what the user called
        above = above.f_back
    if called is None:
        return ""
    inner: Any = called.f_locals.get("f")  # of a decorated function
    name = getattr(inner, "__name__", called.f_code.co_name).strip("_")
    module = getattr(inner, "__module__", called.f_globals["__name__"]).split(".")[1]
    if module in OURS:
        ours = importlib.import_module(f"autodiff_numpy.scipy.{module}")
        distribution = _distribution(called.f_locals.get("self"))
        if name in ours.__all__:
            return f"{ours.__name__}.{name}"
        if distribution in ours.__all__ and name in getattr(ours, distribution).formulas:
            return f"{ours.__name__}.{distribution}.{name}"
    return f"np.linalg.{name}" if module == "linalg" and name in np.linalg.__all__ else ""


def _distribution(owner: Any) -> str:
    """The name of the distribution whose method runs: of one number or several, frozen or not."""
    kind = type(owner).__name__.removesuffix("_gen").removesuffix("_frozen")
    return getattr(getattr(owner, "dist", owner), "name", None) or kind
