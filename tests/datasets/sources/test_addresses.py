"""Which addresses are fetched, from which machine, and when the line is cut: nobody is led into the private network."""

from __future__ import annotations

import socket
import threading

import pytest

from datasets.formats.defects import DEFECTS
from datasets.formats.records import FormatError
from datasets.sources.addresses import is_public, parse_url, resolve
from datasets.sources.download import Limits, download
from tests.datasets.sources.server import NAMES, redirect, send


def refused(url, limits=None):
    with pytest.raises(FormatError) as error:
        download(url, limits or Limits())
    assert error.value.code in DEFECTS and error.value.message.endswith(".")
    return error.value.code


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",  # noqa: S104
        "192.0.0.8", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "ff0e::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "2002:c0a8:101::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1", "fec0::1",
        "64:ff9b:1::1", "not an address",
    ],
)  # fmt: skip
def test_addresses_of_private_networks(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.org/a.jpg", "url_not_http"),
        ("file:///etc/passwd", "url_not_http"),
        ("photos/a.jpg", "url_not_http"),
        ("http://", "url_not_valid"),
        ("http://me:secret@example.org/a.jpg", "url_not_valid"),
        ("http://example.org:99999/a.jpg", "url_not_valid"),
        ("http://[::1/a.jpg", "url_not_valid"),
        ("http://example.org/a b.jpg", "url_not_valid"),
        ("http://example.org/a\r\nHost: x", "url_not_valid"),
        ("http://example.org/" + "x" * 2000, "url_not_valid"),
    ],
)
def test_lines_that_are_no_address(url, code):
    with pytest.raises(FormatError) as error:
        parse_url(url)
    assert error.value.code == code


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/", "http://localhost/", "http://[::1]/", "http://2130706434/", "http://0x7f.2/",
        "http://169.254.169.254/latest/meta-data", "http://both.example/", "http://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
def test_private_machines_are_refused_however_they_are_written(lookups, monkeypatch, url):
    real = socket.getaddrinfo
    local = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 80))]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: local if host == "localhost" else real(host, *a, **k)
    )
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("it was called"))
    if ":" in url[7:]:
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: [(10, 1, 6, "", (host, 80, 0, 0))])
    assert refused(url) == "url_private"


def test_addresses_are_sent_as_a_server_reads_them(lookups):
    assert resolve("https://photos.example/ä/%20a.jpg?q=ü&x=1#part").path == "/%C3%A4/%20a.jpg?q=%C3%BC&x=1"
    assert (resolve("http://photos.example").path, resolve("https://photos.example").port) == ("/", 443)


def test_the_connection_goes_to_the_address_that_was_checked(web, lookups, monkeypatch):
    """DNS rebinding: the name leads elsewhere as soon as it was looked up once."""
    web.pages["/a.jpg"] = b"data"
    dialled = []
    real = socket.create_connection

    def dial(address, *args, **kwargs):
        dialled.append(address[0])
        monkeypatch.setitem(NAMES, "photos.example", ["127.0.0.2"])
        return real(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", dial)
    assert download(web.url("/a.jpg"), Limits()) == b"data"
    assert lookups == ["photos.example"] and dialled == ["127.0.0.1"]
    assert web.seen == [(f"photos.example:{web.port}", "/a.jpg")]


def test_redirects_are_followed_and_checked(web):
    web.pages["/a.jpg"] = redirect("/b/c.jpg")
    web.pages["/b/c.jpg"] = b"data"
    assert download(web.url("/a.jpg"), Limits()) == b"data"
    for place, code in (
        (web.url("/b/c.jpg", "inside.example"), "url_private"),
        ("http://169.254.169.254/", "url_private"),
        ("file:///etc/passwd", "url_not_http"),
        ("/a.jpg", "url_redirects"),
    ):
        web.pages["/a.jpg"] = redirect(place)
        assert refused(web.url("/a.jpg")) == code


def test_what_is_too_large_is_not_taken(web):
    web.pages["/stated"] = lambda handler: send(handler, b"x", 10**9)
    web.pages["/unstated"] = lambda handler: send(handler, b"x" * 3000, None)
    limits = Limits(bytes=2000)
    assert refused(web.url("/stated"), limits) == refused(web.url("/unstated"), limits) == "url_too_large"
    web.pages["/exact"] = b"x" * 2000
    assert len(download(web.url("/exact"), limits)) == 2000


@pytest.mark.parametrize("begun", [False, True])
def test_a_server_that_lets_one_wait_is_hung_up_on(web, begun):
    over = threading.Event()

    def wait(handler):
        if begun:
            send(handler, b"x", 10)
        over.wait(30)

    web.pages["/slow"] = wait
    try:
        assert refused(web.url("/slow"), Limits(seconds=0.2)) == "url_too_slow"
        assert refused(web.url("/slow"), Limits(silence=0.2)) == "url_too_slow"
    finally:
        over.set()


def test_answers_that_are_no_file(web):
    web.pages["/cut"] = lambda handler: send(handler, b"x", 10)
    web.pages["/nonsense"] = lambda handler: handler.wfile.write(b"hello\r\n\r\n")
    assert refused(web.url("/missing")) == "url_answer"
    assert refused(web.url("/cut")) == refused(web.url("/nonsense")) == "url_not_reachable"
    assert refused("http://nowhere.example/") == "url_no_such_host"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert refused(f"http://photos.example:{closed.getsockname()[1]}/") == "url_not_reachable"


def test_https_is_asked_for_a_certificate(web):
    assert refused(web.url("/a.jpg").replace("http:", "https:")) == "url_not_reachable"


def test_looking_a_name_up_is_within_the_time_of_a_file(lookups, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: answered.wait(30))
    try:
        assert refused("http://photos.example/a.jpg", Limits(seconds=0.1)) == "url_too_slow"
    finally:
        answered.set()


def test_dialling_is_within_the_time_of_a_file(lookups, monkeypatch):
    waited = []

    def dial(address, timeout):
        waited.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", dial)
    assert refused("http://photos.example/a.jpg", Limits(seconds=5, silence=60)) == "url_too_slow"
    assert 0 < waited[0] <= 5
