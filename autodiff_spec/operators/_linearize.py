"""``linearize``: the value of a function and its derivative there as a linear map, both ways."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec

import numpy as np

from autodiff_spec.core import checks, trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.engine import Engine, Kind, LinearMap
from autodiff_spec.core.errors import DtypeError, NotDifferentiableError, UnsupportedError
from autodiff_spec.core.installation import installation
from autodiff_spec.operators._arguments import zeros_for_none
from autodiff_spec.operators._vjp import pulled

P = ParamSpec("P")


def linearize(be: Engine, f: Callable[P, Any], *primals: Any) -> tuple[Any, Linearized]:
    """``f(*primals)`` and the derivative there as a linear map: v -> Jv, and by its ``T`` w -> Jᵀw.

    ``f`` runs once, whatever number of products is taken. Those with J are the transpose of the pullback, which is
    linear in the cotangent.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays.
        primals: floating arrays, Python floats, NumPy arrays (copied), or trees of them.

    Returns:
        The value ``y``, and a `Linearized` that takes a tangent for each primal and gives a tree like ``y``.

    Raises:
        NotDifferentiableError: a primal is integer or boolean.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        UnsupportedError: the backend does not declare ``HIGHER_ORDER``.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> y, J = be.linearize(lambda x: x[1:] * x[0], be.asarray([2.0, 3.0, 4.0]))
        >>> J(be.asarray([1.0, 0.0, 10.0]))
        array([ 3., 24.])
        >>> J.T(be.asarray([1.0, 10.0]))
        (array([43.,  2., 20.]),)
        >>> J.shape
        (2, 3)
    """
    be.require(Capability.HIGHER_ORDER, "linearize()")
    arrays, structure, outputs, output_structure, pull = pulled(be, f, primals, "linearize()")
    push = be._transposed(outputs, pull, once=False)
    source = _Space(arrays, structure, structure, "primal")
    target = _Space(outputs, trees.alone(output_structure), output_structure, "value")
    return trees.unflatten(output_structure, outputs), Linearized(be, push, pull, source, target)


class _Space(NamedTuple):
    """Where a linear map leads from or to: arrays of its kind, their tree as arguments of a call and as its result."""

    arrays: list[Any]
    arguments: trees.Structure
    result: trees.Structure
    name: str

    @property
    def size(self) -> int:
        return sum(math.prod(array.shape) for array in self.arrays)


class Linearized:
    """The derivative of a function at one point as a linear map, made by `linearize`.

    It holds what the function recorded for as long as it lives. It is a function like any other: ``vmap(J)`` takes
    many tangents at a time, and a product is differentiated by the tangent.

    Attributes:
        T: the transpose, from a cotangent like the value to a tuple with one tree for each primal: the pullback, which
            for complex numbers is the transpose in the real inner product.
        shape: how many elements the result and the arguments have in all, as of a matrix.
        domain: for each argument a tree of ``(shape, dtype)``, the dtype NumPy's; ``codomain`` the same of the result.
    """

    def __init__(self, be: Engine, linear: LinearMap, transposed: LinearMap, source: _Space, target: _Space) -> None:
        self._be, self._linear, self._transposed = be, linear, transposed
        self._source, self._target = source, target

    def __call__(self, *given: Any) -> Any:
        """The product with one tangent for each argument.

        Args:
            given: trees like the arguments, exactly their shapes; floating, cast to their dtypes.

        Returns:
            A tree of the result's shapes and dtypes; zeros where nothing connects.

        Raises:
            ShapeMismatchError: a tree or shape is another than the argument's.
            NotDifferentiableError: an array is integer or boolean.
            DtypeError: an array is complex and the argument real.
        """
        be, source, what = self._be, self._source, "the linear map"
        leaves, structure = trees.flatten(given, be.array_types)
        trees.require_same(structure, source.arguments, f"arguments of {what}", f"the {source.name}s")
        arrays = [
            checks.cotangent(be, leaf, like, trees.Path(structure, i, "arguments", what), source.name)
            if be.kind(like.dtype) != "other"
            else None
            for i, (leaf, like) in enumerate(zip(leaves, source.arrays, strict=True))
        ]
        return trees.unflatten(self._target.result, self._product(arrays))

    def _product(self, arrays: list[Any]) -> list[Any]:
        return zeros_for_none(self._be, self._linear(arrays), self._target.arrays)

    @property
    def T(self) -> Linearized:
        return Linearized(self._be, self._transposed, self._linear, self._target, self._source)

    @property
    def shape(self) -> tuple[int, int]:
        return self._target.size, self._source.size

    @property
    def domain(self) -> Any:
        return trees.unflatten(self._source.arguments, [Kind.of(array) for array in self._source.arrays])

    @property
    def codomain(self) -> Any:
        return trees.unflatten(self._target.result, [Kind.of(array) for array in self._target.arrays])

    def __repr__(self) -> str:
        return f"<linear map of shape {self.shape} on {self._be.name}>"

    def to_scipy(self) -> Any:
        """The map as a `scipy.sparse.linalg.LinearOperator` over all elements, in the order of the trees.

        Returns:
            The operator, of `shape`, on NumPy vectors and matrices; each product is computed on the backend. It is of
            values: no tape sees its products.

        Raises:
            NotDifferentiableError: an array is complex; of its real and imaginary part alone the map is linear.
            DtypeError: in a product, for a complex vector.
            UnsupportedError: SciPy is not installed.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> _, J = be.linearize(lambda x: x * x, be.asarray([1.0, 2.0]))
            >>> J.to_scipy() @ [1.0, 10.0]
            array([ 2., 40.])
        """
        try:
            from scipy.sparse.linalg import LinearOperator
        except ImportError:
            raise UnsupportedError(f"to_scipy() needs SciPy: {installation('scipy')}") from None
        for array in (*self._source.arrays, *self._target.arrays):
            if self._be.kind(array.dtype) == "complex":
                raise NotDifferentiableError(
                    "to_scipy() of a map of complex arrays: it need not be linear over complex numbers; linearize a "
                    "function of real and imaginary parts"
                )
        of, back = self._of_columns, self.T._of_columns
        dtypes = [Kind.of(array).dtype for array in (*self._source.arrays, *self._target.arrays)]
        return LinearOperator(
            self.shape, matvec=of, rmatvec=back, matmat=of, rmatmat=back, dtype=np.result_type(*dtypes)
        )

    def _of_columns(self, columns: Any) -> Any:
        """The product with a NumPy vector, or with each column of a matrix."""
        columns = np.asarray(columns)
        if columns.dtype.kind not in "fiub":
            raise DtypeError(f"a product of to_scipy() got {columns.dtype}, and the arrays are real; pass a real one")
        if columns.ndim == 1:
            return self._of_columns(columns[:, None])[:, 0]
        be, (_, width) = self._be, columns.shape
        ends = np.cumsum([math.prod(array.shape) for array in self._source.arrays])
        batches: list[Any] = []
        places: list[int] = []
        for i, (part, like) in enumerate(zip(np.split(columns.T, ends, axis=1), self._source.arrays, strict=False)):
            if be.kind(like.dtype) != "other":
                batch = part.reshape(width, *like.shape).astype(Kind.of(like).dtype)
                batches.append(be._beside(be.asarray(batch), like))
                places.append(i)

        def of_column(*slices: Any) -> list[Any]:
            arrays: list[Any] = [None] * len(ends)
            for i, one in zip(places, slices, strict=True):
                arrays[i] = one
            return self._product(arrays)

        if not (places and self._target.arrays):
            return np.zeros((self._target.size, width))
        if width == 1:  # without the cost of a batch
            products = of_column(*(batch[0] for batch in batches))
        else:
            products = be._vmap(of_column, batches, [0] * len(batches))
        sizes = [math.prod(array.shape) for array in self._target.arrays]
        rows = [np.reshape(be.to_numpy(one), (width, size)) for one, size in zip(products, sizes, strict=True)]
        return np.concatenate(rows, axis=1).T
