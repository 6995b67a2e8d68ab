"""A key pair for signing assertions, and the self-signed certificate to upload at the provider.

Promise: RSA of 3072 bits; the certificate names who made it, is good for signatures only, and its
serial number is random. The private key never leaves but as the returned PEM.

Source: RFC 5280; Salesforce takes RSA keys up to 4096 bits. Weakness: self-signed, as everybody's
is here: the provider trusts it because it was uploaded, not because of who signed it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

KEY_BITS = 3072
LIFETIME = timedelta(days=730)
#: Bytes of a common name (RFC 5280, appendix A.1, counts characters; who reads it counts bytes).
_MAX_NAME = 64


def new_key_pair(name: str, now: datetime) -> tuple[str, str]:
    """``(private key, certificate)``, both PEM.

    :param name: whose it is, for people who look at the certificate.
    :param now: aware; clocks that are a day behind take it all the same.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    common = name.encode()[:_MAX_NAME].decode('utf-8', 'ignore') or 'saas_sync'
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def expiry(certificate: str) -> datetime:
    """When a certificate in PEM form ends, aware."""
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
