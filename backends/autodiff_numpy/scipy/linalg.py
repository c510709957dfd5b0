"""`scipy.linalg` for plain and recorded arrays: systems of equations, factors and functions of matrices.

SciPy computes the values; the derivatives are those of the engine's rules, at any order and of stacks where SciPy takes
stacks. A function is one of what it reads: of one triangle where SciPy reads one. All other names are SciPy's own.

Example:
    >>> import numpy as np
    >>> import autodiff_spec as ad
    >>> from autodiff_numpy.scipy import linalg
    >>> a = np.array([[4.0, 1.0], [1.0, 3.0]])
    >>> ad.backend("numpy").grad(lambda b: np.sum(linalg.cho_solve(linalg.cho_factor(a), b)))(np.ones(2))
    array([0.18181818, 0.27272727])
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from autodiff_numpy._array import plain
from autodiff_numpy._jvp import linear
from autodiff_numpy._pullback import unbroadcast
from autodiff_numpy._rule import computed_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array, holds_recorded
from autodiff_numpy.rules.eigenvalues import decomposed
from autodiff_numpy.rules.solvers import adjoint, transposed
from autodiff_spec import UnsupportedError

__all__ = [
    "cho_factor", "cho_solve", "cholesky", "det", "eigh", "eigvalsh", "expm", "inv", "solve",
    "solve_continuous_lyapunov", "solve_sylvester", "solve_triangular", "sqrtm", "svdvals",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    return getattr(scipy.linalg, name)


def _derived(scipys: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """A decorator: a function of SciPy's, with the derivative of a definition where an argument is recorded."""

    def decorate(definition: Callable[..., Any]) -> Any:
        recorded = computed_by(_not_overwriting(scipys), definition)

        @functools.wraps(scipys)
        def function(*args: Any, **kwargs: Any) -> Any:
            seen = holds_recorded(args) or holds_recorded(kwargs.values())
            return (recorded if seen else scipys)(*args, **kwargs)

        return function

    return decorate


def _not_overwriting(scipys: Callable[..., Any]) -> Callable[..., Any]:
    """The function that makes no use of the permission to write into its arguments, which a recording keeps."""
    signature = inspect.signature(scipys)

    @functools.wraps(scipys)
    def function(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.arguments.update({name: False for name in given.arguments if name.startswith("overwrite_")})
        return scipys(*given.args, **given.kwargs)

    return function


def _matrices(*arrays: Any) -> list[Any]:
    """The arrays in one dtype that LAPACK has, the first one of two axes or more."""
    found = [as_array(x) for x in arrays]
    dtype = np.result_type(*[x.dtype for x in found], np.float32)
    dtype = {"g": np.dtype(np.float64), "G": np.dtype(np.complex128)}.get(dtype.char, dtype)
    found = [x if x.dtype == dtype else TRACKED.astype(x, dtype) for x in found]
    return [TRACKED.atleast_2d(found[0]), *found[1:]]


def _triangle(a: Any, lower: Any, unit_diagonal: bool = False) -> Any:
    k = int(unit_diagonal)
    a = TRACKED.tril(a, -k) if lower else TRACKED.triu(a, k)
    return a + np.eye(a.shape[-1], dtype=a.dtype) if unit_diagonal else a


def _symmetric(a: Any, lower: Any) -> Any:
    triangle = _triangle(a, lower)
    return triangle + transposed(TRACKED, TRACKED.tril(a, -1) if lower else TRACKED.triu(a, 1))


def _hermitian(a: Any, lower: Any) -> Any:
    return TRACKED.completed(a, bool(lower))


def _whole(a: Any, lower: Any) -> Any:
    return a


_READ: dict[str | None, Callable[[Any, Any], Any]] = {
    **dict.fromkeys((None, "general", "gen", "banded"), _whole),
    "diagonal": lambda a, lower: a * np.eye(a.shape[-1], dtype=a.dtype),
    "tridiagonal": lambda a, lower: TRACKED.triu(TRACKED.tril(a, 1), -1),
    "upper triangular": lambda a, lower: TRACKED.triu(a),
    "lower triangular": lambda a, lower: TRACKED.tril(a),
    **dict.fromkeys(("symmetric", "sym"), _symmetric),
    **dict.fromkeys(("hermitian", "her", "positive definite", "pos"), _hermitian),
}
"""By ``assume_a`` the matrix that SciPy computes with, of that which it is given."""


def _of_columns(solve: Callable[[Any], Any], b: Any) -> Any:
    """The solutions for one vector, or for stacks of columns."""
    return solve(TRACKED.expand_dims(b, -1))[..., 0] if b.ndim == 1 else solve(b)


# --- systems of equations -----------------------------------------------------------------------------------------


@_derived(scipy.linalg.solve)
def solve(
    a: Any, b: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, assume_a: str | None = None, transposed: bool = False,
) -> Any:  # fmt: skip
    """`scipy.linalg.solve`: a function of the part of ``a`` that ``assume_a`` and ``lower`` say is read."""
    a, b = _matrices(a, b)
    if a.size == 1:
        return b / TRACKED.reshape(a, ())
    a = _READ[assume_a](a, lower)
    return _of_columns(lambda b: TRACKED.solve_columns(TRACKED.swapaxes(a, -1, -2) if transposed else a, b), b)


@_derived(scipy.linalg.solve_triangular)
def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """`scipy.linalg.solve_triangular`: a function of one triangle, without its diagonal if that is of ones."""
    a, b = _matrices(a, b)
    a = _triangle(a, lower, unit_diagonal)
    if trans not in (0, "N"):
        a, lower = (adjoint(TRACKED, a) if trans in (2, "C") else transposed(TRACKED, a)), not lower
    return _of_columns(lambda b: TRACKED.solve_triangular(a, b, lower), b)


@_derived(scipy.linalg.cho_solve)
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.cho_solve`: a function of the triangle that holds the factor."""
    c, lower = c_and_lower
    c, b = _matrices(c, b)
    factor = _triangle(c, lower) if lower else adjoint(TRACKED, _triangle(c, lower))
    half = functools.partial(TRACKED.solve_triangular, factor, lower=True)
    return _of_columns(lambda b: TRACKED.solve_triangular(adjoint(TRACKED, factor), half(b), False), b)


def _sylvester(a: Any, b: Any, q: Any) -> Any:
    """The solution ``x`` of ``a @ x + x @ b = q``."""
    if not np.all(np.linalg.eigvals(a)[..., :, None] + np.linalg.eigvals(b)[..., None, :]):
        raise np.linalg.LinAlgError("Sylvester's equation is singular: an eigenvalue of a is minus one of b")
    dtype = np.result_type(a, b, q)
    return scipy.linalg.solve_sylvester(a.astype(dtype), b.astype(dtype), q.astype(dtype))


def _right_side(xp: Any, g: Any, a: Any, b: Any) -> Any:
    return xp.sylvester(transposed(xp, a), transposed(xp, b), g)


rule(
    _sylvester,
    lambda xp, g, a, b, ans, a_shape, a_dtype: unbroadcast(
        xp, -xp.matmul(_right_side(xp, g, a, b), transposed(xp, ans)), a_shape, a_dtype
    ),
    lambda xp, g, a, b, ans, b_shape, b_dtype: unbroadcast(
        xp, -xp.matmul(transposed(xp, ans), _right_side(xp, g, a, b)), b_shape, b_dtype
    ),
    lambda xp, g, a, b, q_shape, q_dtype: unbroadcast(xp, _right_side(xp, g, a, b), q_shape, q_dtype),
    jvp=(
        lambda xp, t, a, b, ans: -xp.sylvester(a, b, xp.matmul(t, ans)),
        lambda xp, t, a, b, ans: -xp.sylvester(a, b, xp.matmul(ans, t)),
        linear,
    ),
)


@_derived(scipy.linalg.solve_sylvester)
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """`scipy.linalg.solve_sylvester`: ``a @ x + x @ b = q``, for ``a`` and ``b`` both real or both complex.

    Of a real and a complex one SciPy's value is no solution: https://github.com/scipy/scipy/pull/26227
    """
    if np.isrealobj(as_array(a)) != np.isrealobj(as_array(b)):
        raise UnsupportedError(
            "solve_sylvester of a real and a complex matrix: SciPy's value is wrong there, and has no derivative; make "
            "both complex: a.astype(complex)"
        )
    return TRACKED.sylvester(*_matrices(a, b, q))


@_derived(scipy.linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """`scipy.linalg.solve_continuous_lyapunov`: Sylvester's equation with the adjoint of ``a``."""
    a, q = _matrices(a, q)
    return TRACKED.sylvester(a, adjoint(TRACKED, a), q)


# --- factors and numbers of matrices ------------------------------------------------------------------------------


def _factor(a: Any, lower: Any) -> Any:
    factor = TRACKED.cholesky_factor(_hermitian(a, lower))
    return factor if lower else adjoint(TRACKED, factor)


@_derived(scipy.linalg.cholesky)
def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.cholesky`: a function of one triangle."""
    (a,) = _matrices(a)
    return _factor(a, lower)


@_derived(scipy.linalg.cho_factor)
def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.cho_factor`: the factor, and beside it what the other triangle of ``a`` holds."""
    (a,) = _matrices(a)
    rest = TRACKED.triu(a, 1) if lower else TRACKED.tril(a, -1)  # which LAPACK leaves as it is
    return _factor(a, lower) + rest, lower


@_derived(scipy.linalg.eigh)
def eigh(
    a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, overwrite_a: bool = False,
    overwrite_b: bool = False, type: int = 1, check_finite: bool = True, subset_by_index: Any = None,
    subset_by_value: Any = None, driver: str | None = None,
) -> Any:  # fmt: skip
    """`scipy.linalg.eigh`: derivatives as of `np.linalg.eigh`; a function of one triangle."""
    if b is not None or subset_by_index is not None or subset_by_value is not None:
        raise UnsupportedError(
            "scipy.linalg.eigh of a recorded array takes neither a second matrix nor subset_by_…=; reduce it by "
            "cholesky and solve_triangular, and index the values and vectors"
        )
    (a,) = _matrices(a)
    found = decomposed(_hermitian(a, lower), *scipy.linalg.eigh(plain(a), lower=lower, driver=driver))
    return found[0] if eigvals_only else found


@_derived(scipy.linalg.eigvalsh)
def eigvalsh(
    a: Any, b: Any = None, *, lower: bool = True, overwrite_a: bool = False, overwrite_b: bool = False, type: int = 1,
    check_finite: bool = True, subset_by_index: Any = None, subset_by_value: Any = None, driver: str | None = None,
) -> Any:  # fmt: skip
    """`scipy.linalg.eigvalsh`: right for repeated values too."""
    return eigh(a, b, lower=lower, eigvals_only=True, subset_by_index=subset_by_index, subset_by_value=subset_by_value)


@_derived(scipy.linalg.svdvals)
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.svdvals`."""
    return TRACKED.svdvals(*_matrices(a))


@_derived(scipy.linalg.det)
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.det`."""
    return TRACKED.det(*_matrices(a))


@_derived(scipy.linalg.inv)
def inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: str | None = None, lower: bool = False
) -> Any:
    """`scipy.linalg.inv`: a function of the part of ``a`` that ``assume_a`` and ``lower`` say is read."""
    if assume_a == "diagonal":
        raise UnsupportedError(
            "scipy.linalg.inv(assume_a='diagonal') leaves what is beside the diagonal as it is, in SciPy 1.17; write "
            "np.diag(1 / np.diagonal(a))"
        )
    (a,) = _matrices(a)
    return TRACKED.inv(_READ[assume_a](a, lower))


# --- functions of matrices ----------------------------------------------------------------------------------------


@_derived(scipy.linalg.expm)
def expm(A: Any) -> Any:
    """`scipy.linalg.expm`."""
    return TRACKED.expm(*_matrices(A))


def _square_root(a: Any) -> Any:
    return scipy.linalg.sqrtm(a)


rule(
    _square_root,
    lambda xp, g, ans, a_shape, a_dtype: unbroadcast(
        xp, xp.sylvester(transposed(xp, ans), transposed(xp, ans), g), a_shape, a_dtype
    ),
    jvp=lambda xp, t, ans: xp.sylvester(ans, ans, t),
)


@_derived(scipy.linalg.sqrtm)
def sqrtm(A: Any, disp: Any = None, blocksize: Any = None) -> Any:
    """`scipy.linalg.sqrtm`: of a matrix whose root is regular."""
    if disp is False:
        raise UnsupportedError("sqrtm of a recorded array takes no disp=False; norm(x @ x - A) is the error")
    if as_array(A).ndim < 2:  # whose exponential SciPy returns: https://github.com/scipy/scipy/issues/25610
        raise UnsupportedError("sqrtm of a recorded number has no derivative; write np.sqrt(x)")
    return TRACKED.square_root(*_matrices(A))
