"""Rules: how a function is given its derivative.

A rule is a line beside its function: one ``vjp`` for each argument, ``lambda xp, g, <residuals>: …``. Its parameters
name the residuals it needs: the function's own parameters, ``ans`` for its result, and ``<argument>_shape`` or
``<argument>_dtype`` for what can be kept without the array. Nothing else stays alive. ``xp`` is `VALUES` in a first
derivative and `TRACKED` when an outer tape is open: the same rule then serves every order. For forward mode a rule has
a ``jvp`` beside each ``vjp``, written the same way, with the argument's tangent in place of ``g``; see `_jvp`.

What is declared here is recorded by `_wrap` and evaluated by `_pullback`. Inside, cotangents follow the bilinear
convention (no conjugates in the rules of holomorphic functions); the tape conjugates at its boundary.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_numpy._array import Array, lazy, resolve
from autodiff_numpy._dask import by_values
from autodiff_numpy._jvp import elementwise, given_jvp
from autodiff_numpy._options import option_check
from autodiff_numpy._others import require_numpys
from autodiff_numpy._parameters import parameters_of
from autodiff_numpy._pullback import Pullback
from autodiff_numpy._tables import FUNCTIONS, TRACKED, UFUNCS, VALUES
from autodiff_numpy._wrap import (
    asking,
    binary,
    detached,
    discrete,
    general,
    holds_recorded,
    reducing,
    unary,
    viewing,
    with_value,
)

RULES: dict[Any, tuple[Pullback | None, ...]] = {}
"""Every function that has a rule, with the pullback of each argument."""


_NO_VIEW = object()


class DuplicateRuleError(Exception):
    """A function was given a rule twice."""


def rule(
    function: Any,
    *vjps: Callable[..., Any] | None,
    jvp: Any = None,
    also: tuple[Any, ...] = (),
    name: str | None = None,
    view: Any = _NO_VIEW,
    unusual: Callable[..., Any] | None = None,
) -> Any:
    """Record ``function`` (NumPy's, or a primitive of ours) with one ``vjp`` for each array argument.

    ``None`` in place of a ``vjp`` means that the argument has no influence on the derivative. ``jvp`` is one for all
    arguments or a tuple with one for each: a function written as a ``vjp`` is, ``linear``, or ``elementwise`` as ufuncs
    are anyway (see `_jvp`); without one the ``vjp`` is transposed. ``also`` names further NumPy functions that mean the
    same; ``name`` is what rules call it, where that is not its own name. ``view`` says that the result may be a view of
    the one argument: ``lambda whole, part, …`` puts a new part back into the whole; ``None`` is for a read-only view.
    ``unusual`` stands in for a function of one array where it is given keywords that rules do without.

    Raises:
        DuplicateRuleError: the function has a rule already.
    """
    if function in RULES:
        raise DuplicateRuleError(f"{function} has a rule already")
    parameters = parameters_of(function)
    called = name or function.__name__.removeprefix("_")
    pullbacks = RULES[function] = tuple(
        None if vjp is None else Pullback(vjp, i, parameters, given_jvp(jvp, vjps, i, function, called))
        for i, vjp in enumerate(vjps)
    )
    by_element = isinstance(function, np.ufunc) or jvp is elementwise
    if by_element and len(parameters) == len(pullbacks) <= 2 and None not in pullbacks:
        recorded = (unary if len(pullbacks) == 1 else binary)(function, *pullbacks)
    elif view is not _NO_VIEW:
        recorded = viewing(function, pullbacks[0], view)  # type: ignore[arg-type]
    elif len(pullbacks) == 1 and pullbacks[0] is not None:
        recorded = reducing(function, pullbacks[0], unusual)
    else:
        recorded = general(function, pullbacks)
    declare(function, recorded, also, called)
    return function


def constant(function: Any, *also: Any) -> Any:
    """Let ``function`` run on recorded arrays and give plain results: it has no derivative."""
    declare(function, discrete(function), also)
    return function


def defined_by(*functions: Any, valued: bool = False) -> Callable[[Any], Any]:
    """A decorator: define a function, and NumPy's ones of the same meaning, by other recorded functions.

    Where nothing among the arguments is recorded, NumPy's first function is called. So it is where the definition is
    ``valued``, on the values: then the definition gives the derivative alone, and is free to round in another order.
    A recorded array in the place of an option (`_options`) is refused, and so is a keyword that NumPy's function takes
    and the definition does not.
    """

    def decorate(definition: Any) -> Any:
        if not functions:
            declare(definition, definition, ())
            return definition
        numpys = functions[0]
        if valued:
            entered = computed_by(numpys, definition)
            declare(numpys, entered, functions[1:], name=definition.__name__)
            return entered
        lead, check = option_check(numpys, definition)

        @functools.wraps(definition)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            if not args or type(args[0]) is not Array:
                if not holds_recorded(args) and not holds_recorded(kwargs.values()):
                    return numpys(*args, **kwargs)
                require_numpys(*args)
                args = tuple(map(resolve, args))  # what a definition hands through must not be a variable
                kwargs = {name: resolve(value) for name, value in kwargs.items()}
            if kwargs or len(args) > lead:
                kwargs = check(args, kwargs)
            return definition(*args, **kwargs)

        declare(numpys, recorded, functions[1:], name=definition.__name__)
        return recorded

    return decorate


def computed_by(numpys: Any, definition: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose value is that of ``numpys``, and whose derivative is the definition's."""
    _, check = option_check(numpys, definition)

    @functools.wraps(definition)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        if not holds_recorded(args) and not holds_recorded(kwargs.values()):
            return numpys(*args, **kwargs)
        args = tuple(map(resolve, args))
        kwargs = {name: resolve(argument) for name, argument in kwargs.items()}
        given = check(args, kwargs)
        if _lazy_among((*args, *kwargs.values())):
            return definition(*args, **given)  # NumPy would compute it
        value = numpys(*map(detached, args), **{name: detached(argument) for name, argument in kwargs.items()})
        with np.errstate(all="ignore"):  # what is to be warned of, NumPy has warned of
            return with_value(definition(*args, **given), value)

    return recorded


def _lazy_among(args: Sequence[Any]) -> bool:
    """Whether a recorded array holds a lazy one, in lists and tuples too."""
    for arg in args:
        if type(arg) is Array:
            if type(arg.value) is not np.ndarray and lazy(arg.value):
                return True
        elif isinstance(arg, (list, tuple)) and _lazy_among(arg):
            return True
    return False


def declare(function: Any, recorded: Callable[..., Any], also: tuple[Any, ...], name: str | None = None) -> None:
    """Enter a recording function in the tables of NumPy's functions and in the two namespaces."""
    name = name or function.__name__.removeprefix("_")
    if hasattr(TRACKED, name):
        raise DuplicateRuleError(f"{name} has a rule already")
    if recorded is not function and not isinstance(function, np.ufunc) and not hasattr(recorded, "__wrapped__"):
        functools.update_wrapper(recorded, function)  # its name, docstring and signature
    if by_values(function):
        recorded = asking(function, recorded)
    setattr(VALUES, name, function)
    setattr(TRACKED, name, recorded)
    for known in (function, *also):
        table = UFUNCS if isinstance(known, np.ufunc) else FUNCTIONS
        if known in table:
            raise DuplicateRuleError(f"{known} has a rule already")
        table[known] = recorded


