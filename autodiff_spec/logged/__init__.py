"""A namespace and arrays over any backend that log each operation: what `compare`, `diff` and `graph` look at.

`LoggedBackend` stands over another backend and is one itself: made current, it turns what a program computes into a
`Log` of `Operation`s. The values are the other backend's own arrays, recorded by its tapes as ever, so each operation
is there with its inputs and outputs, and on a tape (`Log.pull`) with the cotangents that came back through it.

>>> import autodiff_spec as ad
>>> from autodiff_spec.logged import LoggedBackend
>>> with ad.use_backend(LoggedBackend(ad.backend("numpy"))) as be:
...     x = ad.variable([1.0, 2.0])
...     y = ad.xp().sum(2 * x * x)
>>> print(be.log)
#0 variable() -> (2,)
#1 multiply(2, #0) -> (2,)
#2 multiply(#1, #0) -> (2,)
#3 sum(#2) -> ()
"""

from autodiff_spec.logged._backend import LoggedBackend
from autodiff_spec.logged._entry import Operation, Place, Slot, Use
from autodiff_spec.logged._log import GUARDS, Log, Logged

__all__ = ["GUARDS", "Log", "Logged", "LoggedBackend", "Operation", "Place", "Slot", "Use"]
