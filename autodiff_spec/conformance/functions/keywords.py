"""Every keyword of every function in several values: which of them, on which shapes; pairs of values are combined.

A keyword is a parameter with a default. `tests/test_keywords.py` reads the signatures of the standard and refuses a
table that leaves one out.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from autodiff_spec.conformance._thinning import covering
from autodiff_spec.conformance.functions._make import ANY, COMPLEX, DISTINCT, MASK, NONZERO, ODD, POSITIVE, SQUARE
from autodiff_spec.conformance.functions._model import Arg, Shape, Variant
from autodiff_spec.conformance.functions._pairs import Case, pairwise
from autodiff_spec.conformance.functions.linalg import orthogonal_terms, singular_triples, symmetric

LEFT_OUT = "left out"
"""The value of a keyword that is not passed."""
LAYOUTS = (("reversed", "of stride 0"), ("by columns", "of one number"))
"""How arguments lie, and cotangents."""
MODES = ("pullback", "pushforward", "second")
DTYPES = ("float64", "float32")

LINEAR = frozenset(
    (
        *("sum", "mean", "cumulative_sum", "diff", "flip", "roll", "repeat", "unstack", "stack", "concat"),
        *("expand_dims", "squeeze", "permute_dims", "moveaxis", "tile", "broadcast_to", "reshape", "asarray", "astype"),
        "meshgrid",
        *("tril", "triu", "take", "take_along_axis", "linalg.diagonal", "linalg.trace", "pad", "add", "subtract"),
        *("max", "min", "sort", "median", "topk", "where", "clip", "maximum", "minimum", "copysign", "remainder"),
        *(f"fft.{name}" for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fftn", "ifftn", "rfftn")),
        *("fft.irfftn", "fft.fftshift", "fft.ifftshift"),
    )
)
"""Functions that are linear around every point off their kinks: their second derivatives are 0."""

Shapes = tuple[tuple[Shape, ...], ...]
LONG: Shapes = (((7,),), ((2, 11),), ((2, 3, 3),), ((2, 1, 2, 3),))
ONE_AXIS = (LEFT_OUT, 0, 1, -1, -2)
AXES = (LEFT_OUT, None, 0, 1, -2, (1,), (0, -1), (2, 0))
FLAG = (LEFT_OUT, False, True)
WIDER = (LEFT_OUT, "float64")
INDICES = (Arg(high=2, kind="index"), Arg(high=2, kind="index", dtype="int32"))


@dataclass(frozen=True)
class Table:
    """The values of a function's arguments and keywords that are combined.

    Attributes:
        name: the function's.
        args: what each argument may be.
        shapes: for all arguments together.
        keywords: the values of each keyword; a dtype is given by its name.
        fits: whether keywords make sense for shapes; axes that do not exist are left out anyway.
        program: ``program(xp, *args, **keywords)``; the function itself by default.
        extra: the program takes the namespace of functions beyond the standard.
        cancels: as of variants.
    """

    name: str
    args: tuple[Arg, ...]
    shapes: Shapes
    keywords: Mapping[str, tuple[Any, ...]]
    fits: Callable[[tuple[Shape, ...], Case], bool] = lambda shapes, keywords: True
    program: Callable[..., Any] | None = None
    extra: bool = False
    cancels: bool = False

    def calls(self) -> list[Call]:
        """The calls that are combined, in every mode and order."""
        dimensions = {
            "shapes": self.shapes,
            **{f"={name}": values for name, values in self.keywords.items()},
            "dtype": DTYPES,
            "layout": LAYOUTS,
            "mode": MODES,
        }

        def allowed(case: Case) -> bool:
            if case["mode"] == "second" and not self._is_cheap(case["shapes"]):
                return False
            keywords = _passed(case)
            return _axes_exist(case["shapes"], keywords) and self.fits(case["shapes"], keywords)

        cases = pairwise(dimensions, allowed, self.name)
        first = covering(cases, lambda case: {(k, repr(value)) for k, value in case.items() if k != "layout"})
        return [self._call(case, spare=case not in first) for case in cases]

    def _is_cheap(self, shapes: tuple[Shape, ...]) -> bool:
        """Whether the oracle finds second derivatives soon: four evaluations a number, of linear functions none."""
        sizes = [sum(map(math.prod, each)) for each in (shapes, *self.shapes)]
        return self.name in LINEAR or sizes[0] <= max(9, min(sizes))

    def _call(self, case: Case, spare: bool) -> Call:
        passed = _passed(case)
        shapes = " ".join(str(shape).replace(" ", "") for shape in case["shapes"])
        name = " ".join([self.name, shapes, *(f"{key}={_written(value)}" for key, value in passed.items())])
        program = self.program or (lambda xp, *args, **more: operator.attrgetter(self.name)(xp)(*args, **more))

        def run(xp: Any, *args: Any) -> Any:
            found = program(xp, *args, **{key: _of(xp, key, value) for key, value in passed.items()})
            return tuple(found) if isinstance(found, list) else found

        variant = Variant(name, run, self.args, (case["shapes"],), extra=self.extra, cancels=self.cancels)
        variant = replace(variant, linear=self.name in LINEAR)
        layout, seeds = case["layout"]
        return Call(self.name, variant, case["dtype"], layout, seeds, case["mode"], spare)


@dataclass(frozen=True)
class Call:
    """One call of a function: with which keywords, on what, and which derivative.

    It is `spare` where others of its table have all its values too.
    """

    function: str
    variant: Variant
    dtype: str
    layout: str
    seeds: str
    mode: str
    spare: bool

    @property
    def name(self) -> str:
        """Its name in a list of cases."""
        return f"{self.variant.name}-{self.mode} {self.dtype} {self.layout}"


def _passed(case: Case) -> Case:
    return {key[1:]: value for key, value in case.items() if key.startswith("=") and not _is_left_out(value)}


def _is_left_out(value: Any) -> bool:
    return isinstance(value, str) and value == LEFT_OUT


def _of(xp: Any, key: str, value: Any) -> Any:
    """A value as the namespace has it: dtypes are its own."""
    return getattr(xp, value) if key == "dtype" else value


def _written(value: Any) -> str:
    return str(value).replace(" ", "")


def _axes_exist(shapes: tuple[Shape, ...], keywords: Case) -> bool:
    for key in ("axis", "axes"):
        axes = keywords.get(key)
        axes = (axes,) if isinstance(axes, int) else axes or ()
        if all(isinstance(axis, int) for axis in axes):
            there = [axis % len(shapes[0]) for axis in axes if -len(shapes[0]) <= axis < len(shapes[0])]
            if len(set(there)) < len(axes):
                return False
    return True


def _along_one(shapes: tuple[Shape, ...], keywords: Case) -> bool:
    """Only of one axis may a running function be told nothing."""
    return len(shapes[0]) == 1 or keywords.get("axis") is not None


def of(name: str, arg: Arg, shapes: Shapes = LONG, **keywords: Any) -> Table:
    """The table of a function of one array."""
    return Table(name, (arg,), shapes, keywords)


def _bordered(xp: Any, x: Any, before: bool = False, after: bool = False, **keywords: Any) -> Any:
    """``diff`` between elements of the array itself."""
    axis = keywords.get("axis", -1)
    edge = xp.take(x, xp.asarray([0]), axis=axis) * 2.0
    more = {"prepend": edge} if before else {}
    return xp.diff(x, **keywords, **(more | ({"append": edge} if after else {})))


def _largest(extra: Any, x: Any, **keywords: Any) -> Any:
    found = extra.topk(x, 2, **keywords)
    return found[0] if isinstance(found, tuple) else found


def _chosen(xp: Any, x: Any, low: Any, high: Any, min: str = "", max: str = "") -> Any:
    bounds = {"array": low, "number": -1.0}, {"array": high, "number": 1.0}
    return xp.clip(x, **{k: b[how] for k, b, how in zip(("min", "max"), bounds, (min, max), strict=True) if how})


def _contracts(shapes: tuple[Shape, ...], keywords: Case) -> bool:
    """Whether the axes that ``tensordot`` is told have equal lengths."""
    axes = keywords.get("axes", 2)
    first, second = (range(-axes, 0), range(axes)) if isinstance(axes, int) else axes
    return all(shapes[0][i] == shapes[1][j] for i, j in zip(first, second, strict=True))


def _several(shapes: tuple[Shape, ...], keywords: Case) -> bool:
    """Whether two elements at least are reduced to one: the deviation of one is 0, and cannot be corrected."""
    axis = keywords.get("axis")
    axes = range(len(shapes[0])) if axis is None else (axis,) if isinstance(axis, int) else axis
    return math.prod(shapes[0][each] for each in axes) > 1


def _two_there(shapes: tuple[Shape, ...], keywords: Case) -> bool:
    return shapes[0][keywords.get("axis", -1)] > 1


_OF_TWO = (
    *((name, (ANY, ANY)) for name in ("add", "subtract", "multiply", "logaddexp")),
    *((name, (NONZERO, NONZERO)) for name in ("divide", "atan2", "hypot")),
    *((name, (ODD, Arg(grid="even", hole=0.5))) for name in ("maximum", "minimum", "copysign", "remainder")),
    ("pow", (POSITIVE, NONZERO)),
)
TWO_AXES_ADDED: Shapes = (
    *(((2, 3), (1,)), ((2, 3, 3), (3,)), ((3,), (2, 2, 1)), ((2, 1, 3), (3, 1))),
)
THREE_OPERANDS: Shapes = (
    *(((2, 3), (1,), (2, 1, 1)), ((3,), (2, 2, 1), ()), ((2, 1, 3), (3, 1), (3,)), ((7,), (1, 7), (2, 1))),
)
STACKS: Shapes = (
    *(((3,), (2, 3, 2)), ((2, 2, 3), (3,)), ((2, 1, 2, 3), (2, 3, 2)), ((7,), (7, 2)), ((2, 3), (2, 3, 7))),
    *(((1, 2, 3), (2, 3, 2)), ((5, 7), (7, 3))),
)


def _fft(name: str, arg: Arg) -> Table:
    keywords = {"n": (LEFT_OUT, 2, 5), "axis": (LEFT_OUT, 0, 1, -2), "norm": (LEFT_OUT, "backward", "ortho", "forward")}
    return of(f"fft.{name}", arg, (((5,),), ((2, 3),), ((2, 2, 2),)), **keywords)


def _fftn(name: str, arg: Arg) -> Table:
    keywords = {
        "s": (LEFT_OUT, (3, 2), (2, 4)),
        "axes": (LEFT_OUT, (0, 1), (-1, 0), (1, -1)),
        "norm": (LEFT_OUT, "backward", "ortho", "forward"),
    }
    return Table(
        f"fft.{name}",
        (arg,),
        (((2, 3),), ((2, 2, 2),)),
        keywords,
        lambda shapes, k: "s" not in k or "axes" in k,  # without axes the standard asks for a length for each
    )


TABLES: tuple[Table, ...] = (
    *(of(name, ANY, axis=AXES, keepdims=FLAG, dtype=WIDER) for name in ("sum", "prod")),
    of("mean", ANY, axis=AXES, keepdims=FLAG),
    *(of(name, DISTINCT, axis=AXES, keepdims=FLAG) for name in ("max", "min")),
    *(
        Table(name, (DISTINCT,), LONG, {"axis": AXES, "keepdims": FLAG, "correction": (LEFT_OUT, 0.0, 0.5)}, _several)
        for name in ("var", "std")
    ),
    of("linalg.vector_norm", DISTINCT, axis=AXES, keepdims=FLAG, ord=(LEFT_OUT, 1, 2, 3, math.inf, -math.inf)),
    of("linalg.matrix_norm", DISTINCT, (((2, 3),), ((2, 3, 2),)), keepdims=FLAG, ord=(LEFT_OUT, "fro", 1, -math.inf)),
    Table(
        "cumulative_sum",
        (ANY,),
        LONG,
        {"axis": (*ONE_AXIS, None), "dtype": WIDER, "include_initial": FLAG},
        _along_one,
    ),
    Table(
        "cumulative_prod",
        (NONZERO,),
        (((7,),), ((2, 4),), ((2, 2, 2),)),
        {"axis": (*ONE_AXIS, None), "dtype": WIDER, "include_initial": FLAG},
        _along_one,
    ),
    Table(
        "diff",
        (ANY,),
        (((7,),), ((5, 4),), ((4, 3, 4),)),
        {"axis": ONE_AXIS, "n": (LEFT_OUT, 1, 2, 3), "before": FLAG, "after": FLAG},
        program=_bordered,
    ),
    of("sort", DISTINCT, axis=ONE_AXIS, descending=FLAG, stable=FLAG),
    of("flip", ANY, axis=AXES),
    Table(
        "roll",
        (ANY,),
        LONG,
        {"shift": (1, -2, (1, -2), (2, 3)), "axis": (LEFT_OUT, None, 0, 1, -1, (0, 1), (-1, 0))},
        lambda shapes, k: isinstance(k["shift"], tuple) == isinstance(k.get("axis"), tuple),
    ),
    Table(
        "repeat",
        (ANY,),
        (((3,),), ((2, 3),), ((2, 3, 3),)),
        {"repeats": (2, (1, 0, 2)), "axis": (LEFT_OUT, None, 0, 1, -1)},
        lambda shapes, k: k["repeats"] == 2 or len(shapes[0]) == 1 or k.get("axis") == -1,
        lambda xp, x, repeats, **k: xp.repeat(x, repeats if repeats == 2 else xp.asarray(list(repeats)), **k),
    ),
    of("unstack", ANY, axis=ONE_AXIS),
    Table(
        "stack",
        (ANY, ANY, ANY),
        (((7,),) * 3, ((2, 3),) * 3, ((2, 2, 3),) * 3),
        {"axis": (LEFT_OUT, 0, 1, -1, -2)},
        program=lambda xp, *x, **k: xp.stack(x, **k),
    ),
    Table(
        "concat",
        (ANY, ANY, ANY),
        (((7,), (2,), (3,)), ((2, 3), (2, 3), (2, 3)), ((2, 2, 3), (2, 2, 3), (2, 2, 3))),
        {"axis": (LEFT_OUT, None, 0, 1, -1, -2)},
        program=lambda xp, *x, **k: xp.concat(list(x), **k),
    ),
    of("expand_dims", ANY, axis=(0, 1, -1, -2)),
    Table(
        "squeeze",
        (ANY,),
        (((1, 7, 1),), ((2, 1, 1, 3),)),
        {"axis": (0, 1, 2, -1, -2, (0, 2), (1, 2), (-2, 1))},
        lambda shapes, k: all(
            shapes[0][axis] == 1 for axis in (k["axis"] if isinstance(k["axis"], tuple) else (k["axis"],))
        ),
    ),
    of("permute_dims", ANY, (((2, 3, 4),),), axes=((0, 2, 1), (1, 0, 2), (2, 0, 1), (1, 2, 0), (-1, 0, 1), (0, -2, 2))),
    Table(
        "moveaxis",
        (ANY,),
        (((2, 3, 4),), ((2, 1, 3, 2),)),
        {"source": (0, 1, -1, (0, 1), (2, 0)), "destination": (0, 1, -1, -2, (1, 2), (-1, 0))},
        lambda shapes, k: isinstance(k["source"], tuple) == isinstance(k["destination"], tuple),
        lambda xp, x, source, destination: xp.moveaxis(x, source, destination),
    ),
    Table(
        "tile",
        (ANY,),
        (((3,),), ((2, 3),), ((2, 1, 3),)),
        {"repetitions": ((2,), (1, 3), (2, 1, 2), (3, 1, 1, 2))},
        program=lambda xp, x, repetitions: xp.tile(x, repetitions),
    ),
    of("broadcast_to", ANY, (((3,),), ((),), ((2, 1, 1),), ((2, 1, 3),)), shape=((2, 7, 3), (2, 2, 7, 3))),
    of("reshape", ANY, (((24,),), ((4, 1, 3, 2),)), shape=((6, 4), (-1,), (2, -1, 2)), copy=(LEFT_OUT, True)),
    of("asarray", ANY, (((2, 11),),), copy=(LEFT_OUT, True), dtype=WIDER),
    Table(
        "astype",
        (ANY,),
        (((2, 11),),),
        {"dtype": ("float64", "float32"), "copy": FLAG},
        program=lambda xp, x, dtype, **k: xp.astype(x, dtype, **k),
    ),
    Table(
        "clip",
        (ODD, Arg(-2.0, -0.5, "even"), Arg(0.5, 2.0, "even")),
        (((2, 3), (3,), (2, 1)), ((7,), (), (1,)), ((2, 3, 3), (3, 1), (3,))),
        {"min": (LEFT_OUT, "number", "array"), "max": (LEFT_OUT, "number", "array")},
        lambda shapes, k: bool(k),
        _chosen,
    ),
    Table(
        "meshgrid",
        (ANY, ANY, ANY),
        (((2,), (3,), (2,)),),
        {"indexing": (LEFT_OUT, "xy", "ij")},
        program=lambda xp, *x, **k: tuple(xp.meshgrid(*x, **k)),
    ),
    *(of(name, ANY, (((4, 7),), ((3, 3),), ((2, 3, 4),)), k=(LEFT_OUT, 0, 1, -1, 2, -2)) for name in ("tril", "triu")),
    *(
        Table("take", (ANY, each), (((2, 11), (5,)), ((2, 3, 2), (4,)), ((2,), (3,))), {"axis": ONE_AXIS}, _along_one)
        for each in INDICES
    ),
    Table(
        "take_along_axis",
        (ANY, INDICES[0]),
        (((7,), (4,)), ((2, 3), (2, 3)), ((2, 2, 3), (2, 2, 3))),
        {"axis": ONE_AXIS},
    ),
    *(
        Table(
            name,
            (ANY, ANY),
            (((7,), (7,)), ((2, 3), (2, 3)), ((2, 3, 2), (2, 3, 2)), ((2, 2, 3), (1, 2, 3))),
            {"axis": (LEFT_OUT, -1, -2)},
            lambda shapes, k: len(shapes[1]) >= -k.get("axis", -1),
        )
        for name in ("vecdot", "linalg.vecdot")
    ),
    *(
        Table(
            name,
            (ANY, ANY),
            (((2, 3, 2), (3, 2, 2)), ((2, 2, 3), (2, 3, 2))),
            {"axes": (LEFT_OUT, 0, 1, 2, ((1,), (0,)), ((-1, 1), (-1, 0)), ((0, 2), (2, 1)))},
            _contracts,
        )
        for name in ("tensordot", "linalg.tensordot")
    ),
    Table(
        "linalg.cross",
        (ANY, ANY),
        (((3,), (3,)), ((2, 3), (2, 3)), ((3, 2), (3, 2)), ((2, 3, 3), (2, 1, 3)), ((3, 3, 3), (1, 3, 3))),
        {"axis": (LEFT_OUT, -1, -2, -3)},
        lambda shapes, k: all(
            len(shape) >= -k.get("axis", -1) and shape[k.get("axis", -1)] == 3 for shape in shapes
        ),
    ),
    of("linalg.diagonal", ANY, (((4, 7),), ((2, 3, 3),)), offset=(LEFT_OUT, 0, 1, -1, 2)),
    of("linalg.trace", ANY, (((4, 7),), ((2, 3, 3),)), offset=(LEFT_OUT, 0, 1, -1, 2), dtype=WIDER),
    _fft("fft", COMPLEX),
    _fft("ifft", COMPLEX),
    _fft("rfft", ANY),
    _fft("irfft", COMPLEX),
    _fft("hfft", COMPLEX),
    _fft("ihfft", ANY),
    _fftn("fftn", COMPLEX),
    _fftn("ifftn", COMPLEX),
    _fftn("rfftn", ANY),
    _fftn("irfftn", COMPLEX),
    *(of(f"fft.{name}", ANY, axes=(LEFT_OUT, 0, -1, (0, 1), (-1, 0))) for name in ("fftshift", "ifftshift")),
    # --- matrices ---
    Table(
        "linalg.cholesky",
        (SQUARE,),
        (((3, 3),), ((2, 2, 2),), ((1, 1),)),
        {"upper": FLAG},
        program=lambda xp, x, **k: xp.linalg.cholesky(symmetric(xp, x), **k),
    ),
    Table(
        "linalg.qr",
        (SQUARE,),
        (((3, 3),), ((2, 3),), ((2, 2, 2),)),
        {"mode": (LEFT_OUT, "reduced", "complete")},
        program=orthogonal_terms,
    ),
    Table(
        "linalg.svd",
        (SQUARE,),
        (((3, 2),), ((2, 3),), ((2, 2, 2),)),
        {"full_matrices": FLAG},
        program=singular_triples,
    ),
    of("linalg.pinv", SQUARE, (((3, 2),), ((2, 3),), ((2, 2, 2),)), rtol=(LEFT_OUT, None, 1e-3)),
    # --- what broadcasts ---
    *(Table(name, args, TWO_AXES_ADDED, {}, cancels=name == "divide") for name, args in _OF_TWO),
    Table("where", (MASK, ANY, ANY), THREE_OPERANDS, {}),
    *(Table(name, (ANY, ANY), STACKS, {}) for name in ("matmul", "linalg.matmul")),
    # --- beyond the standard ---
    Table("gelu", (ANY,), (((7,),),), {"approximate": FLAG}, extra=True),
    *(Table(name, (ANY,), LONG, {"axis": ONE_AXIS}, extra=True) for name in ("softmax", "log_softmax")),
    Table("logsumexp", (ANY,), LONG, {"axis": AXES, "keepdims": FLAG}, extra=True),
    Table("median", (DISTINCT,), LONG, {"axis": (*ONE_AXIS, None), "keepdims": FLAG}, extra=True),
    Table(
        "topk", (DISTINCT,), (((7,),), ((3, 4),), ((2, 3, 3),)), {"axis": ONE_AXIS}, _two_there, _largest, extra=True
    ),
    Table(
        "pad",
        (ANY,),
        (((7,),), ((2, 3),)),
        {
            "widths": (1, (2, 0), (0, 3)),
            "mode": (LEFT_OUT, "constant", "edge", "reflect", "wrap"),
            "constant_values": (LEFT_OUT, 2.5, -1),
        },
        lambda shapes, k: "constant_values" not in k or k.get("mode", "constant") == "constant",
        lambda extra, x, widths, **k: extra.pad(x, widths, **k),
        extra=True,
    ),
    Table(
        "convolve", (ANY, ANY), (((7,), (3,)), ((2,), (5,))), {"mode": (LEFT_OUT, "full", "same", "valid")}, extra=True
    ),
    Table(
        "solve_triangular",
        (SQUARE, ANY),
        (((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 2, 2), (2, 1))),
        {"trans": (LEFT_OUT, 0, 1, 2, "N", "T", "C"), "lower": FLAG, "unit_diagonal": FLAG},
        extra=True,
    ),
)
