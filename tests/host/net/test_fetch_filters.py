"""What may be fetched from where: by the URL alone, and by the addresses that a name turns out to have."""

import socket
from collections.abc import Sequence

import pytest
from tests.host.net.web import LOOPBACK, QUICK, fetcher, ok, web

from haneul.host.net.fetch import Allowed, Fetcher, FetchFailed, Refused, check

MALFORMED = "The URL is malformed."
NOT_ALLOWED = "The URL's scheme, host or port is not allowed."
NUMBER = "The URL's host is a number in a form that is not taken."
UNREACHED = "The host {} can't be reached, or may not be fetched from."


def refusal(url: str, **allowed: object) -> str:
    with pytest.raises(Refused) as caught:
        check(url, Allowed(**allowed))  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://Example.COM.:443/A?b#c", "https://example.com/A?b"),
        ("http://example.com?x=/@:y", "http://example.com/?x=/@:y"),
        ("http://bücher.example/ü", "http://xn--bcher-kva.example/%C3%BC"),
        ("http://93.184.215.14:80/x", "http://93.184.215.14/x"),
        ("http://[2606:2800:0021::0001]/x", "http://[2606:2800:21::1]/x"),
        ("https://my_bucket.s3.example.com/a%20b/c|d", "https://my_bucket.s3.example.com/a%20b/c%7Cd"),
    ],
)
def test_urls_in_their_plain_form(text: str, plain: str) -> None:
    assert check(text, Allowed()).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "//example.com/",
        "http:example.com",
        "http:/example.com",
        "http:///path",
        "http://",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://example.com@10.0.0.1/",
        "http://example.com\\@10.0.0.1/",
        "http://example.com:80@10.0.0.1/",
        "http://example.com:/",
        "http://example.com:0/",
        "http://example.com:080/",
        "http://example.com:65536/",
        "http://example.com:80:80/",
        "http://example.com:٨٠/",
        "http://example.com:+80/",
        " http://example.com/",
        "http://example.com/\n",
        "http://example.com/\r\nHost: x",
        "http://example.com/a b",
        "http://exam\tple.com/",
        "http://example.com/\x00",
        "http://example.com/\x85",
        "http://example.com/\ud800",
        "http://example%2ecom/",
        "http://-example.com/",
        "http://example..com/",
        "http://.example.com/",
        "http://exa*mple.com/",
        "http://example.com,evil.example/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://example.com/" + "a" * 8192,
        "http://[::1/",
        "http://::1/",
        "http://[fe80::1%25eth0]/",
        "http://[1.2.3.4]/",
        "http://[v1.a]/",
        "http://[]/",
        "http://example.com]/",
        "http://example.com/℀\u2028",
    ],
)
def test_urls_that_could_be_read_in_two_ways(text: str) -> None:
    assert refusal(text) == MALFORMED


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "1.2.3", "1.2.3.256", "010.8.8.8"],
)
def test_numbers_that_a_resolver_takes_for_addresses(host: str) -> None:
    assert refusal(f"http://{host}/") == (NOT_ALLOWED if host == "127.0.0.1." else NUMBER)


def test_signs_that_become_an_address_are_judged_as_that_address() -> None:
    assert refusal("http://127。0。0。1/") == NOT_ALLOWED
    assert refusal("http://①②⑦.0.0.1/") == NOT_ALLOWED


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "data", "javascript", "swift+https", "jar"])
def test_schemes_that_are_not_fetched(scheme: str) -> None:
    assert refusal(f"{scheme}://example.com/", schemes=()) == "Only http and https URLs can be fetched."


def test_what_is_allowed_goes_before_what_is_not() -> None:
    both = {"schemes": ("https",), "disallowed_schemes": ("https",)}
    check("https://example.com/", Allowed(**both))
    assert refusal("http://example.com/", **both) == NOT_ALLOWED
    assert refusal("http://example.com/", schemes=(), disallowed_schemes=("http",)) == NOT_ALLOWED
    check("https://example.com/", Allowed(schemes=(), disallowed_schemes=("http",)))

    both = {"hosts": ("Example.com",), "disallowed_hosts": ("example.com",)}
    check("http://EXAMPLE.com./", Allowed(**both))
    assert refusal("http://other.example/", **both) == NOT_ALLOWED
    assert refusal("http://sub.example.com/", **both) == NOT_ALLOWED
    assert refusal("http://example.com/", disallowed_hosts=("EXAMPLE.com",)) == NOT_ALLOWED
    check("http://other.example/", Allowed(disallowed_hosts=("example.com",)))

    ports = Allowed(ports=(8080,), disallowed_ports=(8080,))
    check("http://example.com:8080/", ports)
    assert refusal("http://example.com:8081/", ports=(8080,)) == NOT_ALLOWED
    check("http://example.com:8081/", Allowed(ports=(), disallowed_ports=(22,)))
    assert refusal("http://example.com:22/", ports=(), disallowed_ports=(22,)) == NOT_ALLOWED


def test_only_the_ports_of_the_web_and_an_unsaid_port_is_one() -> None:
    check("https://example.com:80/", Allowed())
    assert refusal("http://example.com:8080/") == NOT_ALLOWED
    assert refusal("http://example.com/", ports=(8080,)) == NOT_ALLOWED
    assert refusal("http://example.com/", ports=(), disallowed_ports=(80,)) == NOT_ALLOWED


INNER = [
    "0.0.0.0",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:808:808::f5ff:fffe",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "2606:4700::5efe:10.0.0.1",
    "2606:4700::200:5efe:192.168.0.1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
OUTER = ["8.8.8.8", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2002:808:808::1", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", INNER)
def test_no_inner_address_is_fetched_from(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    assert refusal(f"http://{host}/") == NOT_ALLOWED
    by = Fetcher(Allowed(), QUICK, resolve=lambda _: ["8.8.8.8", address])
    with pytest.raises(FetchFailed) as caught:
        by.open("http://mirror.example/")
    assert str(caught.value) == UNREACHED.format("mirror.example")


@pytest.mark.parametrize("address", OUTER)
def test_outer_addresses_are(address: str) -> None:
    check(f"http://[{address}]/" if ":" in address else f"http://{address}/", Allowed())


def test_our_own_addresses_are_inner_whatever_they_are() -> None:
    # What this machine would use to speak to the world, found as the outside sees it.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("8.8.8.8", 9))
        except OSError:
            pytest.skip("This machine has no way out.")
        own = probe.getsockname()[0]
    assert refusal(f"http://{own}/") == NOT_ALLOWED


def test_what_the_operator_allows_in_spite_of_it_and_what_he_refuses_besides() -> None:
    inner = Allowed(networks=("10.1.0.0/16", "fd12::/16", "2002:a00::/24"))
    for host in ("10.1.2.3", "[::ffff:10.1.2.3]", "[fd12::1]", "[2002:a00:1::]"):
        check(f"http://{host}/", inner)
    for host in ("10.2.0.1", "[fd13::1]", "[2002:ac10:1::]", "[64:ff9b::10.1.2.3]"):
        with pytest.raises(Refused):
            check(f"http://{host}/", inner)
    assert refusal("http://8.8.8.8/", disallowed_networks=("8.8.8.0/24",)) == NOT_ALLOWED
    assert refusal("http://[64:ff9b::8.8.8.8]/", disallowed_networks=("8.8.8.0/24",)) == NOT_ALLOWED
    check("http://8.8.8.8/", Allowed(networks=("8.8.8.8/32",), disallowed_networks=("8.8.8.0/24",)))
    with pytest.raises(ValueError, match="has host bits set"):
        Allowed(networks=("10.0.0.1/8",))


def test_a_name_of_a_disallowed_address() -> None:
    by = Fetcher(Allowed(disallowed_hosts=("8.8.8.8",)), QUICK, resolve=lambda _: ["8.8.8.8"])
    with pytest.raises(FetchFailed, match="can't be reached, or may not be fetched from"):
        by.open("http://mirror.example/")


def test_a_name_that_means_something_else_the_second_time() -> None:
    """DNS rebinding: the address that was checked is the one that is dialed, and the next hop is checked anew."""
    with web(ok(b"inner")) as server:
        answers = iter([["127.0.0.1"], ["127.0.0.2"]])
        asked: list[str] = []

        def resolve(host: str) -> Sequence[str]:
            asked.append(host)
            return next(answers)

        by = Fetcher(Allowed(ports=(), networks=("127.0.0.1/32",)), QUICK, resolve=resolve)
        by.open(server.url(host="mirror.example")).close()
        assert asked == ["mirror.example"]
        with pytest.raises(FetchFailed) as caught:
            by.open(server.url(host="mirror.example"))
        assert str(caught.value) == UNREACHED.format("mirror.example")
        assert len(server.asked) == 1


def test_a_name_that_means_something_else_behind_a_redirect() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with web(ok(b"", "Location: /again", status="301 Moved Permanently")) as server:
        by = Fetcher(Allowed(ports=(), networks=("127.0.0.1/32",)), QUICK, resolve=lambda _: next(answers))
        with pytest.raises(FetchFailed) as caught:
            by.open(server.url(host="mirror.example"))
        assert str(caught.value) == UNREACHED.format("mirror.example")
        assert len(server.asked) == 1


def test_the_next_address_is_tried_and_no_more_than_four() -> None:
    with web(ok(b"x")) as server:
        allowed = Allowed(ports=(), networks=LOOPBACK)
        dead = [f"127.0.0.{last}" for last in range(2, 6)]
        Fetcher(allowed, QUICK, resolve=lambda _: [*dead[:3], "127.0.0.1"]).open(server.url(host="a.example")).close()
        with pytest.raises(FetchFailed):
            Fetcher(allowed, QUICK, resolve=lambda _: [*dead, "127.0.0.1"]).open(server.url(host="a.example"))


@pytest.mark.parametrize("found", [[], ["not an address"], ["fe80::1%lo"]])
def test_a_name_without_a_good_address_is_as_one_without_any(found: list[str]) -> None:
    with pytest.raises(FetchFailed) as caught:
        Fetcher(Allowed(networks=("fe80::/10",)), QUICK, resolve=lambda _: found).open("http://a.example/")
    assert str(caught.value) == UNREACHED.format("a.example")


def test_the_system_resolves_names() -> None:
    with web(ok(b"x")) as server:
        Fetcher(Allowed(ports=(), networks=LOOPBACK), QUICK).open(server.url(host="localhost")).close()
        with pytest.raises(FetchFailed) as caught:
            Fetcher(Allowed(ports=()), QUICK).open(server.url(host="localhost"))
        assert str(caught.value) == UNREACHED.format("localhost")
        assert len(server.asked) == 1


def test_a_fetcher_checks_without_the_network() -> None:
    fetcher(hosts=("mirror.example",)).check("http://mirror.example/")
    with pytest.raises(Refused, match="not allowed"):
        fetcher(hosts=("mirror.example",)).check("http://other.example/")
