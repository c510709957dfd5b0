"""A reverse-mode engine, sixty lines and a table of rules, and what makes it a backend.

A tracked array is on a record, the list of what ran: results, arguments, and the rules that take a result's cotangent
back to the arguments. Constants are NumPy's arrays and the namespace is NumPy itself, whose protocols lead functions of
tracked arrays to `call`. Two rules do for most functions, for they ask the function:

- `smooth`, for analytic functions that work element by element. With a tiny imaginary step in one argument, the
  imaginary part of the result is the slope times the step, and nothing cancels (Squire and Trapp, 1998).
- `moving`, for functions that put elements elsewhere. Of the elements' numbers they make where each came from.

    autodiff-spec test examples.engines.toy:backend
"""

from operator import attrgetter, getitem

import numpy as np
import optree
from numpy.lib.mixins import NDArrayOperatorsMixin

import autodiff_spec as ad

SMOOTH = [np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.pow, np.square, np.reciprocal]
SMOOTH += [np.sqrt, np.exp, np.expm1, np.log, np.log1p, np.log2, np.log10, np.sin, np.cos, np.tan, np.asin, np.acos]
SMOOTH += [np.atan, np.sinh, np.cosh, np.tanh, np.asinh, np.acosh, np.atanh]
MOVING = [getitem, np.reshape, np.expand_dims, np.squeeze, np.permute_dims, np.moveaxis, np.flip, np.roll, np.repeat]
MOVING += [np.matrix_transpose, np.broadcast_to, np.take, np.tile]
FLAT = [np.floor, np.ceil, np.trunc, np.round, np.sign, np.ones_like, np.zeros_like, np.full_like]
STEP = 2.0**-540  # a power of two, so that dividing by it rounds nothing; its square is 0


def smooth(function, g, y, *args):
    return [g * function(*map(np.add, args, step)).imag / STEP for step in STEP * 1j * np.eye(len(args))]


def moving(function, g, y, a, *more, **options):
    origins = function(np.arange(a.size).reshape(a.shape), *more, **options)
    return [np.bincount(np.ravel(origins), np.ravel(g), a.size).reshape(a.shape)]


# In come the function, the cotangent of its result, the result, and the arguments; out go the arguments' cotangents.
RULES = dict.fromkeys(SMOOTH, smooth) | dict.fromkeys(MOVING, moving) | {
    np.abs: lambda function, g, y, a: [g * np.sign(a)],
    np.astype: lambda function, g, y, a, dtype, **options: [g],
    np.stack: lambda function, g, y, arrays, axis=0: np.moveaxis(g, axis, 0),
    np.sum: lambda function, g, y, a, axis=None, keepdims=False: [g.reshape(np.sum(a, axis=axis, keepdims=True).shape)],
    np.mean: lambda function, g, y, a, **how: RULES[np.sum](np.sum, g * y.size / max(a.size, 1), y, a, **how),
    np.where: lambda function, g, y, condition, a, b: [None, np.where(condition, g, 0), np.where(condition, 0, g)],
}  # fmt: skip


class Array(NDArrayOperatorsMixin):
    """NumPy's array, and the record that it is on."""

    def __init__(self, value, record):
        self.value, self.record = value, record

    shape, dtype, ndim, size = (property(attrgetter(f"value.{name}")) for name in ("shape", "dtype", "ndim", "size"))
    __hash__ = object.__hash__  # by identity, for == is NumPy's
    __bool__ = lambda self: bool(self.value)
    __float__ = lambda self: float(self.value)
    __getitem__ = lambda self, key: call(getitem, self, key)
    __array_function__ = lambda self, function, types, args, options: call(function, *args, **options)

    def __array__(self, *args, **options):
        raise ad.UnsupportedError("the toy engine has no copy of a tracked array, and so no second derivatives")

    def __array_ufunc__(self, function, method, *args, **options):
        return call(function if method == "__call__" else getattr(function, method), *args, **options)


def call(function, *args, **options):
    """NumPy's function of the values, put on the record if it depends on a source."""
    values, settings = optree.tree_map(plain, (args, options))
    y = function(*values, **settings)
    if function in FLAT or not any(np.asarray(part).dtype.kind in "fc" for part in optree.tree_leaves(y)):
        return y
    leaves = optree.tree_leaves((args, options))
    records = {id(leaf.record): leaf.record for leaf in leaves if isinstance(leaf, Array)}
    if function not in RULES or np.iscomplexobj(y) or len(records) > 1:
        raise ad.UnsupportedError(f"the toy engine has no rule for this use of {function.__name__}")
    result = Array(y, *records.values())
    result.record.append((result, leaves, lambda g: RULES[function](function, g, y, *values, **settings)))
    return result


def plain(leaf):
    """A value of NumPy's that nobody else can change."""
    return leaf.value if isinstance(leaf, Array) else np.array(leaf) if isinstance(leaf, np.ndarray) else leaf


def fit(g, array):
    """Given the shape and dtype of an argument: summed where that was broadcast."""
    g = np.sum(g, axis=tuple(range(np.ndim(g) - array.ndim)))
    g = np.sum(g, axis=tuple(i for i, n in enumerate(array.shape) if n == 1), keepdims=True)
    return np.broadcast_to(g, array.shape).astype(array.dtype)


class Toy(ad.Backend):
    """The whole backend. What it cannot do it does not declare: tapes, second derivatives, complex numbers."""

    name, version, xp, array_types = "toy", "1", np, (Array, np.ndarray, np.generic)
    capabilities = frozenset({ad.Capability.CONTROL_FLOW})

    def _vjp(self, f, primals, *, once):
        record = []
        sources = [Array(np.array(primal), record) for primal in primals]
        outputs = f(*sources)

        def pullback(cotangents):
            found = {None: cotangents}
            for result, arguments, pull in reversed([*record, (None, outputs, list)]):
                for argument, g in zip(arguments, pull(found[result]) if result in found else (), strict=False):
                    if isinstance(argument, Array) and argument.record is record and g is not None:
                        found[argument] = found.get(argument, 0) + fit(g, argument)
            return [np.array(found[source]) if source in found else None for source in sources]

        return [np.array(output.value) if isinstance(output, Array) else output for output in outputs], pullback

    _to_numpy = _stop_gradient = lambda self, array: np.array(plain(array))


backend = Toy()
