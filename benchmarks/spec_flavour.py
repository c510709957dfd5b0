"""What the flavour ``conventions="spec"`` costs: function and gradient with its functions and with the framework's own.

Both run on a tape of the same adapter, on 10⁴ float64 (matrices: of that many elements; stacks where one is too large);
the goal is at most 1.2 times the time for the functions that are mended. ``sin`` stands for those that are not.

Run: python benchmarks/spec_flavour.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

from collections.abc import Callable, Iterator
from typing import Any

import _harness as harness
import numpy as np

import autodiff_spec as ad

ADAPTERS = ("torch", "tensorflow", "jax")
MOST = 1.2
RANDOM = np.random.default_rng(7)
LINE = RANDOM.uniform(-2.0, 2.0, 10_000)
OTHER = RANDOM.uniform(-2.0, 2.0, 10_000)
POSITIVE = RANDOM.uniform(0.5, 2.0, 10_000)
NEAR_ONE = RANDOM.uniform(0.999, 1.001, 10_000)
SQUARES = RANDOM.standard_normal((100, 10, 10))
MATRIX = RANDOM.standard_normal((100, 100))
TALL = RANDOM.standard_normal((20, 25, 20))
COMPLEX = LINE[:5_000] + 1j * OTHER[:5_000]

Program = Callable[..., Any]


def of(name: str, **keywords: Any) -> Program:
    return lambda xp, *args: getattr(xp, name)(*args, **keywords)


def of_linalg(name: str, **keywords: Any) -> Program:
    return lambda xp, *args: getattr(xp.linalg, name)(*args, **keywords)


def spaces(xp: Any, x: Any, **keywords: Any) -> Any:
    """The singular vectors at the left, in a form without their signs."""
    return xp.linalg.svd(x, **keywords)[0] ** 2


COMMON: dict[str, Any] = {
    "sin": (of("sin"), LINE),
    "hypot": (of("hypot"), LINE, OTHER),
    "pow by an array": (of("pow"), POSITIVE, OTHER),
    "pow by a constant array": (lambda xp, x: xp.pow(x, xp.asarray(OTHER)), POSITIVE),
    "pow by a number": (lambda xp, x: xp.pow(x, 2.0), LINE),
}
GAMMA: dict[str, Any] = {
    "extra.lgamma": (of("lgamma"), POSITIVE),
    "extra.digamma": (of("digamma"), POSITIVE),
    "extra.gammainc": (lambda extra, x: extra.gammainc(2.5, x), POSITIVE),
    "extra.gammaincc": (lambda extra, x: extra.gammaincc(2.5, x), POSITIVE),
}
ERFINV: dict[str, Any] = {"extra.erfinv": (of("erfinv"), LINE / 2.1)}
PROGRAMS: dict[str, dict[str, Any]] = {
    "torch": COMMON
    | GAMMA
    | {
        "clip by numbers": (lambda xp, x: xp.clip(x, -1.0, 1.0), LINE),
        "clip by arrays": (of("clip"), LINE, -POSITIVE, POSITIVE),
        "extra.expm": (of("expm"), SQUARES / 10),
        "extra.expm, one of 100 by 100": (of("expm"), MATRIX / 10),
        "extra.sinc": (of("sinc"), LINE),
        "extra.sinc, 100 elements": (of("sinc"), LINE[:100]),
        "linalg.det": (of_linalg("det"), SQUARES),
        "linalg.det, one of 10 by 10": (of_linalg("det"), SQUARES[0]),
        "linalg.det, one of 100 by 100": (of_linalg("det"), MATRIX),
        "linalg.svd, square": (spaces, SQUARES),
    },
    "tensorflow": {name: row for name, row in COMMON.items() if name != "hypot"}
    | GAMMA
    | ERFINV
    | {
        "clip by numbers": (lambda xp, x: xp.clip(x, -1.0, 1.0), LINE),
        "clip by arrays": (of("clip"), LINE, -POSITIVE, POSITIVE),
        "maximum": (of("maximum"), LINE, OTHER),
        "extra.xlogy": (of("xlogy"), LINE, POSITIVE),
        "cumulative_prod": (of("cumulative_prod"), NEAR_ONE),
        "prod": (of("prod"), NEAR_ONE),
        "std": (of("std"), LINE),
        "linalg.eigvalsh": (of_linalg("eigvalsh"), SQUARES + np.swapaxes(SQUARES, -1, -2)),
        "linalg.matrix_norm": (of_linalg("matrix_norm"), MATRIX),
        "linalg.qr": (lambda xp, x: xp.linalg.qr(x)[1] ** 2, TALL),
        "linalg.vector_norm": (of_linalg("vector_norm"), LINE),
    },
    "jax": COMMON
    | GAMMA
    | ERFINV
    | {
        "abs": (of("abs"), LINE),
        "acosh, complex": (lambda xp, x: xp.real(xp.acosh(x)), COMPLEX),
        "copysign": (of("copysign"), LINE, OTHER),
        "sign, complex": (lambda xp, x: xp.real(xp.sign(x)), COMPLEX),
        "std": (of("std"), LINE),
        "linalg.matrix_norm": (of_linalg("matrix_norm"), MATRIX),
        "linalg.svd, square": (spaces, SQUARES),
        "linalg.vector_norm": (of_linalg("vector_norm"), LINE),
        "linalg.vector_norm, ord 1": (of_linalg("vector_norm", ord=1), LINE),
    },
}


def gradient(be: ad.Backend, name: str, program: Program, *arrays: Any) -> Callable[[], Any]:
    """The value and the gradient by all arguments, on a tape."""
    variables = [be.variable(array) for array in arrays]
    namespace = be.extra if name.startswith("extra.") else be.xp

    def run() -> Any:
        with be.tape() as tape:
            value = be.xp.sum(program(namespace, *variables))
        return be.to_numpy(tape.grad(value, variables)[0])[:0]  # waits for the result

    return run


def rows(adapter: str, options: harness.Options) -> Iterator[tuple[str, float, float]]:
    """Name, seconds with the framework's own function, and how many times as long the mended one takes."""
    flavours = {flavour: ad.backend(adapter, conventions=flavour) for flavour in ("native", "spec")}
    for name, (program, *arrays) in PROGRAMS[adapter].items():
        found = harness.measure(
            {flavour: gradient(be, name, program, *arrays) for flavour, be in flavours.items()}, options
        )
        yield name, found["native"].best, found["spec"].ratio(found["native"])


def main() -> None:
    options = harness.arguments(__doc__, rounds=11, batch_ms=20.0)
    print(harness.versions("numpy", "torch", "tensorflow", "tensorflow-cpu", "jax"))
    missed = []
    for adapter in (name for name in ADAPTERS if name in ad.available_backends()):
        found = list(rows(adapter, options))
        missed += [f"{adapter} {name}" for name, _, ratio in found if ratio > MOST]
        table = [(name, harness.microseconds(seconds), f"{ratio:.2f}") for name, seconds, ratio in found]
        harness.table(adapter, ("function and gradient", "native, µs", "spec ÷ native"), table)
    print()
    harness.verdict(f"at most {MOST} times the native function", f"above it {', '.join(missed) or 'none'}", not missed)


if __name__ == "__main__":
    main()
