"""Running a program at a base point and beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import DIGITS, MPC, MPF, ONE, RUN, ZERO, Kink, Run, ctx, digits, fineness
from autodiff_spec.oracle._operators import asarray, is_inexact

Program = Callable[..., Any]
_I = MPC(0, 1)


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One real number among the arguments: an element, or the real or imaginary part of one."""

    argument: int
    index: int
    unit: Any
    value: Any
    fineness: int

    def step(self, bits: int) -> Any:
        """A power of two, ``2**-bits`` relative to the value, so that the shift is exact; finer inside others."""
        return ctx.ldexp(ONE, s.magnitude(self.value) - bits * self.fineness)


@contextmanager
def working_precision(args: tuple[Any, ...], least: int = DIGITS) -> Iterator[None]:
    """Enough digits to see a step of 1e-30 of the smallest argument beside the largest; more inside others."""
    least *= fineness()
    magnitudes = [0]
    for arg in args:
        plain = np.asarray(arg.values if isinstance(arg, Array) else arg)
        if plain.dtype.kind in "fc" and plain.size:
            sizes = np.abs(plain[np.isfinite(plain) & (plain != 0)])
            if sizes.size:
                magnitudes += [math.frexp(float(sizes.min()))[1], math.frexp(float(sizes.max()))[1]]
        elif plain.dtype.kind == "O":
            finite = [v for v in plain.ravel().tolist() if v != 0 and s.is_finite(v)]
            magnitudes += [s.magnitude(abs(v)) for v in finite]
    spread = 0.30103 * (max(magnitudes) - min(magnitudes))
    wanted = max(least, int(least + 2 * (spread - 12)))
    if wanted <= ctx.dps:
        with digits(ctx.dps):
            yield
    else:
        with digits(wanted):
            yield


def leaves(tree: Any) -> Iterator[Any]:
    """The leaves of tuples, lists and dicts, in order."""
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    if isinstance(tree, (tuple, list)):
        for branch in tree:
            yield from leaves(branch)
    else:
        yield tree


def rebuild(tree: Any, new: Iterator[Any]) -> Any:
    """``tree`` with its leaves replaced, in order."""
    if isinstance(tree, dict):
        return {key: rebuild(branch, new) for key, branch in tree.items()}
    if isinstance(tree, (tuple, list)):
        parts = [rebuild(branch, new) for branch in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return next(new)


class Point:
    """A program at a base point: its outputs there, and anywhere beside it.

    Args:
        program: ``program(xp, *arrays)``, returning an array or a tree of arrays.
        args: floats, NumPy arrays or oracle arrays. Integers and booleans are constants.
        kinks: record the kinks of the base run.
    """

    def __init__(self, program: Program, args: tuple[Any, ...], kinks: bool = False) -> None:
        self.program = program
        self.args = [asarray(arg) for arg in args]
        self.tracked = [i for i, arg in enumerate(self.args) if is_inexact(arg.dtype)]
        self.coordinates = [c for i in self.tracked for c in self._coordinates_of(i)]
        self._run = Run(kinks=[] if kinks else None, fineness=fineness())
        self.outputs: Any = None
        self.base = self._call(self.args)
        self.kinks = self._run.kinks or []
        self._run.kinks = None
        self._run.replaying = True
        self.finite = all(map(s.is_finite, self.base))
        self._inward: list[Point] | None = None

    def _coordinates_of(self, argument: int) -> Iterator[Coordinate]:
        array, finer = self.args[argument], fineness()
        for index, value in enumerate(array.values.ravel().tolist()):
            if array.dtype.kind == "c":
                yield Coordinate(argument, index, ONE, value.real, finer)
                yield Coordinate(argument, index, _I, value.imag, finer)
            else:
                yield Coordinate(argument, index, ONE, value, finer)

    def _call(self, args: list[Array]) -> list[Any]:
        from autodiff_spec.oracle import xp

        self._run.cursor = 0
        token = RUN.set(self._run)
        try:
            outputs = self.program(xp, *args)
        finally:
            RUN.reset(token)
        if self.outputs is None:
            self.outputs = rebuild(outputs, (asarray(leaf) for leaf in leaves(outputs)))
        values: list[Any] = []
        for leaf in leaves(outputs):
            array = asarray(leaf)
            if is_inexact(array.dtype):
                values += array.values.ravel().tolist()
        return values

    def _with(self, values: Mapping[int, Any]) -> list[Array]:
        """The arguments with some coordinates (by number) set to other values."""
        args = list(self.args)
        for number, value in values.items():
            c = self.coordinates[number]
            array = args[c.argument]
            if array is self.args[c.argument]:
                array = args[c.argument] = Array(array.values.copy(), array.dtype)
            flat = array.values.reshape(-1)
            flat[c.index] = value if array.dtype.kind == "f" else _replace_part(flat[c.index], c.unit, value)
        return args

    def at(self, values: Mapping[int, Any]) -> list[Any]:
        """The floating outputs, flat, where some coordinates have other values."""
        return self._call(self._with(values))

    def moved(self, values: Mapping[int, Any], kinks: bool = False) -> Point:
        """Another base point, with records of its own."""
        return Point(self.program, tuple(self._with(values)), kinks)

    def kinks_at(self, values: Mapping[int, Any]) -> list[Kink]:
        """The kinks that a run beside this point meets."""
        self._run.kinks = []
        try:
            self.at(values)
            return self._run.kinks
        finally:
            self._run.kinks = None

    def inward(self) -> list[Point]:
        """Points 1e-20 away, up and down: where the value here is infinite, one of them is inside the domain."""
        if self._inward is None:
            self._inward = []
            for sign in (1, -1):
                shifts = {n: c.value + sign * c.step(66) for n, c in enumerate(self.coordinates)}
                point = self.moved({n: v for n, v in shifts.items() if s.is_finite(v)})
                point._inward = []  # one move is enough: what is not finite there stays unknown
                self._inward.append(point)
        return self._inward

    def at_infinity(self, bits: int) -> Point:
        """The point with infinite coordinates replaced by finite ones of magnitude ``2**bits``."""
        far = ctx.ldexp(ONE, bits)
        values = {n: far if c.value > 0 else -far for n, c in enumerate(self.coordinates) if s.is_inf(c.value)}
        return self.moved(values)


def _replace_part(z: Any, unit: Any, value: Any) -> Any:
    return MPC(value, z.imag) if unit == 1 else MPC(z.real, value)


def weights(point: Point, cotangent: Any) -> list[Any]:
    """The cotangent's elements beside the point's flat outputs; ones when it is None.

    Raises:
        TypeError: for a complex output without a cotangent.
        ValueError: when structure or shapes differ from the outputs'.
    """
    outputs = list(leaves(point.outputs))
    if cotangent is None:
        if any(out.dtype.kind == "c" for out in outputs):
            raise TypeError("a complex output has no sum to differentiate; pass a cotangent")
        return [ONE] * len(point.base)
    parts = [asarray(part) for part in leaves(cotangent)]
    if [p.shape for p in parts] != [out.shape for out in outputs]:
        raise ValueError(
            f"the cotangent has shapes {[p.shape for p in parts]}, the outputs {[o.shape for o in outputs]}"
        )
    pairs = zip(parts, outputs, strict=True)
    return [_number(v) for part, out in pairs if is_inexact(out.dtype) for v in part.values.ravel().tolist()]


def _number(value: Any) -> Any:
    return value if value.__class__ in (MPF, MPC) else MPF(value)


def contract(weight: list[Any], values: list[Any]) -> Any:
    """Re Σ conj(weight)·value; a weight or value of zero contributes nothing, beside infinities too."""
    total = ZERO
    for w, v in zip(weight, values, strict=True):
        if v == 0 or w == 0:
            continue
        product = v if w is ONE else (w.conjugate() * v if w.__class__ is MPC else w * v)
        total += product if product.__class__ is MPF else product.real
    return total
