"""Security groups through compute. Source: Compute API reference, "Security groups" and their rules, up to 2.35."""

import re

from haneul.kernel.errors import BadRequest
from haneul.kernel.http import Call, Listed, Routes
from haneul.kernel.policy import Rule
from haneul.services.compute.base_rules import viewer
from haneul.services.compute.security_groups_proxy import logic
from haneul.services.compute.security_groups_proxy.schemas import GroupQuery, GroupWanted, RuleWanted
from haneul.services.compute.server_security_groups.schemas import GroupView, RuleView
from haneul.services.network import public as network

