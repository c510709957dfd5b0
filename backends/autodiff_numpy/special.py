"""`scipy.special` for plain and recorded arrays, under SciPy's names.

SciPy's ufuncs (`scipy.special.erf`, `gammaln`, `expit`, …) are differentiated as they are. Those of its functions that
are Python code turn their arguments into plain arrays first, so they are defined here again; the rest are SciPy's.

Example:
    >>> import autodiff_spec as ad
    >>> from autodiff_numpy import special
    >>> ad.backend("numpy").grad(lambda x: special.logsumexp(special.gammaln(x)))(2.0)
    array(0.42278434)
"""

from __future__ import annotations

from typing import Any

import scipy.special

from autodiff_numpy.rules.special import itself, log_softmax, logsumexp, multigammaln, polygamma, softmax

__all__ = ["log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax"]


def __getattr__(name: str) -> Any:
    return itself(getattr(scipy.special, name))
