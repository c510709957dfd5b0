"""Mutants whose operators on functions are wrong."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from autodiff_numpy import _array, _backend
from autodiff_numpy._array import RECORDER
from autodiff_spec import operators
from autodiff_spec.core import trees
from tests.mutants._mutant import mutant


@mutant("jvp sees the first tangent only", "JVP-02")
def first_tangent_only() -> None:
    right = _backend.NumpyBackend._jvp

    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        return right(self, f, primals, [tangents[0], *map(np.zeros_like, map(_array.plain, tangents[1:]))])

    _backend.NumpyBackend._jvp = jvp  # type: ignore[method-assign]


@mutant("jvp is not recorded by tapes that are open", "JVP-15")
def unrecorded_forward() -> None:
    right = _backend.NumpyBackend._jvp

    def jvp(self: Any, *arguments: Any) -> Any:
        with RECORDER.without():
            return right(self, *arguments)

    _backend.NumpyBackend._jvp = jvp  # type: ignore[method-assign]


@mutant("jvp differentiates what was stopped, by differences", "JVP-19")
def stopped_in_reverse_only() -> None:
    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        h = 1e-6
        above, below = (f(*(p + s * t for p, t in zip(primals, tangents, strict=True))) for s in (h, -h))
        return f(*primals), [np.asarray((a - b) / (2 * h)) for a, b in zip(above, below, strict=True)]

    _backend.NumpyBackend._jvp = jvp  # type: ignore[method-assign]


@mutant("jvp hands its tangent through", "JVP-24")
def aliased_tangent() -> None:
    right = _backend.NumpyBackend._jvp

    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        outputs, slopes = right(self, f, primals, tangents)
        return outputs, [tangents[0] if np.array_equal(slope, tangents[0]) else slope for slope in slopes]

    _backend.NumpyBackend._jvp = jvp  # type: ignore[method-assign]


@mutant("blocks of a Jacobian are transposed", "JAC-14")
def transposed_blocks() -> None:
    module = sys.modules[operators.jacobian.__module__]
    right = module._block

    def block(be: Any, found: Any, output: Any, primal: Any) -> Any:
        made = right(be, found, output, primal)
        return made.T if made.ndim == 2 and made.shape[0] == made.shape[1] else made

    module._block = block  # type: ignore[attr-defined]


@mutant("a Hessian has its upper triangle only", "HESS-02")
def triangular_hessian() -> None:
    right = operators.hessian

    def hessian(be: Any, f: Any, argnums: Any = 0, **options: Any) -> Any:
        whole = right(be, f, argnums, **options)
        return lambda *args: trees.map_leaves(lambda h: np.triu(h) if h.ndim == 2 else h, whole(*args))

    operators.hessian = hessian  # type: ignore[assignment]


@mutant("hvp forms the Hessian", "HESS-10")
def formed_hessian() -> None:
    def hvp(be: Any, f: Any, primals: Any, tangents: Any) -> Any:
        return (np.tensordot(operators.hessian(be, f)(primals[0]), tangents[0], axes=np.ndim(tangents[0])),)

    operators.hvp = hvp  # type: ignore[assignment]


@mutant("vmap takes the branch of the first slice for all, and its values too", "VMAP-01")
def first_slice_for_all() -> None:
    right = _backend.NumpyBackend._vmap

    def vmap(self: Any, f: Any, arrays: Any, axes: Any) -> Any:
        pairs = zip(arrays, axes, strict=True)
        return right(self, f, [np.broadcast_to(np.take(a, [0], axis=i), a.shape) for a, i in pairs], axes)

    _backend.NumpyBackend._vmap = vmap  # type: ignore[method-assign]


@mutant("batches of different sizes are cut to the shortest", "VMAP-05")
def shortest_batch() -> None:
    module = sys.modules[operators.vmap.__module__]

    def batches(leaves: Any, axes: Any, structure: Any) -> Any:
        places = [i for i, axis in enumerate(axes) if axis is not None]
        shortest = min(leaves[i].shape[axes[i]] for i in places)
        for i in places:
            leaves[i] = np.take(leaves[i], range(shortest), axis=axes[i])
        return places

    module._batches = batches  # type: ignore[attr-defined]
