"""The tape: states, checks and trees, the same on every backend. Engines implement its hooks, the last of the class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from autodiff_spec.core import checks, trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.current import DERIVATIVES, raise_explained
from autodiff_spec.core.engine import Array, Engine
from autodiff_spec.core.errors import (
    AutodiffError,
    NotDifferentiableError,
    ShapeMismatchError,
    TapeConsumedError,
    TapeError,
    TapeStateError,
    UnsupportedError,
    UntrackedError,
    missing_hook,
    named_type,
)
from autodiff_spec.core.frameworks import array_of, require_own
from autodiff_spec.core.lost import raise_replaced

if TYPE_CHECKING:
    from typing import Self

_UNCONNECTED = ("zero", "none", "raise")


class Tape:
    """Records what runs between ``with`` and its end, and differentiates it; made by ``tape()``.

    Args:
        backend: whose tape this is.
        persistent: keep the recording, so that gradients can be taken more than once.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> with be.tape() as t:
        ...     x = t.watch(be.asarray([1.0, 2.0]))
        ...     y = x * x
        >>> t.grad(y, x)
        array([2., 4.])
    """

    _state = "new"
    _spent = False
    _asked: tuple[trees.Structure, str] = (trees.LEAF, "grad()")  # what was asked last, for messages
    _signals: ClassVar[tuple[type[Exception], ...]] = ()  # of a framework to itself: no failures

    def __init__(self, backend: Engine, *, persistent: bool = False) -> None:
        self.backend = backend
        self.persistent = persistent

    def __enter__(self) -> Self:
        if self._state != "new":
            raise TapeStateError("this tape was entered already; a tape is entered once, so make a new one with tape()")
        self._enter()
        self._state = "open"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state = "closed"
        self._exit()
        if error is not None:
            raise_explained(self.backend, error)

    def watch(self, x: Any) -> Any:
        """Make ``x`` a source of this tape.

        Args:
            x: a floating array, a Python float, a NumPy array, or a tree of them.

        Returns:
            The array (tree) to use from here on: only what is computed from the returned one is recorded.

        Raises:
            TapeStateError: the tape is not open.
            NotDifferentiableError: a leaf is integer or boolean.

        Examples:
            >>> import autodiff_spec as ad
            >>> with ad.backend("numpy").tape() as t:
            ...     x = t.watch(3.0)
            ...     y = x * x
            >>> float(t.grad(y, x))
            6.0
        """
        if self._state != "open":
            raise TapeStateError(f"watch() on a tape that is {self._state}; call it inside the tape's own `with`")
        leaves, structure = trees.flatten(x, self.backend.array_types)
        arrays = [
            checks.primal(self.backend, leaf, trees.Path(structure, i, "x", "watch()"))
            for i, leaf in enumerate(leaves)
        ]
        return trees.unflatten(structure, [self._watch_for_user(array) for array in arrays])

    def grad(
        self, target: Any, sources: Any, *, cotangent: Any = None, unconnected: str = "zero", out: Any = None
    ) -> Any:
        """The derivative of the sum of the target's elements with respect to each source.

        Args:
            target: an array computed on this tape, or a tree of them (then the sum over all).
            sources: variables, watched arrays or intermediates, in a tree.
            cotangent: in place of ones, the weights of the target's elements: same tree, exactly the same shapes.
            unconnected: what a source without a path to the target gets: ``"zero"``, ``"none"`` or ``"raise"``, which
                is found out by the backward pass, and spends the tape.
            out: a tree of variables, or of mutable arrays, like ``sources``, that receives the result and is returned.

        Returns:
            Arrays in the tree of ``sources``, each of its source's shape and dtype; fresh, dense, sharing no memory.

        Raises:
            TapeConsumedError: a second call, and the tape is not persistent.
            TapeStateError: the tape was never entered, or ``out`` is given under an outer tape.
            UntrackedError: the target has no history on this tape, or a source was never recorded by it.
            ShapeMismatchError: the cotangent or ``out`` does not fit.
            NotDifferentiableError: an integer or boolean target, source or cotangent.
            MutationError: something recorded was changed in place.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> x = be.variable([0.0, 1.0, 2.0, 3.0])
            >>> with be.tape() as t:
            ...     y = x * x
            >>> t.grad(y, x, cotangent=be.asarray([1.0, 0.0, 0.0, 1.0]))
            array([0., 0., 0., 6.])
        """
        self._require_unspent()
        if cotangent is None and out is None and unconnected == "zero":
            found = self._usual(target, sources)
            if found is not None:
                return found
        if unconnected not in _UNCONNECTED:
            raise ValueError(f"unconnected={unconnected!r}; choose one of {', '.join(map(repr, _UNCONNECTED))}")
        targets, seeds, arrays, structure = self._arguments(target, sources, cotangent)
        destinations = None if out is None else self._destinations(out, arrays, structure)
        gradients = self._pullback_of(targets, arrays, seeds, strict=True)
        if unconnected == "raise":
            for i, gradient in enumerate(gradients):
                if gradient is None:
                    raise UntrackedError(
                        f"{trees.Path(structure, i, 'sources', 'grad()')} does not lead to the target; "
                        'pass unconnected="zero" to get zeros'
                    )
        elif unconnected == "zero":
            for i, gradient in enumerate(gradients):
                if gradient is None:
                    gradients[i] = self._filled(None, arrays[i])
        if destinations is None:
            return trees.unflatten(structure, gradients)
        for destination, gradient, array in zip(destinations, gradients, arrays, strict=True):
            self._store(destination, self._filled(gradient, array))
        return out

    def jacobian(self, target: Any, sources: Any) -> Any:
        """The derivative of each element of the target with respect to each element of each source.

        Args:
            target: one array computed on this tape.
            sources: variables, watched arrays or intermediates, in a tree.

        Returns:
            Arrays of shape ``target.shape + source.shape``, in the tree of ``sources``; zeros where nothing connects.

        Raises:
            TapeConsumedError: the tape gave its derivatives already, and is not persistent; a Jacobian spends it.
            TapeStateError: the tape was never entered.
            UntrackedError: the target has no history on this tape, or a source was never recorded by it.
            ShapeMismatchError: more than one target.
            NotDifferentiableError: an integer or boolean target or source.
            MutationError: something recorded was changed in place.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> x = be.variable([1.0, 2.0])
            >>> with be.tape() as t:
            ...     y = x * x
            >>> t.jacobian(y, x)
            array([[2., 0.],
                   [0., 4.]])
        """
        self._require_unspent()
        be = self.backend
        # Given cotangents, so that a complex target is no error; what is no array is refused with the targets.
        zeros = trees.map_leaves(lambda leaf: be.xp.zeros_like(leaf) if be.is_array(leaf) else leaf, target)
        targets, _, arrays, structure = self._arguments(target, sources, zeros, "jacobian()")
        if len(targets) != 1:
            raise ShapeMismatchError(f"jacobian() takes one target array, not {len(targets)}; call it once for each")
        rows = self._rows(targets[0], arrays)
        xp, shape = be.xp, tuple(targets[0].shape)
        blocks = []
        for column, array in zip(rows, arrays, strict=True):
            block_shape = shape + tuple(array.shape)
            if column:
                blocks.append(xp.reshape(xp.stack(column), block_shape))
            else:
                blocks.append(be._beside(xp.zeros(block_shape, dtype=array.dtype), array))
        return trees.unflatten(structure, blocks)

    # --- steps ------------------------------------------------------------------------------------------------

    def _usual(self, target: Any, sources: Any) -> Any:
        """The gradients that most calls ask for, where an engine has a shorter way to them; ``None`` of all others."""
        return None

    def _require_unspent(self) -> None:
        if self._state == "new":
            raise TapeStateError("this tape has recorded nothing: it was never entered; use `with tape() as t:`")
        if self._spent:
            raise TapeConsumedError(
                "this tape gave its one set of gradients already; ask for all sources in one call, "
                "or make it with tape(persistent=True)"
            )

    def _arguments(
        self, target: Any, sources: Any, cotangent: Any, operation: str = "grad()"
    ) -> tuple[list[Array], list[Array], list[Array], trees.Structure]:
        """Targets, their cotangents, and sources as flat lists of checked arrays, with the sources' structure."""
        be = self.backend
        next(DERIVATIVES)
        targets, target_structure = trees.flatten(target, be.array_types)
        self._asked = target_structure, operation
        for i, array in enumerate(targets):
            if not be.is_floating(array):
                raise self._bad_target(array, trees.Path(target_structure, i, "target", operation))
        arrays, structure = trees.flatten(sources, be.array_types)
        for i, array in enumerate(arrays):
            if not (be.is_floating(array) and self._is_source(array)):
                raise self._bad_source(array, trees.Path(structure, i, "sources", operation))
        return targets, checks.cotangents(be, cotangent, targets, target_structure, operation), arrays, structure

    def _bad_target(self, array: Any, name: trees.Path) -> AutodiffError:
        if not self.backend.is_array(array):
            require_own(self.backend.name, array, name)
            return UntrackedError(
                f"{name} is {named_type(array)}, not an array recorded on this tape; "
                "compute it inside the tape from a watched source"
            )
        return NotDifferentiableError(
            f"{name} has dtype {array.dtype}, which has no derivative; differentiate a floating array"
        )

    def _bad_source(self, array: Any, name: trees.Path) -> AutodiffError:
        be, hint = self.backend, "pass the variable, or the array that watch() returned"
        if not be.is_array(array):
            if isinstance(array, (bool, int, str, type(None))):
                return NotDifferentiableError(f"{name} is {named_type(array)}, which has no derivative; {hint}")
            require_own(be.name, array, name)
            return UntrackedError(f"{name} is {named_type(array)}, which no tape can watch; {hint}")
        if be.kind(array.dtype) == "other":
            return NotDifferentiableError(
                f"{name} has dtype {array.dtype}, which has no derivative; use a floating source"
            )
        return UntrackedError(
            f"{name} is not recorded by this tape; make it a variable, or call x = t.watch(x) inside the tape "
            "and use (and pass here) the array that it returns"
        )

    def _destinations(self, out: Any, arrays: list[Array], structure: trees.Structure) -> list[Array]:
        be = self.backend
        if self._outer_is_open():
            raise TapeStateError(
                "out= of grad() cannot be used while another tape is open, for it could not record the write; "
                "use the returned value"
            )
        leaves, given = trees.flatten(out, opened=False)
        trees.require_same(given, structure, "out of grad()", "sources")
        for i, (leaf, array) in enumerate(zip(leaves, arrays, strict=True)):
            name = trees.Path(given, i, "out", "grad()")
            if not (be.is_variable(leaf) or (be.is_array(leaf) and Capability.MUTABLE_OUT in be.capabilities)):
                raise UnsupportedError(
                    f"{name} is {named_type(leaf)}, which the backend {be.name!r} cannot write into; "
                    "pass a variable()"
                )
            if tuple(leaf.shape) != tuple(array.shape):
                raise ShapeMismatchError(
                    f"{name} has shape {tuple(leaf.shape)}, its source has {tuple(array.shape)}; pass one of that shape"
                )
        return leaves

    def _store(self, destination: Array, gradient: Array) -> None:
        be = self.backend
        if be.is_variable(destination):
            be._assign(destination, checks.cast(be, gradient, array_of(destination).dtype))
        else:
            be._write(destination, gradient)

    def _filled(self, gradient: Array | None, source: Array) -> Array:
        """Two zeros: ``None`` is no dependence, an array is a value; this is where one becomes the other."""
        return self.backend.xp.zeros_like(source) if gradient is None else gradient

    def _pullback_of(
        self, targets: Sequence[Array], sources: Sequence[Array], cotangents: Sequence[Array | None], *, strict: bool,
        retain: bool | None = None,
    ) -> list[Array | None]:
        """One backward pass: marks the tape spent, deduplicates sources, chains what the framework raises."""
        unique = {id(source): source for source in sources}
        retain = self.persistent if retain is None else retain
        self._spent = not retain
        try:
            found = self._pullback(targets, [*unique.values()], cotangents, retain=retain, strict=strict)
        except UntrackedError:
            self._spent = False  # bad input does not spend the tape
            raise
        except Exception as error:
            self._raise_failure(error)
        if len(found) == len(sources):
            return found
        gradients = dict(zip(unique, found, strict=True))
        return [self._mention(gradients, id(source)) for source in sources]

    def _raise_failure(self, error: Exception) -> NoReturn:
        """Raise, in a handler of ``error``, what the failure of a backward pass is to the user."""
        if isinstance(error, (AutodiffError, *self._signals)):
            raise
        raise_replaced(error)
        if isinstance(error, NotImplementedError):
            raise UnsupportedError(
                f"{self.backend.name} has no derivative of an operation that was recorded: {error}; detach its "
                "argument by stop_gradient(), or write the function with other operations"
            ) from error
        raise TapeError(
            f"the backward pass of {self.backend.name} failed: {error}; see the chained error for the operation"
        ) from error

    def _mention(self, gradients: dict[int, Array | None], source: int) -> Array | None:
        """The gradient for one mention of a source; the next mention gets a copy, for results never share memory."""
        gradient = gradients[source]
        if gradient is not None:
            gradients[source] = self.backend.xp.asarray(gradient, copy=True)
        return gradient

    def untracked(self, index: int) -> UntrackedError:
        """The error for target ``index``, for engines to raise from a strict `_pullback`."""
        structure, operation = self._asked
        return UntrackedError(
            f"{trees.Path(structure, index, 'target', operation)} has no history on this tape: it was computed "
            "outside it, under pause(), after stop_gradient(), or from nothing that is watched; compute it inside "
            "`with tape()`, from a variable or from the array that watch() returned"
        )

    def _rows(self, target: Array, sources: list[Array]) -> list[list[Array]]:
        """For each source the gradients of the target's elements in order; an empty list where nothing connects."""
        checks.require_sizes(target, "target of jacobian()")
        size = math.prod(target.shape)
        units = self.backend._units(target)
        rows: list[list[Array | None]] = []
        for i in range(size):
            cotangent = units[i, ...]
            retain = self.persistent or i < size - 1  # the last row may free the residuals
            rows.append(self._pullback_of([target], sources, [cotangent], strict=True, retain=retain))
        self._spent = not self.persistent
        return [
            [] if all(row[k] is None for row in rows) else [self._filled(row[k], source) for row in rows]
            for k, source in enumerate(sources)
        ]

    # --- hooks: what an engine implements -----------------------------------------------------------------------

    def _enter(self) -> None:
        """Begin to record in this context."""
        raise missing_hook(self, "_enter")

    def _exit(self) -> None:
        """Stop recording; never raises, also after an exception or out of order."""
        raise missing_hook(self, "_exit")

    def _watch(self, array: Array) -> Array:
        """A new array of the same value that is a source of this tape (and of what tracked ``array`` before)."""
        raise missing_hook(self, "_watch")

    def _watch_for_user(self, array: Array) -> Array:
        """As `_watch`, for a source that the user holds, who may try to write into it."""
        return self._watch(array)

    def _is_source(self, array: Array) -> bool:
        """Whether ``array`` can be a source: a variable, a watched array, an intermediate."""
        raise missing_hook(self, "_is_source")

    def _outer_is_open(self) -> bool:
        """Whether another tape records in this context now."""
        raise missing_hook(self, "_outer_is_open")

    def _pullback(
        self, targets: Sequence[Array], sources: Sequence[Array], cotangents: Sequence[Array | None], *, retain: bool,
        strict: bool,
    ) -> list[Array | None]:
        """Gradients for distinct sources: fresh, dense, of the source's shape and dtype; ``None`` for no dependence.

        Records itself on the other tapes that are open, never on this one. ``retain`` keeps the residuals for another
        call. A target without history on this tape raises `untracked` when ``strict`` (tapes), and contributes nothing
        otherwise (the functional form, where targets may also be no arrays and a cotangent may be ``None``).
        """
        raise missing_hook(self, "_pullback")
