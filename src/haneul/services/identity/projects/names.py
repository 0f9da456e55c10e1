"""Names of projects and domains.

They are compared byte by byte on every database: `Demo` and `demo` are two names.
"""

from haneul.kernel.errors import BadRequest
from haneul.services.identity.config import IdentitySettings

RESERVED = ":/?#[]@!$&'()*+,;="


def kept(name: str, settings: IdentitySettings, *, is_domain: bool) -> str:
    """The name as it is kept, without spaces around it; BadRequest where names must be fit for URLs and it isn't."""
    rule = settings.domain_name_url_safe if is_domain else settings.project_name_url_safe
    unsafe = "".join(one for one in RESERVED if one in name)
    if rule != "off" and unsafe:
        raise BadRequest(
            "{entity} name cannot contain the following reserved characters: {chars}",
            entity="Domain" if is_domain else "Project",
            chars=unsafe,
        )
    return name.strip()
