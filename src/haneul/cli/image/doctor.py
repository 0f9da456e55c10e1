"""`haneul image doctor`: whether stores hold what the rows say, and nothing else."""

import click
import msgspec

from haneul.cli.checks.finding import Finding
from haneul.cli.doctor import tell
from haneul.cli.failures import Failure
from haneul.cli.image.place import Images, images_of
from haneul.cli.options import with_cloud
from haneul.cli.screen import Screen
from haneul.cli.tree.layout import Layout

WHY = {
    "away": "What a store holds can't be compared while it does not answer.",
    "orphan": "No row speaks of these bytes. They may belong to a newer database than this one.",
    "lost": "The row says that the bytes are there; who downloads the image gets an error.",
    "size": "The bytes were changed or cut off.",
    "hash": "The bytes are not those that were uploaded.",
    "stale": "They wait for an import for more than a day, and count against the project's quota.",
    "overdue": "The image is deleted; its bytes are to go and are still there.",
    "task": "No operation works on the task any more; it will never end by itself.",
}
FIXES = {
    "lost": "Delete the image, or bring the bytes back into the store.",
    "size": "Delete the image, or bring the bytes back into the store.",
    "hash": "Delete the image, or bring the bytes back into the store.",
    "stale": "Import or delete the image.",
    "overdue": "See that the store answers and lets haneul delete, then run `haneul image scrub`.",
}
REPAIR = "haneul image doctor --repair"


@click.command("doctor")
@with_cloud
@click.option("--verify", is_flag=True, help="Also read every byte, and compare its hash.")
@click.option("--repair", is_flag=True, help="Name what would be deleted or ended; with --yes, do it.")
@click.option("--yes", is_flag=True, help="Do what --repair names.")
def doctor_command(layout: Layout, screen: Screen, verify: bool, repair: bool, yes: bool) -> int:
    """Compare what stores hold with what rows say; exit code 1 if anything is wrong.

    --repair has bytes deleted that no row speaks of, but only those of images that this very database knows to have
    been deleted; and it ends tasks that nobody works on.
    """
    from haneul.services.image.files.audit import Audit
    from haneul.services.image.files.repair import repairable, repaired

    if yes and not repair:
        raise Failure("--yes belongs to --repair.", f"Run `{REPAIR}` to see what would be done.")
    with images_of(layout) as images, screen.doing("Looking."):
        odd = list(Audit(images.store, images.backends, verifies=verify).run())
        able = images.store.read(lambda db: repairable(db, odd, images.backends))
        if yes:
            images.store.write(lambda db: repaired(db, able, images.backends))
    found = [_finding(one, fixable=one in able, fixed=yes and one in able) for one in odd]
    return tell(found or [_all_well(images)], screen)


def _finding(odd: msgspec.Struct, *, fixable: bool, fixed: bool) -> Finding:
    told = msgspec.structs.asdict(odd)
    kind = told.pop("kind")
    named = ", ".join(f"{name} {value}" for name, value in told.items() if value)
    fact = f"{kind}: {named}."
    if fixed:
        return Finding("note", f"Repaired: {fact}", WHY[kind])
    fix = f"{REPAIR} --yes" if fixable else FIXES.get(kind, "")
    verdict = "note" if kind == "orphan" and not fixable else "wrong"
    return Finding(verdict, fact, WHY[kind], fix)  # type: ignore[arg-type]


def _all_well(images: Images) -> Finding:
    names = ", ".join(one.name for one in images.backends)
    return Finding("ok", f"Rows and stores agree: {names}.", "Every image can be read where it says that it lies.")
