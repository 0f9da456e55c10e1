"""Write what the code itself knows: routes with their rules, options, and what of the documented APIs is answered.

python -m tools.generate_docs
"""

import ast
import inspect
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_type_hints

import msgspec

from haneul.cloud import Cloud
from haneul.kernel.config import Settings
from haneul.kernel.http.routes import Route
from haneul.kernel.http.versions import NEWEST, Version
from haneul.kernel.service import Service
from haneul.settings import CloudOptions, CloudSettings
from tools import coverage

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "generated"
SERVICES = ROOT / "src" / "haneul" / "services"
INTRODUCTION = """# What of the documented APIs haneul answers

Written by `make docs` from the routes and from `tests/surface/operations`. A call is *answered* if a route takes its
method, path and action; an *honest 501* says to the client that haneul lacks it; *missing* calls get neither; *removed*
ones are gone from OpenStack itself and answer 410 or 404, as there.
"""
NOT_BEGUN = """Services that haneul does not have yet, with how many calls they document:
"""


def main() -> None:
    services = sorted(all_services(), key=lambda service: service.type)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "rbac.txt").write_text(rbac(services))
    (FOLDER / "options.md").write_text(options(services))
    (FOLDER / "coverage.md").write_text(coverage_page(services))
    for service in services:
        listed = "".join(f"{one}\n" for one in coverage.unbuilt_calls(service))
        (SERVICES / service.package / "unbuilt.txt").write_text(listed)


def all_services() -> list[Service]:
    """The manifests of every service that a cloud has."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        (state / "control").mkdir()
        cloud = Cloud(CloudSettings(state=state), Settings({}, {}))
        cloud.store.close()
        return cloud.services


def rbac(services: Sequence[Service]) -> str:
    """One line a route: the call, its versions, its rule and the rule's default."""
    lines = ["# Every route: METHOD path [action] [versions] | rule | default. Written by `make docs`.", ""]
    for service in services:
        lines += [f"[{service.type}]", *sorted(map(rbac_line, service.routes)), ""]
    return "\n".join(lines)


def rbac_line(route: Route) -> str:
    return f"{route.name}{versions(route)} | {route.rule.name} | {route.rule.default}"


def versions(route: Route) -> str:
    first = "" if route.first == Version(0, 0) else str(route.first)
    last = "" if route.last == NEWEST else str(route.last)
    return f" [{first}-{last}]" if first or last else ""


def options(services: Sequence[Service]) -> str:
    """Every option with its default, by section of `haneul.toml`."""
    sections: list[tuple[str, type[msgspec.Struct]]] = [("cloud", CloudOptions)]
    sections += [(one.package, one.settings) for one in services if one.settings is not None]
    head = (
        "# Options\n\nWritten by `make docs`. None has to be set. All stand in `haneul.toml`, a section per service. "
        "A\nvariable `HANEUL_SECTION_OPTION` goes before the file.\n"
    )
    return "\n".join([head, *(section(name, shape) for name, shape in sections)])


def section(name: str, shape: type[msgspec.Struct]) -> str:
    hints = get_type_hints(shape)
    said = said_of_fields(shape)
    rows = [
        f"| `{field.name}` | {shown(hints[field.name])} | {default_of(field)} |"
        + (f" {said.get(field.name, '')} |" if said else "")
        for field in msgspec.structs.fields(shape)
    ]
    head = (
        ["| option | kind | default | meaning |", "|---|---|---|---|"]
        if said
        else ["| option | kind | default |", "|---|---|---|"]
    )
    return f"## [{name}]\n\n{inspect.cleandoc(shape.__doc__ or '')}\n\n" + "\n".join([*head, *rows, ""])


def said_of_fields(shape: type[msgspec.Struct]) -> dict[str, str]:
    """The sentences that stand under fields in the struct's own text."""
    body = ast.parse(textwrap.dedent(inspect.getsource(shape))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, said in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(said, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(said.value)).split())
    return found


def shown(hint: object) -> str:
    name = hint.__name__ if isinstance(hint, type) and not hasattr(hint, "__args__") else str(hint)
    return "`" + name.replace("typing.", "").replace("|", "\\|") + "`"


def default_of(field: msgspec.structs.FieldInfo) -> str:
    value = field.default if field.default is not msgspec.NODEFAULT else None
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    return f"`{msgspec.json.encode(msgspec.to_builtins(value)).decode()}`" if value not in ("", None) else "none"


def coverage_page(services: Sequence[Service]) -> str:
    """Counts by service and group, and the calls that are missing."""
    verdicts = {service.name: coverage.judged(service) for service in services}
    totals: dict[str, Counter[str]] = {name: Counter(one.verdict for one in all_) for name, all_ in verdicts.items()}
    lines = [INTRODUCTION, *table("service", totals), "", NOT_BEGUN, *coverage.not_begun(services)]
    for name, found in verdicts.items():
        lines += ["", f"## {name}", "", *table("group", coverage.counts(found)), *missing_calls(found)]
    return "\n".join([*lines, ""])


def table(what: str, rows: Mapping[str, Counter[str]]) -> Iterator[str]:
    yield f"| {what} | " + " | ".join(coverage.VERDICTS) + " | all |"
    yield "|---" * (len(coverage.VERDICTS) + 2) + "|"
    for name, tally in rows.items():
        cells = " | ".join(str(tally[verdict]) for verdict in coverage.VERDICTS)
        yield f"| {name} | {cells} | {tally.total()} |"


def missing_calls(found: Sequence[coverage.Judged]) -> list[str]:
    calls = [
        f"- `{one.operation.method} {one.path}` {one.operation.action}" for one in found if one.verdict == "missing"
    ]
    return ["", "Missing:", "", *calls] if calls else []


if __name__ == "__main__":
    main()
