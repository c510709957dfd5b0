"""`scipy.stats` for plain and recorded arrays: distributions whose densities are differentiated by all they depend on.

``norm``, ``t``, ``gamma``, ``beta``, ``poisson``, ``multivariate_normal`` and ``dirichlet`` have ``logpdf`` and ``pdf``
(or ``logpmf`` and ``pmf``), and where there is a closed form ``cdf``, ``logcdf``, ``sf`` and ``logsf``, frozen or not.
All other names, and all other methods, are SciPy's own. The values are SciPy's, the derivatives those of formulas in
SciPy's documentation.

Example:
    >>> import numpy as np
    >>> import autodiff_spec as ad
    >>> from autodiff_numpy.scipy import stats
    >>> data = np.array([1.0, 2.0, 4.0])
    >>> ad.backend("numpy").grad(lambda a: np.sum(stats.gamma.logpdf(data, a, scale=2.0)))(3.0)
    array(-2.76835301)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats

from autodiff_numpy import special
from autodiff_numpy._array import foreign, plain
from autodiff_numpy._wrap import as_array, detached, holds_recorded, with_value
from autodiff_spec import UnsupportedError

__all__ = ["beta", "dirichlet", "gamma", "multivariate_normal", "norm", "poisson", "t"]

Formula = Callable[..., Any]


def __getattr__(name: str) -> Any:
    return getattr(scipy.stats, name)


class Distribution:
    """A distribution of SciPy's, with methods of recorded arrays in place of some of its own.

    Args:
        scipys: SciPy's distribution, which has all other methods.
        methods: by the name of a method a formula of the arguments of that method.

    Attributes:
        formulas: these.
    """

    def __init__(self, scipys: Any, **methods: Formula) -> None:
        self._scipys, self.formulas = scipys, methods

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._scipys!r}>"

    def __getattr__(self, name: str) -> Any:
        numpys, formula = getattr(self._scipys, name), self.formulas.get(name)
        if formula is None:
            return numpys

        def method(x: Any, /, *args: Any, **kwargs: Any) -> Any:
            given = (x, *args, *kwargs.values())
            if not holds_recorded(given):
                return numpys(x, *args, **kwargs)
            with np.errstate(all="ignore"):
                found = formula(as_array(x), *args, **kwargs)
            if any(foreign(plain(argument)) for argument in given):  # of a trace, which SciPy would end
                return found
            value = numpys(*map(detached, (x, *args)), **{name: detached(each) for name, each in kwargs.items()})
            return with_value(found, value)

        return method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The distribution with its parameters given."""
        return _Frozen(self, args, kwargs)


class _Frozen:
    def __init__(self, distribution: Distribution, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._distribution, self._args, self._kwargs = distribution, args, kwargs

    def __getattr__(self, name: str) -> Any:
        if name not in self._distribution.formulas:
            return getattr(self._distribution._scipys(*self._args, **self._kwargs), name)
        method = getattr(self._distribution, name)
        return lambda x: method(x, *self._args, **self._kwargs)


def _on_the_line(
    scipys: Any, shapes: str, *, inside: Formula, density: str = "pdf", **formulas: Formula
) -> Distribution:
    """A distribution of one number z = (x - loc) / scale.

    Args:
        scipys: SciPy's.
        shapes: the names of its shape parameters, in their order.
        inside: whether z is a number that it takes.
        density: ``"pdf"``, or ``"pmf"`` of a discrete one, which has no scale.
        formulas: functions of z and the shapes: ``log`` is the logarithm of the density of z, others are methods.
    """
    names = (*shapes.split(), "loc", *(["scale"] if density == "pdf" else []))

    def standard(x: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[Any], Any]:
        given = {"loc": 0.0, "scale": 1.0, **dict(zip(names, args, strict=False)), **kwargs}
        missing = [name for name in names if name not in given]
        if missing or len(args) > len(names) or set(given) > {*names, "scale"}:
            raise TypeError(f"{scipys.name} takes {', '.join(names)}; check what was given")
        scale = given["scale"]
        return (x - given["loc"]) / scale, [as_array(given[name]) for name in shapes.split()], scale

    def logarithm(x: Any, *args: Any, **kwargs: Any) -> Any:
        z, parameters, scale = standard(x, args, kwargs)
        ok = inside(plain(z))
        found = formulas["log"](np.where(ok, z, _SOMEWHERE), *parameters) - np.log(scale)
        return np.where(ok, found, -np.inf)

    def method(formula: Formula) -> Formula:
        def of_arguments(x: Any, *args: Any, **kwargs: Any) -> Any:
            z, parameters, _ = standard(x, args, kwargs)
            return formula(z, *parameters)

        return of_arguments

    others = {name: method(formula) for name, formula in formulas.items() if name != "log"}
    both = {f"log{density}": logarithm, density: lambda *args, **kwargs: np.exp(logarithm(*args, **kwargs))}
    return Distribution(scipys, **both, **others)


_SOMEWHERE = 0.5
"""A number inside every support, for the formulas where z lies outside."""


def _anywhere(z: Any) -> Any:
    return np.isfinite(z)


def _not_negative(z: Any) -> Any:
    return (z >= 0) & np.isfinite(z)


norm = _on_the_line(
    scipy.stats.norm, "",
    inside=_anywhere,
    log=lambda z: -0.5 * z * z - 0.5 * math.log(2 * math.pi),
    cdf=lambda z: special.ndtr(z), logcdf=lambda z: special.log_ndtr(z),
    sf=lambda z: special.ndtr(-z), logsf=lambda z: special.log_ndtr(-z),
)  # fmt: skip
"""The normal distribution, as `scipy.stats.norm`."""

t = _on_the_line(
    scipy.stats.t, "df",
    inside=_anywhere,
    log=lambda z, df: special.gammaln(0.5 * (df + 1)) - special.gammaln(0.5 * df) - 0.5 * np.log(df * math.pi)
    - 0.5 * (df + 1) * np.log1p(z * z / df),
    cdf=lambda z, df: special.stdtr(df, z), sf=lambda z, df: special.stdtr(df, -z),
)  # fmt: skip
"""Student's distribution, as `scipy.stats.t`."""

gamma = _on_the_line(
    scipy.stats.gamma, "a",
    inside=_not_negative,
    log=lambda z, a: special.xlogy(a - 1, z) - z - special.gammaln(a),
    cdf=lambda z, a: special.gammainc(a, np.maximum(z, 0.0)), sf=lambda z, a: special.gammaincc(a, np.maximum(z, 0.0)),
)  # fmt: skip
"""The gamma distribution, as `scipy.stats.gamma`."""

beta = _on_the_line(
    scipy.stats.beta, "a b",
    inside=lambda z: (z >= 0) & (z <= 1),
    log=lambda z, a, b: special.xlogy(a - 1, z) + special.xlog1py(b - 1, -z) - special.betaln(a, b),
    cdf=lambda z, a, b: special.betainc(a, b, np.clip(z, 0.0, 1.0)),
    sf=lambda z, a, b: special.betainc(b, a, np.clip(1 - z, 0.0, 1.0)),
)  # fmt: skip
"""The beta distribution, as `scipy.stats.beta`."""

poisson = _on_the_line(
    scipy.stats.poisson, "mu",
    density="pmf",
    inside=lambda k: (k >= 0) & (k == np.floor(k)),
    log=lambda k, mu: special.xlogy(plain(k), mu) - special.gammaln(plain(k) + 1) - mu,
    cdf=lambda k, mu: np.where(plain(k) < 0, 0.0, special.gammaincc(np.maximum(np.floor(plain(k)), 0) + 1, mu)),
)  # fmt: skip
"""The Poisson distribution, as `scipy.stats.poisson`."""


# --- of several numbers ---------------------------------------------------------------------------------------


def _normal_logarithm(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    cov = as_array(cov)
    size = cov.shape[-1] if cov.ndim else (1 if mean is None else np.size(plain(as_array(mean))))
    cov = cov if cov.ndim == 2 else np.eye(size) * cov
    deviation = x - (0.0 if mean is None else as_array(mean))
    if size == 1 or deviation.ndim == 0:
        deviation = np.reshape(deviation, (*deviation.shape[:1], 1))
    if allow_singular and np.linalg.matrix_rank(plain(cov), hermitian=True) < size:
        raise UnsupportedError(
            "multivariate_normal of a singular covariance has no derivative rule here; "
            "give the coordinates that vary, and their covariance"
        )
    columns = np.linalg.solve(cov, np.reshape(deviation, (-1, size)).T).T
    quadratic = np.sum(np.reshape(columns, deviation.shape) * deviation, axis=-1)
    return -0.5 * (quadratic + np.linalg.slogdet(cov)[1] + size * math.log(2 * math.pi))


multivariate_normal = Distribution(
    scipy.stats.multivariate_normal,
    logpdf=_normal_logarithm,
    pdf=lambda *args, **kwargs: np.exp(_normal_logarithm(*args, **kwargs)),
)
"""The normal distribution of several numbers, as `scipy.stats.multivariate_normal`; the covariance must be regular."""


def _dirichlet_logarithm(x: Any, alpha: Any) -> Any:
    alpha = as_array(alpha)
    if x.shape[0] + 1 == alpha.shape[0]:
        x = np.concatenate([x, np.expand_dims(1 - np.sum(x, axis=0), 0)])
    normalizer = np.sum(special.gammaln(alpha)) - special.gammaln(np.sum(alpha))
    return np.sum(special.xlogy(alpha - 1, x.T), axis=-1) - normalizer


dirichlet = Distribution(
    scipy.stats.dirichlet,
    logpdf=_dirichlet_logarithm,
    pdf=lambda *args, **kwargs: np.exp(_dirichlet_logarithm(*args, **kwargs)),
)
"""The Dirichlet distribution, as `scipy.stats.dirichlet`."""
