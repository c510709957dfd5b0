"""Mutants that accept what must be refused, or raise the wrong error."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff_spec
from autodiff_numpy import NumpyBackend
from autodiff_spec import AutodiffError, Backend, Tape
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


class _Everything(tuple[Any, ...]):
    """A tuple that has whatever one looks for."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return True


@mutant("a value of another shape is broadcast to the variable", "VAR-13")
def broadcast_value() -> None:
    right = Backend.assign

    def assign(self: Backend, variable: Any, value: Any) -> None:
        try:
            value = np.broadcast_to(value, variable.shape)
        finally:
            right(self, variable, value)

    Backend.assign = assign


@mutant("a tape that is not open watches all the same", "TAPE-16")
def late_watch() -> None:
    right = Tape.watch

    def watch(self: Tape, x: Any) -> Any:
        state, self._state = self._state, "open"
        try:
            return right(self, x)
        finally:
            self._state = state

    Tape.watch = watch


@mutant("any word for unconnected= is taken for zero", "GRAD-16")
def any_word() -> None:
    at.unconnected = _Everything(at.unconnected)


@mutant("a constant function has no gradient in the functional form", "NEST-16", "VJP-08")
def refused_constant() -> None:
    right = Tape._pullback_of

    def pullback_of(self: Tape, targets: Any, sources: Any, cotangents: Any, *, strict: bool, **how: Any) -> Any:
        return right(self, targets, sources, cotangents, strict=True, **how)

    Tape._pullback_of = pullback_of


@mutant("long double is narrowed silently", "DTYPE-09")
def narrowed() -> None:
    right = NumpyBackend._asarray

    def asarray(self: Any, value: Any, dtype: Any) -> Any:
        if getattr(value, "dtype", None) == np.longdouble:
            value = np.asarray(value, np.float64)
        return right(self, value, dtype)

    NumpyBackend._asarray = asarray


@mutant("a complex result gets ones for a cotangent", "CPLX-05")
def complex_ones() -> None:
    at.default_cotangent = lambda be, target, structure, index, operation: be._ones_like(target)


@mutant("a complex cotangent of a real target loses its imaginary part", "CPLX-08")
def real_part_taken() -> None:
    right = at.cotangent

    def cotangent(be: Any, value: Any, target: Any, what: Any, like: str = "target") -> Any:
        if np.iscomplexobj(value) and be.kind(target.dtype) == "real":
            value = np.real(value)
        return right(be, value, target, what, like)

    at.cotangent = cotangent


@mutant("what a function returns that is no array counts as 0", "VJP-13")
def zero_for_text() -> None:
    at.constant_of_vjp = at.constant_of_grad = at.constant_of_jvp = at.constant_of_jacobian = (
        lambda be, output: be.asarray(0.0)
    )


@mutant("arguments that are not differentiated are made into arrays", "VJP-22")
def converted_arguments() -> None:
    right = at.value_and_grad

    def value_and_grad(be: Any, f: Any, *options: Any) -> Any:
        both = right(be, f, *options)
        return lambda *args, **kwargs: both(*[a if be.is_array(a) else be.asarray(a) for a in args], **kwargs)

    at.value_and_grad = value_and_grad


@mutant("trees are not compared", "VJP-30", "JVP-10")
def any_tree() -> None:
    at.require_same = lambda structure, expected, what, like: None


@mutant("a bare primal is taken for a tuple of one", "JVP-14")
def bare_primals() -> None:
    right = at.directions_of

    def directions_of(be: Any, primals: Any, tangents: Any, operation: str) -> Any:
        bare = [p if isinstance(p, (tuple, list)) else (p,) for p in (primals, tangents)]
        return right(be, *bare, operation)

    at.directions_of = directions_of


@mutant("any mode of a Jacobian is taken for reverse", "JAC-18")
def any_mode() -> None:
    at.jacobian_modes = _Everything(at.jacobian_modes)


@mutant("a complex Jacobian is given as if it were one number", "JAC-20")
def complex_jacobian() -> None:
    at.require_real = lambda be, arrays, paths: None


@mutant("what bwd returns is not compared with the arguments' tree", "RULE-15")
def any_structure() -> None:
    def spread(share: Any, argument: Any) -> Any:
        given = at.flatten(share)[0]
        return (given * 3)[: len(at.flatten(argument)[0])]

    at.share_spread = spread


@mutant("a custom function without a rule is differentiated as it is written", "RULE-17")
def ruleless() -> None:
    right = at.custom_vjp.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._f(*args, **kwargs) if self._rule is None else right(self, *args, **kwargs)

    at.custom_vjp.__call__ = call


@mutant("a fwd without residuals has None for residuals", "RULE-18")
def no_residuals() -> None:
    right = at.custom_call.__init__

    def init(self: Any, *arguments: Any) -> None:
        right(self, *arguments)
        fwd = self._fwd

        def pair(*args: Any, **kwargs: Any) -> Any:
            found = fwd(*args, **kwargs)
            return found if isinstance(found, tuple) else (found, None)

        self._fwd = pair

    at.custom_call.__init__ = init


@mutant("a wrong shape is no ValueError", "ERR-01")
def foreign_error() -> None:
    autodiff_spec.ShapeMismatchError = type("ShapeMismatchError", (AutodiffError,), {})


@mutant("what a backend does not declare it does all the same", "ERR-09")
def undeclared() -> None:
    Backend.require = lambda self, capability, what: None


@mutant("an array of another framework is converted", "ERR-17")
def foreign_converted() -> None:
    Backend._require_own = lambda self, value, what: None
