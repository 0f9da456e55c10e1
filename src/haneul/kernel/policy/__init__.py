from haneul.kernel.policy.explain import Explanation
from haneul.kernel.policy.language import PolicyError
from haneul.kernel.policy.overrides import Overrides
from haneul.kernel.policy.policy import Policy
from haneul.kernel.policy.rules import SCOPES, Rule, all_rules, rules_of

__all__ = ["SCOPES", "Explanation", "Overrides", "Policy", "PolicyError", "Rule", "all_rules", "rules_of"]
