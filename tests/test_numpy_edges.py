"""NumPy's functions on recorded arrays of every shape: its value, its refusal, and a gradient of the source's shape.

`numpy_rules` checks the rules on arrays of the usual shapes. Here each function meets numbers, vectors, empty arrays
and axes of length one, real and complex. Where NumPy computes, its value is expected, and a gradient of the shape and
dtype of the source that agrees with differences; where NumPy refuses, an error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

be = ad.backend("numpy")
SHAPES = [(), (1,), (4,), (0,), (2, 3), (1, 3), (3, 0), (0, 3), (2, 2), (2, 1, 3)]
STEP = 1e-6


def variants(names: str, module: Any, *options: dict[str, Any]) -> dict[str, Callable[[Any], Any]]:
    """Each of the functions of a module with each of the options."""
    return {
        f"{name}({', '.join(f'{k}={v}' for k, v in given.items())})": partial(getattr(module, name), **given)
        for name in names.split()
        for given in options
    }


AXES = [{}, {"axis": 0}, {"axis": -1}, {"axis": (0, 1)}, {"axis": ()}, {"axis": 0, "keepdims": True}]
USUAL = [given for given in AXES if given.get("axis") != ()]  # of no axis NumPy's median fails where it is empty
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **variants("sum prod max min amax amin mean var std ptp", np, *AXES),
    **variants("nansum nanprod nanmax nanmin nanmean nanvar nanstd", np, *AXES),
    **variants("median nanmedian", np, *USUAL),
    **variants("quantile percentile", np, *({**axis, "q": 0.3} for axis in USUAL)),
    **variants("quantile", np, *({"q": q, "axis": -1} for q in (0.0, 1.0, [0.2, 0.9]))),
    **variants("nanquantile", np, {"q": 0.3}, {"q": 1.0, "axis": -1}),
    **variants("cumsum cumprod nancumsum nancumprod sort flip diff", np, *AXES[:5]),
    **variants("squeeze", np, {}, {"axis": 0}, {"axis": (0, 1)}),
    **variants("cumulative_sum cumulative_prod", np, {}, {"axis": 0}, {"include_initial": True}),
    **variants("tril triu diag diagflat", np, {}, {"k": 1}, {"k": -1}),
    **variants("diagonal trace", np, {}, {"offset": 1}, {"axis1": -1, "axis2": 0}),
    **variants("ravel transpose atleast_1d atleast_2d atleast_3d fliplr flipud rot90 real imag conj absolute copy "
               "matrix_transpose nan_to_num angle sinc ediff1d meshgrid average trapezoid modf fix around", np, {}),
    **variants("roll", np, {"shift": 1}, {"shift": (1, 2), "axis": (0, 0)}, {"shift": -1, "axis": -1}),
    **variants("expand_dims", np, {"axis": 0}, {"axis": (0, -1)}),
    **variants("reshape", np, {"shape": (-1, 1)}, {"shape": -1, "order": "F"}),
    **variants("tile", np, {"reps": 2}, {"reps": (2, 1, 2)}, {"reps": 0}),
    **variants("repeat", np, {"repeats": 2}, {"repeats": 2, "axis": 0}, {"repeats": 2, "axis": -1}),
    **variants("take", np, {"indices": [0, -1, 0]}, {"indices": [[0, -1]], "axis": 0}, {"indices": 0, "axis": -1}),
    **variants("pad", np, *({"pad_width": n, "mode": mode} for mode in ("constant", "edge", "reflect", "symmetric",
                                                                        "wrap") for n in (1, 4))),
    **variants("delete", np, {"obj": 0}, {"obj": 0, "axis": 0}),
    **variants("insert", np, {"obj": 0, "values": 2.0}, {"obj": [0, 0], "values": 2.0, "axis": -1}),
    **variants("resize", np, {"new_shape": (3, 3)}),
    **variants("gradient", np, {}, {"axis": 0}, {"edge_order": 2}),
    **variants("cov", np, {}, {"rowvar": False}, {"bias": True}),
    **variants("split array_split", np, {"indices_or_sections": 1}, {"indices_or_sections": [1], "axis": -1}),
    **variants("norm", np.linalg, {}, *({"ord": ord, **axis} for ord in (1, 2, 3, np.inf, "nuc", -1)
                                        for axis in AXES[:2])),
    **variants("vector_norm", np.linalg, *({"ord": ord, **axis} for ord in (1, 2, np.inf) for axis in AXES)),
    **variants("matrix_norm det inv pinv svdvals trace diagonal matrix_transpose", np.linalg, {}),
    **variants("matrix_power", np.linalg, {"n": 0}, {"n": 3}, {"n": -1}),
    **variants("fft ifft rfft irfft hfft ihfft", np.fft, {}, {"n": 4}, {"n": 1, "axis": 0}, {"norm": "ortho"}),
    **variants("fftn ifftn rfftn irfftn fft2", np.fft, {}, {"axes": (0,)}, {"s": (2, 2), "axes": (0, 1)}),
    **variants("reduce", np.add, {}, {"axis": None}),
    **variants("reduce", np.maximum, {"axis": -1, "keepdims": True}),
    "hstack": lambda x: np.hstack([x, 2 * x]),
    "vstack": lambda x: np.vstack([x, x]),
    "dstack": lambda x: np.dstack([x, x]),
    "column_stack": lambda x: np.column_stack([x, x]),
    "stack": lambda x: np.stack([x, x], axis=-1),
    "concatenate": lambda x: np.concatenate([x, x], axis=-1),
    "concatenate flat": lambda x: np.concatenate([x, x], axis=None),
    "append": lambda x: np.append(x, x, axis=0),
    "block": lambda x: np.block([[x, x]]),
    "outer": lambda x: np.outer(x, x),
    "inner": lambda x: np.inner(x, x),
    "kron": lambda x: np.kron(x, x),
    "dot": lambda x: np.dot(x, np.transpose(x)),
    "matmul": lambda x: np.matmul(x, np.swapaxes(x, -1, -2)),
    "matmul of no rows": lambda x: np.matmul(np.transpose(x)[:0], x),
    "tensordot": lambda x: np.tensordot(x, np.transpose(x), 1),
    "vdot": lambda x: np.vdot(x, x),
    "vecdot": lambda x: np.vecdot(x, x, axis=0),
    "einsum": lambda x: np.einsum("...i,...i->...", x, x),
    "einsum of nothing": lambda x: np.einsum("...->...", x),
    "multiply.outer": lambda x: np.multiply.outer(x, x),
    "convolve": lambda x: np.convolve(x, [1.0, 2.0, 3.0], "same"),
    "choose": lambda x: np.choose(np.zeros((2, 3), int), [x, 2 * x]),
    "piecewise": lambda x: np.piecewise(x, [x == x, x != x], [lambda part: part * part, 0.0]),
    "linspace": lambda x: np.linspace(x, x + 1, 3),
    "logspace": lambda x: np.logspace(0, x, 3, axis=-1),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, *np.shape(x))),
    "where": lambda x: np.where(x == x, x, 2 * x),
    "clip": lambda x: np.clip(x, None, x + 1),
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(x, axis=-1), axis=-1),
    "swapaxes": lambda x: np.swapaxes(x, 0, -1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "x[mask]": lambda x: x[np.isfinite(x)],
    "x[..., 0]": lambda x: x[..., 0],
    "x[::-1]": lambda x: x[::-1],
    "x[None, ..., None]": lambda x: x[None, ..., None],
    "x[[0, -1, 0]]": lambda x: x[[0, -1, 0]],
    "x[[[0], [0]], :, [0]]": lambda x: x[[[0], [0]], :, [0]],
    "x[()]": lambda x: x[()],
    "x[[]]": lambda x: x[[]],
    "x[True]": lambda x: x[True],
    "x.sum()": lambda x: x.sum(),
    "x.mean(0)": lambda x: x.mean(0),
    "x.reshape(-1)": lambda x: x.reshape(-1),
    "x.flatten()": lambda x: x.flatten(),
    "x.repeat(2)": lambda x: x.repeat(2),
    "x.squeeze()": lambda x: x.squeeze(),
    "x.cumsum()": lambda x: x.cumsum(),
}


UNLIKE = {
    (f"cov({options})", shape): "of no variables NumPy gives a matrix of real numbers, ours is complex"
    for options, shape in (("", (0, 3)), ("bias=True", (0, 3)), ("rowvar=False", (3, 0)))
}
"""Where the outcome is another than NumPy's, and why."""


def leaves(y: Any) -> list[Any]:
    return [leaf for part in y for leaf in leaves(part)] if isinstance(y, (tuple, list)) else [y]


def outcome(f: Callable[[Any], Any], x: Any) -> tuple[list[Any], Exception | None]:
    with np.errstate(all="ignore"):
        try:
            return leaves(f(x)), None
        except Exception as error:
            return [], error


def drawn(random: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Any:
    value = random.normal(size=shape)
    return np.asarray(value + 1j * random.normal(size=shape) if np.dtype(dtype).kind == "c" else value)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_keeps_numpys_value_and_the_sources_shape(name: str, dtype: str) -> None:
    f, random = FUNCTIONS[name], np.random.default_rng(5)
    for shape in SHAPES:
        if (name, shape) in UNLIKE:
            continue
        value = drawn(random, shape, dtype)
        expected, refused = outcome(f, value.copy())
        x = be.variable(value)
        with be.tape() as t:
            found, error = outcome(f, x)
        if refused is not None:
            assert error is not None, f"{shape}: NumPy raises {refused!r}"
            continue
        assert error is None, f"{shape}: {error!r}"
        for got, wanted in zip(found, expected, strict=True):
            plain = be.to_numpy(got)
            assert (plain.shape, plain.dtype) == (np.shape(wanted), np.asarray(wanted).dtype), shape
            np.testing.assert_allclose(plain, wanted, rtol=1e-10, atol=1e-12, err_msg=str(shape))
        recorded = [i for i, got in enumerate(found) if not isinstance(got, (np.ndarray, np.generic))]
        if not all(np.all(np.isfinite(y)) for y in expected):
            continue  # of two zeros, or of too few elements: no derivative to compare with
        weights = [drawn(random, np.shape(y), np.asarray(y).dtype) for y in expected]
        gradient = t.grad([found[i] for i in recorded], x, cotangent=[weights[i] for i in recorded])
        assert (gradient.shape, gradient.dtype) == (shape, value.dtype), shape
        along = drawn(random, shape, dtype)
        up, down = leaves(f(value + STEP * along)), leaves(f(value - STEP * along))
        terms = [np.sum((np.conj(weights[i]) * (up[i] - down[i])).real) / (2 * STEP) for i in recorded]
        size = np.max(np.abs(gradient), initial=1.0)
        assert abs(np.sum((np.conj(gradient) * along).real) - sum(terms)) <= 1e-5 * size * (1 + gradient.size), shape
