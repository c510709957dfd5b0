"""No derivative is lost without the words `stop_gradient`, `to_numpy` or `pause`.

Each way that Python, NumPy and SciPy have of making numbers of an array is refused while a tape records it, or right.
"""

from __future__ import annotations

import array
import cmath
import contextlib
import contextvars
import copy
import decimal
import fractions
import inspect
import io
import itertools
import json
import math
import operator
import pickle
import random
import statistics
import struct
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.recording.array import RecordedArray

be = ad.backend("numpy")
Program = Callable[[Any], Any]
X = np.array([0.75, 0.5, 0.25])

# --- the law ----------------------------------------------------------------------------------------------------


def by_differences(f: Program, x: Any = X) -> Any:
    step = 1e-6
    return np.array([(f(x + step * unit) - f(x - step * unit)) / (2 * step) for unit in np.eye(x.size)])


def on_a_tape(f: Program) -> Program:
    def gradient(x: Any) -> Any:
        v = be.variable(x)
        with be.tape() as t:
            y = f(v)
        return t.grad(y, v)

    return gradient


MODES: dict[str, Callable[[Program], Program]] = {
    "grad": be.grad,
    "tape": on_a_tape,
    "jvp": lambda f: lambda x: np.array([be.jvp(f, (x,), (unit,))[1] for unit in np.eye(x.size)]),
}


def second(f: Program) -> Program:
    return be.grad(lambda x: np.sum(be.grad(f)(x)))


def assert_refused(f: Program, *, says: str = "would lose the derivative of a recorded array") -> None:
    for derivative in (*MODES.values(), second):
        with pytest.raises(ad.LostDerivativeError, match=says):
            derivative(f)(X)


def assert_refused_or_right(f: Program) -> None:
    """Assert the law for a program that gives a number: an error of ours in every mode, or right in every mode."""
    try:
        be.grad(f)(X)
    except ad.AutodiffError as error:
        for derivative in (*MODES.values(), second):
            with pytest.raises(type(error)):
                derivative(f)(X)
        return
    for name, derivative in MODES.items():
        np.testing.assert_allclose(derivative(f)(X), by_differences(f), rtol=1e-6, atol=1e-8, err_msg=name)
    slope = by_differences(lambda x: np.sum(be.grad(f)(x)))
    np.testing.assert_allclose(second(f)(X), slope, rtol=1e-6, atol=1e-8)


# --- math, cmath, statistics --------------------------------------------------------------------------------------


def arities(function: Any) -> list[int]:
    """With how many arguments a function can be called by position."""
    try:
        parameters = [p for p in inspect.signature(function).parameters.values() if p.kind != p.KEYWORD_ONLY]
    except ValueError:
        return [1, 2]
    least = sum(p.default is p.empty for p in parameters)
    return list(range(max(least, 1), len(parameters) + 1))


def calls_of(module: Any, names: Iterable[str]) -> dict[str, Program]:
    """Calls of functions with a recorded number, or a list of them, in each place: all that run on NumPy's numbers."""
    found: dict[str, Program] = {}
    for name in names:
        function = getattr(module, name)
        if not callable(function) or isinstance(function, type):
            continue
        for count in arities(function):
            for place, of, rest in itertools.product(range(count), (list, operator.itemgetter(0)), (0.5, [0.5, 1, 2])):

                def call(x: Any, f: Any = function, n: int = count, i: int = place, of: Any = of, r: Any = rest) -> Any:
                    return as_real(f(*(of(x) if k == i else r for k in range(n))))

                with contextlib.suppress(Exception):
                    call(X)
                    found[f"{module.__name__}.{name}, {place + 1} of {count}, {of}, {rest}"] = call
    return found


def as_real(result: Any) -> Any:
    """A number of a result: the sum of several, the real part of a complex one."""
    if isinstance(result, (tuple, list)):
        return sum(map(as_real, result))
    return result.real if isinstance(result, complex) else result * 1.0


def public(module: Any) -> list[str]:
    return [name for name in vars(module) if not name.startswith("_")]


CALLS = {
    **calls_of(math, public(math)),
    **calls_of(cmath, public(cmath)),
    **calls_of(statistics, statistics.__all__),
}
HASHED = ("mode", "multimode")


@pytest.mark.parametrize("name", CALLS)
def test_functions_of_the_standard_library(name: str) -> None:
    if name.partition(",")[0].removeprefix("statistics.") in HASHED:  # as a dict's keys are; no array has a hash
        with pytest.raises(TypeError, match="unhashable"):
            be.grad(CALLS[name])(X)
        return
    assert_refused_or_right(CALLS[name])


@pytest.mark.parametrize("name", ["exp", "log", "sin", "sqrt", "tanh", "erf", "gamma", "floor", "ceil", "trunc"])
def test_functions_of_math_say_what_to_write(name: str) -> None:
    assert_refused(lambda x: getattr(math, name)(x[0]) * x[1], says=r"np\.exp for math\.exp")


# --- conversions ------------------------------------------------------------------------------------------------

SCALARS = {kind.__name__: kind for kind in np.sctypeDict.values() if issubclass(kind, (np.inexact, np.integer))}
del SCALARS["timedelta64"]
CONVERSIONS: dict[str, Program] = {
    "float": float,
    "int": int,
    "complex": complex,
    "math.trunc": math.trunc,
    "as_integer_ratio": lambda x: x.as_integer_ratio()[0],
    "tolist": lambda x: x.tolist(),
    "item": lambda x: x.item(),
    "%f": lambda x: float("%f" % x),  # noqa: UP031
    "%d": lambda x: float("%d" % x),  # noqa: UP031
    "array.array": lambda x: array.array("d", [x])[0],
    "random.normalvariate": lambda x: random.Random(0).normalvariate(x, 1.0),
    "random.triangular": lambda x: random.Random(0).triangular(0.0, 2.0, x),
    "copy": copy.deepcopy,
    "np.array": np.array,
    "np.array of a list": lambda x: np.array([x, x])[0],
    "np.array of rows": lambda x: np.array([[x, 1.0], [0.0, x]])[1, 1],
    "np.asarray": np.asarray,
    "np.asanyarray": np.asanyarray,
    "np.asarray_chkfinite": np.asarray_chkfinite,
    "np.ascontiguousarray": lambda x: np.ascontiguousarray(x)[0],
    "np.require": np.require,
    "np.matrix": lambda x: np.asarray([x]).view(np.matrix)[0, 0],
    "np.fromiter": lambda x: np.fromiter([x], float)[0],
    "np.full": lambda x: np.full(3, x)[0],
    "np.random": lambda x: np.random.default_rng(0).normal(x),
    "np.from_dlpack": lambda x: np.from_dlpack(np.asarray(x) if type(x) is np.float64 else x),
    "np.savetxt": lambda x: float(saved(x)),
    "np.ma.array": lambda x: np.ma.array(x).item(),
    "np.poly1d": lambda x: np.poly1d([x, 1.0])(2.0),
    **{f"np.{name}": kind for name, kind in SCALARS.items()},
}


def saved(x: Any) -> str:
    file = io.StringIO()
    np.savetxt(file, [x], fmt="%.17g")
    return file.getvalue()


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions_of_an_element(name: str) -> None:
    convert = CONVERSIONS[name]
    assert_refused_or_right(lambda x: np.real(convert(x[1] * 2.0)) * x[0] * 1.0)
    assert_refused_or_right(lambda x: np.real(convert(x[1] * x[0])) * 1.0)


@pytest.mark.parametrize(
    "name", ["float", "int", "complex", "math.trunc", "tolist", "%f", "np.array", "np.asarray", "np.from_dlpack",
             "np.float64", "np.float32", "np.complex128", "np.int64", "np.fromiter", "np.full", "np.array of a list"]
)  # fmt: skip
def test_the_usual_conversions_are_refused(name: str) -> None:
    assert_refused(lambda x: np.real(CONVERSIONS[name](x[1])) * x[0])


@pytest.mark.parametrize(
    "convert",
    [fractions.Fraction, decimal.Decimal, lambda x: struct.pack("d", x), json.dumps, memoryview, operator.index, range],
    ids=["Fraction", "Decimal", "struct", "json", "memoryview", "index", "range"],
)
def test_what_takes_numbers_of_pythons_alone_refuses_by_itself(convert: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, struct.error)):
        be.grad(lambda x: (convert(x[1]), x[0])[1])(X)


def test_arrays_are_refused_as_their_elements_are() -> None:
    for convert in (np.asarray, np.array, np.from_dlpack, lambda x: x.tolist(), lambda x: np.array([x, x])):
        assert_refused(lambda x, convert=convert: np.sum(np.asarray(convert(x))) * x[0])


def test_a_copy_is_recorded_and_a_pickle_is_refused() -> None:
    assert_refused_or_right(lambda x: np.sum(copy.copy(x * 1.0) * copy.deepcopy(x * 1.0)))
    assert_refused(lambda x: np.sum(pickle.loads(pickle.dumps(x * 1.0))), says="pickling would lose")
    with be.tape() as t:
        y = t.watch(X) * 2.0
    assert pickle.loads(pickle.dumps(y)).tolist() == [1.5, 1.0, 0.5]


def test_an_item_stays_recorded() -> None:
    def f(x: Any) -> Any:
        y = x.reshape(1, 3) * 2.0
        return y.item(1) * y.item((0, 2)) + y.item(0, 0) * y[0, :1].item() + y.item(-1)

    np.testing.assert_allclose(be.grad(f)(X), by_differences(f), rtol=1e-7)
    assert_refused_or_right(f)
    for wrong in (lambda x: x.item(), lambda x: x.item(3), lambda x: x.item(0, 0)):
        with pytest.raises((ValueError, IndexError)) as numpys:
            wrong(X)
        with pytest.raises(numpys.type, match=str(numpys.value).partition("(")[0]):
            be.grad(wrong)(X)


# --- what may be looked at ---------------------------------------------------------------------------------------


def test_it_is_printed_formatted_compared_and_asked_for_its_truth() -> None:
    seen: list[Any] = []

    def f(x: Any) -> Any:
        seen.extend((f"{x[0]:.3f}", f"{x[0]!r}", str(x), format(x[1], "e"), bool(x[0]), x[0] > 0.5, x[0] == 0.75))
        seen.extend((max(x) is not None, sorted(x)[0] < 0.3, 0.75 in x, bool(np.all(x > 0)), np.argmax(x)))
        return x[0]

    assert be.grad(f)(X).tolist() == [1.0, 0.0, 0.0]
    assert seen == ["0.750", "Array(0.75, dtype=float64)", "Array([0.75, 0.5 , 0.25], dtype=float64)",
                    "5.000000e-01", *[True] * 7, 0]  # fmt: skip


READ: dict[str, Callable[[Any], Any]] = {
    "float": float, "int": int, "complex": complex, "tolist": lambda x: x.tolist(), "item": lambda x: x.item(),
    "math.exp": math.exp, "trunc": math.trunc,
    "as_integer_ratio": lambda x: x.as_integer_ratio(), "dlpack": lambda x: float(np.from_dlpack(x)),
}  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "jax"])
@pytest.mark.parametrize("name", READ)
def test_where_nothing_records_it_a_number_is_a_number(name: str, backend: str) -> None:
    pytest.importorskip(backend)
    be, read = ad.backend(backend), READ[name]
    v = be.variable(0.75, dtype=be.xp.float64)
    expected = read(np.float64(0.75)) if name != "dlpack" else 0.75
    with be.tape() as t:
        x = v * 1.0
        with be.pause():
            assert read(x) == expected
        kept = be.stop_gradient(x)
        assert READ["float"](kept) == 0.75
    assert read(x) == read(v) == expected
    with be.tape():  # another tape, which did not record it
        assert read(x) == expected
    assert float(t.grad(x, v)) == 1.0


@pytest.mark.parametrize("name", [name for name in READ if name != "item"])
def test_jax_tapes_refuse_as_well(name: str) -> None:
    pytest.importorskip("jax")
    be = ad.backend("jax")
    v = be.variable(0.75, dtype=be.xp.float64)
    for x in (lambda: v, lambda: v * 1.0):
        with pytest.raises(ad.LostDerivativeError, match=r"xp\.stack"), be.tape():
            READ[name](x())
    with be.tape() as t:
        y = v.item() * (v * v).item()
    assert float(t.grad(y, v)) == pytest.approx(3 * 0.75**2)


def test_an_array_of_numpys_is_not_filled_on_a_jax_tape_either() -> None:
    pytest.importorskip("jax")
    be = ad.backend("jax")
    v = be.variable([0.75, 0.5], dtype=be.xp.float64)
    with pytest.raises(ad.LostDerivativeError), be.tape():
        np.zeros(2)[0] = v[0]


def test_the_namespace_for_suites_of_namespaces_has_numbers() -> None:
    def program() -> None:
        from autodiff_numpy import recorded_xp as xp

        x = xp.asarray([0.75])
        assert isinstance(x, RecordedArray)
        assert float(x[0]) == 0.75
        with be.tape() as t, pytest.raises(ad.LostDerivativeError):
            float(t.watch(x)[0])

    contextvars.copy_context().run(program)  # what records every array does so until its context ends


# --- writing into arrays of NumPy's own --------------------------------------------------------------------------


def written(write: Callable[[Any, Any], Any]) -> Program:
    def f(x: Any) -> Any:
        out = np.zeros(3)
        found = write(out, x)
        return np.sum(out if found is None else found)

    return f


def setting(index: Any, of: Callable[[Any], Any] = lambda x: x, at: Callable[[Any], Any] = lambda out: out) -> Any:
    def write(out: Any, x: Any) -> None:
        at(out)[index] = of(x)

    return written(write)


def filled_by_a_loop(out: Any, x: Any) -> None:
    for i in range(3):
        out[i] = x[i] ** 2


def added_by_a_loop(out: Any, x: Any) -> None:
    for i in range(3):
        out[i] += x[i] ** 2


def added(out: Any, x: Any) -> Any:
    out += x
    return out


WRITES: dict[str, Program] = {
    "out[i] = x[i]**2": written(filled_by_a_loop),
    "out[i] += x[i]**2": written(added_by_a_loop),
    "out[1] = x[1]": setting(1, lambda x: x[1]),
    "out[:] = x": setting(slice(None)),
    "out[:] = x[0]": setting(slice(None), lambda x: x[0]),
    "out[...] = x": setting(...),
    "out[1:] = x[:2]": setting(slice(1, None), lambda x: x[:2]),
    "out[::2] = x[:2]": setting(slice(None, None, 2), lambda x: x[:2]),
    "out[mask] = x[0]": setting(np.array([True, False, True]), lambda x: x[0]),
    "out[mask] = x[:2]": setting(np.array([True, False, True]), lambda x: x[:2]),
    "out[[0, 2]] = x[:2]": setting([0, 2], lambda x: x[:2]),
    "out[[0, 2]] = x[0]": setting([0, 2], lambda x: x[0]),
    "out[:2] = [x[0], x[1]]": setting(slice(2), lambda x: [x[0], x[1]]),
    "out[:2] = x[0], 1": setting(slice(2), lambda x: (x[0], 1.0)),
    "rows[0][1] = x[1]": setting(1, lambda x: x[1], lambda out: out.reshape(1, 3)[0]),
    "rows[0, 1] = x[1]": setting((0, 1), lambda x: x[1], lambda out: out.reshape(1, 3)),
    "rows[0] = x": setting(0, lambda x: x, lambda out: out.reshape(1, 3)),
    "out[()] = x[0]": setting((), lambda x: x[0], lambda out: out[0:1].reshape(())),
    "out.flat[1] = x[0]": setting(1, lambda x: x[0], lambda out: out.flat),
    "out.flat[:2] = x[:2]": setting(slice(2), lambda x: x[:2], lambda out: out.flat),
    "out.real[0] = x[0]": setting(0, lambda x: x[0], lambda out: out.real),
    "view[0] = x[0]": setting(0, lambda x: x[0], lambda out: out[1:]),
    "out.fill(x[0])": written(lambda out, x: out.fill(x[0])),
    "out.put(0, x[0])": written(lambda out, x: out.put(0, x[0])),
    "out += x": written(added),
    "np.put": written(lambda out, x: np.put(out, [0, 1], x[:2])),
    "np.copyto": written(lambda out, x: np.copyto(out, x)),
    "np.copyto of a number": written(lambda out, x: np.copyto(out, x[0])),
    "np.place": written(lambda out, x: np.place(out, [True, False, True], x)),
    "np.putmask": written(lambda out, x: np.putmask(out, [True, False, True], x)),
    "np.put_along_axis": written(lambda out, x: np.put_along_axis(out, np.array([0, 1]), x[:2], 0)),
    "np.fill_diagonal": written(lambda out, x: np.fill_diagonal(out[:1].reshape(1, 1), x[0])),
    "np.add(x, y, out=out)": written(lambda out, x: np.add(x, x, out=out)),
    "np.sum(x, out=out)": written(lambda out, x: np.sum(x, out=out[:1].reshape(())) * 0.0 + np.sum(out)),
    "np.add.at": written(lambda out, x: np.add.at(out, [0, 0, 1], x)),
    "np.full(n, x[0])": written(lambda out, x: np.full(3, x[0])),
    "np.full_like(out, x[0])": written(lambda out, x: np.full_like(out, x[0])),
    "np.array(list)": written(lambda out, x: np.array([v * v for v in x])),
    "np.array(rows)": written(lambda out, x: np.array([[x[0], 1.0], [0.0, x[1]]])),
    "np.fromiter": written(lambda out, x: np.fromiter((v * v for v in x), float)),
    "np.fromiter with a count": written(lambda out, x: np.fromiter((v * v for v in x), dtype=np.float32, count=3)),
    "np.vectorize": written(lambda out, x: np.vectorize(lambda v: v * v)(x)),
    "np.apply_along_axis": written(lambda out, x: np.apply_along_axis(lambda v: v * v, 0, x)),
    "np.fromfunction": written(lambda out, x: np.fromfunction(lambda i: i * x[0], (3,))),
    "np.piecewise": written(lambda out, x: np.piecewise(np.ones(3), [out == 0.0], [lambda part: part * x[0]])),
    "integers[0] = x[0]": written(lambda out, x: operator.setitem(np.zeros(3, int), 0, x[0]) or out + x * 0.0),
    "complexes[0] = x[0]": written(lambda out, x: into(np.zeros(3, complex), x).real),
    "float32[0] = x[0]": written(lambda out, x: into(np.zeros(3, np.float32), x)),
    "float16[0] = x[0]": written(lambda out, x: into(np.zeros(3, np.float16), x)),
    "longdouble[0] = x[0]": written(lambda out, x: into(np.zeros(3, np.longdouble), x)),
    "table['a'][0] = x[0]": written(lambda out, x: into(np.zeros(3, [("a", float)])["a"], x)),
    "table[0] = (x[0],)": written(lambda out, x: tabled(x)),
    "matrix[0, 0] = x[0]": written(lambda out, x: into(np.zeros((1, 3)).view(np.matrix), x)),
    "masked[0] = x[0]": written(lambda out, x: into(np.ma.zeros(3), x)),
    "list[0] = x[0]": written(lambda out, x: sum(into([0.0, 0.0], x))),
    "objects[0] = x[0]": written(lambda out, x: into(np.zeros(3, object), x)),
}


def into(out: Any, x: Any) -> Any:
    out[0] = x[0]
    return out


def tabled(x: Any) -> Any:
    table = np.zeros(3, [("a", float)])
    table[0] = (x[0] * 1.0,)
    return table["a"]


@pytest.mark.parametrize("name", WRITES)
def test_writes_into_arrays_of_numpys_own(name: str) -> None:
    assert_refused_or_right(WRITES[name])


@pytest.mark.parametrize(
    "name", ["out[i] = x[i]**2", "out[1] = x[1]", "out.flat[1] = x[0]", "out.fill(x[0])", "rows[0][1] = x[1]",
             "np.fromiter", "out[:] = x", "out[:2] = [x[0], x[1]]", "np.full(n, x[0])", "float32[0] = x[0]",
             "complexes[0] = x[0]", "integers[0] = x[0]", "table[0] = (x[0],)", "np.array(list)"]
)  # fmt: skip
def test_the_error_is_ours_whatever_numpy_puts_in_its_place(name: str) -> None:
    assert_refused(WRITES[name], says=r"np\.stack, or np\.zeros_like\(x\) filled in place")


def test_numpys_error_is_its_cause() -> None:
    with pytest.raises(ad.LostDerivativeError) as caught:
        be.grad(WRITES["out.flat[1] = x[0]"])(X)
    assert type(caught.value.__cause__) is ValueError


def test_an_error_of_the_program_after_one_that_it_caught_stays_its_own() -> None:
    def f(x: Any) -> Any:
        with contextlib.suppress(ValueError):
            np.zeros(3)[0] = x[0]
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        be.grad(f)(X)

    def also(x: Any) -> Any:
        with pytest.raises(ad.LostDerivativeError):
            float(x[0])
        return x[1]

    assert be.grad(also)(X).tolist() == [0.0, 1.0, 0.0]


# --- SciPy's solvers ----------------------------------------------------------------------------------------------


def solvers() -> dict[str, Program]:
    integrate = pytest.importorskip("scipy.integrate")
    from scipy import fft, interpolate, linalg, ndimage, optimize, signal, spatial, special, stats

    lines = np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 4.0]])
    return {
        "quad": lambda x: integrate.quad(lambda s: s * x[0], 0.0, 1.0)[0],
        "quad, to a recorded bound": lambda x: integrate.quad(lambda s: s, 0.0, x[0])[0],
        "quad, args": lambda x: integrate.quad(lambda s, a: s * a, 0.0, 1.0, args=(x[0],))[0],
        "dblquad": lambda x: integrate.dblquad(lambda s, u: s * u * x[0], 0.0, 1.0, 0.0, 1.0)[0],
        "nquad": lambda x: integrate.nquad(lambda s: s * x[0], [[0.0, 1.0]])[0],
        "quad_vec": lambda x: integrate.quad_vec(lambda s: s * x[0], 0.0, 1.0)[0],
        "fixed_quad": lambda x: integrate.fixed_quad(lambda s: s * x[0], 0.0, 1.0)[0],
        "simpson": lambda x: integrate.simpson(x),
        "trapezoid": lambda x: integrate.trapezoid(x),
        "odeint": lambda x: integrate.odeint(lambda y, t: -y * x[0], 1.0, [0.0, 1.0])[-1, 0],
        "odeint, from a recorded start": lambda x: integrate.odeint(lambda y, t: -y, x[0], [0.0, 1.0])[-1, 0],
        "solve_ivp": lambda x: integrate.solve_ivp(lambda t, y: -y * x[0], (0.0, 1.0), [1.0]).y[0, -1],
        "brentq": lambda x: optimize.brentq(lambda s: s - x[0], 0.0, 2.0),
        "brenth": lambda x: optimize.brenth(lambda s: s - x[0], 0.0, 2.0),
        "bisect": lambda x: optimize.bisect(lambda s: s - x[0], 0.0, 2.0),
        "ridder": lambda x: optimize.ridder(lambda s: s - x[0], 0.0, 2.0),
        "toms748": lambda x: optimize.toms748(lambda s: s - x[0], 0.0, 2.0),
        "brentq, from a recorded bound": lambda x: optimize.brentq(lambda s: s - 0.75, x[2], 2.0) * x[0],
        "newton": lambda x: optimize.newton(lambda s: s * s - x[0], 1.0),
        "root_scalar": lambda x: optimize.root_scalar(lambda s: s - x[0], bracket=(0.0, 2.0)).root,
        "fsolve": lambda x: optimize.fsolve(lambda s: s - x[0], 0.0)[0],
        "root": lambda x: optimize.root(lambda s: s - x[0], [0.0]).x[0],
        "minimize": lambda x: optimize.minimize(lambda s: np.sum((s - x[0]) ** 2), np.zeros(1)).x[0],
        "minimize_scalar": lambda x: optimize.minimize_scalar(lambda s: (s - x[0]) ** 2).x,
        "least_squares": lambda x: optimize.least_squares(lambda s: s - x[0], [0.0]).x[0],
        "curve_fit": lambda x: optimize.curve_fit(lambda s, a: a * s, np.arange(3.0), x)[0][0],
        "linprog": lambda x: optimize.linprog(x, bounds=[(1.0, 2.0)] * 3).fun,
        "nnls": lambda x: optimize.nnls(lines, x)[0][0],
        "interp1d": lambda x: interpolate.interp1d(np.arange(3.0), x)(0.5)[()],
        "CubicSpline": lambda x: interpolate.CubicSpline(np.arange(3.0), x)(0.5)[()],
        "CubicSpline at a recorded place": lambda x: interpolate.CubicSpline(np.arange(3.0), [0.0, 1.0, 4.0])(x[0]),
        "linalg.solve": lambda x: linalg.solve(lines, x)[0],
        "linalg.expm": lambda x: linalg.expm(lines * x)[0, 0],
        "linalg.cholesky": lambda x: linalg.cholesky(lines + x)[0, 0],
        "linalg.norm": lambda x: linalg.norm(x),
        "signal.lfilter": lambda x: signal.lfilter([1.0], [1.0, 0.5], x)[-1],
        "signal.convolve": lambda x: signal.convolve(x, [1.0, 2.0])[1],
        "fft.fft": lambda x: np.real(fft.fft(x)[1]),
        "ndimage.gaussian_filter": lambda x: ndimage.gaussian_filter(x, 1.0)[0],
        "stats.norm.pdf": lambda x: stats.norm.pdf(x[0]),
        "stats.norm.logpdf, by its scale": lambda x: stats.norm.logpdf(0.5, scale=x[0]),
        "stats.pearsonr": lambda x: stats.pearsonr(x, [1.0, 0.0, 2.0])[0],
        "spatial.distance": lambda x: spatial.distance.euclidean(x, [0.0, 0.0, 0.0]),
        "special.logsumexp": lambda x: special.logsumexp(x),
        "special.softmax": lambda x: special.softmax(x)[0],
        "special.erf": lambda x: special.erf(x)[0],
    }


SOLVERS = solvers()


@pytest.mark.parametrize("name", SOLVERS)
def test_functions_of_scipy(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    f = SOLVERS[name]
    try:
        found = be.grad(f)(X)
    except (ad.LostDerivativeError, ad.UnsupportedError, ad.BackendMismatchError):
        return
    np.testing.assert_allclose(found, by_differences(f, X), rtol=1e-5, atol=1e-6)
