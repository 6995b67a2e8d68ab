"""Which network addresses an outgoing connection may reach, and connecting to nothing else.

Promise: a host name is resolved once and the very address that was judged is the one that is
connected to, so that a name cannot answer "public" to the question and "private" to the connection
(DNS rebinding). Every spelling of an address (``0x7f.1``, ``2130706433``, ``::ffff:127.0.0.1``) is
judged by what the resolver makes of it. Without ``allow_private`` only public unicast addresses
pass.

Source: the special-purpose address registries of IANA (RFC 6890 and its updates). Weakness: NAT64
addresses (``64:ff9b::/96``) are refused, so a host that has nothing but IPv6 and NAT64 cannot call
out.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from .errors import ConfigurationError

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        '0.0.0.0/8',  # this host on this network
        '10.0.0.0/8',  # private use
        '100.64.0.0/10',  # shared address space of carriers
        '127.0.0.0/8',  # loopback
        '169.254.0.0/16',  # link-local; cloud metadata lives here
        '172.16.0.0/12',  # private use
        '192.0.0.0/24',  # IETF protocol assignments
        '192.0.2.0/24',  # documentation
        '192.88.99.0/24',  # 6to4 relays
        '192.168.0.0/16',  # private use
        '198.18.0.0/15',  # benchmarking
        '198.51.100.0/24',  # documentation
        '203.0.113.0/24',  # documentation
        '224.0.0.0/4',  # multicast
        '240.0.0.0/4',  # reserved, broadcast
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network('2000::/3')
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        '2001::/23',  # IETF protocol assignments, Teredo
        '2001:db8::/32',  # documentation
        '2002::/16',  # 6to4 hides an IPv4 address
        '3fff::/20',  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether ``address`` (numeric, a zone index allowed) is public unicast."""
    parsed = ipaddress.ip_address(address.partition('%')[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _REFUSED_V4)
    if parsed.ipv4_mapped:
        return is_public(str(parsed.ipv4_mapped))
    return parsed in _GLOBAL_V6 and not any(parsed in network for network in _REFUSED_V6)


def connect(
    host: str,
    port: int,
    *,
    timeout: float | None,
    allow_private: bool,
    socket_options: Iterable[tuple] = (),
) -> socket.socket:
    """A connected TCP socket to the first address of ``host`` that is allowed and answers.

    :param timeout: seconds for each address; stays set on the socket.
    :raises ConfigurationError: where no address of the host is allowed; nothing was sent.
    :raises OSError: where the name does not resolve or no allowed address answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    allowed = [entry for entry in found if allow_private or is_public(entry[4][0])]
    if not allowed:
        raise _not_allowed(host)
    failure: OSError | None = None
    for family, kind, protocol, _name, address in allowed:
        try:
            return _open(family, kind, protocol, address, timeout, socket_options)
        except OSError as error:
            failure = error
    raise failure or OSError(f'{host} has no address')


def _open(family, kind, protocol, address, timeout, socket_options) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        for option in socket_options:
            sock.setsockopt(*option)
        sock.settimeout(timeout)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _not_allowed(host: str) -> ConfigurationError:
    return ConfigurationError(
        f'{host} resolves to no public address.',
        user_message=f'The address {host} is in a private network, where no call may go. '
        'Correct the address of the connection, or have an administrator allow private addresses.',
        code='PRIVATE_ADDRESS',
    )
