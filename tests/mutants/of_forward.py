"""Mutants whose forward mode is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_numpy import Array, NumpyBackend
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


def change_tangent(function: Any, argument: int, how: Callable[[Any], Any]) -> None:
    """Let ``how`` change what one argument's tangent gives the result."""
    pullback = at.rules[function][argument]
    assert pullback is not None
    right = pullback.jvp
    pullback.jvp = lambda xp, t, *residuals: how(right(xp, t, *residuals))


@mutant("the tangent of sin has the wrong sign", "JVP-02")
def wrong_sign_forward() -> None:
    change_tangent(np.sin, 0, lambda t: -t)


@mutant("the product rule has one term", "JVP-02")
def half_the_product_rule() -> None:
    change_tangent(np.multiply, 1, lambda t: None)


@mutant("the tangent of an argument that was broadcast is not", "JVP-05")
def narrow_tangent() -> None:
    at.broadcast_tangent = lambda xp, t, shape, dtype: t


@mutant("stop_gradient stops in reverse mode only", "JVP-19")
def moving_stop() -> None:
    right = NumpyBackend._stop_gradient

    def stop(self: Any, array: Any) -> Any:
        if type(array) is Array and at.direction_of(array) is not None:
            return array
        return right(self, array)

    NumpyBackend._stop_gradient = stop


@mutant("all directions are one (perturbation confusion)", "JVP-17")
def one_direction() -> None:
    def recording() -> at.recording:
        made = at.recording()
        made.number = -1
        return made

    at.forward_recording = recording


@mutant("where paths meet the last tangent stays", "JVP-02")
def last_path_only() -> None:
    def pushed(self: Any, node: Any) -> Any:
        tangent = None
        for edge in node.edges:
            if self.number in edge[0].tapes:
                share = edge[0].tangents[self.number]
                tangent = share if edge[1] is None else self._push(node, edge, share)
        return tangent

    at.pushed_tangent = pushed


@mutant("a tangent is computed on values, whatever is open outside", "JVP-18")
def plain_tangents() -> None:
    at.push_tracked = lambda node, edge, t: edge[1].jvp(at.values, at.plain(t), *edge[2])


@mutant("a complex tangent loses its imaginary part", "JVP-23")
def real_tangents() -> None:
    change_tangent(np.multiply, 0, np.real)


@mutant("an evaluation that gives many directions forgets the first", "HESS-01")
def stale_direction() -> None:
    right = at.linearize

    def linearize(f: Any, primals: Any) -> Any:
        outputs, push = right(f, primals)
        first: list[Any] = []

        def pushed(tangents: Any) -> Any:
            first.append(push(tangents))
            return first[0]

        return outputs, pushed

    at.linearize = linearize
