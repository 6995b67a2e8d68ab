"""The guards around one exchange that a server cannot easily bring about."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tiny_server import TinyServer, answer, silence

from engine.transport import ExchangeError, Limits, RawResponse, Transport, _Watch

FAST = Limits(connect_timeout=5, read_timeout=5, total_timeout=0.3, max_response_bytes=1000)


@pytest.fixture(scope='module')
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'tiny server')])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address('127.0.0.1'))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp('tls') / 'both.pem'
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def prepared(url):
    return requests.Request('GET', url).prepare()


def test_an_answer_comes_back_whole_with_lower_case_headers():
    with TinyServer(answer(200, b'body', X_Some_Header='v')) as server:
        raw = Transport(Limits(), allow_private=True).send(prepared(server.url + '/'))
    assert (raw.status, raw.body, raw.headers['x-some-header']) == (200, b'body', 'v')
    assert 'body' not in repr(raw)
    assert repr(raw) == repr(RawResponse(200, {}, b''))


def test_silence_beyond_the_deadline_ends_although_the_socket_would_wait():
    with TinyServer(silence(1)) as server, pytest.raises(ExchangeError) as broken:
        Transport(FAST, allow_private=True).send(prepared(server.url + '/'))
    assert broken.value.sent
    assert str(broken.value) == 'no complete answer within 0.3 s'


def test_what_never_left_us_is_known_as_not_sent():
    with TinyServer() as server:
        url = server.url + '/'
    with pytest.raises(ExchangeError) as broken:
        Transport(FAST, allow_private=True).send(prepared(url))
    assert not broken.value.sent
    assert str(broken.value).endswith('ConnectionRefusedError: Connection refused')


def test_a_server_that_speaks_no_tls_was_not_sent_anything():
    with TinyServer() as server, pytest.raises(ExchangeError) as broken:
        Transport(FAST, allow_private=True).send(prepared(f'https://127.0.0.1:{server.port}/'))
    assert not broken.value.sent


@pytest.mark.parametrize('closed', [True, False])
def test_a_deadline_that_meets_no_open_socket_does_no_harm(closed):
    watch = _Watch(allow_private=True)
    with watch.over(60):
        if closed:
            sock = socket.socket()
            sock.close()
            watch.sending(sock)
        watch._expire()
    assert watch.expired


def test_nothing_of_one_exchange_is_left_for_the_next():
    watch = _Watch(allow_private=True)
    with socket.socket() as sock, watch.over(60):
        watch.sending(sock)
        watch._expire()
    with watch.over(60):
        assert (watch.sent, watch.expired) == (False, False)


def encrypted(server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server._listener = context.wrap_socket(server._listener, server_side=True)
    return server


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(certificate):
    with encrypted(TinyServer(), certificate) as server:
        with pytest.raises(ExchangeError, match='SSL') as broken:
            Transport(FAST, allow_private=True).send(prepared(f'https://127.0.0.1:{server.port}/'))
        assert not broken.value.sent
        assert server.requests == []


def test_over_tls_a_request_is_answered_and_a_silence_ended(certificate):
    transport = Transport(FAST, allow_private=True)
    transport._session.verify = str(certificate)
    with encrypted(TinyServer(answer(200, b'safe'), silence(1)), certificate) as server:
        request = prepared(f'https://127.0.0.1:{server.port}/')
        assert transport.send(request).body == b'safe'
        with pytest.raises(ExchangeError, match='no complete answer') as broken:
            transport.send(request)
        assert broken.value.sent
