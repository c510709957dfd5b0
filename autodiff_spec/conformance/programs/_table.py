"""The operations that programs are made of: how each is written, which shapes it takes, where its values may lie.

``{0}`` and ``{1}`` are the arguments, ``{r}`` the result where an operation takes more than one line. Everything goes
through ``xp``, ``be.extra`` or ``be``, never through operators of arrays, which belong to the framework in the "spec"
flavour.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autodiff_spec import Capability
from autodiff_spec.conformance.functions.beyond import BEYOND

Shape = tuple[int, ...]
Fits = Callable[..., bool]


@dataclass(frozen=True)
class Operation:
    """One way to make a value of a program from others.

    Attributes:
        name: the function whose derivative it has, as chapter FUN names it, or what it is for: ``"while"``.
        template: one expression, or lines that assign ``{r}``.
        fits: whether it takes arguments of these shapes.
        domains: for each argument the kind of values that it needs, a key of `CONDITIONS`; "" for any.
        group: what it is there for, beside being differentiated: ``"control flow"``, ``"nesting"``, ...
        needs: capabilities without which it is left out.
        avoid: clauses of which a backend may list deviations at smooth points; it is left out for those that do.
        kinds: of the dtypes that it takes: "f" for real, "c" for complex ones.
    """

    name: str
    template: str
    fits: Fits
    domains: tuple[str, ...]
    group: str
    needs: tuple[Capability, ...] = ()
    avoid: tuple[str, ...] = ()
    kinds: str = "f"

    def __repr__(self) -> str:
        return self.template.replace("{r}", "_")

    @property
    def arguments(self) -> int:
        """How many values it takes."""
        return len(self.domains)


CONDITIONS: dict[str, tuple[str, Callable[[list[Any]], bool]]] = {
    "positive": ("xp.add(xp.square({0}), 0.5)", lambda v: min(v, default=1.0) >= 0.125),
    "nonzero": ("xp.add(xp.square({0}), 0.5)", lambda v: min(map(abs, v), default=1.0) >= 0.125),
    "inside": ("xp.multiply(xp.tanh({0}), 0.75)", lambda v: max(map(abs, v), default=0.0) <= 0.8),
    "small": ("xp.sin({0})", lambda v: max(map(abs, v), default=0.0) <= 2.0),
    "above 1": ("xp.add(xp.square({0}), 1.5)", lambda v: min(v, default=2.0) >= 1.25),
    "regular": (
        "xp.add(xp.multiply(xp.tanh({0}), 0.25), xp.asarray([[2.0, 0.0], [0.0, 4.0]], dtype={0}.dtype))",
        lambda v: False,
    ),
    "symmetric": (
        "xp.add(xp.multiply(xp.tanh(xp.add({0}, xp.matrix_transpose({0}))), 0.25), "
        "xp.asarray([[2.0, 0.0], [0.0, 4.0]], dtype={0}.dtype))",
        lambda v: False,
    ),
}
"""What is put before an operation where no value lies in its domain, and whether values do."""

_HALF_DISC = "xp.divide({0}, xp.add(xp.multiply({0}, xp.conj({0})), 1.0))"
COMPLEX_CONDITIONS: dict[str, tuple[str, Callable[[list[Any]], bool]]] = {
    "positive": (f"xp.add({_HALF_DISC}, 1.0)", lambda v: min((z.real for z in v), default=1.0) >= 0.125),
    "nonzero": (f"xp.add({_HALF_DISC}, 1.0)", lambda v: min(map(abs, v), default=1.0) >= 0.125),
    "inside": (_HALF_DISC, lambda v: max(map(abs, v), default=0.0) <= 0.8),
    "small": (_HALF_DISC, lambda v: max(map(abs, v), default=0.0) <= 2.0),
}
"""The same for complex values: away from branch cuts, zeros and poles."""


def always(*shapes: Shape) -> bool:
    """Any shapes."""
    return True


def filled(*shapes: Shape) -> bool:
    """At least one axis, no empty one."""
    return all(shape and math.prod(shape) for shape in shapes)


def not_empty(shape: Shape) -> bool:
    """At least one element."""
    return math.prod(shape) > 0


def matrix(shape: Shape) -> bool:
    """Two axes, not empty."""
    return len(shape) == 2 and filled(shape)


def square(shape: Shape) -> bool:
    """Two by two, what conditions of matrices are written for."""
    return shape == (2, 2)


def broadcast(left: Shape, right: Shape) -> bool:
    """Shapes that broadcast together, to a few elements."""
    pairs = list(zip(left[::-1], right[::-1], strict=False))
    return all(a == b or 1 in (a, b) for a, b in pairs) and math.prod(left) * math.prod(right) <= 36


def same(left: Shape, right: Shape) -> bool:
    """One shape."""
    return left == right


def same_filled(left: Shape, right: Shape) -> bool:
    """One shape, of at least one axis and no empty one."""
    return left == right and filled(left)


def chained(left: Shape, right: Shape) -> bool:
    """A matrix product exists."""
    return filled(left, right) and left[-1] == (right[-2] if len(right) > 1 else right[0])


OPERATIONS: list[Operation] = []

_ALSO_COMPLEX = frozenset(
    {
        "sin", "square", "negative", "cos", "tanh", "multiply", "add", "subtract", "sum", "positive", "exp", "expm1",
        "sinh", "cosh", "tan", "atanh", "log1p", "log", "sqrt", "reciprocal", "divide", "abs", "mean", "prod",
        "linalg.vector_norm", "cumulative_sum", "diff", "indexing", "reshape", "asarray", "expand_dims",
        "broadcast_to", "matrix_transpose", "permute_dims", "moveaxis", "tril", "triu", "squeeze", "flip", "roll",
        "repeat", "tile", "unstack", "stack", "concat", "broadcast_arrays", "take", "astype", "at", "matmul", "vecdot",
        "linalg.outer", "tensordot", "einsum", "linalg.diagonal", "linalg.trace", "linalg.matrix_norm", "fft.fftshift",
        "pad", "segment_sum", "convolve", "stop_gradient", "vjp", "jvp", "checkpoint",
    }
)  # fmt: skip
"""The operations that are drawn on complex values too."""


def _add(
    group: str,
    fits: Fits,
    domains: str,
    *templates: str,
    needs: tuple[Capability, ...] = (),
    avoid: str = "",
    kinds: str = "",
) -> None:
    """Enter templates into the table; ``domains`` has one entry an argument, ``"any"`` for no condition."""
    wanted = tuple("" if domain == "any" else domain for domain in domains.split(", "))
    for template in templates:
        name, _, text = template.rpartition(" := ")
        name = name or _name_of(text)
        takes = kinds or ("fc" if name in _ALSO_COMPLEX else "f")
        OPERATIONS.append(Operation(name, text, fits, wanted, group, needs, tuple(avoid.split()), takes))


def _name_of(template: str) -> str:
    """``"linalg.det"`` for ``"xp.linalg.det({0})"``."""
    return template.partition("(")[0].removeprefix("xp.").removeprefix("be.extra.")


# The order is the order in which failing programs are made simpler: what comes first is preferred.
_add("arithmetic", always, "any", "xp.sin({0})", "xp.square({0})", "xp.negative({0})", "xp.cos({0})", "xp.tanh({0})")
_add("arithmetic", broadcast, "any, any", "xp.multiply({0}, {1})", "xp.add({0}, {1})", "xp.subtract({0}, {1})")
_add("reduction", always, "any", "xp.sum({0})")
_add("arithmetic", always, "any", "multiply := xp.multiply({0}, 0.5)", "add := xp.add({0}, 0.75)", "xp.positive({0})")
_add("arithmetic", always, "any", "xp.atan({0})", "xp.asinh({0})", "xp.copysign({0}, 1.5)", "pow := xp.pow({0}, 2.0)")
_add("arithmetic", always, "small", "xp.exp({0})", "xp.expm1({0})", "xp.sinh({0})", "xp.cosh({0})")
_add("arithmetic", always, "inside", "xp.tan({0})", "xp.asin({0})", "xp.acos({0})", "xp.atanh({0})", "xp.log1p({0})")
_add("arithmetic", always, "positive", "xp.log({0})", "xp.log2({0})", "xp.log10({0})", "xp.sqrt({0})")
_add("arithmetic", always, "positive", "pow := xp.pow({0}, -1.5)")
_add("arithmetic", always, "nonzero", "xp.reciprocal({0})")
_add("arithmetic", always, "above 1", "xp.acosh({0})")
_add("arithmetic", broadcast, "any, nonzero", "xp.divide({0}, {1})", "xp.hypot({0}, {1})", "xp.atan2({0}, {1})")
_add("arithmetic", broadcast, "positive, small", "xp.pow({0}, {1})", avoid="KINK-72")
_add("arithmetic", broadcast, "any, any", "xp.logaddexp({0}, {1})")
_add("arithmetic", broadcast, "any, positive", "be.extra.xlogy({0}, {1})", avoid="KINK-67")
for _row in BEYOND:
    if _row.drawn:
        _add("arithmetic", always, _row.drawn, f"be.extra.{_row.name}({{0}})")
_add("arithmetic", always, "any", "be.extra.sinc({0})", avoid="KINK-62")
_add("arithmetic", always, "positive", "be.extra.lgamma({0})", "be.extra.digamma({0})", avoid="FUN-141 FUN-142")
_add("kink", always, "any", "xp.abs({0})", "be.extra.relu({0})", "xp.sign({0})", "xp.floor({0})", "xp.ceil({0})")
_add("kink", always, "any", "xp.round({0})", "xp.trunc({0})", "clip := xp.clip({0}, -1.0, 1.0)")
_add("kink", always, "any", "remainder := xp.remainder({0}, 0.75)", "floor_divide := xp.floor_divide({0}, 0.75)")
_add("kink", always, "any", "interp := be.extra.interp({0}, [-0.5, 0.25, 1.5], [0.5, -1.0, 2.0])")
_add("kink", broadcast, "any, any", "xp.maximum({0}, {1})", "xp.minimum({0}, {1})")
_add("kink", broadcast, "any, any", "where := xp.where(xp.greater({0}, {1}), {0}, {1})")
_add("kink", always, "any", "where := xp.where(xp.less({0}, 0.5), xp.square({0}), {0})")

_add("reduction", filled, "any", "sum := xp.sum({0}, axis=0)", "sum := xp.sum({0}, axis=-1, keepdims=True)")
_add("reduction", not_empty, "any", "xp.mean({0})", "xp.var({0})")
_add("reduction", not_empty, "any", "xp.prod({0})", avoid="KINK-35")
_add("reduction", filled, "any", "mean := xp.mean({0}, axis=-1)", "var := xp.var({0}, axis=0, keepdims=True)")
_add("reduction", filled, "any", "prod := xp.prod({0}, axis=-1)", avoid="KINK-35")
_add("reduction", not_empty, "any", "xp.max({0})", "xp.min({0})")
_add("reduction", not_empty, "any", "xp.std({0})")
_add("reduction", filled, "any", "max := xp.max({0}, axis=-1)", "min := xp.min({0}, axis=0, keepdims=True)")
_add("reduction", matrix, "any", "sum := xp.sum({0}, axis=(0, -1))", "max := xp.max({0}, axis=(0, 1))")
_add("reduction", filled, "any", "linalg.vector_norm := xp.linalg.vector_norm({0}, axis=-1)")
_add("reduction", filled, "any", "cumulative_sum := xp.cumulative_sum({0}, axis=-1)")
_add("reduction", filled, "any", "cumulative_prod := xp.cumulative_prod({0}, axis=0)", avoid="KINK-36 KINK-69")
_add("reduction", filled, "any", "diff := xp.diff({0}, axis=-1)", "sort := xp.sort({0}, axis=-1)")
_add("reduction", filled, "any", "logsumexp := be.extra.logsumexp({0}, axis=-1)")
_add("reduction", filled, "any", "softmax := be.extra.softmax({0}, axis=-1)", "median := be.extra.median({0}, axis=-1)")

_add("view", filled, "any", "indexing := {0}[0]", "indexing := {0}[1:]", "indexing := {0}[..., -1]")
_add("view", always, "any", "indexing := {0}[None]", "reshape := xp.reshape({0}, (-1,))", "xp.asarray({0})")
_add(
    "view", always, "any",
    "expand_dims := xp.expand_dims({0}, axis=0)",
    "broadcast_to := xp.broadcast_to({0}, (2, *{0}.shape))",
)
_add("view", lambda s: len(s) == 2, "any", "xp.matrix_transpose({0})", "permute_dims := xp.permute_dims({0}, (1, 0))")
_add(
    "view", lambda s: len(s) == 2, "any",
    "moveaxis := xp.moveaxis({0}, 0, -1)",
    "xp.tril({0})",
    "triu := xp.triu({0}, k=1)",
)
_add("view", lambda s: 1 in s[:1], "any", "squeeze := xp.squeeze({0}, axis=0)")
_add(
    "shape", filled, "any",
    "flip := xp.flip({0}, axis=0)",
    "roll := xp.roll({0}, 1, axis=-1)",
    "repeat := xp.repeat({0}, 2)",
)
_add("shape", filled, "any", "tile := xp.tile({0}, (2,))", "unstack := xp.unstack({0})[0]")
_add("shape", same, "any, any", "stack := xp.stack([{0}, {1}])")
_add("shape", same_filled, "any, any", "concat := xp.concat([{0}, {1}])", "concat := xp.concat([{0}, {1}], axis=-1)")
_add("shape", broadcast, "any, any", "broadcast_arrays := xp.broadcast_arrays({0}, {1})[0]")
_add("shape", lambda a, b: len(a) == len(b) == 1, "any, any", "meshgrid := xp.meshgrid({0}, {1})[1]")
_add("shape", filled, "any", "take := xp.take({0}, xp.asarray([0, 0]), axis=0)")
_add("shape", filled, "any", "take_along_axis := xp.take_along_axis({0}, xp.argsort({0}, axis=-1), axis=-1)")
_add("shape", always, "any", "astype := xp.astype({0}, {0}.dtype)")
_add("shape", filled, "any", "at := be.extra.at({0}, 0).multiply(0.5)")
_add("shape", filled, "any", "pad := be.extra.pad({0}, (1, 0), mode='reflect')")
_add("shape", filled, "any", "segment_sum := be.extra.segment_sum({0}, [1] * {0}.shape[0], 2)")

_add("matrix", chained, "any, any", "xp.matmul({0}, {1})")
_add(
    "matrix", same_filled, "any, any",
    "xp.vecdot({0}, {1})",
    "linalg.outer := xp.linalg.outer(xp.reshape({0}, (-1,)), xp.reshape({1}, (-1,)))",
)
_add("matrix", same_filled, "any, any", "tensordot := xp.tensordot({0}, {1}, axes=((0,), (0,)))")
_add("matrix", same_filled, "any, any", "einsum := be.extra.einsum('...i,...i->...i', {0}, {1})")
_add("matrix", matrix, "any", "xp.linalg.diagonal({0})", "xp.linalg.trace({0})")
_add("matrix", matrix, "any", "xp.linalg.matrix_norm({0})")
_add("matrix", square, "regular", "xp.linalg.det({0})", "xp.linalg.inv({0})")
_add("matrix", square, "regular", "linalg.slogdet := xp.linalg.slogdet({0})[1]")
_add(
    "matrix", square, "regular",
    "linalg.matrix_power := xp.linalg.matrix_power({0}, 2)",
    "xp.linalg.svdvals({0})",
    "xp.linalg.pinv({0})",
)
_add("matrix", lambda a, b: square(a) and a == b, "regular, any", "xp.linalg.solve({0}, {1})")
_add(
    "matrix", lambda a, b: square(a) and a == b, "regular, any",
    "be.extra.lstsq({0}, {1})",
    "solve_triangular := be.extra.solve_triangular({0}, {1}, lower=True)",
)
_add("matrix", square, "small", "be.extra.expm({0})", avoid="FUN-156")
_add("matrix", lambda a, b: filled(a, b) and len(a) == len(b) == 1, "any, any", "be.extra.convolve({0}, {1})")
_add("matrix", square, "symmetric", "xp.linalg.cholesky({0})", "xp.linalg.eigvalsh({0})")
_add("fft", filled, "any", "fft.fft := xp.real(xp.fft.fft({0}))", "fft.ifft := xp.imag(xp.fft.ifft({0}))")
_add("fft", filled, "any", "fft.rfft := xp.real(xp.fft.rfft({0}))", "fft.irfft := xp.fft.irfft(xp.fft.rfft({0}), n=2)")
_add("fft", filled, "any", "xp.fft.fftshift({0})")

_add("complex", always, "any", "xp.conj({0})", "xp.real({0})", "xp.imag({0})", kinds="c")
_add("complex", filled, "any", "xp.fft.fft({0})", "xp.fft.ifft({0}, axis=0)", kinds="c")

_STOPPED = "be.stop_gradient({0})"
_FLOW, _HIGHER = (Capability.CONTROL_FLOW,), (Capability.HIGHER_ORDER,)
_add("stop", always, "any", f"stop_gradient := {_STOPPED}")
_add("stop", always, "any", f"stop_gradient := xp.multiply({{0}}, {_STOPPED})")
_add("control flow", always, "any", "if := xp.sin({0}) if bool(xp.sum({0}) > 0.5) else xp.square({0})", needs=_FLOW)
_add(
    "control flow", not_empty, "any",
    "while := {r} = {0}\nwhile bool(xp.sum({r}) < 2.0):\n    {r} = xp.add(xp.square({r}), 0.5)",
    needs=_FLOW,
)
_add(
    "control flow", filled, "any",
    "for := {r} = xp.sum({0}[0])\n"
    "for row in xp.unstack({0}):\n    {r} = xp.add(xp.multiply({r}, 0.5), xp.sum(xp.sin(row)))",
)
_add("nesting", same, "any, any", "grad := be.grad(lambda t: xp.sum(xp.sin(xp.multiply(t, {1}))))({0})", needs=_HIGHER)
_add(
    "nesting", same, "any, any",
    "jvp := be.jvp(lambda t: xp.multiply(xp.sin(t), {1}), ({0},), ({1},))[1]",
    needs=_HIGHER,
)
_add("nesting", always, "any", "vjp := be.vjp(xp.square, {0})[1](xp.cos({0}))[0]", needs=_HIGHER)
_add("nesting", filled, "any", "vmap := be.vmap(lambda row: xp.multiply(xp.sum(row), row))({0})")
_CUSTOM = """rule = be.custom_vjp(lambda t: xp.tanh(t))
rule.defvjp(lambda t: (xp.tanh(t), t), lambda t, g: (xp.multiply(g, xp.cos(t)),))
{r} = rule({0})"""
_add("custom rules", always, "any", f"custom_vjp := {_CUSTOM}", needs=(Capability.CUSTOM_RULES,))
_add(
    "custom rules", always, "any",
    "checkpoint := be.checkpoint(lambda t: xp.sin(xp.square(t)))({0})",
    needs=(Capability.CHECKPOINT,),
)

_WRITES = (Capability.IN_PLACE,)
_COPY = "{r} = xp.asarray({0}, copy=True)\n"
_add(
    "writes", filled, "any",
    f"an element := {_COPY}{{r}}[0, ...] = xp.sin({{0}}[-1, ...])",
    f"a view := {_COPY}part = {{r}}[-1:, ...]\npart[...] = xp.multiply(part, {{0}}[:1, ...])",
    f"a stale view := {_COPY}part = xp.reshape({{r}}, (-1,))\n"
    "{r}[0, ...] = 0.5\n{r} = xp.multiply({0}[:1], part[:1])",
    f"an operator := {_COPY}other = {{r}}\nother *= xp.cos({{0}})",
    f"rows := {_COPY}for row in {{r}}[:, None, ...]:\n    row *= xp.sum(row)",
    f"a mask := {_COPY}{{r}}[{{r}} > 0.3] = 0.25",
    "filled := {r} = xp.zeros_like({0})\nfor place in range({0}.shape[0]):\n"
    "    {r}[place, ...] = xp.add({r}[place - 1, ...], xp.square({0}[place, ...]))",
    needs=_WRITES,
)
_add(
    "writes", same_filled, "any, any",
    f"written := {_COPY}{{r}}[:1, ...] = {{1}}[-1:, ...]\n{{r}} += {{1}}",
    needs=_WRITES,
)

CLOSING = Operation("real", "xp.real(xp.multiply({0}, 0.75 - 0.5j))", always, ("",), "complex", kinds="c")
"""What complex results go through at the end: a part of them that depends on real and imaginary parts."""
