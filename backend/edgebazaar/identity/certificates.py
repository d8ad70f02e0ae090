"""The consortium's certificate authority.

X.509 certificates that bind a legal identity to an account.

The chain holds only the sha256 of a member's certificate, so an auditor who is shown the
certificate can check it, and nobody else learns who a member is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edgebazaar.errors import InvalidInput

_ACCOUNT_URI = "ethereum:"


@dataclass(frozen=True, slots=True)
class MemberCertificate:
    """A certificate and the private key that goes with it.

    Attributes:
        certificate: The X.509 certificate.
        private_key: The member's key on P-256; not its account's key.
    """

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey

    @property
    def fingerprint(self) -> bytes:
        """sha256 of the certificate in DER form, as Membership stores it."""
        return certificate_hash(self.certificate)


class CertificateAuthority:
    """Issues member certificates under one self-signed root.

    Args:
        root: The root certificate.
        private_key: The root's private key.
    """

    def __init__(self, root: x509.Certificate, private_key: ec.EllipticCurvePrivateKey) -> None:
        self.root = root
        self._private_key = private_key

    @classmethod
    def create(cls, organisation: str, now: datetime, years: int = 10) -> CertificateAuthority:
        """A new authority with a key of its own."""
        private_key = ec.generate_private_key(ec.SECP256R1())
        name = _name(organisation, "EdgeBazaar consortium root")
        root = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=365 * years))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(private_key, hashes.SHA256())
        )
        return cls(root, private_key)

    def issue(
        self, account: str, organisation: str, roles: Sequence[str], now: datetime, days: int = 365
    ) -> MemberCertificate:
        """A certificate for a member.

        Args:
            account: The member's address; stands in the certificate as the URI `ethereum:0x…`.
            organisation: Legal name of the member.
            roles: Role names, as organisational units.
            now: Begin of validity, aware.
            days: Length of validity.

        Raises:
            InvalidInput: If the organisation is empty or longer than 64 characters, or no role is
                given.
        """
        if not 1 <= len(organisation) <= 64:
            raise InvalidInput("organisation", "is not 1 to 64 characters long", "Shorten the name")
        if not roles:
            raise InvalidInput("roles", "is empty", "Name at least one role")
        private_key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(organisation, account, roles))
            .issuer_name(self.root.subject)
            .public_key(private_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.UniformResourceIdentifier(_ACCOUNT_URI + account)]
                ),
                critical=False,
            )
            .sign(self._private_key, hashes.SHA256())
        )
        return MemberCertificate(certificate, private_key)


def certificate_hash(certificate: x509.Certificate) -> bytes:
    """sha256 of the DER form."""
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()


def account_of(certificate: x509.Certificate) -> str:
    """The account that a member certificate names.

    Raises:
        InvalidInput: If it names none.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    for uri in names.get_values_for_type(x509.UniformResourceIdentifier):
        if uri.startswith(_ACCOUNT_URI):
            return uri.removeprefix(_ACCOUNT_URI)
    raise InvalidInput(
        "certificate", "names no account", "Use a certificate that the consortium issued"
    )


def verify_certificate(
    certificate: x509.Certificate, root: x509.Certificate, now: datetime
) -> None:
    """Checks issuer, signature and validity of a member certificate.

    Raises:
        InvalidInput: Saying which of them fails.
    """
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise InvalidInput("certificate", "was not issued by this consortium") from error
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise InvalidInput("certificate", f"is not valid at {now.isoformat()}", "Ask for a new one")


def _name(organisation: str, common_name: str, units: Sequence[str] = ()) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
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
