"""Functions beyond the standard, written once over a namespace.

`Beyond` checks arguments, so that a mistake is the same error on every backend, and leaves the computing to hooks. Most
hooks are made of functions of the namespace, and have their derivatives: of any order, in every transform, with sizes
that are unknown inside `tf.function`. A backend's `_beyond.py` has the others, and overrides those for which its
framework has a function whose derivatives are right.
"""

from __future__ import annotations

from autodiff_spec.beyond._arranging import Arranging
from autodiff_spec.beyond._interpolation import Interpolation
from autodiff_spec.beyond._matrices import Matrices


class Beyond(Arranging, Interpolation, Matrices):
    """The functions for one namespace, whose arguments are arrays of its framework."""


__all__ = ["Beyond"]
