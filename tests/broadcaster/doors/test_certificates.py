"""The doors over TLS: senders that show a certificate, and those that sign."""

import datetime as dt
import io
import json
import ssl

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.broadcaster.doors.door_ground import FakeControl, Sender, doors, key, smoke
from zones.doors_settings import DoorsSettings


class Authority:
    """Somebody whose certificates are believed."""

    def __init__(self, folder, name) -> None:
        self.folder, self.name = folder, name
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.signed(name, self.secret.public_key(), is_authority=True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def signed(self, name, public, *, is_authority=False):
        def called(text):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(called(name))
            .issuer_name(called(self.name))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.secret.public_key()),
                critical=False,
            )
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    key_cert_sign=is_authority,
                    crl_sign=is_authority,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .sign(self.secret, hashes.SHA256())
        )

    def gives(self, name):
        """Files with a certificate for a name and its key."""
        secret = ec.generate_private_key(ec.SECP256R1())
        certificate = self.folder / f"{name}.crt"
        key_file = self.folder / f"{name}.key"
        certificate.write_bytes(
            self.signed(name, secret.public_key()).public_bytes(serialization.Encoding.PEM)
        )
        key_file.write_bytes(
            secret.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return str(certificate), str(key_file)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "district-ca")


@pytest.fixture
def settings(authority):
    certificate, key_file = authority.gives("localhost")
    return DoorsSettings("127.0.0.1", 0, certificate, key_file, str(authority.path))


async def posted(url, authority, shown=None, headers=None):
    context = ssl.create_default_context(cafile=str(authority.path))
    if shown is not None:
        context.load_cert_chain(*shown)
    url = url.replace("127.0.0.1", "localhost")
    body = json.dumps(smoke()).encode()
    given = headers(body) if headers else {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=io.BytesIO(body), headers=given, ssl=context) as response,
    ):
        return response.status


async def test_a_certificate_stands_for_a_signature(
    run_directory, state_directory, settings, authority, tmp_path
):
    signing, showing = key("vms-1"), key("gateway", certificate="gw.lan")
    async with (
        FakeControl(run_directory / "control.sock").running() as control,
        doors(run_directory, state_directory, signing, showing, settings=settings) as url,
    ):
        assert url.startswith("https://")
        assert await posted(url, authority, authority.gives("gw.lan")) == 202
        assert control.events[-1].via == "gateway"
        assert await posted(url, authority, authority.gives("other.lan")) == 401
        assert await posted(url, authority) == 401
        by_hand = Sender(None, url, signing)
        assert await posted(url, authority, headers=by_hand.headers) == 202
        stolen = Sender(None, url, showing)
        assert await posted(url, authority, headers=stolen.headers) == 401
        stranger = Authority(tmp_path, "stranger-ca")
        with pytest.raises((aiohttp.ClientError, OSError)):
            await posted(url, authority, stranger.gives("gw.lan"))
        assert len(control.events) == 2
