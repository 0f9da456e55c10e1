import pytest
from tests.services.block_storage.test_odd_filters import *
from tests.services.block_storage.conftest import member
def test_old(admin, member):
    bad = []
    for who in (admin, member):
        for v in ("3.0", "3.1", "3.2", "3.11", "3.22","3.31", "3.33", "3.34", "3.45", "3.60", "3.71"):
            c = who.with_headers(OpenStack_API_Version=f"volume {v}")
            for path, kind in (("volumes", VOLUMES), ("snapshots", SNAPSHOTS), ("os-volume-transfer", TRANSFERS), ("messages", MESSAGES),("types",TYPES),("qos-specs",QOS_SPECS),("group_types",GROUP_TYPES)):
                for n in names(kind) | {"sort", "sort_key","sort_dir","limit","offset","marker", "is_public", "project_id"}:
                    for val in (*ODD, "name:asc,id:desc", "id", "0", "-0", "+1", "１", "²", "asc", "name:asc,name:desc", "encryption:asc"):
                        a = c.get(CINDER, f"/v3/{path}?{n}={val}")
                        if a.status_code not in (200, 400, 404, 403): bad.append((who is admin, v, path, n, val[:30], a.status_code))
    print(len(bad), bad[:20]); assert not bad
