"""Step 1: everybody gets a certificate and joins, by admission or by voucher."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from edgebazaar.demo.actors import Actor, Cast, in_parallel
from edgebazaar.demo.report import Report, Step
from edgebazaar.identity.certificates import CertificateAuthority

_MEMBERSHIP_SECONDS = 30 * 86400
_VOUCHER_SECONDS = 3600


def enrol(cast: Cast, report: Report) -> None:
    """Runs the step."""
    with report.step("Enrol: certificates, admissions, vouchers") as step:
        authority = CertificateAuthority.create("EdgeBazaar demo", datetime.now(tz=UTC))
        cast.sign_in()
        for actor in [*cast.principals, *cast.bidders]:
            certificate = authority.issue(
                actor.address, actor.organisation, actor.roles, datetime.now(tz=UTC)
            )
            actor.certificate_hash = "0x" + certificate.fingerprint.hex()
        report.say(f"{len(cast.everybody)} certificates issued; the chain sees only their hashes")
        for actor in cast.principals:
            _admit(cast.administrator, actor, step)
        report.say(f"{len(cast.principals)} members admitted by the administrator")
        step.record(
            "state where metadata is served",
            cast.administrator.act("/collection/metadata/prepare", {}),
        )
        in_parallel(lambda actor: _join_by_voucher(cast.administrator, actor, step), cast.bidders)
        report.say(f"{len(cast.bidders)} vehicles and simulators joined under vouchers")
        members = list(cast.administrator.client.pages("/members", active="true"))
        step.require(
            {member["account"] for member in members}
            == {actor.address for actor in [*cast.principals, *cast.bidders]},
            "exactly the enrolled accounts are active members",
        )
        step.require(
            {member["certificate_hash"] for member in members}
            == {actor.certificate_hash for actor in [*cast.principals, *cast.bidders]},
            "the chain holds the hash of every certificate",
        )


def _terms(actor: Actor) -> dict[str, object]:
    return {
        "account": actor.address,
        "roles": list(actor.roles),
        "expires_at": int(time.time()) + _MEMBERSHIP_SECONDS,
        "certificate_hash": actor.certificate_hash,
    }


def _admit(administrator: Actor, actor: Actor, step: Step) -> None:
    step.record(
        f"admit {actor.name}", administrator.act("/members/admissions/prepare", _terms(actor))
    )


def _join_by_voucher(administrator: Actor, actor: Actor, step: Step) -> None:
    terms = {**_terms(actor), "deadline": int(time.time()) + _VOUCHER_SECONDS}
    voucher = administrator.client.post("/members/vouchers", terms)
    signature = administrator.client.sign_typed_data(voucher["typed_data"])
    presented = {**terms, "serial": voucher["serial"], "signature": signature}
    step.record(f"{actor.name} joins", actor.act("/members/vouchers/prepare", presented))
