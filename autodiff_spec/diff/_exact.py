"""What the oracle says: of the function as a whole, and of the one operation at which backends part."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff_spec.core import trees
from autodiff_spec.core.installation import installation
from autodiff_spec.diff._align import Parting, incoming
from autodiff_spec.diff._record import Run, Step, Values, epsilon
from autodiff_spec.logged import Slot
from autodiff_spec.logged._entry import Static

_SECONDS, _COORDINATES = 10.0, 24
_SCALARS_COUNT = {"maximum", "minimum", "clip"}
"""Functions whose numbers count as arguments: a tie with a number is a tie (semantics, P2)."""
_ELEMENTWISE = {
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "clip", "copysign", "cos", "cosh",
    "divide", "exp", "expm1", "hypot", "log", "log1p", "log2", "log10", "logaddexp", "maximum", "minimum", "multiply",
    "negative", "pow", "reciprocal", "relu", "sigmoid", "sign", "sin", "sinc", "sinh", "softplus", "sqrt", "square",
    "subtract", "tan", "tanh", "where", "xlogy",
}  # fmt: skip


@dataclass(frozen=True)
class Exact:
    """The function in exact arithmetic.

    Attributes:
        values: the leaves of its result.
        gradients: the derivative of their sum by each floating argument.
        kink: whether the derivative is not unique there; then the gradients are one choice of many.
        error: why the oracle could not say, in one line; then the rest is empty.
    """

    values: tuple[Values, ...] = ()
    gradients: tuple[Values, ...] = ()
    kink: bool = False
    error: str = ""

    @property
    def undefined(self) -> bool:
        """Whether the function has no value there, and so no derivative: the root of a negative number."""
        return any(np.isnan(value).any() for value in self.values if value.dtype.kind in "fc")


def exact(f: Callable[..., Any], args: Sequence[Any]) -> Exact:
    """Value and gradients of ``f`` by the oracle, as float64 (complex128), where its functions are the oracle's too."""
    try:
        from autodiff_spec import oracle
        from autodiff_spec.gradient_check.exact import exact_backend
    except ImportError:
        return Exact(error=f"the oracle needs mpmath; run: {installation('suite')}")
    from autodiff_spec.core.current import using

    leaves, structure = trees.flatten(tuple(args))
    kind = type(oracle.xp.asarray(1.0))

    def program(xp: Any, *arrays: Any) -> tuple[Any, ...]:
        outputs, _ = trees.flatten(f(*trees.unflatten(structure, arrays)), (kind,))
        return tuple(outputs)

    count = sum(np.asarray(leaf).size for leaf in leaves if np.asarray(leaf).dtype.kind in "fc")
    try:
        with using(exact_backend(kind)):
            start = time.perf_counter()
            values = tuple(_rounded(value) for value in oracle.value(program, *leaves))
            if (time.perf_counter() - start) * (2 * count + 1) > _SECONDS:
                return Exact(error=f"not asked: {count} numbers to differentiate by would take it too long")
            gradients = tuple(_rounded(g) for g in oracle.gradient(program, *leaves) if g is not None)
            kink = oracle.kink_distance(program, *leaves) < 1e-12
    except Exception as error:  # whatever a function does that was not written for these arrays
        return Exact(error=f"the function does not run there: {type(error).__name__}: {' '.join(str(error).split())}")
    return Exact(values, gradients, kink)


def _rounded(numbers: Any) -> Values:
    array = np.asarray(numbers)
    if array.dtype != object:
        return array
    is_complex = any(type(n).__name__ == "mpc" for n in array.ravel().tolist())
    return array.astype(np.complex128 if is_complex else np.float64)


def ulps(found: Values, true: Values, dtype: str) -> float:
    """The largest error, in units of the last place of the true number in ``dtype``.

    A number below ε times the largest of its array counts as if it were of that size: against a true 0 there is no
    unit in the last place.
    """
    eps = epsilon(dtype)
    if not eps or np.shape(found) != np.shape(true) or not np.size(true):
        return 0.0 if np.array_equal(found, true) else math.inf
    with np.errstate(all="ignore"):
        same = (found == true) | (np.isnan(found) & np.isnan(true))
        finite = np.abs(true)[np.isfinite(true)]
        size = np.maximum(np.abs(true), eps * np.max(finite, initial=0.0))
        unit = eps * 2.0 ** np.floor(np.log2(np.where(size > 0, size, 1.0)))
        error = np.where(same, 0.0, np.abs(found - true) / unit)
    return float(np.max(np.where(np.isnan(error), np.inf, error)))


# --- one operation ------------------------------------------------------------------------------------------------


def verdicts(parting: Parting, runs: Sequence[Run], roundings: float) -> Mapping[str, str]:
    """Who is right at a parting of cotangents: by backend ``"conforms"``, ``"deviates"`` or ``"violates"``.

    The operation alone is put to the oracle: its set of legal derivatives at these inputs, with this cotangent. Empty
    where the oracle lacks the function, or there are too many numbers.
    """
    if parting.kind != "cotangents":
        return {}
    try:
        return _verdicts(parting, runs, roundings)
    except Exception:  # a function that the oracle lacks, an argument it does not take: no verdict
        return {}


def _verdicts(parting: Parting, runs: Sequence[Run], roundings: float) -> Mapping[str, str]:
    from autodiff_spec import oracle

    step = runs[0].steps[parting.step]
    question = _Question(step, incoming(runs[0].steps, parting.step)[0], parting)
    if question.size > _COORDINATES:
        return {}
    legal = oracle.permitted(question.of(question.used), *question.points(question.used), cotangent=question.cotangent)
    everything = [*question.used, *question.constant]
    joint = oracle.permitted(question.of(everything), *question.points(everything), cotangent=question.cotangent)
    best = joint.minimal_norm()[: len(question.used)]
    slopes = oracle.gradient(question.of(question.used), *question.points(question.used))
    if not all(np.isfinite(_rounded(slope)).all() for slope in slopes if slope is not None):
        return {}  # an infinite slope, perhaps times 0: nothing is specified
    found = {}
    eps = max(epsilon(name) for run in runs for name in run.steps[parting.step].dtypes)
    relative = roundings * eps
    absolute = relative * float(np.max(np.abs(question.cotangent), initial=0.0))  # slopes of ordinary size
    for run in runs:
        given = question.given(run.steps[parting.step])
        if not legal.contains(given, rtol=relative, atol=absolute):
            found[run.backend] = "violates"
        elif all(_near(a, b, relative, absolute) for a, b in zip(given, best, strict=True)):
            found[run.backend] = "conforms"
        else:
            found[run.backend] = "deviates"
    return found


def _near(one: Values, two: Values | None, relative: float, absolute: float) -> bool:
    return two is not None and np.allclose(one, two, rtol=relative, atol=absolute)


class _Question:
    """One operation as a program for the oracle, reduced to one element where it works element by element."""

    def __init__(self, step: Step, cotangent: Values, parting: Parting) -> None:
        self.step = step
        self.cotangent, self.inputs = cotangent, list(step.inputs)
        self._cut: Callable[[Values], Values] = lambda array: array
        shape = cotangent.shape
        if step.name in _ELEMENTWISE and all(array.shape == shape or not array.shape for array in step.inputs):
            at = parting.at if step.inputs[parting.argument or 0].shape == shape else None
            if shape and at is not None:
                self._cut = lambda array: array[at] if array.shape == shape else array
        self.cotangent = np.asarray(self._cut(cotangent))
        self.inputs = [np.asarray(self._cut(array)) for array in step.inputs]
        floating = [i for i, array in enumerate(self.inputs) if array.dtype.kind in "fc"]
        self.used = [i for i in floating if step.cotangents[i] is not None]
        self.constant: list[Any] = [i for i in floating if i not in self.used]
        if step.name in _SCALARS_COUNT:
            self.constant += [f"arg{k}" for k, arg in enumerate(step.args) if isinstance(arg, float)]
        self.size = sum(self.inputs[i].size for i in self.used)

    def points(self, which: Sequence[Any]) -> list[Any]:
        return [self.inputs[i] if isinstance(i, int) else self.step.args[int(i[3:])] for i in which]

    def given(self, step: Step) -> list[Values]:
        return [np.asarray(self._cut(np.asarray(step.cotangents[i], dtype=np.float64))) for i in self.used]

    def of(self, which: Sequence[Any]) -> Callable[..., Any]:
        """The operation as a function of the arrays (or numbers) ``which``; the others stay what they are."""

        def program(xp: Any, *arrays: Any) -> Any:
            given = dict(zip(which, arrays, strict=True))
            slots = [given.get(i, array) for i, array in enumerate(self.inputs)]
            slots = [xp.asarray(a) if isinstance(a, np.ndarray) else a for a in slots]
            args = [given.get(f"arg{k}", self._filled(xp, arg, slots)) for k, arg in enumerate(self.step.args)]
            kwargs = {key: self._filled(xp, arg, slots) for key, arg in self.step.kwargs.items()}
            return self._function(xp)(*args, **kwargs)

        return program

    def _function(self, xp: Any) -> Callable[..., Any]:
        if self.step.name == "getitem":
            return lambda x, index: x[index]
        owner: Any = xp
        for part in self.step.name.split("."):
            owner = getattr(owner, part, None) or getattr(xp.extra, part)
        return owner  # type: ignore[no-any-return]

    def _filled(self, xp: Any, argument: Any, slots: Sequence[Any]) -> Any:
        if isinstance(argument, Slot):
            return slots[argument.number]
        if isinstance(argument, Static):
            return getattr(xp, argument.text)
        if isinstance(argument, (list, tuple)):
            return type(argument)(self._filled(xp, part, slots) for part in argument)
        return argument
