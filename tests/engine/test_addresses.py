"""Where an outgoing connection may go, and that it goes nowhere else."""

from __future__ import annotations

import socket

import pytest

from engine import addresses
from engine.errors import ConfigurationError

PRIVATE = [
    '0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254',
    '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1', '192.88.99.1', '192.168.1.1',
    '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.7', '224.0.0.1', '239.1.1.1',
    '240.0.0.1', '255.255.255.255',
    '::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::127.0.0.1', '64:ff9b::7f00:1',
    '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2001:10::1', '2002:7f00:1::', '3fff::1',
    '5f00::1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1',
]  # fmt: skip
PUBLIC = [
    '1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1',
    '192.0.1.1', '198.17.255.255', '198.20.0.1', '223.255.255.255', '::ffff:8.8.8.8',
    '2606:4700::1111', '2a00:1450::1', '2001:4860:4860::8888',
]  # fmt: skip


@pytest.mark.parametrize('address', PRIVATE)
def test_an_address_that_is_not_public_is_known_as_such(address):
    assert not addresses.is_public(address)


@pytest.mark.parametrize('address', PUBLIC)
def test_a_public_address_is_known_as_such(address):
    assert addresses.is_public(address)


@pytest.fixture
def listener():
    with socket.create_server(('127.0.0.1', 0)) as server:
        yield server


def resolver(*answers):
    """A name server whose answers change with every question."""
    rounds = iter(answers)

    def getaddrinfo(host, port, *_args, **_options):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, '', (address, port)) for address in next(rounds)
        ]

    return getaddrinfo


def connect(port, host='api.example.com', allow_private=False):
    return addresses.connect(host, port, timeout=5, allow_private=allow_private)


@pytest.mark.parametrize(
    'host', ['127.0.0.1', 'localhost', '2130706433', '0x7f000001', '0177.0.0.1', '127.1']
)
def test_loopback_is_refused_in_every_spelling(listener, host):
    with pytest.raises(ConfigurationError, match='no public address') as refused:
        connect(listener.getsockname()[1], host)
    assert 'allow private addresses' in refused.value.user_message
    assert refused.value.code == 'PRIVATE_ADDRESS'


def test_loopback_is_reached_where_it_was_allowed(listener):
    with connect(listener.getsockname()[1], 'localhost', allow_private=True) as sock:
        assert sock.getpeername() == listener.getsockname()
        assert sock.gettimeout() == 5


def test_the_address_that_was_judged_is_the_one_connected_to(monkeypatch, listener):
    asked = []
    answer = resolver(['127.0.0.1'])
    monkeypatch.setattr(
        socket, 'getaddrinfo', lambda *args, **kw: asked.append(args) or answer(*args, **kw)
    )
    monkeypatch.setattr(addresses, 'is_public', lambda address: True)
    connect(listener.getsockname()[1]).close()
    assert len(asked) == 1  # a second question could get a second answer


def test_of_a_mixed_answer_only_public_addresses_are_tried(monkeypatch):
    tried = []

    class Socket(socket.socket):
        def connect(self, address):
            tried.append(address[0])
            raise ConnectionRefusedError

    monkeypatch.setattr(
        socket, 'getaddrinfo', resolver(['127.0.0.1', '8.8.8.8', '10.0.0.1', '1.1.1.1'])
    )
    monkeypatch.setattr(addresses.socket, 'socket', Socket)
    with pytest.raises(ConnectionRefusedError):
        connect(443)
    assert tried == ['8.8.8.8', '1.1.1.1']


def test_a_name_without_any_address_is_refused(monkeypatch):
    monkeypatch.setattr(socket, 'getaddrinfo', resolver([]))
    with pytest.raises(ConfigurationError):
        connect(443)


def test_socket_options_are_set(listener):
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    port = listener.getsockname()[1]
    with addresses.connect(
        '127.0.0.1', port, timeout=5, allow_private=True, socket_options=options
    ) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
