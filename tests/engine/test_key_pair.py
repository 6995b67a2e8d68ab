"""The key pair of a connection: the certificate fits the key, and tells when it ends."""

from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from engine import key_pair

NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)


def test_what_the_private_key_signs_the_certificate_verifies():
    private, text = key_pair.new_key_pair('Odoo Ünïcode ' + 'x' * 100, NOW)
    certificate = x509.load_pem_x509_certificate(text.encode())
    key = load_pem_private_key(private.encode(), password=None)
    assert key.key_size >= 2048
    signature = key.sign(b'text', padding.PKCS1v15(), SHA256())
    certificate.public_key().verify(signature, b'text', padding.PKCS1v15(), SHA256())
    assert 'PRIVATE' not in text
    assert key_pair.expiry(text) == NOW + key_pair.LIFETIME
    assert certificate.not_valid_before_utc <= NOW - timedelta(hours=1)


def test_two_pairs_have_nothing_in_common():
    (one, certificate), (other, another) = (key_pair.new_key_pair('', NOW) for _time in range(2))
    assert one != other
    serials = {x509.load_pem_x509_certificate(text.encode()).serial_number
               for text in (certificate, another)}
    assert len(serials) == 2
