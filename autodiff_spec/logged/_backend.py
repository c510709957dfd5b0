"""The backend that logs: another backend, with a log of what is computed on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from autodiff_spec._backend import Backend
from autodiff_spec.core.tape import Tape
from autodiff_spec.logged._entry import Slot, Use
from autodiff_spec.logged._log import Log, Logged, plain
from autodiff_spec.logged._namespace import LoggedNamespace, lifted


class LoggedBackend(Backend):
    """A backend over ``inner`` whose operations go to a log; values and derivatives are the inner one's.

    Args:
        inner: the backend that computes.
        log: where operations go; a new one by default.

    Examples:
        >>> import autodiff_spec as ad
        >>> with ad.use_backend(LoggedBackend(ad.backend("numpy"))) as be:
        ...     print(ad.grad(lambda x: ad.xp().sin(x) * x)(0.5))
        Logged(#6 pullback, array(0.91821682))
        >>> [op.name for op in be.log.operations]
        ['asarray', 'vjp', 'sin', 'multiply', 'vjp', 'ones_like', 'pullback']
    """

    name = "logged"
    xp: Any
    extra: Any

    def __init__(self, inner: Backend, log: Log | None = None) -> None:
        super().__init__()
        self.inner = inner
        self.log = Log(inner) if log is None else log
        self.name = inner.name  # type: ignore[misc]  # messages name the backend that computes
        self.version = inner.version
        self.conventions = inner.conventions
        self.capabilities = inner.capabilities
        self.deviations = inner.deviations
        self.array_types = (Logged, *inner.array_types)
        self.xp = self.log.namespace = LoggedNamespace(self.log, inner.xp)
        self.extra = None if inner.extra is None else LoggedNamespace(self.log, inner.extra)

    def is_array(self, x: Any) -> bool:
        return isinstance(x, Logged) or self.inner.is_array(x)

    def is_variable(self, x: Any) -> bool:
        return self.inner.is_variable(plain(x))

    def lift(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """A native function, logged as one operation."""
        return lifted(self.log, f, self.inner.lift(f))

    # --- hooks of the contract --------------------------------------------------------------------------------

    def _asarray(self, value: Any, dtype: Any) -> Any:
        return self.log.call("asarray", lambda x: self.inner._asarray(x, dtype), value)

    def _to_numpy(self, array: Any) -> Any:
        return self.inner._to_numpy(plain(array))

    def _stop_gradient(self, array: Any) -> Any:
        return self.log.call("stop_gradient", self.inner._stop_gradient, array)

    def _kind(self, dtype: Any) -> str:
        return self.inner.kind(dtype)

    def _dtype_of(self, value: Any) -> Any:
        return self.inner._dtype_of(value)

    def _variable(self, array: Any) -> Any:
        if isinstance(array, Logged) and array.operation is self.log.operations[-1]:
            self.log.operations.pop()  # the private copy that variable() made of its value
        return self.log.source("variable", self.inner._variable(plain(array)))

    def _assign(self, variable: Any, array: Any) -> None:
        self.inner._assign(plain(variable), plain(array))

    def _write(self, destination: Any, gradient: Any) -> None:
        self.inner._write(plain(destination), plain(gradient))

    def _pause(self) -> AbstractContextManager[None]:
        return self.inner._pause()

    def _tape(self, persistent: bool) -> Tape:
        return LoggedTape(self, persistent=persistent)

    def _vjp(
        self, f: Callable[..., list[Any]], primals: list[Any], *, once: bool
    ) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        inner_outputs: list[Any] = []

        def flat(*arrays: Any) -> list[Any]:
            pairs = zip(arrays, primals, strict=True)
            inner_outputs[:] = f(*(self._entered("vjp", [primal], array) for array, primal in pairs))
            return [plain(output) for output in inner_outputs]

        outputs, pull = self.inner._vjp(flat, [plain(primal) for primal in primals], once=once)
        pairs = zip(inner_outputs, outputs, strict=True)
        logged = [self._entered("vjp", [one], array) if isinstance(one, Logged) else array for one, array in pairs]

        def pullback(cotangents: list[Any]) -> list[Any]:
            found = pull([plain(cotangent) for cotangent in cotangents])
            parents = [array for array in (*logged, *cotangents) if isinstance(array, Logged)]
            return [None if array is None else self._entered("pullback", parents, array) for array in found]

        return logged, pullback

    def _entered(self, name: str, parents: Sequence[Any], array: Any) -> Any:
        """An array that a derivative made, as one operation on what it came from."""
        uses = [Use(parent.operation, parent.output, parent.value) for parent in parents if isinstance(parent, Logged)]
        tracked = any(use.source.tracked for use in uses)
        return self.log._add(name, uses, [Slot(i) for i in range(len(uses))], {}, (array,), tracked)[0]


class LoggedTape(Tape):
    """A tape of the inner backend; what it watches and gives is logged."""

    backend: LoggedBackend

    def __init__(self, backend: LoggedBackend, *, persistent: bool = False) -> None:
        super().__init__(backend, persistent=persistent)
        self._inner = backend.inner._tape(persistent)

    def _enter(self) -> None:
        self._inner.__enter__()

    def _exit(self) -> None:
        self._inner.__exit__(None, None, None)

    def _watch(self, array: Any) -> Any:
        watched = self._inner._watch(plain(array))
        if isinstance(array, Logged):
            logged = self.backend._entered("watch", [array], watched)
            logged.operation.tracked = True
            return logged
        return self.backend.log.source("input", watched)

    def _is_source(self, array: Any) -> bool:
        return self._inner._is_source(plain(array))

    def _outer_is_open(self) -> bool:
        return self._inner._outer_is_open()

    def _pullback(
        self, targets: Sequence[Any], sources: Sequence[Any], cotangents: Sequence[Any], *, retain: bool, strict: bool
    ) -> list[Any]:
        self._inner._asked = self._asked
        natives = [[plain(array) for array in arrays] for arrays in (targets, sources, cotangents)]
        found = self._inner._pullback(*natives, retain=retain, strict=strict)
        return [None if g is None else self.backend._entered("grad", [*targets, source], g)
                for g, source in zip(found, sources, strict=True)]  # fmt: skip
