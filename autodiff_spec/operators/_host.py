"""``host``: a function of one backend as an operation of another framework's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff_spec.core import checks, trees
from autodiff_spec.core.current import run
from autodiff_spec.core.engine import Array, Engine, FlatFunction, Kind
from autodiff_spec.core.errors import UnsupportedError
from autodiff_spec.core.wrapping import wraps
from autodiff_spec.operators._arguments import constant
from autodiff_spec.operators._custom_vjp import CustomVJP
from autodiff_spec.operators._vjp import vjp


def host(be: Engine, f: Callable[..., Any], *, like: Any = None) -> Callable[..., Any]:
    """``f``, a function of this backend's arrays, as one operation on the arrays of any other framework.

    A program in NumPy, say, inside a model in PyTorch, TensorFlow or JAX: called with their arrays it gives their
    arrays, which they differentiate as they do their own operations, to any order, for the pullback of ``f`` is hosted
    in its turn. Values pass through NumPy. Called with arrays of this backend, it is ``f``.

    Args:
        f: a function of arrays (trees) and of anything else that returns an array or a tree of arrays; it gets this
            backend's arrays in the place of the framework's. It is differentiated by every floating array among its
            arguments, keyword arguments included; what it closes over is constant. For higher orders it runs again, and
            in compiled code later, perhaps in another thread: there it has to be pure.
        like: what ``f`` returns, as far as shapes and dtypes go: a tree of anything that has a ``shape`` and a
            ``dtype``, or a function of the arguments that gives one (``lambda x: x`` where the result is like ``x``).
            Compilations need it (``jax.jit``, ``tf.function``), for they do not run ``f``; elsewhere it is checked.

    Returns:
        The function for the other framework's arrays. Where it does not depend on an argument the gradient is zeros.

    Raises:
        BackendMismatchError: ``f`` returns arrays of another framework; or, when called, two others meet.
        UnsupportedError: in a compilation, without ``like``; or the framework's backend declares no ``CUSTOM_RULES``.
        ShapeMismatchError: ``f`` returns something else than ``like`` says; of dtypes it is a `DtypeError`.

    Examples:
        >>> import autodiff_spec as ad
        >>> import numpy as np
        >>> numpy, other = ad.backend("numpy"), ad.backend("numpy", "spec")  # "torch", "tensorflow", "jax"
        >>> energy = numpy.host(lambda x: np.sum(np.sin(x) ** 2))
        >>> other.grad(lambda x: 0.5 * energy(x))(other.asarray([0.0, np.pi / 4]))
        array([0. , 0.5])
    """
    checks.require_function(f, "host()")

    @wraps(f)
    def hosted(*args: Any, **kwargs: Any) -> Any:
        target = be._backend_of(args, kwargs)
        if target is be:
            return run(be, f, *args, **kwargs)
        leaves, structure = trees.flatten((args, kwargs), target.array_types)
        places = [i for i, leaf in enumerate(leaves) if target.is_array(leaf)]
        declared = like(*args, **kwargs) if callable(like) else like
        call = _Call(be, f, leaves, structure, places, declared)
        operation = _Operation(be, target, call.name, call.flat, call.kinds)
        return call.result(operation.applied([leaves[i] for i in places]))

    return hosted


class _Call:
    """One call of a hosted function, seen as a function of the arrays among its arguments, which it does not keep.

    Attributes:
        name: what messages call the function.
        kinds: shapes and dtypes of what it returns, where they are declared.
    """

    kinds: list[Kind] | None = None
    _expected: trees.Structure | None = None

    def __init__(
        self,
        source: Engine,
        f: Callable[..., Any],
        leaves: list[Any],
        structure: trees.Structure,
        places: list[int],
        declared: Any,
    ) -> None:
        self._source, self._f, self._structure, self._places = source, f, structure, places
        self.name = getattr(f, "__name__", type(f).__name__)
        self._rest = [None if i in places else leaf for i, leaf in enumerate(leaves)]
        if declared is not None:
            kinds, self._expected = trees.flatten(declared)
            self.kinds = [Kind.of(kind, "like=") for kind in kinds]
        self._found = self._expected

    def flat(self, *arrays: Array) -> list[Array]:
        """The arrays that the function returns, for ``arrays`` of its own backend in the places of the others."""
        leaves = list(self._rest)
        for i, array in zip(self._places, arrays, strict=True):
            leaves[i] = array
        args, kwargs = trees.unflatten(self._structure, leaves)
        outputs, self._found = trees.flatten(self._f(*args, **kwargs), self._source.array_types)
        if self._expected is not None:
            trees.require_same(self._found, self._expected, f"the result of {self.name}()", "like=")
        is_array = self._source.is_array
        return [output if is_array(output) else constant(self._source, output) for output in outputs]

    def result(self, outputs: list[Array]) -> Any:
        """The tree that the function returned last, or is declared to, with ``outputs`` as its leaves."""
        assert self._found is not None
        return trees.unflatten(self._found, outputs)


class _Operation:
    """A function of the source's arrays on the target's, with a rule: its pullback, which is another such operation.

    Args:
        name: what messages call the function.
        f: takes arrays of the source and returns a list of them.
        kinds: shapes and dtypes of what it returns, where they are known.
        value: returns the same as ``f``, and cannot be differentiated; by default ``f`` itself.
    """

    def __init__(
        self,
        source: Engine,
        target: Engine,
        name: str,
        f: FlatFunction,
        kinds: list[Kind] | None,
        value: FlatFunction | None = None,
    ) -> None:
        self._source, self._target, self._f, self._kinds = source, target, f, kinds
        self._value = value or f
        self.__name__ = name

    def applied(self, arrays: Sequence[Array]) -> list[Array]:
        """The arrays that the function returns for ``arrays``, as the target differentiates them."""
        rule = CustomVJP(lambda *_: self._target, self)
        rule.defvjp(self._forward, self._backward)
        found: list[Array] = rule(*arrays)
        return found

    def __call__(self, *arrays: Array) -> list[Array]:
        """The values alone."""
        return self._outside(self._value, arrays)

    def _forward(self, *arrays: Array) -> tuple[list[Array], Any]:
        """The values, and as residuals the arguments and, where the function ran by now, its pullback."""
        if self._target._defers(arrays):
            return self(*arrays), (arrays, None)
        places, pullbacks = self._floating(arrays), []

        def recorded(*given: Array) -> list[Array]:
            outputs, pullback = self._vjp(places, given)
            pullbacks.append(pullback)
            return outputs

        return self._outside(recorded, arrays), (arrays, *pullbacks)

    def _backward(self, residuals: Any, cotangents: list[Array | None]) -> tuple[Array | None, ...]:
        arrays, pullback = residuals
        count, places = len(arrays), self._floating(arrays)
        known = [k for k, cotangent in enumerate(cotangents) if cotangent is not None]

        def spread(given: Sequence[Array]) -> list[Array | None]:
            by_place = dict(zip(known, given[count:], strict=True))
            return [by_place.get(k) for k in range(len(cotangents))]

        def pulled(*given: Array) -> list[Array]:
            return list(self._vjp(places, given[:count])[1](spread(given)))

        value = None if pullback is None else lambda *given: list(pullback(spread(given)))
        everything = [*arrays, *(cotangents[k] for k in known)]
        kinds = [Kind.of(arrays[i]) for i in places] if self._target._defers(everything) else None
        operation = _Operation(self._source, self._target, self.__name__, pulled, kinds, value)
        shares = dict(zip(places, operation.applied(everything), strict=True))
        return tuple(shares.get(i) for i in range(count))

    def _floating(self, arrays: Sequence[Array]) -> list[int]:
        return [i for i, array in enumerate(arrays) if self._target.is_floating(array)]

    def _vjp(self, places: list[int], given: Sequence[Array]) -> tuple[list[Array], Callable[[Any], Any]]:
        """The values for ``given``, arrays of the source, and the source's pullback to those at ``places``."""

        def of_floating(*floating: Array) -> list[Array]:
            by_place = dict(zip(places, floating, strict=True))
            return self._f(*(by_place.get(i, array) for i, array in enumerate(given)))

        return vjp(self._source, of_floating, *(given[i] for i in places))

    def _outside(self, f: FlatFunction, arrays: Sequence[Array]) -> list[Array]:
        """The target's arrays for what ``f`` returns for the values of ``arrays``, now or once they are known."""
        source, target, name = self._source, self._target, self.__name__
        if self._kinds is None and target._defers(arrays):
            raise UnsupportedError(
                f"{target.name} has no values here (it compiles, or makes a batch), and has to know the shapes that "
                f"{name}() returns; declare them: host(f, like=...), such as like=lambda x: x for a result like x"
            )

        def of_values(*values: Any) -> list[Any]:
            outputs = run(source, f, *map(source.asarray, values))
            found = [source.to_numpy(output) for output in outputs]
            for i, kind in enumerate(self._kinds or ()):
                kind.require(found[i], f"result {i} of {name}()")
            return found

        return target._outside(of_values, list(arrays), self._kinds)
