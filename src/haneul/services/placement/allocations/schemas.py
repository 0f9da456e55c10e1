from collections.abc import Mapping
from typing import Annotated

import msgspec

from haneul.kernel.schema import UNSET, Meta, Since, StrictBody, UnsetType, View
from haneul.services.placement.resource_classes.schemas import ResourceClassName
from haneul.services.placement.resource_providers.schemas import AnyUuid

# The project and user of a consumer whose writer spoke a version below 1.8, which told neither.
INCOMPLETE = "00000000-0000-0000-0000-000000000000"
OwnerId = Annotated[str, Meta(min_length=1, max_length=255)]
Key = Annotated[str, Meta(pattern=r"^[0-9a-fA-F-]{36}$")]
Amounts = Annotated[dict[ResourceClassName, Annotated[int, Meta(ge=1)]], Meta(min_length=1)]
ConsumerType = Annotated[str, Meta(pattern=r"^[A-Z0-9_]+$", min_length=1, max_length=255)]


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a consumer shall hold from now on, by provider and resource class; nothing, to let go of everything.

    `generation`: the one that its writer knows (None: there is no such consumer yet); unset, it is not compared.
    `type` unset leaves the type as it is.
    """

    consumer_id: str
    wanted: Mapping[str, Mapping[str, int]]
    project_id: str = INCOMPLETE
    user_id: str = INCOMPLETE
    generation: int | None | UnsetType = UNSET
    type: str | None | UnsetType = UNSET


class ProviderNamed(StrictBody):
    uuid: AnyUuid


class ListedAllocation(StrictBody):
    resource_provider: ProviderNamed
    resources: Amounts


class AllocationsListed(StrictBody):
    """Until 1.7: a list, and nobody who owns it."""

    allocations: Annotated[list[ListedAllocation], Meta(min_length=1)]

    def claim(self, consumer_id: str) -> Claim:
        wanted = {one.resource_provider.uuid: one.resources for one in self.allocations}
        return Claim(consumer_id=consumer_id, wanted=wanted)


class AllocationsListedOwned(AllocationsListed):
    """Until 1.11: a list."""

    project_id: OwnerId
    user_id: OwnerId

    def claim(self, consumer_id: str) -> Claim:
        wanted = {one.resource_provider.uuid: one.resources for one in self.allocations}
        return Claim(consumer_id=consumer_id, wanted=wanted, project_id=self.project_id, user_id=self.user_id)


class ProviderAllocation(StrictBody):
    resources: Amounts
    generation: int | UnsetType = UNSET


class ConsumerAllocations(StrictBody):
    """Since 1.12 by provider; in a POST they may be empty."""

    allocations: dict[Key, ProviderAllocation]
    project_id: OwnerId
    user_id: OwnerId

    def claim(self, consumer_id: str) -> Claim:
        return Claim(
            consumer_id=consumer_id,
            wanted={provider: one.resources for provider, one in self.allocations.items()},
            project_id=self.project_id,
            user_id=self.user_id,
            generation=getattr(self, "consumer_generation", UNSET),
            type=getattr(self, "consumer_type", UNSET),
        )


class SomeConsumerAllocations(ConsumerAllocations):
    """A PUT from 1.12 to 1.27: at least one."""

    allocations: Annotated[dict[Key, ProviderAllocation], Meta(min_length=1)]


class CountedAllocations(ConsumerAllocations):
    """Since 1.28 with the consumer's generation."""

    consumer_generation: int | None


class MappedAllocations(CountedAllocations):
    """Since 1.34 with the providers of each request group, which are passed over."""

    mappings: Annotated[dict[str, Annotated[list[AnyUuid], Meta(min_length=1)]], Meta(min_length=1)] | UnsetType = UNSET


class TypedAllocations(MappedAllocations, kw_only=True):
    """Since 1.38 with the consumer's type."""

    consumer_type: ConsumerType


PostUncounted = Annotated[dict[Key, ConsumerAllocations], Meta(min_length=1)]
PostCounted = Annotated[dict[Key, CountedAllocations], Meta(min_length=1)]
PostMapped = Annotated[dict[Key, MappedAllocations], Meta(min_length=1)]
PostTyped = Annotated[dict[Key, TypedAllocations], Meta(min_length=1)]


def claims_of(bodies: Mapping[str, ConsumerAllocations]) -> list[Claim]:
    """A claim for each consumer of a POST."""
    return [body.claim(consumer_id) for consumer_id, body in bodies.items()]


class HeldView(View):
    resources: dict[str, int]
    generation: int


class ConsumerView(View):
    allocations: dict[str, HeldView]
    project_id: Annotated[str | UnsetType, Since("1.12")] = UNSET
    user_id: Annotated[str | UnsetType, Since("1.12")] = UNSET
    consumer_generation: Annotated[int | UnsetType, Since("1.28")] = UNSET
    consumer_type: Annotated[str | UnsetType, Since("1.38")] = UNSET


class HolderView(View):
    resources: dict[str, int]
    consumer_generation: int | UnsetType = UNSET


class HoldersView(View):
    allocations: dict[str, HolderView]
    resource_provider_generation: int
