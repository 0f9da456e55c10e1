"""A router's translation in the kernel, changed as a whole, with what no longer holds cut."""

from collections.abc import Iterator

from haneul.host.namespaces import Place, inside
from haneul.host.net.router.cuts import NOBODY, Cut, cuts_between, make_cuts
from haneul.host.net.router.script import FAMILY, TABLE, replacing_script, settling_script
from haneul.host.net.router.seen import NFT_S, SeenRouter, read_here
from haneul.host.net.router.values import RouterNat, elements, refuse_malformed
from haneul.host.run import run


def ensure_router_rules(place: Place, nat: RouterNat) -> None:
    """Make the namespace translate exactly this, in one step, and cut the connections of what went.

    Others go on undisturbed. ValueError for values that are none; RunFailed if the kernel refuses them, and then all
    stays as it was.
    """
    refuse_malformed(nat)
    with inside(place):
        had = read_here()
        if had:
            make_cuts(had.pending_cuts)
        cuts = list(_cuts(had, nat)) if had else []
        _load(replacing_script(nat, cuts))
        make_cuts(cuts)
        if cuts:
            _load(settling_script())


def remove_router_rules(place: Place) -> None:
    """Take the table from the namespace; one without it is no matter."""
    with inside(place):
        _load(f"add table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n")


def _cuts(had: SeenRouter, nat: RouterNat) -> Iterator[Cut]:
    if had.snat_address and had.snat_address != nat.snat_address:
        yield Cut(had.snat_address, NOBODY)
    forwarded = [element for one in nat.forwardings for element in elements(one)]
    yield from cuts_between((had.fixed.items(), had.forwarded), (nat.floating_ips, forwarded))


def _load(script: str) -> None:
    run(["nft", "-f", "-"], timeout_s=NFT_S, input=script.encode())
