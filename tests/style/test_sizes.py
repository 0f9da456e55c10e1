"""The outer limits of files, functions, classes and parameter lists."""

import ast
from collections.abc import Iterator

from tests.style.tree import Function, Module, classes, dotted, expect_none, functions, length, modules

FILE_LINES = 500
FUNCTION_LINES = 70
CLASS_LINES = 300
PARAMETERS_BY_POSITION = 5
PARAMETERS = 10
PROTOCOL_VERBS = 20
# What every function of its kind is handed anyway.
GIVEN = {"self", "cls", "db", "call"}


def test_files_are_short() -> None:
    expect_none(
        f"{module.place}: {lines(module)} lines"
        for module in modules()
        if lines(module) > FILE_LINES and "migrations/versions" not in module.place
    )


def lines(module: Module) -> int:
    return len(module.text.splitlines())


def test_functions_are_short() -> None:
    expect_none(
        f"{module.at(function)} {function.name}: {length(function)} lines"
        for module in modules()
        for function in functions(module)
        if length(function) > FUNCTION_LINES and "migrations/versions" not in module.place
    )


def test_classes_are_short() -> None:
    expect_none(
        f"{module.at(defined)} {defined.name}: {length(defined)} lines"
        for module in modules()
        for defined in classes(module)
        if length(defined) > CLASS_LINES
    )


def test_driver_protocols_have_few_verbs() -> None:
    expect_none(
        f"{module.at(defined)} {defined.name}: {verbs(defined)} verbs"
        for module in modules("src")
        for defined in classes(module)
        if "Protocol" in map(dotted, defined.bases) and verbs(defined) >= PROTOCOL_VERBS
    )


def verbs(defined: ast.ClassDef) -> int:
    return sum(isinstance(statement, Function) for statement in defined.body)


def test_functions_take_few_parameters_or_a_struct() -> None:
    expect_none(complaint for module in modules("src") for complaint in crowded(module))


def crowded(module: Module) -> Iterator[str]:
    for function in functions(module):
        by_position = [
            parameter.arg
            for parameter in (*function.args.posonlyargs, *function.args.args)
            if parameter.arg not in GIVEN
        ]
        count = len(by_position) + len(function.args.kwonlyargs)
        if not is_command(function) and (len(by_position) > PARAMETERS_BY_POSITION or count > PARAMETERS):
            yield f"{module.at(function)} {function.name}: {len(by_position)} by position, {count} in all"


def is_command(function: Function) -> bool:
    """Click hands a command one parameter for each of its options."""
    return any(dotted(decorator).endswith((".option", ".argument")) for decorator in function.decorator_list)
