from typing import Any

import msgspec

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes, listed
from haneul.kernel.policy import Rule
from haneul.services.identity.base_rules import CLOUD_WIDE
from haneul.services.identity.domains import logic
from haneul.services.identity.domains.schemas import DomainCreate, DomainFilters, DomainView
from haneul.services.identity.extras import extras, with_extras
from haneul.services.identity.filters import booleans
from haneul.services.identity.inexact import inexact
from haneul.services.identity.parts import Parts
from haneul.services.identity.projects import changes, removal, tags
from haneul.services.identity.projects.models import Project
from haneul.services.identity.projects.schemas import ProjectUpdate
from haneul.services.identity.projects.search import DOMAINS_BY_PART

routes = Routes()

GET = Rule(
    "identity:get_domain",
    "rule:admin_required or (role:reader and system_scope:all) or token.domain.id:%(target.domain.id)s or "
    "token.project.domain.id:%(target.domain.id)s",
    "Show a domain.",
)
LIST = Rule(
    "identity:list_domains",
    "rule:admin_required or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain.id)s)",
    "List domains.",
)
CREATE = Rule("identity:create_domain", "rule:admin_required", "Create a domain.", scope_types=CLOUD_WIDE)
UPDATE = Rule("identity:update_domain", "rule:admin_required", "Change a domain.", scope_types=CLOUD_WIDE)
DELETE = Rule(
    "identity:delete_domain", "rule:admin_required", "Delete a domain and all that is in it.", scope_types=CLOUD_WIDE
)

View = DomainView | dict[str, Any]


def view(call: Call, domain: Project, named: list[str] | None = None) -> View:
    shown = tags.of_one(call.db, domain.id) if named is None else named
    return with_extras(DomainView.of(domain, shown, call.url("/v3/domains")), domain.extra)


def allowed(call: Call, domain_id: str) -> Project:
    """The domain, once the route's rule allows it."""
    domain = logic.find(call.db, domain_id)
    call.enforce(domain=domain or {})
    return logic.existing(domain, domain_id)


def named(call: Call, domain_id: str) -> Project:
    """The domain, once the route's rule allows it; anybody learns that there is none, as from Keystone."""
    domain = logic.existing(logic.find(call.db, domain_id), domain_id)
    call.enforce(domain=domain)
    return domain


@routes.get("/v3/domains", rule=LIST, wraps="domains")
def list_domains(call: Call, query: DomainFilters) -> Listed[View]:
    own_id = call.caller.domain_id
    call.enforce(domain={"id": own_id})
    page, filters = call.page(), booleans(query, "enabled")
    parts_of_names = inexact(call.db, call.ask.parameters, DOMAINS_BY_PART)
    found = logic.list_(call.db, page, {**filters, "id": own_id} if own_id else filters, parts_of_names)
    named = tags.of(call.db, [domain.id for domain in found])
    return listed(page, found, lambda domain: view(call, domain, named.get(domain.id, [])), lambda it: it.id)


@routes.get("/v3/domains/{domain_id}", rule=GET, wraps="domain", quick=True)
def get_domain(call: Call, domain_id: str) -> View:
    return view(call, allowed(call, domain_id))


@routes.delete("/v3/domains/{domain_id}", rule=DELETE)
def delete_domain(call: Call, domain_id: str) -> None:
    removal.delete_domain(call.db, named(call, domain_id))


def writing_routes_with(parts: Parts) -> Routes:
    """The routes that this process's settings have a say in."""
    routes = Routes()

    @routes.post("/v3/domains", rule=CREATE, wraps="domain")
    def create_domain(call: Call, body: DomainCreate) -> View:
        call.enforce()
        return view(call, logic.create(call.db, body, extras(call, body), parts.settings))

    @routes.patch("/v3/domains/{domain_id}", rule=UPDATE, wraps="domain")
    def update_domain(call: Call, domain_id: str, body: ProjectUpdate) -> View:
        domain = named(call, domain_id)
        further = extras(call, body, own_id=domain_id)
        if not msgspec.json.decode(call.raw_body)["domain"]:
            raise BadRequest("Invalid input for field/attribute domain: an update names at least one attribute.")
        return view(call, changes.update(call.db, domain, body, further, parts.settings))

    return routes
