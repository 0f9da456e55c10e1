"""One resource or several in one request: `{"network": {}}` or `{"networks": [{}, {}]}`, answered alike."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.schema import UNSET

V = TypeVar("V", bound=msgspec.Struct)
MOST = 1000


def created(body: msgspec.Struct, view: type[V], create: Callable[[Any], Any]) -> V:
    """Create what a body wants, all of it or, since it is one transaction, nothing.

    The body's struct has two fields, the resource's name and its plural, and so has the view.
    """
    return created_together(body, view, lambda several: [create(wanted) for wanted in several])


def created_together(body: msgspec.Struct, view: type[V], create: Callable[[Sequence[Any]], Sequence[Any]]) -> V:
    """The same for what is cheaper to create together; `create` gets all that is wanted, one or several."""
    one, many = (field.encode_name for field in msgspec.structs.fields(body))
    single, several = getattr(body, one), getattr(body, many)
    if (single is UNSET) == (several is UNSET):
        raise BadRequest("Unable to find '{name}' in request body", name=one)
    if single is not UNSET:
        return view(**{one: create([single])[0]})
    if not several:
        raise BadRequest("Resource body required", kind="HTTPBadRequest")
    if len(several) > MOST:
        raise BadRequest("At most {most} {name} can be created at once.", most=MOST, name=many)
    return view(**{many: create(several)})
