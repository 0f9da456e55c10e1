"""Conditions of a request: a change that was thought out on a state which is no more is refused.

`If-Match: revision_number=7` is Neutron's form, `If-Match: "tag"` HTTP's (RFC 9110, 13.1.1).
"""

import re

from haneul.kernel.errors import BadRequest, PreconditionFailed

REVISION = re.compile(r"revision_number\s*=\s*(-?\d{1,18})")
TAG = re.compile(r'\*|(?:W/)?"[^"]*"')


def refuse_stale(given: str, *, revision: int | None = None, tag: str = "") -> None:
    """PreconditionFailed unless what `If-Match` names is still so; BadRequest if it can't be read.

    `tag` is the state's entity tag without its quotes. A weak tag never matches, as the RFC has it.
    """
    text = given.strip()
    if not text:
        return
    asked = REVISION.fullmatch(text)
    if asked is not None:
        if revision != int(asked[1]):
            raise PreconditionFailed(
                "Constrained to {wanted}, but current revision is {revision}",
                wanted=asked[1],
                revision=revision,
                kind="RevisionNumberConstraintFailed",
            )
        return
    tags = [part.strip() for part in text.split(",")]
    if any(TAG.fullmatch(part) is None for part in tags):
        raise BadRequest("Invalid If-Match header: expected revision_number=N, entity tags or *.")
    if "*" not in tags and f'"{tag}"' not in tags:
        raise PreconditionFailed("The resource has changed since it was read.")
