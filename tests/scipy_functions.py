"""Which functions of SciPy are differentiated inside a differentiated function: the tables of docs/scipy.md.

``python -m tests.scipy_functions`` asks each function of SciPy that says that it takes the arrays of PyTorch or JAX, on
each backend, and writes the tables (JAX compiles for minutes). With names (patterns) it prints what these functions
say, and with ``--check`` it compares the page with a run, on JAX with a sample; it is a process of its own, for SciPy
reads ``SCIPY_ARRAY_API`` when it is imported. How each function is called is in `tests.scipy_calls`.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("SCIPY_ARRAY_API", "1")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import scipy

import autodiff_spec as ad
from autodiff_spec.gradient_check.differences import slope, steps
from tests import scipy_calls

PAGE = Path(__file__).resolve().parent.parent / "docs/scipy.md"
BACKENDS = ("numpy", "torch", "tensorflow", "jax")
MODULES = (
    "special", "stats", "fft", "signal", "signal.windows", "ndimage", "integrate", "interpolate", "differentiate",
    "optimize", "optimize.elementwise", "linalg", "spatial.transform", "cluster.hierarchy", "cluster.vq", "constants",
)  # fmt: skip
RIGHT, REFUSED, ERROR, LOST, WRONG = VERDICTS = ("right", "refused", "error", "lost", "wrong")
SAMPLE = 40
"""On JAX every so many functions are compared with the page."""


# --- what SciPy says ----------------------------------------------------------------------------------------------


class Function(NamedTuple):
    """A function or method of SciPy, and the libraries besides NumPy whose arrays it says that it takes."""

    name: str
    call: Any
    libraries: frozenset[str]


def declared() -> list[Function]:
    """Every public function and method that says that it takes arrays of PyTorch or JAX."""
    found: list[Function] = []
    for module in MODULES:
        for name, call in _public(importlib.import_module(f"scipy.{module}")):
            libraries = _libraries(call)
            if libraries and not any(call is other.call for other in found):
                found.append(Function(f"{module}.{name}", call, libraries))
    return found


def _public(module: Any) -> Iterator[tuple[str, Any]]:
    for name in module.__all__:
        thing = getattr(module, name)
        yield name, thing
        if inspect.isclass(thing):
            for method in dir(thing):
                if method not in ("__init__", "__iter__", "__repr__", "__setitem__"):
                    yield f"{name}.{method}", getattr(thing, method)


def _libraries(thing: Any) -> frozenset[str]:
    """SciPy writes a table of them into docstrings, columns for processor and accelerator; there is no public list."""
    text = thing.__doc__ if isinstance(thing.__doc__, str) else ""
    table = text.partition("has experimental support for Python Array API Standard compatible")[2]
    found = re.findall(r"^ *(PyTorch|JAX) +(?:✅|⚠️)", table, re.MULTILINE)
    return frozenset({"PyTorch": "torch", "JAX": "jax"}[name] for name in found)


# --- a function with its arguments, and its derivatives from values -----------------------------------------------


class Program:
    """A call, what it returns by NumPy, and the slopes of that.

    Attributes:
        arguments: the arrays that the function is called with.
        varied: the positions of the floating ones, which are differentiated.
        kept: the positions of the floating arrays among what is returned.
        values: these, by NumPy.
        weights: what each element of them counts in one number, which is differentiated.
        directions: along what, for each argument.
    """

    def __init__(self, function: Function) -> None:
        row = scipy_calls.CALLS.get(function.name)
        row = _default(function) if row is None else row
        self.call, self.arguments = (row[0], row[1:]) if row and callable(row[0]) else (_plainly, row)
        self.function = function.call
        self.varied = [i for i, a in enumerate(self.arguments) if a.dtype.kind == "f"]
        leaves = self.run(*self.arguments) if self.varied else []
        self.kept = [i for i, leaf in enumerate(leaves) if np.asarray(leaf).dtype.kind in "fc"]
        self.values = [np.array(leaves[i]) for i in self.kept]
        draw = np.random.default_rng(3)
        self.weights = [_signs(draw, v.shape) + 1j * _signs(draw, v.shape) for v in self.values]
        self.directions = [_signs(draw, a.shape) * steps(a) / 16 for a in (self.arguments[i] for i in self.varied)]

    def run(self, *arguments: Any) -> list[Any]:
        """The leaves of what the function returns."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return list(_leaves(self.call(self.function, *arguments)))

    def slopes(self) -> list[tuple[float, float]]:
        """The derivative of the weighted sum along each argument's direction, and an estimate of its error."""
        return [self._slope(i, direction) for i, direction in zip(self.varied, self.directions, strict=True)]

    def _slope(self, position: int, direction: Any) -> tuple[float, float]:
        start = self.arguments[position]

        def total(x: Any) -> Any:
            moved = [x.reshape(start.shape) if i == position else a for i, a in enumerate(self.arguments)]
            leaves = self.run(*moved)
            return np.atleast_1d(
                sum(np.sum((w.conj() * leaves[i]).real) for w, i in zip(self.weights, self.kept, strict=True))
            )

        value, error = slope(total, start.ravel(), direction.ravel(), 2.0**-52)
        return float(value[0]), float(error[0])


def _clear(slopes: list[tuple[float, float]]) -> bool:
    """Whether differences say something: no value is in doubt, or all are exactly 0."""
    largest = max((abs(value) for value, _ in slopes), default=0.0)
    return largest == 0.0 or all(error <= 1e-5 * largest for _, error in slopes)


def _default(function: Function) -> tuple[Any, ...]:
    inner = inspect.unwrap(function.call)
    if isinstance(inner, np.ufunc):
        return (scipy_calls.U, scipy_calls.V, scipy_calls.T)[: inner.nin]
    parameters = inspect.signature(function.call).parameters.values()
    count = sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    return (scipy_calls.X, scipy_calls.Y, scipy_calls.Z)[:count]


def _plainly(f: Any, *arguments: Any) -> Any:
    return f(*arguments)


def _signs(draw: Any, shape: tuple[int, ...]) -> Any:
    return draw.choice([-1.0, 1.0], shape) * draw.uniform(0.5, 1.0, shape)


def _leaves(result: Any) -> Iterator[Any]:
    if isinstance(result, (tuple, list)):
        for part in result:
            yield from _leaves(part)
    elif hasattr(result, "statistic") and hasattr(result, "pvalue"):
        yield from (result.statistic, result.pvalue)
    elif isinstance(result, float) or hasattr(result, "dtype"):
        yield result


# --- the verdict --------------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """What a backend makes of a program, and of which argument or by which error."""

    verdict: str
    why: str = ""


def judged(program: Program, slopes: list[tuple[float, float]], be: ad.Backend) -> Found:
    """What a backend makes of a program whose results are used further."""
    try:
        values, gradients = _derivatives(program, be)
    except ad.AutodiffError as error:
        return Found(REFUSED, _said(error))
    except Exception as error:
        return Found(ERROR, _said(error))
    for value, exact in zip(values, program.values, strict=True):
        if value.shape != exact.shape or not np.allclose(value, exact, rtol=1e-6, atol=1e-9, equal_nan=True):
            return Found(WRONG, "the value is not NumPy's")
    lost, wrong = [], []
    for k, (gradient, (exact, error)) in enumerate(zip(gradients, slopes, strict=True)):
        found = float(np.sum(gradient * program.directions[k]))
        if abs(found - exact) <= error + 1e-7 * abs(exact):
            continue
        place = str(program.varied[k] + 1)
        (wrong if gradient.any() else lost).append(place + (" is NaN" if np.isnan(found) else ""))
    if wrong:
        return Found(WRONG, "by argument " + ", ".join(wrong + lost))
    return Found(LOST, "by argument " + ", ".join(lost)) if lost else Found(RIGHT)


def _derivatives(program: Program, be: ad.Backend) -> tuple[list[Any], list[Any]]:
    """The values on a backend, and the gradient of the weighted sum by each argument."""
    arrays = [be.asarray(a) for a in program.arguments]

    def parts(*varied: Any) -> list[Any]:
        arguments = list(arrays)
        for i, array in zip(program.varied, varied, strict=True):
            arguments[i] = array
        leaves = program.run(*arguments)
        # As in a longer function: whatever is no array of the backend's becomes one, and goes on as a constant.
        own = [leaves[i] if be.is_array(leaves[i]) else be.asarray(leaves[i]) for i in program.kept]
        return [part for y in own for part in _parts(be, y)]

    outputs, pullback = be.vjp(parts, *[arrays[i] for i in program.varied])
    gradients = pullback([be.asarray(w) for w in _parts_of_weights(program)])
    numbers = iter([be.to_numpy(y) for y in outputs])
    values = [next(numbers) + 1j * next(numbers) if v.dtype.kind == "c" else next(numbers) for v in program.values]
    return values, [be.to_numpy(g) for g in gradients]


def _parts(be: ad.Backend, y: Any) -> list[Any]:
    return [be.xp.real(y), be.xp.imag(y)] if be.kind(y.dtype) == "complex" else [y]


def _parts_of_weights(program: Program) -> Iterator[Any]:
    for weight, value in zip(program.weights, program.values, strict=True):
        yield weight.real
        if value.dtype.kind == "c":
            yield weight.imag


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


# --- the tables ---------------------------------------------------------------------------------------------------


class Answers(NamedTuple):
    """What became of each function.

    Attributes:
        found: by function and backend.
        without: those that take or give no floating array.
        flat: those of `found` that are constant between jumps: their derivative is 0.
        untried: those whose row, or default, NumPy does not take, or of which differences say too little.
    """

    found: dict[Function, dict[str, Found]]
    without: list[Function]
    flat: list[Function]
    untried: list[Function]


def asked(functions: list[Function], backends: dict[str, list[Function]]) -> Answers:
    """Ask functions, on each backend those that are listed with it."""
    answers = Answers({}, [], [], [])
    engines = {name: ad.backend(name, conventions="native") for name in backends}
    for function in functions:
        try:
            program = Program(function)
            slopes = program.slopes() if program.kept else []
        except Exception:  # NumPy does not take the arguments
            slopes = [(np.nan, np.nan)]
        if not _clear(slopes):
            answers.untried.append(function)
            continue
        if not slopes:
            answers.without.append(function)
            continue
        if not any(value for value, _ in slopes):
            answers.flat.append(function)
        asking = [name for name, listed in backends.items() if function in listed]
        answers.found[function] = {name: judged(program, slopes, engines[name]) for name in asking}
    return answers


def cells(answers: Answers) -> dict[tuple[str, str], str]:
    """By function and backend what the table says."""
    return {(f.name, name): _cell(f, name, one.verdict) for f, by in answers.found.items() for name, one in by.items()}


def summary(said: dict[tuple[str, str], str]) -> str:
    """How many functions there are of each verdict."""
    rows = [f"| | {' | '.join(VERDICTS)} |", "|---" * (len(VERDICTS) + 1) + "|"]
    for name in BACKENDS:
        counts = Counter(cell.strip("()") for (_, backend), cell in said.items() if backend == name)
        rows.append(f"| {name} | {' | '.join(str(counts[verdict]) for verdict in VERDICTS)} |")
    return "\n".join(rows)


def table(answers: Answers) -> str:
    """A row for all functions of a module that fare alike."""
    rows = [f"| functions | {' | '.join(BACKENDS)} |", "|---" * (len(BACKENDS) + 1) + "|"]
    alike: dict[tuple[str, ...], list[str]] = {}
    for function, found in answers.found.items():
        module, name = _module(function.name)
        said = tuple(_cell(function, backend, found[backend].verdict) for backend in BACKENDS)
        alike.setdefault((module, *said), []).append(name)
    ordered = sorted(alike.items(), key=lambda item: MODULES.index(item[0][0]))
    rows += [f"| `{key[0]}`: {', '.join(names)} | {' | '.join(key[1:])} |" for key, names in ordered]
    return "\n".join(rows)


def _module(name: str) -> tuple[str, str]:
    module = max((m for m in MODULES if name.startswith(f"{m}.")), key=len)
    return module, name[len(module) + 1 :].replace("__", r"\_\_")


def _cell(function: Function, backend: str, verdict: str) -> str:
    claimed = backend in function.libraries or backend in ("numpy", "tensorflow")
    return verdict if claimed else f"({verdict})"


def silent(answers: Answers) -> str:
    """What is lost or wrong, but on TensorFlow, where nearly everything is."""
    alike: dict[tuple[str, str], list[str]] = {}
    for function, found in answers.found.items():
        for said in dict.fromkeys(found.values()):
            backends = [name for name in BACKENDS if name != "tensorflow" and found[name] == said]
            if backends and said.verdict in (LOST, WRONG):
                alike.setdefault((", ".join(backends), f"{said.verdict}: {said.why}"), []).append(f"`{function.name}`")
    rows = ["| functions | backends | |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| {', '.join(names)} | {' | '.join(key)} |" for key, names in alike.items())])


def reasons(answers: Answers) -> str:
    """The errors that more than two functions end with, as they begin."""
    rows = ["| backend | error | functions |", "|---|---|---|"]
    for backend in BACKENDS:
        ends = [by[backend].why for by in answers.found.values() if by[backend].verdict in (REFUSED, ERROR)]
        kinds = Counter(re.split(r"[;{<(]|\. ", why)[0].strip()[:75] for why in ends)
        rows += [f"| {backend} | {kind} | {count} |" for kind, count in kinds.most_common() if count > 2]
    return "\n".join(rows)


def others(answers: Answers) -> str:
    """Those that the table leaves out, and those that are constant between jumps."""

    def listed(functions: list[Function]) -> str:
        return f"{len(functions)}: {', '.join(f'`{f.name}`' for f in functions)}" if functions else "none"

    return "\n".join([
        f"- Constant between jumps, such as ranks, so that zeros are right: {listed(answers.flat)}.",
        f"- Without floating arrays to take or to give: {listed(answers.without)}.",
        f"- Not tried: {listed(answers.untried)}.",
    ])


def versions(answers: Answers) -> str:
    """What was asked."""
    installed = [f"{name} {ad.backend(name).version.partition('+')[0]}" for name in BACKENDS]
    return f"{len(answers.found)} functions of SciPy {scipy.__version__}, on {', '.join(installed)}."


PARTS = {"versions": versions, "summary": lambda answers: summary(cells(answers)), "reasons": reasons, "silent": silent,
         "table": table, "others": others}  # fmt: skip


def written(text: str, answers: Answers) -> str:
    """The page with what is generated."""
    for name, part in PARTS.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text = re.sub(pattern, lambda mark, part=part: f"{mark[1]}{part(answers)}\n{mark[2]}", text, flags=re.DOTALL)
    return text


def read(text: str) -> dict[tuple[str, str], str]:
    """The verdicts on the page by function and backend, with their parentheses."""
    found = {}
    for module, names, said in re.findall(r"^\| `([\w.]+)`: (.*?) \| (.*) \|$", text, re.MULTILINE):
        for name in names.replace("\\", "").split(", "):
            found.update({(f"{module}.{name}", b): cell for b, cell in zip(BACKENDS, said.split(" | "), strict=True)})
    return found


def unlike(text: str, functions: list[Function]) -> list[str]:
    """Where the page is not what a run finds; on JAX every `SAMPLE`-th function is asked."""
    backends = dict.fromkeys(BACKENDS, functions) | {"jax": functions[::SAMPLE]}
    answers, page = asked(functions, backends), read(text)
    found = cells(answers)
    said = {key: cell for key, cell in page.items() if key[1] != "jax" or key in found}
    wrong = [f"{key}: {said.get(key)} on the page, {found.get(key)} in the run"
             for key in sorted(found.keys() | said.keys()) if said.get(key) != found.get(key)]
    return wrong + [f"not on the page: {part}" for part in (summary(page), others(answers)) if part not in text]


def main(arguments: list[str]) -> None:
    """What the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*", help="regular expressions of names, such as special.bet.*")
    parser.add_argument("--backends", default=",".join(BACKENDS))
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(arguments)
    functions, text = declared(), PAGE.read_text("utf-8")
    if given.check:
        raise SystemExit("\n".join(unlike(text, functions)) or None)
    if not given.patterns:
        PAGE.write_text(written(text, asked(functions, dict.fromkeys(BACKENDS, functions))), "utf-8")
        return
    chosen = [f for f in functions if any(re.fullmatch(pattern, f.name) for pattern in given.patterns)]
    for function, found in asked(chosen, dict.fromkeys(given.backends.split(","), chosen)).found.items():
        for name, one in found.items():
            print(f"{function.name} {name}: {one.verdict}", one.why)


if __name__ == "__main__":
    main(sys.argv[1:])
