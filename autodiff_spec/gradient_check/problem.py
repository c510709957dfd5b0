"""The function that `check_grad` checks, as one of a real vector with a real vector as its result."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.core import trees
from autodiff_spec.core.engine import Engine
from autodiff_spec.core.errors import DtypeError
from autodiff_spec.gradient_check.differences import Vector, noise, slope, steps
from autodiff_spec.gradient_check.exact import exact_jacobian, reals
from autodiff_spec.operators._arguments import constant, primal_arrays
from autodiff_spec.operators._grad import grad
from autodiff_spec.operators._jvp import jvp
from autodiff_spec.operators._vjp import vjp

WHOLE = 48
"""Up to how many elements the whole Jacobian is compared."""

Matrix: TypeAlias = NDArray[np.float64]

_EXACT = 400
_EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
_PARTS = {"complex64": "float32", "complex128": "float64"}


class Problem:
    """A function of one float64 vector with a float64 vector as its result, and its derivatives by the backend.

    Attributes:
        x, y: the vector of the arguments, and that of the results there.
        names: the leaves of the arguments, as a user would write them.
        columns, rows: where an element of the two vectors stands.
        epsilon: the coarsest rounding among the dtypes, in which the derivatives are computed.
        rounding: that of the values that differences are made of.
        reference: what the derivatives are compared with, in words.
    """

    def __init__(
        self,
        be: Engine,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        *,
        exact: bool = True,
        names: list[str] | None = None,
        result_names: list[str] | None = None,
    ) -> None:
        self.be, self.f, self.result_names = be, f, result_names
        self.arrays, self.structure = primal_arrays(be, args, "args", "check_grad()")
        self.names = names or _argument_names(f, self.structure)
        self.x = self._joined([be.to_numpy(array) for array in self.arrays])
        self.wide = self._wide()
        try:
            self.y = self.values(self.x)
        except Exception:  # it computes with arrays of another dtype, which not every framework promotes
            self.wide = False
            self.y = self.values(self.x)
        self.columns = Places(self.names, self.arrays, self._kinds(self.arrays))
        own = [_name(array.dtype) for array in self.arrays]
        self.rounding = 2.0**-52 if self.wide else max(_EPSILON.get(name, 2.0**-52) for name in own)
        copies = [be.xp.asarray(array, copy=True) for array in self.arrays]  # the function may write into what it gets
        names = [_name(array.dtype) for array in (*self.arrays, *self._results(copies))]
        self.epsilon = max([_EPSILON.get(name, 2.0**-52) for name in names], default=2.0**-52)
        small = exact and self.x.size * max(self.y.size, 1) <= _EXACT and self.x.size <= WHOLE
        self._exact = self._oracle(self.x) if small else None
        self.reference = "the oracle"
        if self._exact is None:
            self.reference = f"differences in {'float64' if self.wide else ', '.join(dict.fromkeys(own))}"

    # --- the reference ------------------------------------------------------------------------------------------

    def jacobian(self, signs: Vector) -> tuple[Matrix, Matrix, Matrix]:
        """The Jacobian from values alone, an estimate of its error, and by how much a rounding of ``x`` changes it."""
        truth, error = self._jacobian(self.x)
        moved, _ = self._jacobian(self._moved(signs))
        return truth, error, self._shift(truth, moved)

    def slopes(self, direction: Vector, signs: Vector) -> tuple[Vector, Vector, Vector]:
        """The product of the Jacobian and ``direction``, its error, and its change by a rounding of the arguments."""
        off = noise(self.values, self.x, direction, self.rounding)
        truth, error = slope(self.values, self.x, direction, self.rounding, off)
        moved, _ = slope(self.values, self._moved(signs), direction, self.rounding, off)
        return truth, error, self._shift(truth, moved)

    def _jacobian(self, x: Vector) -> tuple[Matrix, Matrix]:
        if self._exact is not None:
            exact = self._exact if x is self.x else self._oracle(x)
            if exact is not None:
                return exact, np.zeros(exact.shape)
        reach = steps(x)
        off = noise(self.values, x, reach, self.rounding)
        columns = [slope(self.values, x, unit, self.rounding, off) for unit in np.diag(reach)]
        truth, error = (np.stack([column[k] for column in columns], axis=1) / reach for k in (0, 1))
        return truth, error

    def _oracle(self, x: Vector) -> Matrix | None:
        kinds = self._kinds(self.arrays)
        points = self._parts(x, self.arrays)
        return exact_jacobian(self.f, points, kinds, self.structure, self.y if x is self.x else None)

    def _moved(self, signs: Vector) -> Vector:
        return self.x * (1.0 + self._step * signs)

    def _shift(self, truth: Any, moved: Any) -> Any:
        """From the change over a step that the reference can resolve, that over a rounding."""
        with np.errstate(all="ignore"):
            change = np.abs(moved - truth) * (self.epsilon / self._step)
        return np.where(np.isfinite(change), change, 0.0)

    @property
    def _step(self) -> float:
        return float(np.sqrt(self.rounding))

    # --- the backend --------------------------------------------------------------------------------------------

    def _wide(self) -> bool:
        """Whether the framework has float64; if not each argument keeps its dtype."""
        try:
            self.be.asarray(np.zeros(()))
        except DtypeError:
            return False
        return True

    def _results(self, arrays: list[Any]) -> list[Any]:
        result = self.f(*trees.unflatten(self.structure, arrays))
        leaves, structure = trees.flatten(result, self.be.array_types)
        outputs = [leaf if self.be.is_array(leaf) else constant(self.be, leaf) for leaf in leaves]
        floating = [i for i, output in enumerate(outputs) if self.be.kind(output.dtype) != "other"]
        names = [str(trees.Path(structure, i, "result")) for i in floating]
        found = [outputs[i] for i in floating]
        self.rows = Places(self.result_names or names, found, self._kinds(found))
        return found

    def gradient(self) -> Problem:
        """The gradient of the sum of the results (of their real and imaginary parts), as such a function again."""

        def real(*args: Any) -> list[Any]:
            xp, found = self.be.xp, self._floating(*args)
            complex_ones = [output for output in found if self.be.kind(output.dtype) == "complex"]
            parts = [part(output) for output in complex_ones for part in (xp.real, xp.imag)]
            return parts + [output for output in found if self.be.kind(output.dtype) == "real"]

        args = trees.unflatten(self.structure, self.arrays)
        names = [f"∂/∂{name}" for name in self.names]
        return Problem(self.be, grad(self.be, real, tuple(range(len(args)))), args, exact=False, names=self.names,
                       result_names=names)

    def _kinds(self, arrays: list[Any]) -> list[str]:
        return [self.be.kind(array.dtype) for array in arrays]

    def values(self, x: Vector) -> Vector:
        """``f`` in the widest dtype."""
        results = self._results(self._split(x, self.arrays, wide=self.wide))
        return self._joined([self.be.to_numpy(output) for output in results])

    def nearby(self, signs: Vector) -> Problem:
        """The problem at arguments that are a few roundings of their dtypes away."""
        other = copy.copy(self)
        other.arrays = self._split(self.x * (1.0 + 4.0 * self.epsilon * signs), self.arrays)
        return other

    def pulled(self, weights: Vector) -> Vector:
        """The transposed Jacobian times ``weights``, by the backend."""
        outputs, pullback = vjp(self.be, self._floating, *trees.unflatten(self.structure, self.arrays))
        found, _ = trees.flatten(pullback(self._split(weights, outputs)), self.be.array_types)
        return self._joined([self.be.to_numpy(array) for array in found])

    def pushed(self, direction: Vector) -> Vector:
        """The Jacobian times ``direction``, by the backend."""
        primals = trees.unflatten(self.structure, self.arrays)
        tangents = trees.unflatten(self.structure, self._split(direction, self.arrays))
        _, slopes = jvp(self.be, self._floating, primals, tangents)
        return self._joined([self.be.to_numpy(array) for array in slopes])

    def _floating(self, *args: Any) -> list[Any]:
        return self._results(trees.flatten(args, self.be.array_types)[0])

    def _split(self, x: Vector, like: list[Any], *, wide: bool = False) -> list[Any]:
        """The parts of a vector as arrays of the shapes of ``like``, in its dtypes or in double precision.

        A complex array stands in the vector as its real parts and then its imaginary ones: so the real inner product
        of vectors is that of the interface.
        """
        parts = zip(self._parts(x, like), like, strict=True)
        be = self.be
        return [be._beside(be.asarray(part, dtype=None if wide else array.dtype), array) for part, array in parts]

    def _parts(self, x: Vector, like: list[Any]) -> list[Any]:
        """A tree's leaves as NumPy arrays in double precision."""
        found, start = [], 0
        for array in like:
            size = int(np.prod(array.shape))
            part: Any = x[start : start + size]
            start += size
            if self.be.kind(array.dtype) == "complex":
                part = part + 1j * x[start : start + size]
                start += size
            found.append(np.reshape(part, array.shape))
        return found

    @staticmethod
    def _joined(parts: list[Any]) -> Vector:
        return np.concatenate([np.zeros(0), *(reals(np.asarray(part)) for part in parts)])


class Places:
    """Where in its trees an element of the vector stands."""

    def __init__(self, names: list[str], arrays: list[Any], kinds: list[str]) -> None:
        self._parts = []
        for name, array, kind in zip(names, arrays, kinds, strict=True):
            for suffix in (".real", ".imag") if kind == "complex" else ("",):
                self._parts.append((name, suffix, tuple(array.shape)))

    def name(self, index: int) -> str:
        """How a user would write element ``index``: ``w['a'][0, 1]``."""
        for name, suffix, shape in self._parts:
            size = int(np.prod(shape))
            if index < size:
                place = ", ".join(str(int(i)) for i in np.unravel_index(index, shape)) if shape else ""
                return f"{name}[{place}]{suffix}" if place else name + suffix
            index -= size
        raise IndexError(index)

    def masks(self) -> list[tuple[str, Vector]]:
        """For each array its name, and a vector of ones where it stands and zeros elsewhere."""
        names = [name for name, _, shape in self._parts for _ in range(int(np.prod(shape)))]
        return [(name, np.array([float(name == one) for one in names])) for name in dict.fromkeys(names)]


def _argument_names(f: Callable[..., Any], structure: trees.Structure) -> list[str]:
    """The leaves of the arguments as a user would write them, by the names of the parameters."""
    accessors = structure.accessors()
    roots = [f"args[{i}]" for i in range(len(structure.children()))]
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    for i, parameter in enumerate(parameters[: len(roots)]):
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            break
        roots[i] = parameter.name
    return [accessor[1:].codify(roots[accessor[0].entry]) for accessor in accessors]


def _name(dtype: Any) -> str:
    """``"float32"`` for a floating dtype of any framework, for a complex one that of its parts."""
    text = str(dtype)
    found = next((name for name in sorted([*_EPSILON, *_PARTS], key=len, reverse=True) if name in text), text)
    return _PARTS.get(found, found)
