"""Functions sampled at points: integrals, slopes, grids."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff_numpy._array import Array, plain
from autodiff_numpy._jvp import elementwise
from autodiff_numpy._rule import defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array
from autodiff_numpy.rules.cumulative import along

rule(np.unwrap, lambda xp, g: g, jvp=elementwise)


@defined_by(np.trapezoid, valued=True)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """`np.trapezoid`."""
    y, x = as_array(y), None if x is None else as_array(x)
    if x is None:
        steps = dx
    else:
        steps = TRACKED.diff(x, axis=-1 if x.ndim == 1 else axis)
        if x.ndim == 1:
            steps = TRACKED.reshape(steps, tuple(-1 if i == axis % y.ndim else 1 for i in range(y.ndim)))
    later, earlier = y[along(axis, y.ndim, slice(1, None))], y[along(axis, y.ndim, slice(None, -1))]
    return TRACKED.sum((later + earlier) * steps, axis=axis) / 2


@defined_by(np.gradient, valued=True)
def gradient(f, *varargs, axis=None, edge_order=1):
    """`np.gradient`: central differences, one-sided ones at the ends; spacings are numbers, or coordinates."""
    f = as_array(f)
    axes = range(f.ndim) if axis is None else normalize_axis_tuple(axis, f.ndim)
    spacings = varargs * (len(axes) if len(varargs) == 1 else 1) or (1.0,) * len(axes)
    if len(spacings) != len(axes):
        raise TypeError(f"gradient got {len(varargs)} spacings for {len(axes)} axes")
    found = tuple([_slopes(f, h, i, edge_order) for h, i in zip(spacings, axes, strict=True)])
    return found[0] if len(found) == 1 else found


def _slopes(f, spacing, axis, edge_order):
    if f.shape[axis] <= edge_order:
        raise ValueError(f"gradient needs {edge_order + 1} elements along an axis, not {f.shape[axis]}")
    spacing = as_array(spacing)
    if spacing.ndim:
        if spacing.shape != (f.shape[axis],):
            raise ValueError(f"gradient got {spacing.shape} coordinates for an axis of length {f.shape[axis]}")
        steps = TRACKED.diff(spacing)
        if type(spacing) is Array or np.any(steps != steps[0]):
            return _uneven(f, steps, axis, edge_order)
        spacing = steps[0]

    def at(start, stop=None):
        return f[along(axis, f.ndim, slice(start, stop))]

    if edge_order == 1:
        first, last = at(1, 2) - at(0, 1), at(-1) - at(-2, -1)
    else:
        first = -1.5 * at(0, 1) + 2 * at(1, 2) - 0.5 * at(2, 3)
        last = 1.5 * at(-1) - 2 * at(-2, -1) + 0.5 * at(-3, -2)
    return TRACKED.concatenate([first, (at(2) - at(0, -2)) / 2, last], axis) / spacing


def _uneven(f, steps, axis, edge_order):
    """Slopes between points that are ``steps`` apart: of the parabola through three neighbours."""
    f = TRACKED.moveaxis(f, axis, -1)
    before, after = steps[:-1], steps[1:]
    both = before + after
    middle = (
        f[..., :-2] * (-after / (before * both))
        + f[..., 1:-1] * ((after - before) / (before * after))
        + f[..., 2:] * (before / (after * both))
    )
    if edge_order == 1:
        first = (f[..., 1:2] - f[..., :1]) / steps[:1]
        last = (f[..., -1:] - f[..., -2:-1]) / steps[-1:]
    else:
        first, last = _at_end(f[..., :3], steps[:2]), _at_end(f[..., :-4:-1], -steps[:-3:-1])
    return TRACKED.moveaxis(TRACKED.concatenate([first, middle, last], -1), -1, axis)


def _at_end(f, steps):
    """The slope at the first of three points."""
    near, far = steps[:1], steps[1:]
    both = near + far
    return (
        f[..., :1] * (-(2 * near + far) / (near * both))
        + f[..., 1:2] * (both / (near * far))
        - f[..., 2:] * (near / (far * both))
    )


@defined_by(np.linspace, valued=True)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    """`np.linspace` between recorded ends."""
    start, stop = as_array(start), as_array(stop)
    parts = num - 1 if endpoint else num
    width = TRACKED.subtract(stop, start)
    shares = np.arange(num) / max(parts, 1)
    shares = shares.astype(plain(width).dtype).reshape(num, *(1,) * np.ndim(plain(width)))
    found = TRACKED.moveaxis(TRACKED.add(start, shares * width), 0, axis)
    found = found if dtype is None else TRACKED.astype(found, dtype)
    if not retstep:
        return found
    return found, width / parts if parts > 0 else np.nan  # NumPy's, a constant


@defined_by(np.logspace, valued=True)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """`np.logspace`."""
    found = TRACKED.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return found if dtype is None else TRACKED.astype(found, dtype)


@defined_by(np.geomspace, valued=True)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`np.geomspace`: `np.logspace` between the ends, which stay as they are."""
    start, stop = as_array(start), as_array(stop)
    if np.any(plain(start) == 0) or np.any(plain(stop) == 0):
        raise ValueError("a geometric sequence cannot include 0")
    sign = np.sign(plain(start))
    start, stop = start / sign, stop / sign
    found = logspace(TRACKED.log10(start), TRACKED.log10(stop), num, endpoint)
    inner = found[1 : -1 if endpoint else None]
    ends = [TRACKED.expand_dims(TRACKED.broadcast_to(end, found.shape[1:]), 0) for end in (start, stop)]
    parts = [ends[0][:num], inner, ends[1][: max(num - 1, 0)]] if endpoint else [ends[0][:num], inner]
    found = TRACKED.moveaxis(sign * TRACKED.concatenate(parts), 0, axis)
    return found if dtype is None else TRACKED.astype(found, dtype)
