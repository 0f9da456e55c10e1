from typing import Annotated

from haneul.kernel.schema import UNSET, Meta, OpenBody, Since, StrictBody, UnsetType, View
from haneul.services.compute.words import MAX_INT

Most = Annotated[int, Meta(ge=-1, le=MAX_INT)]
UntilNetwork = Annotated[Most | UnsetType, Since("2.1", "2.35")]
UntilFiles = Annotated[Most | UnsetType, Since("2.1", "2.56")]


class QuotaUpdate(StrictBody):
    instances: Most | UnsetType = UNSET
    cores: Most | UnsetType = UNSET
    ram: Most | UnsetType = UNSET
    metadata_items: Most | UnsetType = UNSET
    key_pairs: Most | UnsetType = UNSET
    server_groups: Most | UnsetType = UNSET
    server_group_members: Most | UnsetType = UNSET
    floating_ips: UntilNetwork = UNSET
    fixed_ips: UntilNetwork = UNSET
    security_groups: UntilNetwork = UNSET
    security_group_rules: UntilNetwork = UNSET
    injected_files: UntilFiles = UNSET
    injected_file_content_bytes: UntilFiles = UNSET
    injected_file_path_bytes: UntilFiles = UNSET
    force: bool = False


class QuotaQuery(OpenBody):
    """`user_id`: about what this one user may have in the project."""

    user_id: Annotated[str, Meta(max_length=64)] = ""


class Detail(View):
    """A limit beside what is used of it; nothing is ever reserved, since usage is counted."""

    limit: int
    in_use: int
    reserved: int = 0
