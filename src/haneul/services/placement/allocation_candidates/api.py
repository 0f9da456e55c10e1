from typing import Any

from haneul.kernel.http import Call, Reply, Routes
from haneul.services.placement.allocation_candidates import logic
from haneul.services.placement.allocation_candidates.combining import Candidate
from haneul.services.placement.allocation_candidates.logic import Candidates, Summary
from haneul.services.placement.allocation_candidates.parsing import parsed
from haneul.services.placement.allocation_candidates.schemas import CandidateQuery, CandidateRequest
from haneul.services.placement.answers import shown
from haneul.services.placement.base_rules import admin_or_service

routes = Routes()

LIST = admin_or_service("placement:allocation_candidates:list", "List the ways to meet a request for resources.")


@routes.get("/allocation_candidates", rule=LIST, since="1.10")
def list_allocation_candidates(call: Call, query: CandidateQuery) -> Reply[dict[str, Any]]:
    call.enforce()
    request = parsed(call.ask.parameters, call.version)
    return shown(call, view(call, request, logic.find(call.db, request)))


def view(call: Call, request: CandidateRequest, found: Candidates) -> dict[str, Any]:
    # The newest form and the oldest differ in whether things stand in lists, so the views are plain dictionaries.
    request_view = _candidate if call.at_least("1.12") else _listed_candidate
    return {
        "allocation_requests": [request_view(call, candidate) for candidate in found.candidates],
        "provider_summaries": {one.provider.id: _summary(call, request, one) for one in found.summaries},
    }


def _by_provider(candidate: Candidate) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (provider_id, name), amount in candidate.amounts.items():
        found.setdefault(provider_id, {})[name] = amount
    return found


def _candidate(call: Call, candidate: Candidate) -> dict[str, Any]:
    taken = {provider_id: {"resources": amounts} for provider_id, amounts in _by_provider(candidate).items()}
    if not call.at_least("1.34"):
        return {"allocations": taken}
    mappings = {suffix: sorted(providers) for suffix, providers in candidate.mappings.items()}
    return {"allocations": taken, "mappings": mappings}


def _listed_candidate(_call: Call, candidate: Candidate) -> dict[str, Any]:
    taken = [
        {"resource_provider": {"uuid": provider_id}, "resources": amounts}
        for provider_id, amounts in _by_provider(candidate).items()
    ]
    return {"allocations": taken}


def _summary(call: Call, request: CandidateRequest, summary: Summary) -> dict[str, Any]:
    has_all = call.at_least("1.27")
    resources = {
        stock.resource_class: {"capacity": stock.capacity, "used": stock.used}
        for stock in summary.stocks
        if has_all or stock.resource_class in request.resource_classes
    }
    found: dict[str, Any] = {"resources": resources}
    if call.at_least("1.17"):
        found["traits"] = summary.traits
    if call.at_least("1.29"):
        found["parent_provider_uuid"] = summary.provider.parent_id
        found["root_provider_uuid"] = summary.provider.root_id
    return found
