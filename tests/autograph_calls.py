"""Each operator in a `tf.function`, with AutoGraph and without: what TensorFlow logs or warns of. A program of its own.

AutoGraph converts what it finds in a file, ours too, and says once in a process what it cannot convert.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

import autodiff_spec as ad
from autodiff_spec import _discovery
from autodiff_spec.conformance.test_hosts import NEEDS, operators

# --- functions of the module, by users' own code that AutoGraph has to convert -----------------------------------


def branching(x: Any) -> Any:
    if tf.reduce_sum(x) > 0.0:  # noqa: SIM108  (AutoGraph converts the statement)
        y = x * x * x
    else:
        y = x
    return tf.reduce_sum(y)


def grad_of_a_branch(a: Any) -> Any:
    return ad.grad(branching)(a)


def grad_of_a_loop(a: Any) -> Any:
    def f(x: Any) -> Any:
        y = x
        for _ in tf.range(2):
            y = y * x
        return y

    return ad.grad(f)(a)


def tape_with_a_pause(a: Any) -> Any:
    be = ad.backend_of(a)
    with be.tape() as t:
        x = t.watch({"a": a})
        with be.pause():
            c = 1.5 * x["a"]
        y = ad.xp(a).sum(c * x["a"] * x["a"] + ad.stop_gradient(x)["a"])
    return t.grad(y, x, unconnected="raise")["a"]


def backends_that_are_loaded(a: Any) -> Any:
    _discovery._loaded.clear()
    with ad.use_backend("numpy"):
        assert ad.backend("autodiff_numpy:backend").name == "numpy"
    return 3.0 * a * a


def nothing_of_ours(a: Any) -> Any:
    """Says what there is to see where AutoGraph gives up."""
    for _ in ():
        pass
    else:
        return 3.0 * a * a


grad_of_a_lambda = ad.grad(lambda x: x * x * x if tf.reduce_sum(x) > 0.0 else x)


def a_mistake(a: Any) -> Any:
    return ad.grad(branching)(tf.cast(a, tf.int32))


def slope(a: Any) -> Any:
    return 3.0 * a * a


BY_AUTOGRAPH = {"branch": grad_of_a_branch, "loop": grad_of_a_loop, "lambda": grad_of_a_lambda}
"""Users' functions that cannot be traced without it."""
PROGRAMS = {"tape with a pause": tape_with_a_pause, "loading": backends_that_are_loaded, "control": nothing_of_ours}


# --- what is said -------------------------------------------------------------------------------------------------


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def heard() -> Iterator[list[str]]:
    """The lines that TensorFlow logs, and Python's warnings, while it is open."""
    handler, logger = _Heard(), tf.get_logger()
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield handler.lines
        handler.lines += [str(warning.message) for warning in said]
    finally:
        logger.removeHandler(handler)


def cases(autograph: bool) -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any], tuple[Any, ...]]]:
    """The name of each, a function, what that is in closed form, and the arguments of both."""
    be = ad.backend("tensorflow")
    a, c = tf.constant([1.0, 2.0], tf.float64), tf.constant([0.5, 3.0], tf.float64)
    for name, (given, closed) in operators(be, set()).items():
        if NEEDS.get(name) in (None, *be.capabilities):
            yield name, given, closed, (c, a)
    for name, program in {**PROGRAMS, **(BY_AUTOGRAPH if autograph else {})}.items():
        yield name, program, slope, (a,)


def report(autograph: bool) -> dict[str, Any]:
    """Which values are wrong, what was said meanwhile, and how an error of ours arrives."""
    wrong, said = [], {}
    for name, given, closed, arguments in cases(autograph):
        with heard() as lines:
            value = tf.function(given, autograph=autograph)(*arguments)
        if not bool(tf.reduce_all(tf.abs(value - closed(*arguments)) < 1e-12)):
            wrong.append(name)
        if lines:
            said[name] = lines
    try:
        tf.function(a_mistake, autograph=autograph)(tf.constant([1.0]))
    except Exception as error:
        arrives = type(error).__name__
    return {"wrong": wrong, "said": said, "error": arrives}


if __name__ == "__main__":
    print(json.dumps({"with": report(True), "without": report(False)}))
