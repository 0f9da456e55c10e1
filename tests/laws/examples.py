"""For any body's struct, an example that fits it, and values that try each of its fields."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

NAMES = (
    "a",
    "abc",
    "11111111-2222-3333-4444-555555555555",
    "1" * 32,
    "CUSTOM_A",
    "public",
    "192.0.2.1",
    "2.1",
    "2026-01-31T00:00:00Z",
    "http://cloud.example",
)
ODD_LENGTHS = ("", " ", "x" * 256, "x" * 70_000)
ODD_TEXTS = (*ODD_LENGTHS, "\x00", "a\x00b", "하늘 😀", "\u202e", "%s%n", "'; --", "../..", "\r\nA: b")
ODD_NUMBERS = (True, -1, 0, 2**31, 2**63, 2**70, 1e300)
ODD_VALUES: tuple[Any, ...] = (None, [], [None], {}, {"a": {"b": [1]}}, *ODD_NUMBERS, *ODD_TEXTS)


def example(kind: Any) -> Any:
    """Builtins that convert to this type, required fields alone."""
    return _example(inspect.type_info(kind), 0)


def tried(kind: Any) -> Iterator[Any]:
    """The example with each field, required or not, in turn given each odd value."""
    info = inspect.type_info(kind)
    whole = _example(info, 0)
    for field in info.fields if isinstance(info, inspect.StructType) else ():
        for value in ODD_VALUES:
            yield {**whole, field.encode_name: value}
        yield {**whole, field.encode_name: _example(field.type, 1)}


def _example(info: Any, depth: int) -> Any:
    match info:
        case inspect.StructType() if depth < 8:
            return {field.encode_name: _example(field.type, depth + 1) for field in info.fields if field.required}
        case inspect.StrType():
            return _text(info)
        case inspect.IntType() | inspect.FloatType():
            return info.ge if info.ge is not None else (1 if info.gt is None else info.gt + 1)
        case inspect.BoolType():
            return True
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType():
            return [_example(info.item_type, depth + 1)] * max(1, info.min_length or 0)
        case inspect.TupleType():
            return [_example(one, depth + 1) for one in info.item_types]
        case inspect.DictType():
            return {_example(info.key_type, depth + 1): _example(info.value_type, depth + 1)}
        case inspect.LiteralType():
            return info.values[0]
        case inspect.UnionType():
            told = [one for one in info.types if not isinstance(one, inspect.NoneType)]
            return _example(told[0], depth + 1) if told else None
        case inspect.Metadata():
            return _example(info.type, depth + 1)
        case inspect.DateTimeType():
            return "2026-01-31T00:00:00Z"
    return None


def _text(info: inspect.StrType) -> str:
    for name in NAMES:
        long_enough = name.ljust(info.min_length or 0, "a")
        if info.pattern is None or re.search(info.pattern, long_enough):
            return long_enough[: info.max_length]
    return "a"


def as_body(wraps: str, value: Any) -> bytes:
    """The value as the bytes of a request, in its wrapping."""
    return msgspec.json.encode({wraps: value} if wraps else value)
