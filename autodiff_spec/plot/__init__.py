"""A function and its derivatives over an interval, computed by a backend and drawn: the chapter's last exercise.

>>> from autodiff_spec.plot import curves
>>> found = curves("sin(x)", 0.0, 1.0, backend="numpy", points=2)
>>> found.y[1].round(3).tolist()
[1.0, 0.54]
"""

from autodiff_spec.plot._curves import Curves, curves
from autodiff_spec.plot._figure import plot

__all__ = ["Curves", "curves", "plot"]
