"""The oslo.policy language: text, or a list of lists, to an expression.

`not` binds more than `and`, `and` more than `or`. A list is an `or` of `and`s. Both forms are those of oslo.policy's
documentation ("Policy Rule Expressions"); checks that ask another server (`http://...`) are refused.
"""

import ast
import re
from functools import lru_cache

from haneul.kernel.policy.credentials import CREDENTIALS
from haneul.kernel.policy.expressions import (
    AdminIs,
    Always,
    And,
    CredentialIs,
    Expression,
    FieldIs,
    Leaf,
    LiteralIs,
    Never,
    Not,
    Or,
    RoleIs,
    RuleIs,
    Template,
)

DEEPEST = 50
"""How many parentheses and `not`s may stand inside each other."""

_TOKEN = re.compile(r"""\s+|([()])|((?:%\([^()]*\)s|'[^']*'|"[^"]*"|[^\s()'"])+)|(.)""")
_CHECK = re.compile(r"""('[^']*'|"[^"]*"|[^:'"]+):(.+)""", re.DOTALL)
_FIELD = re.compile(r"([^:]+):(.+?)=(~?)(.*)", re.DOTALL)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class PolicyError(ValueError):
    """A rule that cannot be used; its text is a sentence for the operator."""


def parse(rule: object) -> Expression:
    """The expression that a rule's text, or its list form, stands for; PolicyError if there is none."""
    if isinstance(rule, str):
        return _parse_text(rule)
    if isinstance(rule, list):
        return _parse_lists(rule)
    raise PolicyError(f"A rule is a text or a list of lists of checks, not {rule!r}; '@' allows everyone.")


@lru_cache(maxsize=4096)
def _parse_text(text: str) -> Expression:
    reader = _Reader(_tokens(text))
    if reader.peek() is None:
        return Always()
    expression = reader.read_or(depth=0)
    if reader.peek() is not None:
        raise PolicyError(f"An 'and' or 'or' is missing before '{reader.peek()}' in '{text}'.")
    return expression


def _parse_lists(rows: list[object]) -> Expression:
    if not rows:
        return Always()
    allowed = [_parse_row(row) for row in rows if row]
    return _joined(Or, allowed) if allowed else Never()


def _parse_row(row: object) -> Expression:
    checks = row if isinstance(row, list) else [row]
    if not all(isinstance(check, str) for check in checks):
        raise PolicyError(f"A list of checks holds texts, and {row!r} does not.")
    return _joined(And, [_parse_text(check) for check in checks])


def _joined(kind: type[And] | type[Or], parts: list[Expression]) -> Expression:
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def _tokens(text: str) -> list[str]:
    found = []
    for match in _TOKEN.finditer(text):
        mark, word, stray = match.groups()
        if stray:
            raise PolicyError(f"A {stray} in '{text}' is never closed.")
        if mark or word:
            found.append(mark or word)
    return found


class _Reader:
    """Reads an expression from its tokens by recursive descent."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, word: str) -> bool:
        token = self.peek()
        if token is None or token.lower() != word:
            return False
        self.at += 1
        return True

    def read_or(self, depth: int) -> Expression:
        parts = [self.read_and(depth)]
        while self.take("or"):
            parts.append(self.read_and(depth))
        return _joined(Or, parts)

    def read_and(self, depth: int) -> Expression:
        parts = [self.read_one(depth)]
        while self.take("and"):
            parts.append(self.read_one(depth))
        return _joined(And, parts)

    def read_one(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise PolicyError(f"The rule is nested more than {DEEPEST} deep.")
        if self.take("not"):
            return Not(self.read_one(depth + 1))
        if self.take("("):
            inside = self.read_or(depth + 1)
            if not self.take(")"):
                raise PolicyError("A parenthesis is never closed.")
            return inside
        return self.read_check()

    def read_check(self) -> Expression:
        token = self.peek()
        if token is None:
            raise PolicyError("The rule ends where a check is missing.")
        if token in (")", "(") or token.lower() in ("and", "or"):
            raise PolicyError(f"A check is missing before '{token}'.")
        self.at += 1
        if token in ("@", "!"):
            return Always() if token == "@" else Never()
        return _read_leaf(token)


def _read_leaf(source: str) -> Leaf:
    match = _CHECK.fullmatch(source)
    if match is None:
        raise PolicyError(f"'{source}' is not a check: a check is a pair such as role:admin.")
    kind, text = match.groups()
    if kind in ("http", "https"):
        raise PolicyError(f"'{source}' asks another server, which is not supported: rules are decided here alone.")
    if kind == "rule":
        return RuleIs(text, source)
    if kind in ("role", "roles"):
        return RoleIs(Template.read(text.lower() if "%(" not in text else text), source)
    if kind == "is_admin":
        return _read_admin(text, source)
    if kind == "field":
        return _read_field(text, source)
    value = Template.read(text[1:-1] if text[0] in "'\"" and text[0] == text[-1] and len(text) > 1 else text)
    if kind in CREDENTIALS:
        return CredentialIs(kind, value, source)
    return LiteralIs(_read_literal(kind, source), value, source)


def _read_admin(text: str, source: str) -> AdminIs:
    if text.lower() not in _TRUTHS:
        raise PolicyError(f"'{source}' compares is_admin with neither True nor False.")
    return AdminIs(_TRUTHS[text.lower()], source)


def _read_field(text: str, source: str) -> FieldIs:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise PolicyError(f"'{source}' is not a check of a field: that is written field:networks:shared=True.")
    _, name, tilde, value = match.groups()
    if tilde:
        try:
            re.compile(value)
        except re.error as error:
            raise PolicyError(f"'{source}' holds a pattern that cannot be read: {error}.") from error
    return FieldIs(name, value, bool(tilde), source)


def _read_literal(kind: str, source: str) -> str:
    try:
        return str(ast.literal_eval(kind))
    except (ValueError, SyntaxError):
        raise PolicyError(
            f"'{source}' begins with '{kind}', which is neither a kind of check, a credential nor a quoted text."
        ) from None
