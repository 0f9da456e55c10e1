"""What clients need to reach the cloud as admin: `admin-openrc`, `clouds.yaml`, and the latter's copy at home."""

import json
import os
import shlex
from pathlib import Path

from haneul.cli.tree.layout import Layout
from haneul.host.disk import durable
from haneul.settings import SERVICE_PORTS, CloudSettings

CLOUD = "haneul"
MARK = "# Written by `haneul up` for the cloud in "


def variables(layout: Layout, settings: CloudSettings) -> dict[str, str]:
    """The variables of `admin-openrc`."""
    told = {
        "OS_AUTH_URL": settings.auth_url,
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": "admin",
        "OS_PASSWORD": layout.admin_password.read_text(),
        "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": settings.region,
    }
    return {**told, "OS_CACERT": str(authority(layout))} if authority(layout).exists() and settings.tls else told


def authority(layout: Layout) -> Path:
    """The certificate of our own authority, where we made one."""
    return layout.tls / "ca.pem"


def service_urls(settings: CloudSettings) -> dict[str, str]:
    """Where each service is reached from outside."""
    return {
        kind: settings.public_urls.get(kind, f"{settings.scheme}://{settings.public_name}:{settings.port_of(kind)}")
        for kind in SERVICE_PORTS
    }


def write(layout: Layout, settings: CloudSettings, *, at_home: bool) -> list[str]:
    """Write the files where they aren't so yet, also `at_home`; what could not be done, in sentences."""
    told = variables(layout, settings)
    _renew(layout.openrc, as_shell(told))
    clouds = _clouds_yaml(layout, told)
    _renew(layout.clouds_yaml, clouds)
    return _write_at_home(layout, clouds) if at_home else []


def as_shell(told: dict[str, str]) -> str:
    """The variables as a shell reads them."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in told.items())


def _clouds_yaml(layout: Layout, told: dict[str, str]) -> str:
    # A JSON string is a YAML string, so this needs no YAML library at every start.
    def quoted(name: str) -> str:
        return json.dumps(told[name])

    lines = [
        f"{MARK}{layout.state}",
        "clouds:",
        f"  {CLOUD}:",
        "    auth:",
        f"      auth_url: {quoted('OS_AUTH_URL')}",
        f"      username: {quoted('OS_USERNAME')}",
        f"      password: {quoted('OS_PASSWORD')}",
        f"      project_name: {quoted('OS_PROJECT_NAME')}",
        "      user_domain_id: default",
        "      project_domain_id: default",
        f"    region_name: {quoted('OS_REGION_NAME')}",
        "    identity_api_version: 3",
    ]
    if "OS_CACERT" in told:
        lines.append(f"    cacert: {quoted('OS_CACERT')}")
    return "\n".join(lines) + "\n"


def _renew(path: Path, content: str) -> None:
    if not path.exists() or path.read_text() != content:
        durable.write(path, content.encode(), 0o600)


def home_file() -> Path:
    """Where OpenStack's clients look for clouds of the user."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "openstack" / "clouds.yaml"


def is_in_home(layout: Layout) -> bool:
    """Whether the file at home is the one that we wrote for this cloud."""
    try:
        return home_file().read_text().startswith(f"{MARK}{layout.state}\n")
    except OSError:
        return False


def _write_at_home(layout: Layout, clouds: str) -> list[str]:
    # A file that people wrote is theirs: rewriting it would lose their comments, so it is left as it is.
    path = home_file()
    if path.exists() and not path.read_text().startswith(MARK):
        if f"\n  {CLOUD}:" in path.read_text():
            return []
        return [f"{path} is not ours and was left as it is; {layout.clouds_yaml} holds the entry `{CLOUD}` for it."]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _renew(path, clouds)
    except OSError as error:
        return [f"{path} can't be written ({error.strerror}); {layout.clouds_yaml} holds the same."]
    return []


def forget(layout: Layout) -> None:
    """Remove what was written at home for this cloud."""
    if is_in_home(layout):
        home_file().unlink()
