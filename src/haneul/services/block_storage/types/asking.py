"""What a list of types is asked for: whose types, and with which specs."""

from typing import Any

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call
from haneul.services.block_storage.lists import IS_ADMIN, LONGEST, MOST_ITEMS, PAGING, Filters, literal
from haneul.services.block_storage.types.queries import having
from haneul.services.block_storage.types.schemas import VISIBLE_TO_ALL
from haneul.services.block_storage.yes_no import FALSE, TRUE

COLUMNS = frozenset({"id", "name", "description", "qos_specs_id"})
WRONG_FILTERS = "Invalid filters {names} are found in query options."


def understood(call: Call, *, sees_all_specs: bool) -> Filters:
    """What the query asks for; BadRequest for what can't be asked.

    Who is no admin sees public types and those that his project has access to, and may filter by specs from 3.52 on.
    """
    given = {name: values[-1] for name, values in call.ask.parameters.items() if name not in PAGING}
    is_admin = call.allows(IS_ADMIN)
    publicity = published(given.pop("is_public", None), is_admin=is_admin)
    if not is_admin:
        given = _allowed(call, given)
    specs = _specs(given.pop("extra_specs", None))
    if given.keys() - COLUMNS or (not sees_all_specs and specs.keys() - set(VISIBLE_TO_ALL)):
        return Filters(is_void=True)
    return Filters(given | seen_by(call, publicity), having(specs))


def published(word: str | None, *, is_admin: bool) -> bool | None:
    """Public types and one's own unless an admin asks otherwise: False for private ones, None for all."""
    if word is None or not is_admin:
        return True
    plain = word.strip().lower()
    if plain == "none":
        return None
    if plain not in (*TRUE, *FALSE):
        raise BadRequest("Invalid is_public filter [{word}]", word=word[:64])
    return plain in TRUE


def seen_by(call: Call, publicity: bool | None) -> dict[str, Any]:
    """The filters that bound a list to the types of this publicity."""
    if publicity is None:
        return {}
    return {"visible_to": call.caller.project_id or ""} if publicity else {"is_public": False}


def _allowed(call: Call, given: dict[str, str]) -> dict[str, str]:
    if not call.at_least("3.52"):
        return {}
    wrong = given.keys() - {"extra_specs", "all_tenants"}
    if wrong:
        raise BadRequest(WRONG_FILTERS, names=",".join(sorted(wrong))[:255])
    return {name: text for name, text in given.items() if name == "extra_specs"}


def _specs(text: str | None) -> dict[str, str]:
    """The specs that a filter names, as a Python dictionary: `{'multiattach': '<is> True'}`."""
    if text is None:
        return {}
    specs = literal(text) if len(text) <= LONGEST else None
    if not isinstance(specs, dict) or len(specs) > MOST_ITEMS:
        raise BadRequest(WRONG_FILTERS, names="extra_specs")
    return {str(name): str(value) for name, value in specs.items()}
