"""A reverse-mode engine on a page, and what makes it a backend.

An array holds NumPy's array, its parents, and a function that pulls a cotangent back to them. There are derivatives, of
the first order, of the functions in `RULES`; of NumPy's others there are the values, and derivatives are refused.

    autodiff-spec test examples.engines.toy:backend
"""

import itertools

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

import autodiff_spec as ad

# The cotangent of the result, the result and the arguments in; a cotangent for each argument out.
RULES = {
    "add": lambda g, y, a, b: (g, g),
    "subtract": lambda g, y, a, b: (g, -g),
    "multiply": lambda g, y, a, b: (g * b, g * a),
    "divide": lambda g, y, a, b: (g / b, -g * y / b),
    "negative": lambda g, y, a: (-g,),
    "absolute": lambda g, y, a: (g * np.sign(a),),
    "exp": lambda g, y, a: (g * y,),
    "log": lambda g, y, a: (g / a,),
    "sqrt": lambda g, y, a: (g / (2 * y),),
    "sin": lambda g, y, a: (g * np.cos(a),),
    "cos": lambda g, y, a: (-g * np.sin(a),),
    "tanh": lambda g, y, a: (g * (1 - y * y),),
    "where": lambda g, y, condition, a, b: (None, np.where(condition, g, 0), np.where(condition, 0, g)),
    "reshape": lambda g, y, a, shape: (g.reshape(a.shape), None),
    "sum": lambda g, y, a, axis=None: ((g if axis is None else np.expand_dims(g, axis)) + np.zeros_like(a),),
}
CONSTANT = {"ones_like", "zeros_like", "full_like", "floor", "ceil", "round", "trunc", "sign"}  # derivative 0
numbers = itertools.count()


class Array(NDArrayOperatorsMixin):
    """NumPy's array, with a way back if it depends on a source."""

    def __init__(self, value, parents=(), pull=None):
        self.value, self.parents, self.pull, self.number = np.asarray(value), parents, pull, next(numbers)

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)

    __hash__ = object.__hash__  # by identity, for == is NumPy's

    def __array_ufunc__(self, ufunc, method, *inputs, **options):  # where NumPy's mixin leads all operators
        return call(ufunc.__name__, *inputs, **options)

    def __bool__(self):
        return bool(self.value)

    def __float__(self):
        return float(self.value)


def call(name, *args, **options):
    """NumPy's function ``name``, recorded if an argument depends on a source."""
    values = [a.value if isinstance(a, Array) else a for a in args]
    result = getattr(np, name)(*values, **options)
    if not isinstance(result, (np.ndarray, np.generic)):
        return result
    tracked = any(isinstance(a, Array) and a.pull for a in args)
    if not tracked or name in CONSTANT or result.dtype.kind != "f":
        return Array(result)
    if name not in RULES:
        raise ad.UnsupportedError(f"the toy engine has no derivative of {name}; add a rule")
    return Array(result, args, lambda g: RULES[name](g, result, *values, **options))


def fit(g, array):
    """Sum over the axes along which an argument was broadcast."""
    g = np.sum(g, axis=tuple(range(np.ndim(g) - array.ndim)))
    stretched = tuple(i for i, n in enumerate(array.shape) if n == 1)
    return np.sum(g, axis=stretched, keepdims=True).astype(array.dtype)


def backward(outputs, cotangents, sources):
    """The chain rule, from the last array to the first; ``None`` where nothing arrives."""
    found = {}
    waiting = {}
    for output, g in zip(outputs, cotangents, strict=True):
        if g is not None and isinstance(output, Array) and output.pull:
            found[output] = found.get(output, 0) + g.value
            waiting[output.number] = output
    while waiting:
        array = waiting.pop(max(waiting))
        for parent, share in zip(array.parents, array.pull(found[array]), strict=True):
            if isinstance(parent, Array) and parent.pull:
                found[parent] = found.get(parent, 0) + fit(share, parent)
                waiting[parent.number] = parent
    return [Array(found[source]) if source in found else None for source in sources]


class Namespace:
    """The array API standard's names: NumPy's own functions, led through `call`."""

    abs = staticmethod(lambda x: call("absolute", x))

    def asarray(self, value, dtype=None, copy=None):
        return value if isinstance(value, Array) and dtype is None else Array(np.array(to_numpy(value), dtype))

    def __getattr__(self, name):
        found = getattr(np, name)
        if isinstance(found, type) or not callable(found) or name == "isdtype":
            return found
        return lambda *args, **options: call(name, *args, **options)


def to_numpy(x):
    return x.value if isinstance(x, Array) else x


class Toy(ad.Backend):
    """The whole backend: everything that a tape would need is not declared, and so not asked for."""

    name, version, xp, array_types = "toy", "1", Namespace(), (Array,)
    capabilities = frozenset({ad.Capability.CONTROL_FLOW})

    def _vjp(self, f, primals, *, once):
        sources = [Array(primal.value, pull=lambda g: ()) for primal in primals]
        outputs = f(*sources)
        return outputs, lambda cotangents: backward(outputs, cotangents, sources)

    def _stop_gradient(self, array):
        return Array(array.value.copy())

    def _to_numpy(self, array):
        return np.array(array.value)


backend = Toy()
