"""The ``fft`` extension: linear functions, of real or complex arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autodiff_spec.conformance.functions._make import ANY, COMPLEX, many, of
from autodiff_spec.conformance.functions._model import ELEMENTARY, EXACT, Arg, Function, Shape, Variant


def linear(name: str, what: str, arg: Arg, *shapes: Shape, **keywords: Any) -> Variant:
    """A variant of a linear function."""
    return replace(of(name, what, arg, *shapes, **keywords), linear=True)


def along_one(clause: str, name: str, arg: Arg, longer: int, shorter: int) -> Function:
    """A transform along one axis, of the length that there is, a longer and a shorter one."""
    full = f"fft.{name}"
    return many(
        clause,
        full,
        linear(full, "", arg, (3,), (2, 4)),
        linear(full, "along axis 0", arg, (4, 2), (3, 2, 5), axis=0),
        linear(full, "with zeros added", arg, (3,), n=longer, norm="ortho"),
        linear(full, "cut", arg, (4,), n=shorter, norm="forward"),
        ulps=ELEMENTARY,
        half=False,
    )


def along_several(clause: str, name: str, arg: Arg) -> Function:
    """A transform along several axes."""
    full = f"fft.{name}"
    return many(
        clause,
        full,
        linear(full, "", arg, (2, 3)),
        linear(full, "along two of three axes", arg, (2, 3, 2), axes=(0, 1), norm="ortho"),
        linear(full, "of other lengths", arg, (2, 3), s=(3, 2), axes=(0, 1), norm="forward"),
        ulps=ELEMENTARY,
        half=False,
    )


def shift(clause: str, name: str) -> Function:
    """A rotation of the axes by half their lengths."""
    full = f"fft.{name}"
    variants: list[Variant] = [linear(full, "", ANY, (2, 3), (3,)), linear(full, "along axis -1", ANY, (2, 3), axes=-1)]
    return many(clause, full, *variants, ulps=EXACT)


FFT: tuple[Function, ...] = (
    along_one("FUN-108", "fft", COMPLEX, 5, 2),
    along_one("FUN-109", "ifft", COMPLEX, 5, 2),
    along_several("FUN-110", "fftn", COMPLEX),
    along_several("FUN-111", "ifftn", COMPLEX),
    along_one("FUN-112", "rfft", ANY, 5, 2),
    along_one("FUN-113", "irfft", COMPLEX, 5, 4),
    along_several("FUN-114", "rfftn", ANY),
    along_several("FUN-115", "irfftn", COMPLEX),
    along_one("FUN-116", "hfft", COMPLEX, 5, 4),
    along_one("FUN-117", "ihfft", ANY, 5, 2),
    shift("FUN-118", "fftshift"),
    shift("FUN-119", "ifftshift"),
)
