"""OpenSCENARIO's ``$name`` and ``${expression}``: parsed by a grammar of our own, never evaluated as code.

Operators by ASAM OpenSCENARIO XML 1.2, 9.2: ``+ - * / % ^ not and or``, comparison, ``round floor ceil sqrt pow abs sign min
max`` and trigonometry is not among them. Words that are no parameter are text, and ``+`` joins text, as public files use it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

Value = float | str | bool
_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(\$?[A-Za-z_][\w.\-]*)|(<=|>=|==|!=|[-+*/%^(),<>])|(['\"])(.*?)\4)"
)
_NAME = re.compile(r"^\$([A-Za-z_][\w.\-]*)$")
MOST_DEPTH = 60
_CALLS: dict[str, Callable[..., float]] = {
    "round": lambda a: float(math.floor(a + 0.5)), "floor": lambda a: float(math.floor(a)),
    "ceil": lambda a: float(math.ceil(a)), "sqrt": math.sqrt, "pow": math.pow, "abs": abs,
    "sign": lambda a: float((a > 0) - (a < 0)), "max": max, "min": min,
}  # fmt: skip


class ExpressionError(ValueError):
    """An expression cannot be read or has no value."""


def resolve(text: str, scope: Mapping[str, str]) -> str:
    """Return an attribute's text with its parameter or expression put in; raises :class:`ExpressionError`."""
    if "$" not in text:
        return text
    text = text.strip()
    if named := _NAME.match(text):
        return _of(named[1], scope)
    if text.startswith("${") and text.endswith("}"):
        return shown(evaluate(text[2:-1], scope))
    raise ExpressionError(f"{text!r} is neither $name nor ${{expression}}")


def shown(value: Value) -> str:
    """Return a value as an attribute's text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else value


def _of(name: str, scope: Mapping[str, str]) -> str:
    if name not in scope:
        raise ExpressionError(f"no parameter ${name}")
    return scope[name]


def evaluate(text: str, scope: Mapping[str, str]) -> Value:
    """Return the value of what stands between ``${`` and ``}``; raises :class:`ExpressionError`."""
    tokens: list[str] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found or found.end() == at:
            raise ExpressionError(f"{text!r}: cannot be read from {text[at : at + 12]!r}")
        quoted = found[5]
        tokens.append(found[1] or found[2] or found[3] or f'"{quoted}')
        at = found.end()
    reader = _Reader(text, tokens, scope)
    try:
        value = reader.either()
        if reader.at != len(tokens):
            raise ExpressionError(f"{text!r}: {tokens[reader.at]!r} is too much")
        if isinstance(value, float) and not math.isfinite(value):
            raise ExpressionError(f"{text!r} has no finite value")
    except (ZeroDivisionError, OverflowError, ValueError, TypeError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(f"{text!r}: {error}") from None
    return value


class _Reader:
    """Recursive descent, one method a level of precedence."""

    def __init__(self, text: str, tokens: list[str], scope: Mapping[str, str]) -> None:
        self.text, self.tokens, self.scope, self.at, self.depth = text, tokens, scope, 0, 0

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.next()
        if token in wanted and token:
            self.at += 1
            return token
        return ""

    def either(self) -> Value:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise ExpressionError(f"{self.text[:40]!r}: nested deeper than {MOST_DEPTH}")
        value = self.both()
        while self.take("or"):
            other = self.both()
            value = _truth(value) or _truth(other)
        self.depth -= 1
        return value

    def both(self) -> Value:
        value = self.compared()
        while self.take("and"):
            other = self.compared()
            value = _truth(value) and _truth(other)
        return value

    def compared(self) -> Value:
        value = self.sum()
        if sign := self.take("<", ">", "<=", ">=", "==", "!="):
            other = self.sum()
            if sign in ("==", "!="):
                return (value == other) == (sign == "==")
            a, b = _number(value), _number(other)
            return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[sign]
        return value

    def sum(self) -> Value:
        value = self.product()
        while sign := self.take("+", "-"):
            other = self.product()
            if sign == "+" and (isinstance(value, str) or isinstance(other, str)):
                value = _text(value) + _text(other)
            else:
                value = _number(value) + (_number(other) if sign == "+" else -_number(other))
        return value

    def product(self) -> Value:
        value = self.signed()
        while sign := self.take("*", "/", "%"):
            a, b = _number(value), _number(self.signed())
            value = a * b if sign == "*" else a / b if sign == "/" else math.fmod(a, b)
        return value

    def signed(self) -> Value:
        if self.take("-"):
            return -_number(self.signed())
        if self.take("+"):
            return self.signed()
        if self.take("not"):
            return not _truth(self.signed())
        value = self.atom()
        if self.take("^"):
            return float(math.pow(_number(value), _number(self.signed())))
        return value

    def atom(self) -> Value:
        token = self.next()
        if not token:
            raise ExpressionError(f"{self.text!r} ends too early")
        self.at += 1
        if token == "(":
            value = self.either()
            if not self.take(")"):
                raise ExpressionError(f"{self.text!r}: a bracket is not closed")
            return value
        if token[0].isdigit() or token[0] == ".":
            return float(token)
        if token[0] == '"':
            return token[1:]
        if token[0] == "$":
            return _typed(_of(token[1:], self.scope))
        if token in ("true", "false"):
            return token == "true"
        if token in _CALLS and self.next() == "(":
            self.at += 1
            values = [_number(self.either())]
            while self.take(","):
                values.append(_number(self.either()))
            if not self.take(")"):
                raise ExpressionError(f"{self.text!r}: a bracket is not closed")
            return float(_CALLS[token](*values))
        if token[0].isalpha() or token[0] == "_":
            return token
        raise ExpressionError(f"{self.text!r}: {token!r} does not stand there")


def _typed(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text


def _number(value: Value) -> float:
    if isinstance(value, str):
        raise ExpressionError(f"{value!r} is no number")
    return float(value)


def _truth(value: Value) -> bool:
    if isinstance(value, str):
        raise ExpressionError(f"{value!r} is neither true nor false")
    return bool(value)


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else shown(value)
