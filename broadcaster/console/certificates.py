"""A certificate authority of the site's own, and certificates for the console from it.

Control-room machines have no internet, so nobody else can vouch for the console: its browsers are
told once to trust this authority. Keys are files of mode 0600 and never leave the machine.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from broadcaster.run_directory import write_whole

AUTHORITY_LASTS: Final = timedelta(days=3650)
SERVER_LASTS: Final = timedelta(days=397)
"""As long as browsers accept."""
_EARLIER: Final = timedelta(hours=1)
"""Good from then on: a browser's clock may be slow."""


class CertificateError(Exception):
    """A certificate that cannot be made or used; the text says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class TlsPlace:
    """The files in a state directory's folder `tls`."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate, which browsers are to trust."""
        return self.folder / "ca.crt"

    @property
    def authority_key(self) -> Path:
        """Its key."""
        return self.folder / "ca.key"

    @property
    def certificate(self) -> Path:
        """The console's certificate and the authority's."""
        return self.folder / "console.crt"

    @property
    def key(self) -> Path:
        """The console's key."""
        return self.folder / "console.key"


def make_certificates(place: TlsPlace, title: str, names: Iterable[str], now: datetime) -> bool:
    """Make a certificate for these names and addresses; True if the authority is new too.

    Raises:
        CertificateError: the authority there is cannot be read.
        OSError: the files cannot be written.
    """
    place.folder.mkdir(mode=0o700, exist_ok=True)
    is_new = not place.authority.exists()
    if is_new:
        _make_authority(place, title, now)
    authority, authority_key = _authority(place)
    key = ec.generate_private_key(ec.SECP256R1())
    listed = list(dict.fromkeys(names))
    certificate = (
        _builder(_name(listed[0]), authority.subject, key, now, SERVER_LASTS)
        .add_extension(x509.SubjectAlternativeName([_general(n) for n in listed]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    write_whole(place.key, _pem(key))
    chain = (certificate, authority)
    write_whole(
        place.certificate, b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain)
    )
    return is_new


def fingerprint(certificate: Path) -> str:
    """A certificate's SHA-256 sum as browsers show it; raises OSError, ValueError."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return found.fingerprint(hashes.SHA256()).hex(":").upper()


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a server speaks TLS 1.2 or newer with.

    Raises:
        CertificateError: the files cannot be read or don't belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load(context, certificate, key)
    return context


def load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Use this certificate for connections from now on; those there are go on.

    Raises:
        CertificateError: the files cannot be read or don't belong together.
    """
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise CertificateError(
            f"cannot use the certificate {certificate} with the key {key}: {error}"
        ) from None


def _make_authority(place: TlsPlace, title: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"{title} console authority"[:64])
    certificate = (
        _builder(name, name, key, now, AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_whole(place.authority_key, _pem(key))
    write_whole(place.authority, certificate.public_bytes(serialization.Encoding.PEM))


def _authority(place: TlsPlace) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(place.authority.read_bytes())
        key = serialization.load_pem_private_key(place.authority_key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise CertificateError(
            f"the authority in {place.folder} cannot be read: {error}; restore it from a backup, "
            "or move the folder away and begin anew: browsers must then be told again"
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError(f"{place.authority_key} is not a key of ours: it must be an EC key")
    return certificate, key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lasts: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + lasts)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
