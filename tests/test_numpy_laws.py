"""Two laws over every function of NumPy that recorded arrays know, and every parameter that it takes.

**Of dependence**: a recorded number or array, in the place of any argument, has the derivative that differences of the
plain function have, or it is refused. **Of the primal**: what is computed of recorded arrays is what NumPy computes of
plain ones, bit by bit, in value, dtype, shape and structure, whatever the options; and what NumPy refuses is refused.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import Array
from autodiff_numpy._array import plain
from autodiff_numpy._tables import FUNCTIONS, UFUNC_METHODS, UFUNCS
from autodiff_spec.conformance.functions import FUNCTIONS as STANDARD
from autodiff_spec.conformance.functions import Function
from tests.numpy_parameters import CALLS, NOT_GIVEN, OPTIONS, Call, be

NAMES = list(dict.fromkeys(call.name for call in CALLS))
DTYPES = (np.float64, np.float32, np.float16, np.complex128, np.complex64)
SHAPES = ((3, 4), (4, 3), (0, 3), (3, 0), (), (1,), (2, 3, 4))


def calls(name: str) -> Iterator[Call]:
    return (call for call in CALLS if call.name == name)


def outcome(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What a call returns, or the error it raises."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return call(), None
        except Exception as error:
            return None, error


# --- the table is whole -----------------------------------------------------------------------------------------


def test_every_function_that_recorded_arrays_know_has_a_row():
    rows = {call.function for call in CALLS}
    numpys = [f for f in UFUNCS if getattr(np, f.__name__, None) is f]
    known = [f for f in FUNCTIONS if f.__module__.startswith("numpy")] + numpys
    writing = {np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask}  # chapter MUT
    made = {np.empty_like, np.zeros, np.ones, np.empty, np.eye, np.identity, np.full}
    made |= {np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require, np.arange}
    made |= {np.tri, np.frombuffer, np.fromfile, np.fromfunction, np.fromiter, np.fromstring, np.genfromtxt, np.loadtxt}
    of_bits = {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift}  # no floats
    assert [f for f in known if f not in rows | writing | made | of_bits] == []


def test_every_reduction_by_a_ufunc_has_a_row():
    rows = {call.function for call in CALLS}
    methods = [getattr(ufunc, name) for ufunc, name in UFUNC_METHODS if name not in ("__call__", "reduceat")]
    assert [f"{m.__self__.__name__}.{m.__name__}" for m in methods if m not in rows] == []


def test_every_method_that_recorded_arrays_share_with_numpys_has_a_row():
    shared = [n for n in dir(Array) if hasattr(np.ndarray, n) and not n.startswith("_") and callable(getattr(Array, n))]
    detaching = {"item", "tolist", "to_device", "tobytes", "tofile", "dump", "dumps"}
    writing = {"fill", "partition", "put", "resize", "setflags", "sort", "view"}  # chapter MUT
    assert [name for name in shared if f"x.{name}" not in NAMES and name not in detaching | writing] == []


# --- the law of dependence --------------------------------------------------------------------------------------

def numbers_in(tree: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The numbers and arrays in an argument, and where they are."""
    if isinstance(tree, (list, tuple)):
        for i, part in enumerate(tree):
            yield from numbers_in(part, (*path, i))
    elif isinstance(tree, (int, float, np.ndarray, np.generic)) and not isinstance(tree, bool):
        yield path, np.asarray(tree, np.float64) if np.asarray(tree).dtype.kind != "c" else np.asarray(tree)


def replaced(tree: Any, path: tuple[int, ...], new: Any) -> Any:
    if not path:
        return new
    return type(tree)([replaced(part, path[1:], new) if i == path[0] else part for i, part in enumerate(tree)])


def number(result: Any) -> Any:
    """A real number that depends on every floating array in a result."""
    weights, total = np.random.default_rng(3), 0.0
    for leaf in leaves(result):
        if hasattr(leaf, "dtype") and not isinstance(leaf, type) and leaf.dtype.kind in "fc":
            w = weights.normal(size=(2, *np.shape(leaf)))
            total = total + np.sum(w[0] * np.real(leaf)) + np.sum(w[1] * np.imag(leaf))
    return total


def leaves(tree: Any) -> list[Any]:
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, (tuple, list)) else [tree]


def difference(f: Callable[[Any], Any], x: Any, direction: Any) -> float | None:
    """The slope of ``f`` along a direction; ``None`` where it has none."""
    found = [outcome(lambda h=h: (f(x + h * direction) - f(x - h * direction)) / (2 * h))[0] for h in (1e-5, 1e-6)]
    if None in found or not np.all(np.isfinite(found)) or abs(found[0] - found[1]) > 1e-3 * (1 + abs(found[0])):
        return None
    return float(found[0])


def slope(program: Callable[[Any], Call], x: Any, direction: Any, alone: bool) -> float:
    """The same from a recording, of this argument ``alone`` or of all arrays."""
    with be.tape() as t:
        source = t.watch(x)
        call = program(source)
        y = number((call if alone else call.mapped(t.watch)).run())
    try:
        return float(np.sum((np.conj(t.grad(y, source)) * direction).real))
    except ad.UntrackedError:  # the result does not depend on it
        return 0.0


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_argument_has_the_derivative_of_differences_or_is_refused(name):
    wrong = []
    for call, parameter in ((c, p) for c in calls(name) for p in c.parameters if p != "out"):
        given = call.given(parameter)
        places = list(numbers_in(given)) if given is not NOT_GIVEN else []
        for path, x in places or [((), np.array(1.25)), ((), np.array([0.75, 1.25]))]:

            def program(y: Any, call=call, parameter=parameter, path=path, given=given) -> Call:
                return call.where(parameter, replaced(given, path, y))

            direction = np.random.default_rng(1).normal(size=x.shape)
            expected, plain_error = outcome(lambda p=program, x=x, d=direction: number(p(x).run()))
            expected = difference(lambda y, p=program: number(p(y).run()), x, direction)
            for alone in (True, False):
                found, error = outcome(lambda p=program, x=x, d=direction, alone=alone: slope(p, x, d, alone))
                if error is not None:
                    fine = isinstance(error, ad.AutodiffError) or plain_error or "recorded array" in str(error)
                elif plain_error is not None:
                    fine = parameter in ("dtype", "to", "device", "copy")  # read off, or not looked at
                else:
                    fine = expected is None or abs(found - expected) <= 1e-5 * (1 + abs(expected))
                if not fine:
                    wrong.append(f"{parameter}{list(path) or ''} of shape {x.shape}: {error!r} {found}, not {expected}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("call", "told"), [
    (lambda x, y: np.var(x, ddof=y), r"np\.var has no derivative by ddof"),
    (lambda x, y: np.std(x, correction=y), r"np\.std has no derivative by correction"),
    (lambda x, y: np.linalg.norm(x, ord=y), r"np\.linalg\.norm has no derivative by ord"),
    (lambda x, y: np.linalg.norm(x, y), r"np\.linalg\.norm has no derivative by ord"),
    (lambda x, y: np.add.reduce(x, axis=y), r"np\.add\.reduce has no derivative by axis"),
    (lambda x, y: np.round(x, y), r"np\.round has no derivative by decimals"),
    (lambda x, y: np.cumsum(x, y), r"np\.cumsum has no derivative by axis"),
    (lambda x, y: be.xp.linalg.pinv(x[None], rtol=y), r"np\.linalg\.pinv has no derivative by rtol"),
])  # fmt: skip
def test_the_error_names_the_function_the_parameter_and_the_remedy(call, told):
    with be.tape() as t, pytest.raises(ad.NotDifferentiableError, match=rf"{told}.*to_numpy\(x\)"):
        call(t.watch(np.ones(3)), t.watch(np.array(1.0)))


# --- the law of the primal --------------------------------------------------------------------------------------

ELSEWISE = dict.fromkeys(("einsum", "extra.einsum", "linalg.vector_norm", "rules.special.logsumexp",
                          "rules.special.softmax", "rules.special.log_softmax"), 4)  # fmt: skip
"""Where the algorithm is another one than NumPy's: how many units of the largest element the results may be apart."""
NO_FOLD = {f"{ufunc}.{method}" for ufunc in ("power", "arctan2") for method in ("reduce", "accumulate", "reduceat")}
"""Along a contiguous axis NumPy 2.4 gives other numbers than from left to right: it reads what it has written over."""
EMPTY_AXES = {"fft.irfft", "fft.irfftn", "fft.irfft2", "fft.hfft"}
"""Of an axis without elements these return memory that nobody wrote to, NumPy 2.4 does."""


def variants(call: Call) -> Iterator[tuple[str, Call]]:
    """The call, and with each of the options that may be given for one of its parameters."""
    yield "", call
    for parameter in call.parameters:
        for option in OPTIONS.get(parameter, ()):
            yield f"{parameter}={option!r}", call.where(parameter, option)


def cast(dtype: Any) -> Callable[[Any], Any]:
    return lambda x: (x + 0.3j * np.cos(7 * x) if np.dtype(dtype).kind == "c" else x.real).astype(dtype)


def shaped(call: Call) -> Iterator[Call]:
    """The call, and where one array decides on the shape with arrays of every shape."""
    yield call
    arrays: list[Any] = []
    call.mapped(lambda x: arrays.append(x) or x)
    if len(arrays) == 1 and not call.fixed:
        for shape in SHAPES:
            if 0 not in shape or call.name not in EMPTY_AXES:
                yield call.mapped(lambda x, shape=shape: np.resize(x, shape) if x.size else np.ones(shape))


def unlike(found: Any, expected: Any, units: float) -> str:
    """What is not the same in two results; nothing if they are."""
    if isinstance(expected, (tuple, list)):
        if type(found) is not type(expected) or len(found) != len(expected):
            return f"{type(found).__name__} for {type(expected).__name__}"
        return next(filter(None, map(unlike, found, expected, itertools.repeat(units))), "")
    found = plain(found)
    if not isinstance(expected, (np.ndarray, np.generic)):
        return "" if type(found) is type(expected) and found == expected else f"{found!r} for {expected!r}"
    if not isinstance(found, (np.ndarray, np.generic)):
        return f"a {type(found).__name__} for a {type(expected).__name__}"
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return f"{found.dtype}{found.shape} for {expected.dtype}{expected.shape}"
    if found.tobytes() == expected.tobytes():
        return ""
    with np.errstate(all="ignore"):
        scale = np.spacing(np.max(np.abs(expected), initial=0))
        apart = np.max(np.abs(found - expected), initial=0) / scale
    return "" if apart <= units else f"{apart:.3g} units apart, {found!r} for {expected!r}"


def disagreement(run: Callable[[Callable[[Any], Any]], Any], units: float) -> str:
    """How a program of recorded arrays differs from that of plain ones; ``run`` is handed what to do with arrays."""
    expected, refusal = outcome(lambda: run(lambda x: x))

    def recorded() -> Any:
        with be.tape() as t:
            return run(t.watch)

    found, error = outcome(recorded)
    if refusal is not None:
        return "" if error is not None else f"accepted, where NumPy raises {refusal!r}"
    if error is not None:
        return "" if isinstance(error, ad.AutodiffError) else f"raises {error!r}"
    return unlike(found, expected, units)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_FOLD])
def test_recorded_arrays_have_the_value_of_plain_ones_with_every_option(name):
    wrong = []
    every = [variant for call in calls(name) for variant in variants(call)]
    for (label, variant), dtype in itertools.product(every, DTYPES):
        for call in shaped(variant.mapped(cast(dtype))):
            told = disagreement(lambda watch, call=call: call.mapped(watch).run(), ELSEWISE.get(name, 0))
            if told:
                given = [getattr(arg, "shape", arg) for arg in call.args]
                wrong.append(f"{label:.40} {np.dtype(dtype)} {given}: {told}")
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("function", STANDARD, ids=lambda f: f.name)
def test_the_namespaces_functions_have_the_value_that_they_have_of_plain_arrays(function: Function):
    wrong = []
    for variant, dtype in itertools.product(function.variants, DTYPES):
        for shapes in variant.shapes:
            arrays = [x if x.dtype.kind not in "fc" else cast(dtype)(x) for x in variant.arrays(shapes)]

            def run(watch: Any, variant=variant, arrays=arrays) -> Any:
                given = [watch(x) if x.dtype.kind in "fc" else x for x in arrays]
                return variant.program(be.extra if variant.extra else be.xp, *given)

            of_numbers = () in shapes and np.dtype(dtype).kind == "c"  # for which NumPy has other code than for arrays
            names = {function.name, *variant.name.split()}  # a row of complex numbers is of several functions
            units = max([ELSEWISE[name] for name in names & ELSEWISE.keys()], default=1 if of_numbers else 0)
            if told := disagreement(run, units):
                wrong.append(f"{variant.name} {np.dtype(dtype)} {shapes}: {told}")
    assert not wrong, "\n".join(wrong[:20])
