"""The table that the laws of `test_numpy_laws` are asked on: rows for each function that recorded arrays know.

A row is a function and the arguments of one call. What else may be given for a parameter follows from the function's
signature and from `OPTIONS`; dtypes and shapes are varied as well.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import autodiff_spec as ad

be = ad.backend("numpy")
xp, extra = be.xp, be.extra
RANDOM = np.random.default_rng(11)


def real(*shape: int) -> Any:
    return RANDOM.normal(size=shape)


def positive(*shape: int) -> Any:
    return RANDOM.uniform(0.5, 2.0, size=shape)


def definite(*shape: int) -> Any:
    a = real(*shape)
    return a @ np.swapaxes(a, -1, -2) + np.eye(shape[-1])


def with_nan(*shape: int) -> Any:
    a = real(*shape)
    a.ravel()[::5] = np.nan
    return a


MASK = np.array([True, False, True])
VECTOR, MATRIX, STACK, SQUARE = real(4), real(3, 4), real(2, 3, 4), real(3, 3)
ASCENDING = np.sort(real(4))
PLACES = np.array([0, 2, 2, 1])


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        name: what it is called in tests.
        function: NumPy's function, a ufunc, one of its methods, or a function of the namespace.
        args, kwargs: its arguments.
        parameters: the names of all that it takes, keywords included.
        fixed: whether other shapes make no sense.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    parameters: tuple[str, ...]
    fixed: bool

    def run(self) -> Any:
        return self.function(*self.args, **self.kwargs)

    def given(self, parameter: str) -> Any:
        """What the call gives for a parameter, if anything."""
        place = self.place(parameter)
        return self.args[place] if place is not None else self.kwargs.get(parameter, NOT_GIVEN)

    def place(self, parameter: str) -> int | None:
        """The position of an argument that is given by position."""
        place = self.parameters.index(parameter)
        return place if place < len(self.args) else None

    def where(self, parameter: str, value: Any) -> Call:
        """The same call with another value for a parameter."""
        place = self.place(parameter)
        if place is None:
            return replace(self, kwargs={**self.kwargs, parameter: value})
        return replace(self, args=(*self.args[:place], value, *self.args[place + 1 :]))

    def mapped(self, change: Callable[[Any], Any]) -> Call:
        """The same call with each floating array changed."""
        args, kwargs = map_arrays(change, (self.args, self.kwargs))
        return replace(self, args=args, kwargs=kwargs)


NOT_GIVEN: Any = object()


def map_arrays(change: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, (list, tuple)):
        return type(tree)([map_arrays(change, part) for part in tree])
    if isinstance(tree, dict):
        return {key: map_arrays(change, part) for key, part in tree.items()}
    return change(tree) if isinstance(tree, np.ndarray) and tree.dtype.kind in "fc" else tree


# --- the rows -----------------------------------------------------------------------------------------------------

OF_UFUNCS = ("out", "where", "casting", "order", "dtype", "subok")
OF_GUFUNCS = ("out", "casting", "order", "dtype", "subok", "axes", "axis", "keepdims")
MORE = {  # what a signature hides in its keywords
    np.pad: ("constant_values", "end_values", "stat_length", "reflect_type"),
    np.clip: ("where", "casting", "order", "dtype"),
    np.einsum: ("dtype", "order", "casting"),
}


METHODS = {  # of arrays; what they are called with, and their parameters
    "all any": ((), "axis out keepdims where"),
    "argmax argmin": ((), "axis out keepdims"),
    "argpartition": ((1,), "kth axis kind order"),
    "argsort": ((), "axis kind order stable"),
    "astype": ((np.complex128,), "dtype order casting subok copy"),
    "clip": ((-0.5, 0.5), "min max out"),
    "compress": (([True, False, True],), "condition axis out"),
    "conj conjugate nonzero": ((), ""),
    "copy flatten ravel": ((), "order"),
    "cumsum cumprod": ((), "axis dtype out"),
    "diagonal": ((), "offset axis1 axis2"),
    "dot": ((positive(4),), "b out"),
    "max min": ((), "axis out keepdims initial where"),
    "mean": ((), "axis dtype out keepdims where"),
    "repeat": ((2,), "repeats axis"),
    "reshape": (((4, 3),), "shape order copy"),
    "round": ((), "decimals out"),
    "squeeze": ((), "axis"),
    "std var": ((), "axis dtype out ddof keepdims where"),
    "sum prod": ((), "axis dtype out keepdims initial where"),
    "swapaxes": ((0, 1), "axis1 axis2"),
    "take": ((np.array([0, 2, 2]),), "indices axis out mode"),
    "trace": ((), "offset axis1 axis2 dtype out"),
    "transpose": (((1, 0),), "axes"),
}


def method(name: str) -> Callable[..., Any]:
    """A method as a function of the array."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(x, name)(*args, **kwargs)

    call.__name__, call.__module__ = name, "x"
    return call


def of_methods() -> Iterator[Call]:
    for names, (args, parameters) in METHODS.items():
        for name in names.split():
            yield Call(f"x.{name}", method(name), (MATRIX, *args), {}, ("x", *parameters.split()), False)
    yield from rows((operator.attrgetter("T", "mT", "real", "imag", "shape", "ndim", "size"), MATRIX))
    yield Call("x.searchsorted", method("searchsorted"), (ASCENDING, real(3)), {}, ("x", "v", "side", "sorter"), True)


def parameters_of(function: Any, count: int) -> tuple[str, ...]:
    if isinstance(function, operator.attrgetter):
        return ("x",)
    if isinstance(function, np.ufunc):
        inputs = tuple(f"x{i + 1}" for i in range(function.nin))
        if getattr(np, function.__name__, None) is not function:  # where= of another shape ends the process in SciPy's
            return inputs + OF_UFUNCS[2:]
        return inputs + (OF_UFUNCS if function.signature is None else OF_GUFUNCS)
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return {
            "reduce": ("array", "axis", "dtype", "out", "keepdims", "initial", "where"),
            "accumulate": ("array", "axis", "dtype", "out"),
            "reduceat": ("array", "indices", "axis", "dtype", "out"),
            "outer": ("A", "B", *OF_UFUNCS),
        }[function.__name__]
    found: list[str] = []
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.VAR_POSITIONAL:
            found += [f"{p.name}[{i}]" for i in range(count - len(found))]
        elif p.kind is not p.VAR_KEYWORD:
            found.append(p.name)
    return (*found, *MORE.get(function, ()))


def rows(*given: Any, fixed: bool = False) -> Iterator[Call]:
    """Calls from tuples: a function or several, arguments by position, and those by name in a dict at the end."""
    for functions, *args in given:
        kwargs = args.pop() if args and isinstance(args[-1], dict) else {}
        for function in functions if isinstance(functions, tuple) else (functions,):
            parameters = parameters_of(function, len(args))
            yield Call(_name(function), function, tuple(args), kwargs, parameters, fixed)


def _name(function: Any) -> str:
    if isinstance(function, operator.attrgetter):
        return "attributes"
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"{owner.__name__}.{function.__name__}"
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, np.ufunc):
        module = "numpy" if getattr(np, function.__name__, None) is function else "special"
    module = {"_operator": "operator"}.get(module, module.removeprefix("autodiff_numpy").replace("numpy", ""))
    return f"{module}.{function.__name__}".strip("._")


ELEMENTWISE = (
    np.negative, np.positive, np.absolute, np.fabs, np.square, np.sqrt, np.cbrt, np.reciprocal, np.exp, np.exp2,
    np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.arctan, np.sinh, np.cosh, np.tanh,
    np.arcsinh, np.conjugate, np.floor, np.ceil, np.trunc, np.rint, np.sign, np.deg2rad, np.radians, np.rad2deg,
    np.degrees, np.modf, np.real, np.imag, np.round, np.around, np.sinc, np.angle, np.fix, np.copy, np.nan_to_num,
)  # fmt: skip
OF_TWO = (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power, np.floor_divide, np.remainder, np.fmod,
    np.maximum, np.minimum, np.arctan2, np.hypot, np.logaddexp, np.logaddexp2, np.copysign, np.nextafter, np.heaviside,
    np.fmax, np.fmin, np.divmod,
)  # fmt: skip
DISCRETE = (
    np.isfinite, np.isinf, np.isnan, np.signbit, np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.logical_not,
    np.all, np.any, np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.count_nonzero, np.nonzero, np.flatnonzero,
    np.argwhere, np.zeros_like, np.ones_like, np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj,
    np.isrealobj, np.argsort, np.common_type, np.array_repr, np.array_str, np.array2string,
)  # fmt: skip
COMPARED = (
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or,
    np.logical_xor, np.array_equal, np.array_equiv, np.allclose, np.isclose, np.isin, np.may_share_memory,
    np.shares_memory,
)  # fmt: skip
REDUCTIONS = (
    np.sum, np.max, np.min, np.amax, np.amin, np.prod, np.mean, np.var, np.std, np.ptp, np.median, np.average,
    np.add.reduce, np.multiply.reduce, np.maximum.reduce, np.minimum.reduce,
)  # fmt: skip
IGNORING = (
    np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd, np.nanmedian, np.nancumsum,
    np.nancumprod,
)  # fmt: skip

OPERATORS = (
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne, divmod,
)  # fmt: skip
OTHERS = (2, 3.5, -1, 0.5, 1j, np.float32(1.5), np.float64(1.5), np.int32(2), np.True_, np.array([1, 2, 3, 4]),
          np.array([True, True, True, True]), np.array(2, np.int16), np.array([1, 2, 3, 4], np.float32))  # fmt: skip

REDUCED = (
    np.multiply, np.maximum, np.minimum, np.subtract, np.divide, np.power, np.fmax, np.fmin, np.hypot, np.logaddexp,
    np.logaddexp2, np.arctan2, np.copysign, np.fmod, np.remainder,
)  # fmt: skip

CALLS = [
    *of_methods(),
    *rows(
        ((operator.neg, operator.pos, abs, round), MATRIX),
        *((OPERATORS, positive(3, 4), other) for other in OTHERS),
        *((OPERATORS, other, positive(3, 4)) for other in OTHERS),
        (operator.matmul, MATRIX, positive(4, 2)),
        (operator.getitem, MATRIX, (slice(1, None), np.array([0, 2]))),
        fixed=True,
    ),
    *rows(
        (ELEMENTWISE, positive(3, 4)),
        ((np.arcsin, np.arccos, np.arctanh, np.tan), RANDOM.uniform(-0.9, 0.9, (3, 4))),
        (np.arccosh, 1 + positive(3, 4)),
        (OF_TWO, positive(3, 1), positive(4)),
        (np.heaviside, np.array([-1.0, 0.0, 2.0]), positive(3)),
        (np.ldexp, MATRIX, np.array([3, -2, 0, 1])),
        (DISCRETE, MATRIX),
        (COMPARED, MATRIX, real(4)),
        (np.where, MATRIX > 0, MATRIX, real(4)),
        (np.where, MATRIX, 1.0 * MATRIX, real(4)),
        (np.clip, MATRIX, -0.5, 0.5),
        (np.clip, MATRIX, {"min": real(4) - 2, "max": 0.25}),
        (REDUCTIONS, MATRIX),
        (REDUCTIONS[2:], STACK, {"axis": 1}),
        (IGNORING, with_nan(3, 4)),
        ((np.cumsum, np.cumprod, np.add.accumulate, np.multiply.accumulate), MATRIX),
        ((np.cumulative_sum, np.cumulative_prod), MATRIX, {"axis": 1}),
        (np.average, MATRIX, {"weights": positive(3, 4)}),
        (np.average, MATRIX, {"weights": positive(4), "axis": 1}),
        ((np.diff, np.ediff1d, np.trapezoid, np.gradient), MATRIX),
        (np.diff, MATRIX, {"prepend": real(3, 1), "append": 0.5}),
        (np.ediff1d, MATRIX, {"to_end": real(2), "to_begin": 0.5}),
        (np.trapezoid, MATRIX, ASCENDING),
        (np.trapezoid, MATRIX, {"dx": 0.25}),
        (np.gradient, MATRIX, 0.5, 2.0),
        ((np.sort, np.unique), MATRIX),
        (np.partition, MATRIX, 2),
        ((np.argpartition,), MATRIX, 2),
        ((np.quantile, np.nanquantile), MATRIX, 0.3),
        ((np.quantile, np.nanquantile), MATRIX, np.array([0.1, 0.77]), {"axis": 1}),
        ((np.percentile, np.nanpercentile), MATRIX, 30.0),
        ((np.percentile, np.nanpercentile), with_nan(3, 5), np.array([10.0, 77.0]), {"axis": 1}),
        ((np.quantile, np.nanquantile), MATRIX, 0.3, {"weights": positive(3, 4), "method": "inverted_cdf"}),
        ((np.percentile, np.nanpercentile), with_nan(3, 4), np.array([10.0, 77.0]),
         {"axis": 1, "weights": positive(4), "method": "inverted_cdf"}),
        ((np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values), MATRIX),
        ((np.ravel, np.squeeze, np.transpose, np.flip, np.flipud, np.tril, np.triu, np.diag, np.diagflat), MATRIX),
        ((np.diag, np.diagflat, np.tril), VECTOR),
        (np.squeeze, real(1, 3, 1)),
        ((np.fliplr, np.rot90, np.matrix_transpose, np.linalg.matrix_transpose, np.trace, np.diagonal), MATRIX),
        ((np.linalg.trace, np.linalg.diagonal), STACK),
        ((np.atleast_1d, np.atleast_2d, np.atleast_3d), VECTOR),
        ((np.atleast_1d, np.atleast_2d, np.atleast_3d), VECTOR, MATRIX),
        ((np.tril_indices_from, np.triu_indices_from), MATRIX),
        (np.diag_indices_from, SQUARE),
        (np.expand_dims, MATRIX, 1),
        (np.reshape, MATRIX, (4, 3)),
        (np.broadcast_to, MATRIX, (2, 3, 4)),
        ((np.roll, np.repeat, np.tile), MATRIX, 2),
        (np.repeat, MATRIX, np.array([1, 0, 2]), {"axis": 0}),
        (np.resize, MATRIX, (5, 3)),
        ((np.moveaxis, np.swapaxes), STACK, 0, 2),
        (np.rollaxis, STACK, 2),
        (np.astype, MATRIX, np.complex128),
        (np.full_like, MATRIX, 0.25),
        ((np.concatenate, np.stack, np.hstack, np.vstack, np.dstack, np.column_stack), [SQUARE, real(3, 3)]),
        (np.block, [[SQUARE, real(3, 1)], [real(1, 3), real(1, 1)]]),
        (np.append, MATRIX, VECTOR),
        (np.insert, MATRIX, 1, VECTOR, {"axis": 0}),
        (np.delete, MATRIX, 1),
        ((np.split, np.array_split, np.vsplit), MATRIX, 3),
        (np.hsplit, MATRIX, 2),
        (np.dsplit, STACK, 2),
        (np.unstack, MATRIX),
        (np.broadcast_arrays, MATRIX, real(4)),
        (np.meshgrid, VECTOR, real(3)),
        (np.pad, MATRIX, 2),
        (np.pad, MATRIX, 2, {"constant_values": 0.5}),
        (np.pad, MATRIX, ((1, 2), (0, 1)), {"constant_values": real(2, 2)}),
        (np.pad, MATRIX, 2, {"mode": "reflect"}),
        (np.take, MATRIX, np.array([0, 2, 2])),
        (np.take_along_axis, MATRIX, np.array([[0], [2], [1]]), {"axis": 1}),
        (np.compress, MASK, MATRIX, {"axis": 0}),
        (np.extract, MATRIX > 0, 1.0 * MATRIX),
        (np.choose, np.array([0, 1, 1]), [real(3), real(3)]),
        (np.piecewise, MATRIX, [MATRIX > 0], [np.sin, 0.25]),
        (np.select, [MATRIX > 0, MATRIX > -1], [1.0 * MATRIX, MATRIX * 2]),
        (np.select, [MATRIX > 0, MATRIX > -1], [1.0 * MATRIX, MATRIX * 2], {"default": 0.25}),
        (np.searchsorted, ASCENDING, real(3)),
        (np.digitize, real(3), ASCENDING),
        (np.lexsort, (VECTOR, real(4))),
        (np.can_cast, VECTOR.dtype, np.float32),
        (np.linspace, VECTOR, real(4), 5),
        (np.linspace, 0.25, np.array(2.0), 5),
        (np.logspace, VECTOR, real(4), 5),
        (np.logspace, VECTOR, real(4), {"num": 3, "base": 2.5}),
        ((np.fft.fftshift, np.fft.ifftshift, np.fft.fft, np.fft.ifft, np.fft.fftn, np.fft.ifftn, np.fft.fft2,
          np.fft.ifft2, np.fft.rfft, np.fft.irfft, np.fft.rfftn, np.fft.irfftn, np.fft.rfft2, np.fft.irfft2,
          np.fft.hfft, np.fft.ihfft), MATRIX),
        (np.vander, VECTOR),
        (np.cov, MATRIX),
        (np.cov, VECTOR, real(4)),
        (np.polyval, real(3), VECTOR),
    ),
    *rows(
        ((np.matmul, np.dot, np.inner, np.kron, np.vdot), SQUARE, real(3, 3)),
        ((np.matmul, np.dot, np.inner, np.outer, np.kron, np.vdot, np.vecdot, np.linalg.vecdot, np.linalg.outer,
          np.convolve, np.correlate), VECTOR, real(4)),
        (np.linalg.matmul, STACK, real(4, 2)),
        (np.matvec, MATRIX, VECTOR),
        (np.vecmat, VECTOR, real(4, 2)),
        ((np.cross, np.linalg.cross), SQUARE, real(3, 3)),
        ((np.tensordot, np.linalg.tensordot), STACK, real(3, 4, 2)),
        (np.einsum, "ij,jk->ik", MATRIX, real(4, 2)),
        ((np.linalg.norm, np.linalg.matrix_norm, np.linalg.vector_norm), MATRIX),
        (np.linalg.norm, VECTOR),
        (np.linalg.norm, SQUARE, "nuc"),
        ((np.linalg.det, np.linalg.slogdet, np.linalg.inv, np.linalg.pinv, np.linalg.qr, np.linalg.svd,
          np.linalg.svdvals, np.linalg.cond, np.linalg.matrix_rank), SQUARE),
        ((np.linalg.pinv, np.linalg.qr, np.linalg.svd, np.linalg.svdvals, np.linalg.cond), MATRIX),
        ((np.linalg.pinv, np.linalg.qr, np.linalg.svd, np.linalg.svdvals, np.linalg.cond), MATRIX.T.copy()),
        *((np.linalg.svd, real(n, 5), {"full_matrices": False}) for n in (1, 2, 2, 3, 3, 4, 4, 4)),
        ((np.linalg.eig, np.linalg.eigvals), definite(3, 3)),
        (np.linalg.matrix_power, SQUARE, 3),
        ((np.linalg.cholesky, np.linalg.eigh, np.linalg.eigvalsh), definite(3, 3)),
        ((np.linalg.cholesky, np.linalg.eigh, np.linalg.eigvalsh), definite(3, 3) + np.triu(real(3, 3), 1)),
        (np.linalg.solve, definite(3, 3), real(3)),
        (np.linalg.solve, definite(2, 3, 3), real(3, 2)),
        (np.linalg.multi_dot, [real(2, 3), real(3, 2), real(2)]),
        (np.linalg.tensorinv, real(4, 2, 2), {"ind": 1}),
        (np.linalg.tensorsolve, real(2, 2, 4), real(2, 2)),
        fixed=True,
    ),
    *rows(
        ((np.unwrap, np.i0, np.real_if_close, np.spacing, np.frexp, np.min_scalar_type), 3 * MATRIX),
        ((np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10), positive(3, 4)),
        ((np.emath.arcsin, np.emath.arccos, np.emath.arctanh), RANDOM.uniform(-0.9, 0.9, (3, 4))),
        (np.emath.power, positive(3, 4), 2.5),
        (np.emath.logn, 2.5, positive(3, 4)),
        (np.corrcoef, MATRIX),
        (np.corrcoef, VECTOR, real(4)),
        (np.bincount, PLACES, {"weights": real(4)}),
        ((np.histogram, np.histogram_bin_edges), VECTOR),
        (np.histogram, VECTOR, {"weights": positive(4)}),
        (np.histogram, VECTOR, ASCENDING, {"density": True}),
        (np.histogram2d, VECTOR, real(4), {"bins": 3, "weights": positive(4)}),
        (np.histogramdd, real(5, 2), {"bins": 3}),
        ((np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d), VECTOR, real(3)),
        (np.trim_zeros, np.array([1.5, 0.5, -2.0])),
        (np.ix_, VECTOR, real(3)),
        (np.geomspace, positive(3), 4 * positive(3), 5),
        (np.interp, real(5), ASCENDING, real(4)),
        (np.interp, 3 * real(5), ASCENDING, real(4), {"left": 0.25, "right": np.array(0.5)}),
        (np.apply_over_axes, np.sum, STACK, (0, 2)),
    ),
    *rows(
        (np.lib.stride_tricks.sliding_window_view, MATRIX, (2, 2)),
        (np.apply_along_axis, np.sort, 1, MATRIX),
        ((np.polyadd, np.polysub, np.polymul, np.polydiv), real(4), real(2)),
        ((np.polyder, np.polyint), VECTOR),
        ((np.poly, np.roots), np.array([1.0, -3.5, 2.25])),
        (np.polyfit, ASCENDING, real(4), 2),
        (np.polyfit, ASCENDING, real(4), 1, {"w": positive(4)}),
        (np.linalg.lstsq, real(4, 3), real(4)),
        (np.einsum_path, "ij,jk->ik", MATRIX, real(4, 2)),
        *((getattr(ufunc, name), positive(3, 4)) for ufunc in REDUCED for name in ("reduce", "accumulate")),
        *((ufunc.reduceat, positive(5), np.array([0, 2, 3])) for ufunc in (np.add, *REDUCED)),
        fixed=True,
    ),
    *rows(  # what the namespaces define themselves
        ((xp.sort, xp.argsort, xp.count_nonzero, xp.expm1, xp.asarray, extra.relu, extra.sigmoid, extra.softplus,
          extra.silu, extra.gelu, extra.softmax, extra.log_softmax, extra.logsumexp, extra.sinc, extra.erf,
          extra.median), MATRIX),
        (xp.clip, MATRIX, -0.5, real(4) + 2),
        (xp.full_like, MATRIX, 0.25),
        (xp.astype, MATRIX, np.complex128),
        (xp.take_along_axis, MATRIX, np.array([[0], [2], [1]])),
        ((xp.linalg.diagonal, xp.linalg.trace), STACK),
        (extra.xlogy, positive(3, 4), positive(4)),
        (extra.topk, MATRIX, 2),
    ),
    *rows(
        (xp.full, (2, 3), np.array(0.25)),
        (xp.linalg.cholesky, definite(3, 3)),
        (xp.linalg.cross, SQUARE, real(3, 3)),
        ((xp.linalg.matrix_rank, xp.linalg.pinv, xp.linalg.qr), MATRIX),
        (extra.einsum, "ij,jk->ik", MATRIX, real(4, 2)),
        (extra.index, MATRIX, (slice(1, None), np.array([0, 2]))),
        fixed=True,
    ),
]

try:
    from scipy import special
except ImportError:  # SciPy is optional
    pass
else:
    from autodiff_numpy import special as ours
    from autodiff_numpy.scipy import linalg

    OF_ONE = (
        special.erf, special.erfc, special.erfcx, special.erfi, special.dawsn, special.ndtr, special.log_ndtr,
        special.psi, special.gamma, special.gammaln, special.expit, special.log_expit, special.entr, special.j0,
        special.j1, special.i0, special.i1, special.exp10, special.exp2, special.expm1, special.log1p, special.cbrt,
        special.y0, special.y1, special.k0, special.k1, special.i0e, special.i1e, special.rgamma, special.loggamma,
    )  # fmt: skip
    CALLS += rows(
        (OF_ONE, positive(3, 4)),
        ((special.erfinv, special.erfcinv, special.ndtri, special.logit), RANDOM.uniform(0.2, 0.8, (3, 4))),
        ((special.beta, special.betaln, special.xlogy, special.xlog1py, special.rel_entr, special.kl_div,
          special.boxcox, special.boxcox1p, special.huber), positive(3, 1), positive(4)),
        ((special.jv, special.yv, special.iv, special.kv, special.stdtr), positive(3, 1), positive(4)),
        ((special.betainc, special.betaincc, special.hyp1f1), 2.5, positive(3, 1), RANDOM.uniform(0.2, 0.8, 4)),
        (ours.multigammaln, 2 + positive(3, 4), 3),
        ((special.gammainc, special.gammaincc), 2.5, positive(3, 4)),
        (ours.polygamma, 1, positive(3, 4)),
        (ours.polygamma, np.array([[0], [2]]), positive(4)),
    )  # fmt: skip
    CALLS += rows(
        ((ours.logsumexp, ours.softmax, ours.log_softmax), MATRIX),
        (ours.logsumexp, MATRIX, {"b": positive(3, 4), "axis": 1}),
        ((linalg.solve, linalg.solve_triangular), definite(3, 3), real(3)),
        ((linalg.solve, linalg.solve_triangular), definite(2, 3, 3), real(3, 2)),
        (linalg.cho_solve, (definite(3, 3), True), real(3)),
        ((linalg.cho_factor, linalg.cholesky, linalg.inv, linalg.eigvalsh, linalg.det, linalg.expm, linalg.sqrtm),
         definite(3, 3)),
        ((linalg.cholesky, linalg.det, linalg.inv, linalg.expm), definite(2, 3, 3)),
        (linalg.eigh, definite(3, 3), {"eigvals_only": True}),
        (linalg.eigh, definite(3, 3)),
        (linalg.svdvals, MATRIX),
        (linalg.solve_sylvester, definite(3, 3), definite(2, 2), real(3, 2)),
        (linalg.solve_continuous_lyapunov, definite(3, 3), SQUARE),
        fixed=True,
    )

# --- what else may be given for a parameter -------------------------------------------------------------------------

OPTIONS: dict[str, tuple[Any, ...]] = {
    "axis": (None, 0, 1, -1, (0, 1), (), 5),
    "axes": (None, (1, 0), (0,), 1),
    "keepdims": (True,),
    "dtype": (np.float16, np.float32, np.float64, np.complex64, np.int64),
    "ddof": (1, 0.5, 100),
    "correction": (1, 0.5),
    "order": ("C", "F", "A", "K"),
    "casting": ("unsafe", "same_kind", "no"),
    "initial": (0.75, -3),
    "where": (np.True_, MATRIX > 0),
    "k": (1, -1),
    "offset": (1, -1),
    "n": (0, 1, 2, 3, 6),
    "s": ((3, 5), None),
    "norm": (None, "ortho", "forward", "backward"),
    "mode": ("same", "valid", "full", "reduced", "complete", "r", "clip", "wrap", "edge", "symmetric", "maximum"),
    "period": (1.5,),
    "discont": (4.0,),
    "minlength": (6,),
    "density": (True,),
    "range": ((-1.0, 1.0),),
    "m": (0, 2),
    "trim": ("f", "b"),
    "return_indices": (True,),
    "full": (True,),
    "cov": (True,),
    "tol": (1.0,),
    "method": ("linear", "lower", "higher", "nearest", "midpoint", "weibull", "median_unbiased"),
    "ord": (None, 0, 1, 2, 3, 0.5, -1, -2, np.inf, -np.inf, "fro", "nuc"),
    "p": (None, 1, 2, -2, np.inf, "fro"),
    "UPLO": ("L", "U"),
    "upper": (True, False),
    "full_matrices": (False, True),
    "compute_uv": (False,),
    "hermitian": (True,),
    "rcond": (1e-3,),
    "rtol": (1e-3,),
    "bias": (True,),
    "rowvar": (False,),
    "decimals": (1, -1),
    "deg": (True,),
    "stable": (True,),
    "kind": ("stable", "heapsort"),
    "sparse": (True,),
    "indexing": ("ij",),
    "endpoint": (False,),
    "retstep": (True,),
    "returned": (True,),
    "edge_order": (2,),
    "increasing": (True,),
    "include_initial": (True,),
    "return_index": (True,),
    "return_inverse": (True,),
    "return_counts": (True,),
    "equal_nan": (False, True),
    "fweights": (np.array([1, 2, 1, 1]),),
    "aweights": (positive(4),),
    "weights": (positive(3, 4), positive(3)),
    "reflect_type": ("odd",),
    "stat_length": (1,),
    "end_values": (0.5,),
    "nan": (0.25,),
    "posinf": (9.0,),
    "neginf": (-9.0,),
    "shape": ((4, 3), -1),
    "copy": (False, True),
    "subok": (True,),
    "device": ("cpu",),
    "overwrite_input": (False,),
    "optimize": (True, False, "greedy"),
    "mean": (real(1, 1),),
    "shift": ((1, 2),),
    "num": (1, 0, 7),
    "N": (3, 0),
    "left": (True,),
    "side": ("right",),
    "right": (True,),
    "bins": (ASCENDING,),
    "out": (None,),
    "assume_a": ("gen", "diagonal", "tridiagonal", "upper triangular", "lower triangular", "sym", "her", "pos",
                 "banded"),
    "lower": (True, False),
    "trans": (1, 2, "N", "T", "C"),
    "unit_diagonal": (True,),
    "transposed": (True,),
    "check_finite": (False,),
    "driver": ("ev", "evd"),
    "disp": (True, False),
}
