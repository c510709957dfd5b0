"""The functions beyond the standard that backends offer under ``extra``."""

from __future__ import annotations

from typing import Any

from autodiff_spec.conformance.functions._make import (
    ANY,
    COMPLEX,
    DISTINCT,
    HERMITIAN,
    INSIDE,
    NONZERO,
    ODD,
    ONE,
    POSITIVE,
    SQUARE,
    TWO,
    many,
    of,
    two,
)
from autodiff_spec.conformance.functions._model import (
    DECOMPOSED,
    ELEMENTARY,
    EXACT,
    ROUNDED,
    SENSITIVE,
    SOLVED,
    Arg,
    Function,
    Shape,
    Variant,
    call,
)

INDEX = Arg(high=3, kind="index")
KNOTS = Arg(-2.25, -1.75, "even", rising=2.0)
"""At least 1.5 apart: slopes are at most 4, and a fourth of the second differences that they come from."""
SMALL = Arg(-0.5, 0.5)
"""Of norm 1.5 at most, so that the condition of the exponential, and of what it is a quotient of, is at most e^1.5."""


def of_one(clause: str, name: str, arg: Arg, ulps: float, kinks: str = "", drawn: str = "") -> Function:
    """An elementwise function."""
    return many(clause, name, Variant("", call(name), (arg,), ONE), ulps=ulps, kinks=kinks, extra=True, drawn=drawn)


def largest(extra: Any, x: Any, k: int, axis: int = -1) -> Any:
    """The values of ``topk``, where it returns indices too."""
    found = extra.topk(x, k, axis=axis)
    return found[0] if isinstance(found, tuple) else found


def of_gamma(clause: str, name: str) -> Function:
    """A function with the poles of the gamma function; next to one (1/32 off) its derivatives are dominated by that."""
    below = Variant("of negative numbers", call(name), (Arg(-8.0, 0.0, "odd"),), ONE)
    return many(
        clause,
        name,
        Variant("", call(name), (Arg(0.25, 8.0),), ONE),
        below,
        ulps=SENSITIVE,
        kinks="KINK-73",
        extra=True,
    )


def of_shape(clause: str, name: str) -> Function:
    """An incomplete gamma function of x, for several orders a, which are constants."""
    return many(
        clause,
        name,
        *(
            Variant(
                f"of order {a}",
                lambda extra, x, a=a: getattr(extra, name)(a, x),
                (Arg(0.25, 8.0),),
                ONE[:3],
                by_element=True,
            )
            for a in (0.5, 1.0, 2.5, 8.0)
        ),
        ulps=SENSITIVE,
        kinks="KINK-74",
        extra=True,
    )


def of_padded(mode: str, widths: Any, *shapes: Shape) -> Variant:
    """A variant of ``pad`` in a mode that repeats elements."""
    return Variant(mode, lambda extra, x: extra.pad(x, widths, mode=mode), (ANY,), tuple((shape,) for shape in shapes))


BEYOND: tuple[Function, ...] = (
    of_one("FUN-125", "relu", ODD, EXACT, "KINK-03 KINK-04"),
    of_one("FUN-126", "sigmoid", ANY, ELEMENTARY, "KINK-46", drawn="any"),
    of_one("FUN-127", "softplus", ANY, ELEMENTARY, "KINK-46", drawn="any"),
    of_one("FUN-137", "silu", ANY, ELEMENTARY, drawn="any"),
    many(
        "FUN-138",
        "gelu",
        Variant("", call("gelu"), (ANY,), ONE),
        Variant("approximated by tanh", lambda extra, x: extra.gelu(x, approximate=True), (ANY,), ONE),
        ulps=ELEMENTARY,
        extra=True,
    ),
    of_one("FUN-128", "erf", ANY, ELEMENTARY, drawn="any"),
    # The derivative is ½√π·exp(y²) with y = erfinv(x): a rounding of y becomes 2y² of them, 2.4 at 7/8.
    of_one("FUN-143", "erfinv", INSIDE, SENSITIVE, "KINK-75", drawn="inside"),
    of_gamma("FUN-141", "lgamma"),
    of_gamma("FUN-142", "digamma"),
    of_shape("FUN-144", "gammainc"),
    of_shape("FUN-145", "gammaincc"),
    of_one("FUN-129", "sinc", Arg(hole=0.25), SENSITIVE, "KINK-62"),
    many(
        "FUN-130",
        "xlogy",
        Variant("", call("xlogy"), (NONZERO, POSITIVE), TWO),
        ulps=ELEMENTARY,
        kinks="KINK-67",
        extra=True,
    ),
    many(
        "FUN-131",
        "softmax",
        of("softmax", "", ANY, (2, 3), (1,)),
        of("softmax", "along axis 0", ANY, (2, 3), axis=0),
        ulps=ELEMENTARY,
        kinks="KINK-47",
        extra=True,
    ),
    many(
        "FUN-139",
        "log_softmax",
        of("log_softmax", "", ANY, (2, 3), (1,)),
        of("log_softmax", "along axis 0", ANY, (2, 3), axis=0),
        ulps=ELEMENTARY,
        extra=True,
    ),
    many(
        "FUN-132",
        "logsumexp",
        of("logsumexp", "", ANY, (2, 3)),
        of("logsumexp", "along axis 0 with keepdims", ANY, (2, 3), axis=0, keepdims=True),
        of("logsumexp", "along axis -1", ANY, (2, 3, 3, 2), axis=-1),
        ulps=ELEMENTARY,
        kinks="KINK-47",
        extra=True,
    ),
    many(
        "FUN-133",
        "median",
        of("median", "of all elements", DISTINCT, (3, 1)),
        of("median", "of an even number of elements", DISTINCT, (2, 2), axis=0),
        of("median", "along axis -1 with keepdims", DISTINCT, (2, 3), axis=-1, keepdims=True),
        ulps=EXACT,
        kinks="KINK-61",
        extra=True,
    ),
    many(
        "FUN-134",
        "topk",
        Variant("", lambda extra, x: largest(extra, x, 2), (DISTINCT,), (((2, 3),), ((3,),))),
        Variant("along axis 0", lambda extra, x: largest(extra, x, 1, 0), (DISTINCT,), (((2, 3),),)),
        ulps=EXACT,
        kinks="KINK-61",
        extra=True,
    ),
    many(
        "FUN-135",
        "einsum",
        two("of a product", lambda extra, x, y: extra.einsum("ij,jk->ik", x, y), (2, 3), (3, 2)),
        two("of a stack", lambda extra, x, y: extra.einsum("bij,bj->bi", x, y), (2, 2, 3), (2, 3)),
        two("of stacks", lambda extra, x, y: extra.einsum("bij,bjk->bik", x, y), (2, 3, 2), (2, 2, 3)),
        Variant("of a trace", lambda extra, x: extra.einsum("ii->", x), (ANY,), (((2, 2),),)),
        Variant("of a permutation", lambda extra, x: extra.einsum("ijk->kj", x), (ANY,), (((2, 2, 3),),)),
        ulps=EXACT,
        extra=True,
    ),
    many(
        "FUN-136",
        "at",
        Variant(
            "set",
            lambda extra, x, y: extra.at(x, 1).set(y),
            (ANY, ANY),
            (((3,), ()), ((2, 3), (3,)), ((2, 3, 3), (3, 3))),
        ),
        Variant("add", lambda extra, x, i, y: extra.at(x, i).add(y), (ANY, INDEX, ANY), (((3,), (4,), (4,)),)),
        Variant("multiply", lambda extra, x, y: extra.at(x, slice(0, 2)).multiply(y), (ANY, ANY), (((3,), (2,)),)),
        Variant(
            "min", lambda extra, x, y: extra.at(x, 0).min(y), (ODD, Arg(grid="even")), (((3,), ()), ((2, 3), (3,)))
        ),
        Variant("max", lambda extra, x, y: extra.at(x, -1).max(y), (ODD, Arg(grid="even")), (((3,), ()),)),
        ulps=ROUNDED,
        kinks="KINK-68",
        extra=True,
    ),
    many(
        "FUN-150",
        "pad",
        Variant(
            "with a constant",
            lambda extra, x, c: extra.pad(x, ((1, 0), (2, 1)), constant_values=c),
            (ANY, ANY),
            (((2, 3), ()), ((2, 0), ())),
        ),
        of_padded("edge", (1, 2), (2, 3), (3,)),
        of_padded("reflect", 3, (2, 3), (3,), (1,)),
        of_padded("wrap", (0, 5), (2, 2), (3,)),
        ulps=EXACT,
        extra=True,
    ),
    many(
        "FUN-151",
        "convolve",
        two("full", call("convolve"), (3,), (2,), ((1,), (1,)), ((11,), (7,))),
        two("same", call("convolve", mode="same"), (2,), (3,), ((4,), (2,))),
        two("valid", call("convolve", mode="valid"), (4,), (3,), ((2,), (3,))),
        ulps=EXACT,
        extra=True,
    ),
    many(
        "FUN-152",
        "segment_sum",
        Variant("", call("segment_sum", num_segments=4), (ANY, INDEX), (((3, 2), (3,)), ((5,), (5,)), ((0, 2), (0,)))),
        ulps=EXACT,
        extra=True,
    ),
    many(
        "FUN-153",
        "interp",
        Variant("", call("interp"), (ODD, KNOTS, ANY), (((4,), (3,), (3,)), ((2, 3), (2,), (2,)), ((), (1,), (1,)))),
        ulps=SENSITIVE,
        extra=True,
    ),
    many(
        "FUN-154",
        "solve_triangular",
        two("for a vector", call("solve_triangular"), (3, 3), (3,), args=(SQUARE, ANY)),
        two("lower", call("solve_triangular", lower=True), (2, 2), (2, 3), args=(SQUARE, ANY)),
        two("transposed", call("solve_triangular", trans="T"), (2, 2), (2,), args=(SQUARE, ANY)),
        two(
            "with a diagonal of ones",
            call("solve_triangular", lower=True, unit_diagonal=True),
            (3, 3),
            (3, 1),
            args=(SQUARE, ANY),
        ),
        two("for stacks that broadcast", call("solve_triangular"), (2, 2), (3, 2, 1), args=(SQUARE, ANY)),
        ulps=SOLVED,
        half=False,
        extra=True,
    ),
    many(
        "FUN-155",
        "lstsq",
        two("overdetermined", call("lstsq"), (3, 2), (3,), args=(SQUARE, ANY)),
        two("underdetermined", call("lstsq"), (2, 3), (2, 2), args=(SQUARE, ANY)),
        two("of stacks", call("lstsq"), (2, 3, 2), (3, 1), args=(SQUARE, ANY)),
        ulps=DECOMPOSED,
        half=False,
        extra=True,
    ),
    many(
        "FUN-156",
        "expm",
        Variant("", call("expm"), (SMALL,), (((3, 3),), ((2, 2, 2),), ((1, 1),)), region="expm"),
        Variant("of a small matrix", lambda extra, x: extra.expm(x / 16.0), (SMALL,), (((2, 2),),), region="expm"),
        ulps=SOLVED,
        half=False,
        extra=True,
    ),
    many(
        "FUN-157",
        "complex beyond",
        Variant("pad", lambda extra, x: extra.pad(x, (1, 2), mode="reflect"), (COMPLEX,), (((3,),),)),
        two("convolve", call("convolve", mode="same"), (3,), (2,), args=(COMPLEX, COMPLEX)),
        two("einsum", lambda extra, x, y: extra.einsum("ij,jk->ik", x, y), (2, 3), (3, 2), args=(COMPLEX, COMPLEX)),
        Variant("segment_sum", call("segment_sum", num_segments=4), (COMPLEX, INDEX), (((3,), (3,)),)),
        two("solve_triangular", call("solve_triangular"), (2, 2), (2,), args=(HERMITIAN, COMPLEX)),
        two("solve_triangular adjoint", call("solve_triangular", trans="C"), (2, 2), (2,), args=(HERMITIAN, COMPLEX)),
        two("lstsq", call("lstsq"), (3, 2), (3,), args=(HERMITIAN, COMPLEX)),
        Variant("expm", call("expm"), (Arg(-0.25, 0.25, kind="complex"),), (((2, 2),),), region="expm"),
        ulps=DECOMPOSED,
        half=False,
        extra=True,
    ),
)
