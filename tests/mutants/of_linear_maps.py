"""Mutants whose linear maps, and whose diagonals of Hessians, are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_spec import Backend
from autodiff_spec.operators import Linearized
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


def _products(change: Callable[[Any, tuple[Any, ...]], Any]) -> None:
    """Let a linear map give ``change(right product as a function, arguments)``."""
    right = Linearized.__call__
    Linearized.__call__ = lambda self, *given: change(lambda *others: right(self, *others), given)


@mutant("linearize runs the function again for each product", "LIN-01")
def linearized_again() -> None:
    right = Backend.linearize

    def linearize(be: Any, f: Any, *primals: Any) -> Any:
        value, product = right(be, f, *primals)
        linear = product._linear
        product._linear = lambda given: (f(*primals), linear(given))[1]
        return value, product

    Backend.linearize = linearize


@mutant("a linear map sees the signs of its arguments", "LIN-02")
def signs_of_tangents() -> None:
    _products(lambda product, given: product(*(at.map_leaves(np.sign, one) for one in given)))


@mutant("the transpose of a linear map is its own", "LIN-03")
def transposed_once() -> None:
    right = Linearized.T.fget

    def transpose(self: Any) -> Any:
        if isinstance(self, Transposed):
            return self
        found = right(self)
        found.__class__ = Transposed
        return found

    class Transposed(Linearized):
        pass

    Linearized.T = property(transpose)


@mutant("a product with a linear map is computed and given in double precision", "LIN-04")
def double_products() -> None:
    _products(lambda product, given: at.map_leaves(lambda one: np.asarray(one, np.float64), product(*given)))


@mutant("where nothing connects a product with a linear map is None", "LIN-05")
def no_product() -> None:
    Linearized._product = lambda self, arrays: self._linear(arrays)


@mutant("the shape of a linear map is that of its transpose", "LIN-07")
def transposed_shape() -> None:
    Linearized.shape = property(lambda self: (self._source.size, self._target.size))


@mutant("a linear map takes whatever broadcasts", "LIN-06")
def broadcast_tangents() -> None:
    right = Linearized.__call__

    def call(self: Any, *given: Any) -> Any:
        if len(given) == len(self._source.arrays) == 1 and np.ndim(given[0]) == 0:
            given = (np.broadcast_to(given[0], self._source.arrays[0].shape),)
        return right(self, *given)

    Linearized.__call__ = call


@mutant("a batch of tangents is taken for its sum", "LIN-08")
def summed_batch() -> None:
    right = Backend.vmap

    def vmap(be: Any, f: Any, *axes: Any, **named: Any) -> Any:
        if not isinstance(f, Linearized):
            return right(be, f, *axes, **named)
        return lambda batch: right(be, f, *axes, **named)(np.ones_like(batch) * np.sum(batch, axis=0))

    Backend.vmap = vmap


@mutant("a product with a linear map is a constant for tapes", "LIN-09")
def constant_products() -> None:
    _products(lambda product, given: at.map_leaves(np.copy, at.map_leaves(at.plain, product(*given))))


@mutant("SciPy's operator has the elements of its transpose column by column", "LIN-10")
def reversed_columns() -> None:
    right = Linearized._of_columns
    Linearized._of_columns = lambda self, columns: right(self, columns)[::-1]


@mutant("the transpose of a complex linear map is not conjugated", "LIN-11")
def unconjugated_transpose() -> None:
    _products(lambda product, given: at.map_leaves(np.conj, product(*given)) if len(given) == 1 else product(*given))


@mutant("a linear map gives the array that it gave before", "LIN-12")
def product_given_again() -> None:
    kept: dict[bytes, Any] = {}

    def product(right: Any, given: tuple[Any, ...]) -> Any:
        if len(given) != 1 or not isinstance(given[0], np.ndarray):
            return right(*given)
        return kept.setdefault(given[0].tobytes(), right(*given))

    _products(product)


@mutant("the diagonal of a Hessian is the sums of its rows", "HESS-19")
def rows_for_diagonal() -> None:
    def hessian_diag(be: Any, f: Any, argnums: Any = 0) -> Any:
        return lambda x: be.hvp(f, (x,), (np.ones_like(x),))[0]

    Backend.hessian_diag = hessian_diag


@mutant("the diagonal of a Hessian is a constant for whoever differentiates it", "HESS-20")
def constant_diagonal() -> None:
    right = Backend.laplacian

    def laplacian(be: Any, f: Any, argnums: Any = 0) -> Any:
        return lambda *args: be.stop_gradient(right(be, f, argnums)(*args))

    Backend.laplacian = laplacian
