"""Member certificates: what is issued verifies, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from edgebazaar.errors import InvalidInput
from edgebazaar.identity.certificates import (
    CertificateAuthority,
    account_of,
    certificate_hash,
    verify_certificate,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return CertificateAuthority.create("Consortium", NOW)


def test_issued_certificate_verifies_and_names_its_account(authority: CertificateAuthority) -> None:
    member = authority.issue(ACCOUNT, "Rhine Robotics", ["producer", "consumer"], NOW)
    verify_certificate(member.certificate, authority.root, NOW + timedelta(days=1))
    assert account_of(member.certificate) == ACCOUNT
    assert member.fingerprint == certificate_hash(member.certificate)
    assert len(member.fingerprint) == 32


def test_certificate_of_another_authority_is_refused(authority: CertificateAuthority) -> None:
    stranger = CertificateAuthority.create("Consortium", NOW)
    member = stranger.issue(ACCOUNT, "Rhine Robotics", ["producer"], NOW)
    with pytest.raises(InvalidInput, match="not issued by this consortium"):
        verify_certificate(member.certificate, authority.root, NOW)


@pytest.mark.parametrize("offset", [timedelta(days=-1), timedelta(days=366)])
def test_certificate_out_of_its_time_is_refused(
    authority: CertificateAuthority, offset: timedelta
) -> None:
    member = authority.issue(ACCOUNT, "Rhine Robotics", ["producer"], NOW)
    with pytest.raises(InvalidInput, match="not valid at"):
        verify_certificate(member.certificate, authority.root, NOW + offset)


def test_two_certificates_of_one_member_differ(authority: CertificateAuthority) -> None:
    first = authority.issue(ACCOUNT, "Rhine Robotics", ["producer"], NOW)
    second = authority.issue(ACCOUNT, "Rhine Robotics", ["producer"], NOW)
    assert first.fingerprint != second.fingerprint


def test_root_names_no_account(authority: CertificateAuthority) -> None:
    with pytest.raises(InvalidInput, match="names no account"):
        account_of(authority.root)


@pytest.mark.parametrize(
    ("organisation", "roles", "field"),
    [
        ("", ["producer"], "organisation"),
        ("x" * 65, ["producer"], "organisation"),
        ("x", [], "roles"),
    ],
)
def test_bad_input_names_the_field(
    authority: CertificateAuthority, organisation: str, roles: list[str], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        authority.issue(ACCOUNT, organisation, roles, NOW)
    assert caught.value.field == field
