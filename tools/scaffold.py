"""Make the folder of a new resource, in the shape that all have, and its tests.

python tools/scaffold.py network routers [--url /v2.0/routers] [--singular router]
"""

import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = Path(__file__).resolve().parent / "templates"
ROOMS = ("models", "schemas", "logic", "api")
WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Refused(Exception):
    """The folder can't be made; the message is the sentence that says why."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the folder of a new resource and its tests.")
    parser.add_argument("service", help="a folder of src/haneul/services, such as network")
    parser.add_argument("resource", help="the plural that stands in the URL, such as routers")
    parser.add_argument("--url", help="where its collection stands under the service's port (default: /RESOURCE)")
    parser.add_argument("--singular", help="one of them, where taking the plural's ending off would be wrong")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository to write to (default: this one)")
    wanted = parser.parse_args(arguments)
    try:
        words = words_for(wanted.service, wanted.resource, wanted.singular, wanted.url)
        written = write(wanted.root, words)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    for path in written:
        print(f"wrote {path.relative_to(wanted.root)}")
    print(what_remains(words))
    return 0


def words_for(service: str, plural: str, singular: str | None, url: str | None) -> dict[str, str]:
    """The values of the templates; Refused for a name that Python or the house can't use."""
    thing = singular or singular_of(plural)
    for name in (service, plural, thing):
        if not WORD.fullmatch(name):
            raise Refused(f"{name!r} is not a name: small letters, digits and underscores, a letter first.")
    if thing == plural or keyword.iskeyword(thing):
        raise Refused(f"The singular of {plural!r} is not clear; give it with --singular.")
    return {
        "service": service,
        "things": plural,
        "thing": thing,
        "Thing": "".join(part.capitalize() for part in thing.split("_")),
        "words": thing.replace("_", " "),
        "words_plural": plural.replace("_", " "),
        "url": "/" + (url or plural).strip("/"),
    }


def singular_of(plural: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("s", "")):
        if plural.endswith(ending):
            return plural.removesuffix(ending) + instead
    return plural


def write(root: Path, words: dict[str, str]) -> list[Path]:
    """Write the resource's folder and its mirror; Refused if the service is not there or the resource is."""
    service = root / "src" / "haneul" / "services" / words["service"]
    folder = service / words["things"]
    mirror = root / "tests" / "services" / words["service"] / words["things"]
    if not (service / "__init__.py").exists():
        raise Refused(f"There is no service {words['service']}; docs/adding-a-service.md says how to begin one.")
    for path in (folder, mirror):
        if path.exists():
            raise Refused(f"{path.relative_to(root)} exists already; nothing was written.")
    texts = {folder / f"{room}.py": f"{room}.py.txt" for room in ROOMS} | {
        mirror / "test_logic.py": "test_logic.py.txt"
    }
    for path in (folder, mirror):
        path.mkdir(parents=True)
    (folder / "__init__.py").touch()
    for path, template in texts.items():
        path.write_text(Template((TEMPLATES / template).read_text()).substitute(words))
    tidy(list(texts))
    return [folder / "__init__.py", *texts]


def tidy(paths: list[Path]) -> None:
    """Names differ in length, so where lines break and imports stand is for the formatter to say."""
    ruff = [str(Path(sys.executable).with_name("ruff"))]
    settings = ["--quiet", "--config", str(ROOT / "pyproject.toml"), *map(str, paths)]
    subprocess.run([*ruff, "check", "--fix", "--select", "I", *settings], check=True)
    subprocess.run([*ruff, "format", *settings], check=True)


def what_remains(words: dict[str, str]) -> str:
    return Template(
        """
What remains:
- src/haneul/services/$service/service.py: name haneul.services.$service.$things.api.routes among its resources
- a migration for the table ${service}_$things
- rules, fields and sentences: the real service's own (docs/adding-a-resource.md)
- make docs, and make check test-unit"""
    ).substitute(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
