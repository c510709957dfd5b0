"""The functions of `autodiff_spec.beyond` on NumPy: those that NumPy has not are rules of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import xp
from autodiff_numpy._array import plain
from autodiff_numpy._rule import defined_by
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array, with_value
from autodiff_spec import UnsupportedError
from autodiff_spec.beyond import Beyond


class NumpyBeyond(Beyond):
    """With the engine's rules."""

    def _convolved(self, a: Any, v: Any) -> Any:
        return TRACKED.convolve_full(a, v)

    def _segments(self, x: Any, ids: Any, count: int) -> Any:
        places = np.array(plain(ids))  # a copy: whoever passed them may write into them
        return TRACKED.scatter(x, (places,), (count, *x.shape[1:]))

    def _triangular(self, a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
        k = int(unit_diagonal)
        a = TRACKED.tril(a, -k) if lower else TRACKED.triu(a, k)
        return TRACKED.solve_triangular(a + np.eye(a.shape[-1], dtype=a.dtype) if unit_diagonal else a, b, lower)

    def _exponential(self, a: Any) -> Any:
        return TRACKED.expm(a)


BEYOND = NumpyBeyond(xp)


# --- NumPy's own functions of the same meaning ------------------------------------------------------------------


@defined_by(np.interp, valued=True)
def interp(x, xp, fp, left=None, right=None, period=None):  # type: ignore[no-untyped-def]
    """`np.interp`."""
    x, xp, fp = as_array(x), as_array(xp), as_array(fp)
    if period is not None:
        if "c" in (x.dtype.kind, xp.dtype.kind):
            raise UnsupportedError("np.interp of recorded arrays takes real points; of complex ones their real parts")
        x, xp = x % period, xp % period
        order = np.argsort(plain(xp))
        xp, fp = xp[order], fp[order]
        xp = TRACKED.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = TRACKED.concatenate([fp[-1:], fp, fp[:1]])
    found = BEYOND.interp(x, xp, fp)
    for end, outside in ((left, plain(x) < plain(xp)[0]), (right, plain(x) > plain(xp)[-1])):
        found = found if end is None or period is not None else TRACKED.where(outside, end, found)
    return found


@defined_by(np.linalg.lstsq)
def lstsq(a, b, rcond=None):  # type: ignore[no-untyped-def]
    """`np.linalg.lstsq`."""
    a, b = as_array(a), as_array(b)
    x, residuals, rank, singular = np.linalg.lstsq(plain(a), plain(b), rcond)
    found = BEYOND.lstsq(a, b)
    if not np.allclose(plain(found), x, rtol=1e-5):
        raise UnsupportedError(
            f"np.linalg.lstsq with rcond={rcond} of a recorded matrix counts singular values as zero that have a "
            "derivative; leave out rcond=, or regularise"
        )
    missed = TRACKED.square(TRACKED.absolute(b - TRACKED.matmul(a, found)))
    squares = TRACKED.sum(missed, axis=0, keepdims=b.ndim == 1) if residuals.size else residuals
    return with_value(found, x), with_value(squares, residuals), rank, with_value(TRACKED.svdvals(a), singular)


@defined_by(np.polyfit, valued=True)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):  # type: ignore[no-untyped-def]
    """`np.polyfit`: the coefficients alone."""
    if full or cov:
        raise UnsupportedError("np.polyfit of recorded arrays takes neither full= nor cov=; it gives the coefficients")
    matrix, y = TRACKED.vander(as_array(x) + 0.0, deg + 1), as_array(y) + 0.0
    if w is not None:
        column = TRACKED.reshape(as_array(w), (-1, 1))
        matrix, y = matrix * column, y * (column if y.ndim > 1 else column[:, 0])
    scale = TRACKED.sqrt(TRACKED.sum(matrix * matrix, axis=0))
    return (BEYOND.lstsq(matrix / scale, y).T / scale).T
