"""What has to be drawn for each function, by its row in the table and its signature in the standard."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from fnmatch import fnmatch

from autodiff_spec.conformance.coverage.signatures import AXES, keywords_of, signature
from autodiff_spec.conformance.functions import FUNCTIONS, Function
from autodiff_spec.conformance.functions.elementwise import ELEMENTWISE

Needs = dict[str, list[str]]

LAYOUTS = ["C order", "Fortran order", "gaps", "reversed", "broadcast"]
MAGNITUDES = ["tiny", "small", "ordinary", "large", "huge", "off float32's grid"]
SCALED = (
    *("sum", "mean", "prod", "var", "std", "linalg.vector_norm", "linalg.matrix_norm", "cumulative_prod", "softmax"),
    *("log_softmax", "logsumexp", "linalg.det", "relu", "sigmoid", "softplus", "silu", "gelu", "erf", "sinc", "xlogy"),
)
"""Functions beside the elementwise ones whose numbers are asked for at every scale."""


def needs_of(function: Function) -> Needs:
    """For each dimension of a function's input, the values that have to be drawn."""
    sources = [
        (arg, shape)
        for variant in function.variants
        for shapes in variant.shapes
        for arg, shape in zip(variant.args, shapes, strict=True)
        if arg.differentiable
    ]
    real = any(variant.real for variant in function.variants)
    needs: Needs = {"mode": ["pullback", "pushforward", *(["second"] if real else [])], "dtype": []}
    if real:
        needs["dtype"] += ["float64", "float32", *(["float16"] if function.half else [])]
    if any(arg.kind == "complex" for arg, _ in sources):
        needs["dtype"] += ["complex128", "complex64"]
    ranks = {len(shape) for _, shape in sources}
    needs["layout"] = [one for one in LAYOUTS if one != "Fortran order" or max(ranks, default=0) > 1]
    needs["cotangent"] = needs["layout"]
    if function in ELEMENTWISE:
        needs["shape"] = ["0-d", "1-d", "2-d", "3-d", "empty", "more than 16"]
    elif any(name in _parameters(function) for name in AXES):
        needs["shape"] = ["1-d", "2-d", "3-d", "4-d", "more than 16"]
    if (function in ELEMENTWISE and function.ulps) or function.name in SCALED:
        needs["magnitude"] = MAGNITUDES
    return needs | dict(_of_parameters(function))


def _parameters(function: Function) -> dict[str, inspect.Parameter]:
    found = signature(function.name)
    return {} if found is None else dict(found.parameters)


def _of_parameters(function: Function) -> Iterator[tuple[str, list[str]]]:
    """Yield the kinds of its axis, and two values at least of each keyword: all of them where they are listed."""
    found = signature(function.name)
    if found is None:
        return
    for name in AXES:
        if name in found.parameters:
            kind = str(found.parameters[name].annotation)
            one = kind == "Any" or kind.split(" |")[0] == "int"
            several = "tuple" in kind or "Sequence" in kind
            yield "axis", [
                *(["all"] if "None" in kind else []),
                *(["first", "middle", "last", "negative"] if one else []),
                *(["several", "several, falling"] if several else []),
            ]
    for parameter in keywords_of(found):
        kind = str(parameter.annotation)
        if kind.startswith("Literal"):
            yield f"{parameter.name}=", [repr(word) for word in _words(kind)]
        elif kind in ("bool", "Flag"):
            yield f"{parameter.name}=", ["False", "True"]
        else:
            yield f"{parameter.name}=", [repr(parameter.default), f"not {parameter.default!r}"]


def _words(literal: str) -> list[str]:
    return [word.strip(" '\"") for word in literal.removeprefix("Literal[").removesuffix("]").split(",")]


SMALL_RESULTS = ("linalg.trace", "median")
IN_TWO_AXES = "its results have few axes, and of those that have two the pairs leave the layout out"
APART = "elements that share a place are equal: its derivative is not unique there, or the matrix is singular"
ALONE = "each element stands for itself: functions of two arrays are drawn in three axes"
NOT_YET = "not drawn yet: the pairs of values leave it out"
SHIFTED = ("fft.fftshift", "fft.ifftshift")
NEVER_BY_COLUMNS = ("unstack", "squeeze", "linalg.vecdot", "interp")
OUTSIDE = "outside of its domain"
EXCUSED: dict[tuple[str, str, str], str] = {
    **{(name, "cotangent", "Fortran order"): IN_TWO_AXES for name in SMALL_RESULTS},
    **{(name, "layout", "broadcast"): APART for name in ("max", "min", "std", "sort", "median", "topk", "linalg.*")},
    **{(name, "magnitude", value): OUTSIDE for name in ("acos", "asin", "atanh") for value in ("large", "huge")},
    **{("acosh", "magnitude", value): OUTSIDE for value in ("tiny", "small")},
    ("*", "shape", "3-d"): ALONE,
    ("*", "shape", "more than 16"): "nothing depends on the number of elements: each is moved, or stands for itself",
    ("*", "shape", "4-d"): "three axes have a middle one",
    ("*", "shape", "[12]-d"): "more axes are drawn",
    ("where", "shape", "empty"): NOT_YET,
    **{(name, "axis", "middle"): NOT_YET for name in ("tensordot", "linalg.tensordot", *SHIFTED)},
    **{(name, "axis", "negative"): NOT_YET for name in ("tensordot", "linalg.tensordot")},
    **{(name, "axis", "several, falling"): NOT_YET for name in ("tensordot", "linalg.tensordot", "roll", *SHIFTED)},
    **{(name, "cotangent", "Fortran order"): NOT_YET for name in NEVER_BY_COLUMNS},
    **{(name, "layout", "Fortran order"): NOT_YET for name in ("floor_divide", "broadcast_arrays", "xlogy")},
    **{(name, "layout", "Fortran order"): NOT_YET for name in ("at", "interp")},
    ("reshape", "layout", "gaps"): NOT_YET,
}
"""Holes that are known: function, dimension and value, each a pattern, and why nothing is drawn there."""


def excuse(function: str, dimension: str, value: str) -> str | None:
    """Why a hole may be there; None where it may not."""
    for patterns, reason in EXCUSED.items():
        if all(fnmatch(given, pattern) for given, pattern in zip((function, dimension, value), patterns, strict=True)):
            return reason
    return None


NEEDS: dict[str, Needs] = {}
for _function in FUNCTIONS:
    if signature(_function.name) is not None:
        NEEDS[_function.name] = needs_of(_function)
