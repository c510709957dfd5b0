"""Every rule of the NumPy engine at first and second order, in both modes, against central differences.

A row of `numpy_rules` is a function and its arguments. Its result, whatever its shape, becomes the number
``Σ Re(w·(y + y²/2))`` with random weights, so that linear functions have a second derivative too. The gradient is
compared with differences of that number along random directions, the second derivative with differences of the
gradient; forward mode, and all pairs of modes, with reverse mode, to which they are the same to rounding; and what is
computed on recorded arrays with what NumPy computes on plain ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import _rule
from tests import fresh
from tests.numpy_rules import CASES, SINGULAR, SPECIAL, VECTOR, be

ALL = {**CASES, **SPECIAL}
ELSEWHERE = ("autodiff_numpy.scipy", "autodiff_numpy.rules.placement")
"""Modules whose rules are those of SciPy, where it was imported, and of Dask: `test_numpy_scipy`, `test_numpy_dask`."""
REFUSED = (
    *(f"of argument 0 of {name}" for name in ("gammainc", "gammaincc", "_gamma_density", "stdtr", "_student_density")),
    *(f"of argument 0 of {name}" for name in ("jv", "yv", "iv", "kv")),
    *(f"of argument {i} of {name}" for i in (0, 1) for name in ("_hyp1f1", "_betainc", "_betaincc", "_beta_density")),
)
"""Rules that raise: `test_numpy_special.py` sees to them."""


def leaves(y):
    return [leaf for part in y for leaf in leaves(part)] if isinstance(y, (tuple, list)) else [y]


def number(f):
    """The real number that stands for the result of ``f``; the same weights in each call."""

    def value(*arrays):
        weights, total = np.random.default_rng(3), 0.0
        for y in leaves(f(*arrays)):
            w = weights.normal(size=np.shape(y)) + 1j * weights.normal(size=np.shape(y))
            w = w if y.dtype.kind == "c" else w.real
            total = total + np.sum(np.real(w * (y + y * y / 2)))
        return total

    return value


def along(gradients, directions):
    return sum(np.sum((np.conj(g) * d).real) for g, d in zip(gradients, directions, strict=True))


def difference(f, arrays, directions, step):
    up = f(*(np.where(np.isnan(x), x, x + step * d) for x, d in zip(arrays, directions, strict=True)))
    down = f(*(np.where(np.isnan(x), x, x - step * d) for x, d in zip(arrays, directions, strict=True)))
    return (up - down) / (2 * step)


def directions_for(arrays, seed):
    random = np.random.default_rng(seed)
    return [random.normal(size=x.shape) * (1 + 1j if x.dtype.kind == "c" else 1) for x in arrays]


def close(found, expected, scale):
    assert np.all(np.isfinite(found))
    assert abs(found - expected) <= 2e-6 * (abs(expected) + scale + 1)


@pytest.mark.parametrize("name", ALL)
def test_first_and_second_derivatives_agree_with_differences(name):
    f, *arrays = ALL[name]
    value, everyone = number(f), tuple(range(len(arrays)))
    gradient = be.grad(value, argnums=everyone)
    first, second = directions_for(arrays, 1), directions_for(arrays, 2)
    scale = max((np.max(np.abs(g), initial=0.0) for g in gradient(*arrays)), default=0.0)
    with np.errstate(all="ignore"):
        close(along(gradient(*arrays), first), difference(value, arrays, first, 1e-6), scale)

        def slope(*arrays):
            return along(gradient(*arrays), second)

        curvature = be.grad(slope, argnums=everyone)(*arrays)
        scale = max((np.max(np.abs(g), initial=0.0) for g in curvature), default=0.0)
        close(along(curvature, first), difference(slope, arrays, first, 1e-6), scale)


def inner_product(us, vs):
    return sum(np.sum((np.conj(u) * v).real) for u, v in zip(us, vs, strict=True))


@pytest.mark.parametrize("name", ALL)
def test_forward_mode_is_the_transpose_of_reverse_mode(name):
    f, *arrays = ALL[name]
    directions = directions_for(arrays, 1)
    with np.errstate(all="ignore"):
        values, slopes = be.jvp(lambda *a: leaves(f(*a)), arrays, directions)
        _, push = be._linearize(lambda *a: leaves(f(*a)), arrays)
        _, pullback = be.vjp(lambda *a: leaves(f(*a)), *arrays)
        again = [np.zeros_like(v) if s is None else s for v, s in zip(values, push(directions), strict=True)]
        cotangents = [u.astype(v.dtype) for u, v in zip(directions_for(values, 2), values, strict=True)]
        expected = inner_product(pullback(cotangents), directions)
    for value, slope, pushed in zip(values, slopes, again, strict=True):
        assert slope.shape == value.shape == pushed.shape
        assert slope.dtype == value.dtype == pushed.dtype
    scale = inner_product([np.abs(u) for u in cotangents], [np.abs(s) for s in slopes])
    assert abs(inner_product(cotangents, slopes) - expected) <= 1e-12 * (scale + 1)
    assert abs(inner_product(cotangents, again) - expected) <= 1e-12 * (scale + 1)


@pytest.mark.parametrize("name", ALL)
def test_all_pairs_of_modes_give_one_second_derivative(name):
    f, *arrays = ALL[name]
    value, everyone = number(f), tuple(range(len(arrays)))
    first, second = directions_for(arrays, 1), directions_for(arrays, 2)

    def slope(*arrays):
        return be.jvp(value, arrays, first)[1]

    def projection(*arrays):
        return along(be.grad(value, argnums=everyone)(*arrays), first)

    with np.errstate(all="ignore"):
        twice_reversed = be.grad(projection, argnums=everyone)(*arrays)
        expected = along(twice_reversed, second)
        found = {
            "forward over reverse": be.jvp(projection, arrays, second)[1],
            "reverse over forward": along(be.grad(slope, argnums=everyone)(*arrays), second),
            "forward over forward": be.jvp(slope, arrays, second)[1],
        }
    scale = along([np.abs(g) for g in twice_reversed], [np.abs(s) for s in second])
    for modes, number_found in found.items():
        assert abs(number_found - expected) <= 1e-10 * (scale + 1), modes


def test_every_rule_is_used_by_a_row_in_both_modes():
    used = set()

    def noticing(rule: Callable[..., Any], *what: Any) -> Callable[..., Any]:
        def noticed(*arguments: Any) -> Any:
            used.add(what)
            return rule(*arguments)

        return noticed

    pullbacks = [
        (function, pullback)
        for function, row in _rule.RULES.items()
        for pullback in row
        if pullback is not None and not str(getattr(function, "__module__", "")).startswith(ELSEWHERE)
    ]
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        for function, pullback in pullbacks:
            for mode in ("vjp", "jvp"):
                patch.setattr(pullback, mode, noticing(getattr(pullback, mode), function, pullback.argnum, mode))
        for f, *arrays in ALL.values():
            everyone = tuple(range(len(arrays)))
            gradient = be.grad(number(f), everyone)
            be.jvp(gradient, arrays, arrays)
            be.grad(lambda *a, g=gradient: along(g(*a), a), everyone)(*arrays)
        for mode in ("forward", "reverse"):  # repeated values have rules of their own
            be.jacobian(be.grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 2)), mode=mode)(np.eye(2))
    everything = {(function, pullback.argnum, mode) for function, pullback in pullbacks for mode in ("vjp", "jvp")}
    unused = {f"{mode} of argument {i} of {f.__name__}" for f, i, mode in everything - used}
    assert {name for name in unused if not name.endswith(REFUSED)} == set()


@pytest.mark.parametrize("name", ALL)
def test_recorded_arrays_have_the_values_of_plain_ones(name):
    f, *arrays = ALL[name]
    with be.tape() as t:
        recorded = leaves(f(*(t.watch(x) for x in arrays)))
    for found, expected in zip(recorded, leaves(f(*arrays)), strict=True):
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(be.to_numpy(found), expected, rtol=1e-9, atol=1e-9)


# --- points where differences do not reach ----------------------------------------------------------------------


@pytest.mark.parametrize("a", [SINGULAR, np.zeros((3, 3)), np.diag([1.0, 0.0, 0.0]), np.ones((3, 3))])
def test_the_third_derivative_of_a_singular_determinant_is_right(a):
    random = np.random.default_rng(0)
    u, v, w = random.normal(size=(3, 3, 3))

    def first(a):
        return np.sum(be.grad(np.linalg.det)(a) * u)

    def second(a):
        return np.sum(be.grad(first)(a) * v)

    third = np.sum(be.grad(second)(a) * w)
    signs = {(i, j, k): np.linalg.det(u * i + v * j + w * k) for i in (0, 1) for j in (0, 1) for k in (0, 1)}
    polar = sum((-1) ** (3 - sum(key)) * value for key, value in signs.items())  # a cubic form, polarised
    assert third == pytest.approx(polar, rel=1e-9)


def test_the_derivative_of_a_singular_log_determinant_is_infinite_and_does_not_raise():
    gradient = be.grad(lambda a: np.linalg.slogdet(a)[1])(np.stack([np.diag([1.0, 0.0]), np.eye(2)]))
    assert np.isinf(gradient[0, 1, 1])
    np.testing.assert_array_equal(gradient[1], np.eye(2))


@pytest.mark.parametrize("function", [np.linalg.inv, lambda a: np.linalg.solve(a, np.ones(2)), np.linalg.cholesky])
def test_what_does_not_exist_raises(function):
    with pytest.raises(np.linalg.LinAlgError):
        be.grad(function)(np.array([[0.0, 0.0], [0.0, -1.0]]))


@pytest.mark.parametrize(
    "name", ["sort", "median", "cumprod", "diff", "einsum ij,jk", "norm", "fft of real", "svdvals"]
)
def test_single_precision_stays_single(name):
    f, *arrays = {**CASES, "norm": (np.linalg.norm, VECTOR)}[name]
    for g in leaves(be.grad(number(f), argnums=tuple(range(len(arrays))))(*(x.astype(np.float32) for x in arrays))):
        assert g.dtype == np.float32


EMPTY = {
    "cumsum": (np.cumsum, (0,)),
    "sort": (np.sort, (2, 0)),
    "diff": (np.diff, (3, 0)),
    "einsum": (lambda x: np.einsum("ij,kj->ik", x, x), (2, 0)),
    "inv": (np.linalg.inv, (0, 3, 3)),
    "det": (np.linalg.det, (0, 0)),
    "solve": (lambda x: np.linalg.solve(x, np.ones((0, 2, 1))), (0, 2, 2)),
    "eigh": (lambda x: np.linalg.eigh(x)[0], (0, 2, 2)),
    "svdvals": (np.linalg.svdvals, (2, 0)),
    "qr": (lambda x: np.linalg.qr(x)[1], (0, 3, 2)),
    "fft": (np.fft.rfft, (0, 4)),
    "split": (lambda x: np.split(x, 2), (4, 0)),
    "pad": (lambda x: np.pad(x, 1), (0,)),
    "nansum": (np.nansum, (0,)),
    "0-d cumsum": (np.cumsum, ()),
    "0-d atleast": (np.atleast_2d, ()),
    "0-d pad": (lambda x: np.einsum("...,...", x, x), ()),
    "0-d hstack": (lambda x: np.hstack([x, x]), ()),
}


@pytest.mark.parametrize("name", EMPTY)
def test_empty_and_0_d_arrays_have_gradients_of_their_shape(name):
    f, shape = EMPTY[name]
    gradient = be.grad(number(f))(np.ones(shape))
    assert gradient.shape == shape
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("call", [
    lambda x: np.sin(x, where=x > 0),
    lambda x: np.unique(x, axis=0),
    lambda x: np.sum(x, out=np.empty(())),
    lambda x: np.pad(x, 1, mode="empty"),
    lambda x: np.sort_complex(x),
    lambda x: np.roots(x - 1.0),
])  # fmt: skip
def test_what_has_no_rule_is_refused_by_name(call):
    with pytest.raises((ad.UnsupportedError, ad.MutationError, TypeError), match=r"np\.|numpy\.|quantiles|out="):
        be.grad(call)(np.ones(3))


def test_the_recorded_namespace_records_every_array_and_keeps_none():
    code = """
import gc, weakref
import numpy as np
from autodiff_numpy import Array, recorded_xp as rxp
assert set(rxp.__all__) == {name for name in rxp.__all__ if hasattr(rxp, name)}
x = rxp.asarray([1.0, 2.0])
y = rxp.sin(x) @ rxp.ones(2) + rxp.fft.fftfreq(2)[1]
assert type(x) is type(y) is Array and rxp.linspace(0, 1, 3).node is not None
gc.disable()
node = weakref.ref(x.value)
del x, y
assert node() is None
assert type(np.zeros(2) + 1) is np.ndarray
"""
    fresh.program(code)
