from typing import Annotated

from haneul.kernel.schema import UNSET, Since, StrictBody, UnsetType
from haneul.services.compute.quota_sets.schemas import Most, UntilFiles

FromGroups = Annotated[Most | UnsetType, Since("2.50")]
UntilNetwork = Annotated[Most | UnsetType, Since("2.1", "2.49")]


class ClassUpdate(StrictBody):
    instances: Most | UnsetType = UNSET
    cores: Most | UnsetType = UNSET
    ram: Most | UnsetType = UNSET
    metadata_items: Most | UnsetType = UNSET
    key_pairs: Most | UnsetType = UNSET
    server_groups: FromGroups = UNSET
    server_group_members: FromGroups = UNSET
    floating_ips: UntilNetwork = UNSET
    fixed_ips: UntilNetwork = UNSET
    security_groups: UntilNetwork = UNSET
    security_group_rules: UntilNetwork = UNSET
    injected_files: UntilFiles = UNSET
    injected_file_content_bytes: UntilFiles = UNSET
    injected_file_path_bytes: UntilFiles = UNSET
