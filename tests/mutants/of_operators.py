"""Mutants whose operators on functions are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import NumpyBackend
from autodiff_spec import Backend
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("jvp sees the first tangent only", "JVP-02")
def first_tangent_only() -> None:
    right = NumpyBackend._jvp

    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        return right(self, f, primals, [tangents[0], *map(np.zeros_like, map(at.plain, tangents[1:]))])

    NumpyBackend._jvp = jvp


@mutant("jvp is not recorded by tapes that are open", "JVP-15")
def unrecorded_forward() -> None:
    right = NumpyBackend._jvp

    def jvp(self: Any, *arguments: Any) -> Any:
        with at.recorder.without():
            return right(self, *arguments)

    NumpyBackend._jvp = jvp


@mutant("jvp differentiates what was stopped, by differences", "JVP-19")
def stopped_in_reverse_only() -> None:
    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        h = 1e-6
        above, below = (f(*(p + s * t for p, t in zip(primals, tangents, strict=True))) for s in (h, -h))
        return f(*primals), [np.asarray((a - b) / (2 * h)) for a, b in zip(above, below, strict=True)]

    NumpyBackend._jvp = jvp


@mutant("jvp hands its tangent through", "JVP-24")
def aliased_tangent() -> None:
    right = NumpyBackend._jvp

    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        outputs, slopes = right(self, f, primals, tangents)
        return outputs, [tangents[0] if np.array_equal(slope, tangents[0]) else slope for slope in slopes]

    NumpyBackend._jvp = jvp


@mutant("blocks of a Jacobian are transposed", "JAC-14")
def transposed_blocks() -> None:
    right = at.jacobian_block

    def block(be: Any, found: Any, output: Any, primal: Any) -> Any:
        made = right(be, found, output, primal)
        return made.T if made.ndim == 2 and made.shape[0] == made.shape[1] else made

    at.jacobian_block = block


@mutant("a Hessian has its upper triangle only", "HESS-02")
def triangular_hessian() -> None:
    right = Backend.hessian

    def hessian(be: Any, f: Any, argnums: Any = 0, **options: Any) -> Any:
        whole = right(be, f, argnums, **options)
        return lambda *args: at.map_leaves(lambda h: np.triu(h) if h.ndim == 2 else h, whole(*args))

    Backend.hessian = hessian


@mutant("hvp forms the Hessian", "HESS-10")
def formed_hessian() -> None:
    def hvp(be: Any, f: Any, primals: Any, tangents: Any) -> Any:
        return (np.tensordot(Backend.hessian(be, f)(primals[0]), tangents[0], axes=np.ndim(tangents[0])),)

    Backend.hvp = hvp


@mutant("vmap takes the branch of the first slice for all, and its values too", "VMAP-01")
def first_slice_for_all() -> None:
    right = NumpyBackend._vmap

    def vmap(self: Any, f: Any, arrays: Any, axes: Any) -> Any:
        pairs = zip(arrays, axes, strict=True)
        return right(self, f, [np.broadcast_to(np.take(a, [0], axis=i), a.shape) for a, i in pairs], axes)

    NumpyBackend._vmap = vmap


@mutant("batches of different sizes are cut to the shortest", "VMAP-05")
def shortest_batch() -> None:
    def batches(leaves: Any, axes: Any, structure: Any) -> Any:
        places = [i for i, axis in enumerate(axes) if axis is not None]
        shortest = min(leaves[i].shape[axes[i]] for i in places)
        for i in places:
            leaves[i] = np.take(leaves[i], range(shortest), axis=axes[i])
        return places

    at.vmap_batches = batches


@mutant("of a hosted function's arguments the first alone has a gradient", "HOST-11")
def first_argument_hosted() -> None:
    right = at.hosted_floating
    at.hosted_floating = lambda self, arrays: right(self, arrays)[:1]


@mutant("the pullback of a hosted function is a constant for whoever differentiates it", "HOST-12")
def constant_pullback_hosted() -> None:
    right = at.hosted_backward

    def backward(self: Any, residuals: Any, cotangents: Any) -> Any:
        arrays, pullback = residuals
        shares = right(self, (tuple(map(self._target.stop_gradient, arrays)), pullback), cotangents)
        return tuple(shares)

    at.hosted_backward = backward


@mutant("a hosted function runs under the backend of its arguments", "HOST-14")
def hosts_backend() -> None:
    at.run_of_host = lambda engine, f, *arguments: f(*arguments)


@mutant("what a hosted function returns is made an array, whatever it is", "HOST-15")
def anything_is_an_array() -> None:
    at.constant_of_host = lambda engine, output: np.zeros(2)


@mutant("a hosted function runs again for its first derivative, after what it closes over has changed", "HOST-16")
def hosted_again() -> None:
    right = at.hosted_forward

    def forward(self: Any, *arrays: Any) -> Any:
        outputs, (kept, _) = right(self, *arrays)
        return outputs, (kept, None)

    at.hosted_forward = forward


@mutant("a function runs under the backend that was current before, not under its operator's", "HOST-09")
def former_backend() -> None:
    at.run_of_arguments = lambda engine, f, *arguments, **named: f(*arguments, **named)
