"""What a change of the firewall does to connections that are there, and what holds after restarts."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec
import pytest
from tests.support.bridged import ARRIVES_S, Guest, connected, got, listener, pings, udp_arrives, udp_socket
from tests.support.filtered import CLOUD, ICMP, TCP, UDP, Lab, filtered_host, group, id_of, inward, port_of, prepared

from haneul.host.namespaces import inside
from haneul.host.net.firewall import AddressPair, FilteredPort, Firewall, FirewallMissing, Group, Rule

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def built() -> Iterator[Lab]:
    with filtered_host("hfw-change") as lab:
        yield lab


@pytest.fixture
def lab(built: Lab) -> Iterator[Lab]:
    with prepared(built) as ready:
        yield ready


class Line:
    """An established connection: what each end has of it."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far

    def carries(self) -> bool:
        """Whether something said at the near end is heard at the far end."""
        self.near.send(b"hello")
        return got(self.far, 0.6) == b"hello"

    def carries_back(self) -> bool:
        self.far.send(b"hello")
        return got(self.near, 0.6) == b"hello"


@contextmanager
def line(source: Guest, target: Guest, port: int) -> Iterator[Line]:
    with ExitStack() as stack:
        accepting = stack.enter_context(listener(target, port))
        near = connected(source, target, port)
        assert near is not None
        stack.enter_context(near)
        far, _ = accepting.accept()
        stack.enter_context(far)
        yield Line(near, far)


def test_a_rule_that_goes_cuts_its_connections_and_no_others(lab: Lab) -> None:
    web, other = inward(TCP, 80), inward(TCP, 443)
    lab.ensure(group("web", web, other))
    lab.filter_all("web")
    with line(lab.a, lab.b, 80) as cut, line(lab.a, lab.b, 443) as kept:
        assert cut.carries()
        lab.ensure(group("web", other))
        assert not cut.carries()
        assert kept.carries()
        assert kept.carries_back()
        assert connected(lab.a, lab.b, 80) is None
        lab.ensure(group("web", web, other))
        assert got(cut.far, ARRIVES_S) == b"hello", "what was held back is sent again and now arrives"


def test_a_cut_connection_is_not_opened_again_from_its_other_end(lab: Lab) -> None:
    """b may send whatever it likes to a: that makes no connection of b's of one that a has begun."""
    lab.ensure(group("web", inward(TCP, 80), inward(TCP, 443)))
    lab.filter_all("web")
    with line(lab.a, lab.b, 80) as cut, line(lab.a, lab.b, 443) as kept:
        lab.ensure(group("web", inward(TCP, 443)))
        assert not cut.carries_back()
        assert not cut.carries()
        assert kept.carries_back(), "the first word after a change may come from either end"


def test_a_member_that_leaves_is_cut_off(lab: Lab) -> None:
    friends = Group(id=id_of("friends"), members=(lab.a.ipv4, lab.c.ipv4))
    lab.ensure(friends, group("met", inward(TCP, 80, remote_group=friends.id)))
    lab.filter_all("met")
    with line(lab.a, lab.b, 80) as one:
        lab.ensure(msgspec.structs.replace(friends, members=(lab.a.ipv4,)))
        assert one.carries()
        lab.ensure(msgspec.structs.replace(friends, members=(lab.c.ipv4,)))
        assert not one.carries()


def test_a_port_that_leaves_a_group_loses_what_it_allowed(lab: Lab) -> None:
    lab.ensure(group("web", inward(TCP, 80)), group("ssh", inward(TCP, 22)))
    lab.filter_all("web", "ssh")
    with line(lab.a, lab.b, 80) as web, line(lab.a, lab.b, 22) as ssh:
        lab.ensure(port_of(lab.b, "ssh"))
        assert not web.carries()
        assert ssh.carries()


def test_an_egress_rule_that_goes_cuts_too(lab: Lab) -> None:
    ways_out = [Rule(direction="egress", version=4, protocol=TCP, ports=(port, port)) for port in (80, 443)]
    lab.ensure(Group(id=id_of("out"), rules=tuple(ways_out)), group("open", inward()))
    lab.ensure(port_of(lab.a, "out"), port_of(lab.b, "open"))
    with line(lab.a, lab.b, 80) as cut, line(lab.a, lab.b, 443) as kept:
        lab.ensure(Group(id=id_of("out"), rules=(ways_out[1],)))
        assert not cut.carries_back()
        assert not cut.carries()
        assert kept.carries()


def test_a_stream_of_datagrams_is_cut(lab: Lab) -> None:
    lab.ensure(group("syslog", inward(UDP, 514)))
    lab.filter_all("syslog")
    with udp_socket(lab.b, lab.b.ipv4, 514) as receiver, udp_socket(lab.a, lab.a.ipv4, 4000) as sender:
        for wanted, rules in ((b"one", None), (b"two", (inward(UDP, 514, 515),)), (None, (inward(UDP, 515),))):
            if rules is not None:
                lab.ensure(group("syslog", *rules))
            sender.sendto(wanted or b"three", (lab.b.ipv4, 514))
            assert got(receiver) == wanted


def test_replacing_loses_no_ping(lab: Lab) -> None:
    lab.ensure(group("pinged", inward(ICMP)))
    lab.filter_all("pinged")
    with inside(lab.a.namespace):
        argv = ["ping", "-n", "-q", "-i", "0.002", "-c", "400", "-W", "1", lab.b.ipv4]
        ping = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    changes = 0
    while ping.poll() is None:
        rules = [inward(TCP, 1000 + changes % 7 + at) for at in range(20)]
        lab.ensure(group("pinged", *rules, inward(ICMP)), port_of(lab.b, "pinged", *["more"] * (changes % 2)))
        with inside(lab.host.namespace):
            lab.firewall.prepare()
        changes += 1
    said = ping.communicate()[0]
    assert "400 received" in said, said
    assert changes >= 3


def test_a_restarted_program_goes_on_with_what_is_there(lab: Lab) -> None:
    web, closed = group("web", inward(TCP, 80)), group("closed")
    lab.ensure(web, closed)
    lab.filter_all("web")
    with line(lab.a, lab.b, 80) as one, inside(lab.host.namespace):
        again = Firewall(CLOUD)
        again.prepare()
        assert again.ports() == lab.firewall.ports()
        assert again.groups() == {web.id, closed.id}
        assert one.carries()
        again.ensure(groups=[web], ports=[port_of(lab.b, "web")])
        assert one.carries()
        Firewall(CLOUD).ensure_port(port_of(lab.b, "closed"))
        assert not one.carries()
        Firewall(CLOUD).ensure_port(port_of(lab.b, "web", addresses=(lab.b.ipv4,)))
        assert got(one.far, ARRIVES_S) == b"hello"
        for last in (Firewall(CLOUD), Firewall(CLOUD)):
            last.remove_port(port_of(lab.b).id)
            assert port_of(lab.b).id not in last.ports()
        # What an end sends again without being told that nobody answers any more is a new entry.
        assert [one for one in connections(lab) if "UNREPLIED" not in one] == []
    assert udp_arrives(lab.a, lab.b, 1000), "b isn't filtered any more"


def test_what_somebody_else_has_removed_is_made_again(lab: Lab) -> None:
    web, port = group("web", inward(TCP, 80)), port_of(lab.b, "web")
    lab.ensure(web, port)
    with inside(lab.host.namespace):
        Firewall(CLOUD).remove_port(port.id)
        # The kernel's refusal tells that what is kept is out of date.
        lab.firewall.ensure_port(msgspec.structs.replace(port, pairs=(AddressPair(mac=lab.b.mac, network="::/0"),)))
        assert lab.firewall.ports() == {port.id}
        Firewall(CLOUD).remove_port(port.id)
        assert lab.firewall.ports() == set()
        lab.firewall.ensure_port(port)
        assert lab.firewall.ports() == {port.id}
    assert not udp_arrives(lab.a, lab.b, 1000)


def test_a_tap_that_is_made_again_is_filtered_from_its_first_packet(lab: Lab) -> None:
    lab.ensure(group("some", inward(UDP, 1000)))
    lab.filter_all("some")
    lab.host.plug(lab.b)
    assert udp_arrives(lab.a, lab.b, 1000)
    assert not udp_arrives(lab.a, lab.b, 1001)
    lab.ensure(port_of(lab.b, "some"))
    assert udp_arrives(lab.a, lab.b, 1000)
    assert not udp_arrives(lab.a, lab.b, 1001)


def test_a_device_that_another_port_gets_is_filtered_as_that_port(lab: Lab) -> None:
    lab.ensure(group("open", inward()), group("closed"), port_of(lab.a, "open"), port_of(lab.b, "closed"))
    assert not udp_arrives(lab.a, lab.b, 1000)
    later = port_of(lab.b, "open", id=id_of("a later port"))
    lab.ensure(later)
    assert udp_arrives(lab.a, lab.b, 1000)
    with inside(lab.host.namespace):
        assert lab.firewall.ports() == {port_of(lab.a).id, later.id}
        lab.firewall.ensure_port(msgspec.structs.replace(later, device="tap-x"))
        assert lab.firewall.ports() == {port_of(lab.a).id, later.id}


def test_a_port_that_goes_leaves_no_connections(lab: Lab) -> None:
    lab.ensure(group("web", inward(TCP, 80, 81)))
    lab.filter_all("web")
    with line(lab.a, lab.b, 80), line(lab.d, lab.e, 80), line(lab.b, lab.c, 80), line(lab.a, lab.c, 81):
        assert len(connections(lab)) == 4
        with inside(lab.host.namespace):
            lab.firewall.remove_port(port_of(lab.b).id)
        left = connections(lab)
        assert len(left) == 2
        assert {"src=10.0.0.1 dst=10.0.0.2", "src=10.0.0.1 dst=10.0.0.3"} == {" ".join(of.split()[4:6]) for of in left}


def connections(lab: Lab) -> list[str]:
    with inside(lab.host.namespace):
        said = subprocess.run(["conntrack", "-L", "-p", "tcp"], capture_output=True, text=True, check=True).stdout
    return [text for text in said.splitlines() if "ESTABLISHED" in text]


def test_what_stands_can_be_read(lab: Lab) -> None:
    web = group("web", inward(TCP, 80, 81, remote="10.0.0.0/24"))
    lab.ensure(web, port_of(lab.a, "web"))
    with inside(lab.host.namespace):
        of_port = "\n".join(lab.firewall.explain(port_of(lab.a).id))
        assert lab.firewall.explain(port_of(lab.b).id) == []
        of_group = lab.firewall.explain_group(web.id)
        assert lab.firewall.explain_group(id_of("nobody")) == []
    assert f"ether saddr {lab.a.mac} ip saddr {lab.a.ipv4}" in of_port
    assert f"jump ingress-{web.id}" in of_port
    wanted = "ct original ip saddr 10.0.0.0/24 meta l4proto tcp ct original proto-dst 80-81 goto granted-responder"
    assert f"inet ingress-{web.id}: {wanted}" in of_group


def test_a_missing_firewall_is_a_sentence(built: Lab) -> None:
    with inside(built.host.namespace):
        firewall = Firewall("nobody")
        assert (firewall.ports(), firewall.groups()) == (set(), set())
        with pytest.raises(FirewallMissing, match="of cloud nobody isn't prepared in this network namespace"):
            firewall.ensure_group(group("web"))


def test_threads_change_it_together(lab: Lab) -> None:
    lab.ensure(group("pinged", inward(ICMP)))
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with inside(lab.host.namespace):
                for at in range(3):
                    port = FilteredPort(
                        id=id_of(f"{number}-{at}"),
                        device=f"tap-{number}-{at}",
                        bridge="br-one",
                        mac="fa:16:3e:00:09:09",
                        groups=(id_of("pinged"),),
                    )
                    lab.firewall.ensure_port(port)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with inside(lab.host.namespace):
        assert len(lab.firewall.ports()) == 12
    lab.filter_all("pinged")
    assert pings(lab.a, lab.b.ipv4)
