"""Expressions in one variable, ``"sin(x) / x"``: parsed, checked name by name, never evaluated as Python."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from autodiff_spec.core.errors import AutodiffError

FUNCTIONS = frozenset(
    {
        "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "clip", "cos", "cosh", "erf", "exp",
        "expm1", "floor", "hypot", "log", "log1p", "log2", "log10", "logaddexp", "maximum", "minimum", "pow",
        "reciprocal", "relu", "round", "sigmoid", "sign", "sin", "sinc", "sinh", "softplus", "sqrt", "square",
        "stop_gradient", "tan", "tanh", "trunc", "where", "xlogy",
    }
)  # fmt: skip
CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045}
_LONGEST, _DEEPEST = 1000, 60
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Mod: "remainder",
    ast.Pow: "pow",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}


class ExpressionError(AutodiffError, ValueError):
    """An expression holds something that is not a function, a constant, a number, an operator or ``x``."""


def parse(text: str) -> Callable[..., Any]:
    """The function ``f(be, x)`` that an expression describes, on any backend.

    Only numbers, ``x``, ``pi``, ``e``, ``+ - * / % **``, comparisons and calls of the functions in `FUNCTIONS` are
    understood; the text is never run as Python.

    Args:
        text: at most 1000 characters.

    Raises:
        ExpressionError: anything else; the message says what, and where.

    Examples:
        >>> import autodiff_spec as ad
        >>> f = parse("2 * x**2 + sin(pi)")
        >>> float(f(ad.backend("numpy"), 3.0))
        18.0
    """
    if len(text) > _LONGEST:
        raise ExpressionError(f"the expression has {len(text)} characters; at most {_LONGEST} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"{_shown(text)} is no expression in x: {getattr(error, 'msg', error)}") from None
    _check(tree, 0)
    return lambda be, x: _value(tree, be, x)


def _check(node: ast.AST, depth: int) -> None:
    """Refuse what is not listed here, before anything is computed."""
    if depth > _DEEPEST:
        raise ExpressionError(f"the expression is nested more than {_DEEPEST} deep")
    children: list[ast.AST] = []
    match node:
        case ast.Constant(value=value):
            _number(value)
        case ast.Name(id=name):
            if name != "x" and name not in CONSTANTS:
                hint = f"; {name} is a function, write {name}(x)" if name in FUNCTIONS else ""
                raise ExpressionError(f"there is no {_shown(name)} here: the variable is x, the constants pi, e{hint}")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            children = [left, right]
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            children = [operand]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            children = [left, right]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            if name not in FUNCTIONS:
                there = ", ".join(sorted(FUNCTIONS))
                raise ExpressionError(f"there is no function {_shown(name)} here; there are {there}")
            if not args:
                raise ExpressionError(f"{name}() needs an argument: {name}(x)")
            children = list(args)
        case _:
            raise ExpressionError(
                f"{_shown(ast.unparse(node))} cannot stand in an expression in x: only numbers, operators and "
                "functions can"
            )
    for child in children:
        _check(child, depth + 1)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ExpressionError(f"{_shown(repr(value))} is no real number")
    try:
        return float(value)
    except OverflowError:
        raise ExpressionError(f"{_shown(repr(value))} is too large for a floating number") from None


def _value(node: ast.AST, be: Any, x: Any) -> Any:
    match node:
        case ast.Constant(value=value):
            return _number(value)
        case ast.Name(id=name):
            return x if name == "x" else CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, be, x)
            return -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            return _applied(be, x, _BINARY[type(op)], _value(left, be, x), _value(right, be, x))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _applied(be, x, _COMPARE[type(op)], _value(left, be, x), _value(right, be, x))
        case ast.Call(func=ast.Name(id=name), args=args):
            return _applied(be, x, name, *(_value(arg, be, x) for arg in args))
    raise AssertionError(node)  # _check let it pass


def _applied(be: Any, x: Any, name: str, *args: Any) -> Any:
    """A function of the namespace; constants become arrays where no array is among the arguments."""
    if name == "stop_gradient":
        return be.stop_gradient(*args)
    function = getattr(be.xp, name, None) or getattr(be.extra, name)
    every = name not in ("pow", "clip", "where")  # exponents and bounds may be numbers
    given = [a if be.is_array(a) else _array(be, x, a) if every or k == 0 else a for k, a in enumerate(args)]
    try:
        return function(*given)
    except TypeError as error:
        raise ExpressionError(f"{name}() got {len(args)} arguments: {error}") from None


def _array(be: Any, x: Any, number: float) -> Any:
    return be.xp.asarray(number, dtype=x.dtype) if be.is_array(x) else be.asarray(number)


def _shown(text: str) -> str:
    """A hostile text in one short printable line."""
    cut = text if len(text) <= 40 else f"{text[:39]}…"
    return repr(cut)
