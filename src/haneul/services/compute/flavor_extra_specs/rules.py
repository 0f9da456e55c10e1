from haneul.kernel.policy import Rule

INDEX = Rule(
    "os_compute_api:os-flavor-extra-specs:index",
    "rule:project_reader_or_admin",
    "List a flavor's extra specs, and see them in flavors and servers.",
)
