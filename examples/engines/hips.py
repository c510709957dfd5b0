"""HIPS autograd as a backend: an engine that has never heard of this specification.

Run: autodiff-spec test examples.engines.hips:backend
"""

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.builtins import tuple as boxed_tuple
from autograd.core import make_vjp
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.tracer import getval, isbox

import autodiff_spec as ad

# Names of the array API standard that autograd has under NumPy's older ones, to which its derivatives are bound.
OLDER = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "concat": "concatenate", "conj": "conjugate", "permute_dims": "transpose", "pow": "power",
}  # fmt: skip


class Namespace:
    """autograd.numpy under the standard's names."""

    def __getattr__(self, name):
        return np.isdtype if name == "isdtype" else getattr(anp, OLDER.get(name, name))

    def asarray(self, value, *, dtype=None, copy=None):
        return value if isbox(value) and dtype is None else anp.array(value, dtype)

    def astype(self, x, dtype, *, copy=True):
        return x.astype(dtype)

    def vecdot(self, a, b, *, axis=-1):
        return anp.sum(a * b, axis=axis)

    def matrix_transpose(self, x):
        return anp.swapaxes(x, -1, -2)


class Hips(ad.Backend):
    """Three methods; autograd nests, so second derivatives follow."""

    name, version, xp = "hips", autograd.__version__ if hasattr(autograd, "__version__") else "1", Namespace()
    array_types = (ArrayBox, np.ndarray, np.generic)
    capabilities = frozenset({ad.Capability.CONTROL_FLOW, ad.Capability.HIGHER_ORDER})

    def _vjp(self, f, primals, *, once):
        results = []

        def floating(arguments):
            results[:] = f(*arguments)
            return boxed_tuple([y for y in results if self.is_floating(y)])

        pull, values = make_vjp(floating, tuple(primals))
        values = iter([values[i] for i in range(len(values))])
        outputs = [next(values) if self.is_floating(y) else y for y in results]

        def pullback(cotangents):
            pairs = [(y, g) for y, g in zip(outputs, cotangents, strict=True) if self.is_floating(y)]
            return list(pull(tuple([anp.zeros_like(y) if g is None else g for y, g in pairs])))

        return outputs, pullback

    def _stop_gradient(self, array):
        return np.array(value_of(array))

    def _to_numpy(self, array):
        return np.array(value_of(array))


def value_of(array):
    """The number inside, through all levels of differentiation."""
    while isbox(array):
        array = getval(array)
    return array


backend = Hips()
