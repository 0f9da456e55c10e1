from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.block_storage.base_rules import MEMBER, READER
from haneul.services.block_storage.lists import IS_ADMIN, PAGING, Filters, listed, rows_of
from haneul.services.block_storage.messages import logic
from haneul.services.block_storage.messages.logic import FILTERS, KIND, OFFERED
from haneul.services.block_storage.messages.models import Message
from haneul.services.block_storage.messages.schemas import MessageView

routes = Routes()

PATH = "/v3/messages"
LIST = Rule("message:get_all", READER, "List messages about what has failed.")
GET = Rule("message:get", READER, "Show a message.")
DELETE = Rule("message:delete", MEMBER, "Delete a message.")


def _view(call: Call, message: Message) -> MessageView:
    project = f"/{call.ask.project_id}" if call.ask.project_id else ""
    links = [
        {"rel": "self", "href": call.url(f"/v3{project}/messages/{message.id}")},
        {"rel": "bookmark", "href": call.url(f"{project}/messages/{message.id}")},
    ]
    return MessageView.of(message, links)


def _filters(call: Call) -> Filters:
    """What the query asks for: administrators see every project's messages, and may ask for anything."""
    given = {name: values[-1] for name, values in call.ask.parameters.items() if name not in (*PAGING, "all_tenants")}
    is_admin = call.allows(IS_ADMIN)
    bounds = {} if is_admin else {"project_id": call.caller.project_id or ""}
    if not call.at_least("3.5"):
        return Filters(dict(bounds))
    wrong = [name for name in given if name not in OFFERED]
    if wrong and not is_admin and call.at_least("3.31"):
        raise BadRequest("Invalid filters {names} are found in query options.", names=",".join(wrong)[:255])
    return Filters({**given, **bounds}, is_void=not given.keys() <= FILTERS.keys())


@routes.get(PATH, rule=LIST, wraps="messages", since="3.3")
def list_messages(call: Call) -> Listed[MessageView]:
    call.enforce(project_id=call.caller.project_id)
    filters = _filters(call)
    found: list[Message] = rows_of(call, KIND, filters)
    return listed(call, KIND, filters, [_view(call, one) for one in found], [one.id for one in found])


@routes.get(PATH + "/{message_id}", rule=GET, wraps="message", since="3.3", quick=True)
def get_message(call: Call, message_id: str) -> MessageView:
    message = logic.get_visible(call.db, message_id, call.caller)
    call.enforce(message)
    return _view(call, message)


@routes.delete(PATH + "/{message_id}", rule=DELETE, since="3.3")
def delete_message(call: Call, message_id: str) -> None:
    message = logic.get_visible(call.db, message_id, call.caller)
    call.enforce(message)
    logic.forget(call.db, message)
