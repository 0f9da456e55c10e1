from haneul.kernel.clock import iso_bare
from haneul.kernel.schema import View
from haneul.services.block_storage.messages.events import in_words
from haneul.services.block_storage.messages.models import Message


class MessageView(View):
    """A message; `guaranteed_until` is when it may be forgotten."""

    id: str
    event_id: str
    user_message: str
    message_level: str
    created_at: str
    guaranteed_until: str
    request_id: str
    resource_type: str
    resource_uuid: str
    links: list[dict[str, str]]

    @classmethod
    def of(cls, message: Message, links: list[dict[str, str]]) -> "MessageView":
        return cls(
            id=message.id,
            event_id=message.event_id,
            user_message=in_words(message.action, message.detail),
            message_level=message.message_level,
            created_at=iso_bare(message.created_at),
            guaranteed_until=iso_bare(message.expires_at),
            request_id=message.request_id,
            resource_type=message.resource_type,
            resource_uuid=message.resource_uuid,
            links=links,
        )
