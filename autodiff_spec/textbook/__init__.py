"""The programs of the textbook chapter on automatic differentiation, the same source on every backend.

One file a section; each program is a function that returns what the chapter prints, under its labels. `run` runs
them all and prints.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import autodiff_spec as ad
from autodiff_spec.textbook import control_flow, detaching, exercises, gradients, nonscalar, training
from autodiff_spec.textbook._text import claim, lines, plain
from autodiff_spec.textbook.picture import draw

Program: TypeAlias = Callable[[], dict[str, Any]]

SECTIONS: dict[str, tuple[Program, ...]] = {
    "A simple function": (gradients.simple_function, gradients.gradient_storage),
    "Functions with many results": (nonscalar.sum_rule, nonscalar.explicit_cotangent),
    "Detaching": (detaching.detached_factor,),
    "Control flow": (control_flow.many_scalars,),
    "Exercises": (
        exercises.second_derivative,
        exercises.cost_of_the_second_derivative,
        exercises.asked_twice,
        exercises.asked_twice_persistently,
        exercises.many_vectors,
        exercises.many_matrices,
        exercises.redesigned_control_flow,
        exercises.sine_at_quarters,
    ),
    "Training": (training.linear_regression,),
}
"""The titles of the sections, and the programs of each, in the chapter's order."""


def run(
    backend: str | None = None, out: Callable[[str], None] = print, picture: Path | None = None
) -> list[dict[str, Any]]:
    r"""Run the programs of the chapter on one backend, and print what each gives.

    The text is the same on every backend, but for the lines that begin with "measured".

    Args:
        backend: its name, as for `autodiff_spec.backend`; ``None`` is the current one.
        out: called with each line.
        picture: a file for the picture of sin and its derivative (``.png``, ``.svg``); ``None`` draws none.

    Returns:
        For each program its section, its name, what it shows and its values by label, as JSON can hold them.

    Raises:
        BackendNotFoundError: no backend of that name.
        BackendNotInstalledError: its framework is missing.
        ImportError: a picture was asked for and matplotlib is missing.

    Examples:
        >>> from autodiff_spec import textbook
        >>> text = []
        >>> results = textbook.run("numpy", out=text.append)
        >>> results[0]["values"]["dy/dx"]
        [0.0, 4.0, 8.0, 12.0]
        >>> print(*text[:5], sep="\n")
        1. A simple function
        <BLANKLINE>
           The gradient of y = 2 x·x is 4x.
             x           = [0., 1., 2., 3.]
             y           = 28.
    """
    results: list[dict[str, Any]] = []
    with ad.use_backend(ad.backend(backend)):
        for number, (title, programs) in enumerate(SECTIONS.items(), 1):
            out(f"{number}. {title}")
            for program in programs:
                out("")
                shown, values = claim(program), program()
                for line in lines(shown, values):
                    out(f"   {line}")
                kept = {label: plain(value) for label, value in values.items()}
                results.append({"section": title, "program": program.__name__, "shows": shown, "values": kept})
            out("")
        if picture is not None:
            draw(picture)
            out(f"The picture of sin and its derivative is in {picture}.")
    return results


__all__ = ["SECTIONS", "Program", "draw", "run"]
