"""Others can check the contracts: Sourcify's own library finds every one an exact match of the
sources that we publish, and the services get them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_services import BlockscoutDouble, SourcifyDouble, serving

from edgebazaar.chain.artifacts import load_artifact
from edgebazaar.chain.contracts import Deployment
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.chain.source.services import (
    BlockscoutService,
    SourcifyService,
    Verdict,
    verify_all,
)
from edgebazaar.chain.source.submissions import CreationMismatch, Submission, submissions_of

pytestmark = pytest.mark.timeout(300)
"""The compiler of npm takes ten seconds for all contracts, several times that on a busy machine."""

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def submissions(rpc: RpcClient, deployment: Deployment) -> list[Submission]:
    return submissions_of(rpc, deployment)


@pytest.fixture
def sourcify() -> Iterator[SourcifyDouble]:
    with serving(SourcifyDouble()) as service:
        assert isinstance(service, SourcifyDouble)
        yield service


@pytest.fixture
def blockscout() -> Iterator[BlockscoutDouble]:
    with serving(BlockscoutDouble()) as service:
        assert isinstance(service, BlockscoutDouble)
        yield service


def published(service: SourcifyDouble, submissions: list[Submission]) -> list[Verdict]:
    return list(verify_all(SourcifyService(service.url, patience=5, pause=0.001), submissions))


def shown(service: BlockscoutDouble, submissions: list[Submission]) -> list[Verdict]:
    return list(verify_all(BlockscoutService(service.url, patience=5, pause=0.001), submissions))


def match(url: str, chain_id: int, payloads: list[dict[str, object]], file: Path) -> list[dict]:
    """What Sourcify's library says of payloads."""
    file.write_text(json.dumps(payloads))
    done = subprocess.run(
        ["node", ROOT / "scripts" / "sourcify_match.cjs", url, str(chain_id), file],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode in {0, 1}, done.stderr
    results = json.loads(done.stdout)
    assert (done.returncode == 0) == all(
        one["runtime"] == one["creation"] == "perfect" for one in results
    )
    return results


def test_the_library_of_sourcify_finds_every_contract_an_exact_match(
    node, deployment: Deployment, submissions, sourcify: SourcifyDouble, tmp_path: Path
) -> None:
    """What is sent to a Sourcify server goes through Sourcify's own checks, without a network."""
    published(sourcify, submissions)
    metadata = {one.address: one.metadata for one in submissions}
    payloads = [{**one, "metadata": metadata[one["address"]]} for one in sourcify.submitted]
    results = match(node.url, deployment.chain_id, payloads, tmp_path / "submissions.json")
    expected = [(n, way) for n in deployment.contracts for way in ("standard_input", "metadata")]
    assert [(one["name"], one["way"]) for one in results] == expected
    assert all(one["runtime"] == one["creation"] == "perfect" for one in results), results
    for one in results:
        assert one["immutables"] == len(load_artifact(one["name"]).immutable_ranges)


def test_the_library_of_sourcify_notices_another_source(
    node, deployment: Deployment, submissions, sourcify: SourcifyDouble, tmp_path: Path
) -> None:
    """A comment changes the metadata alone: the code still matches, but not exactly."""
    chosen = next(one for one in submissions if one.name == "Payouts")
    published(sourcify, [chosen])
    payload = {**sourcify.submitted[0], "metadata": chosen.metadata}
    payload["stdJsonInput"]["sources"][chosen.source_name]["content"] += "// a comment"
    by_input, by_metadata = match(node.url, deployment.chain_id, [payload], tmp_path / "one.json")
    assert (by_input["runtime"], by_input["creation"]) == ("partial", "partial")
    assert by_metadata["runtime"] is None and chosen.source_name in by_metadata["error"]


def test_submitting_publishes_once_and_again_changes_nothing(
    submissions, sourcify: SourcifyDouble, blockscout: BlockscoutDouble
) -> None:
    names = [one.name for one in submissions]
    for service, send in ((sourcify, published), (blockscout, shown)):
        service.busy, service.rounds = 2, 3
        first = send(service, submissions)
        assert [one.contract for one in first] == names
        assert {one.outcome for one in first} == {"exact"}
        assert service.polls >= 3 * len(names)
        again = send(service, submissions)
        assert {one.outcome for one in again} == {"exact"}
        assert {one.detail for one in again} == {"known already"}
        assert [one["name"] for one in service.submitted] == names


def test_each_submission_has_its_own_sources_and_arguments(
    submissions, rpc: RpcClient, deployment: Deployment, blockscout: BlockscoutDouble
) -> None:
    shown(blockscout, submissions)
    for one, submission in zip(blockscout.submitted, submissions, strict=True):
        used = json.loads(submission.metadata)["sources"]
        assert one["stdJsonInput"]["sources"].keys() == used.keys()
        created = rpc.call("eth_getTransactionByHash", [submission.transaction])["input"]
        code = load_artifact(submission.name).creation_bytecode
        assert bytes.fromhex(created[2:]) == code + one["constructor_arguments"]
        has_arguments = bool(deployment.contracts[submission.name].arguments)
        assert bool(one["constructor_arguments"]) == has_arguments


def test_what_does_not_match_is_said_for_each_contract(
    submissions, sourcify: SourcifyDouble, blockscout: BlockscoutDouble
) -> None:
    bad, half = submissions[1], submissions[2]
    for service, send in ((sourcify, published), (blockscout, shown)):
        service.refused[bad.address] = "the code differs"
        service.partial.add(half.address)
        verdicts = {one.contract: one for one in send(service, submissions)}
        assert verdicts[bad.name].outcome == "failed"
        assert "the code differs" in verdicts[bad.name].detail
        assert verdicts[half.name].outcome == "partial"
        others = [one for name, one in verdicts.items() if name not in {bad.name, half.name}]
        assert {one.outcome for one in others} == {"exact"}
        # A partial match is tried again, as better metadata may have come since.
        service.partial.clear()
        (repeated,) = send(service, [half])
        assert repeated.outcome == "exact"


def test_a_service_that_takes_too_long_or_is_not_there_fails_readably(
    submissions, sourcify: SourcifyDouble, blockscout: BlockscoutDouble
) -> None:
    for service, made in ((sourcify, SourcifyService), (blockscout, BlockscoutService)):
        service.rounds = 10**6
        slow = list(verify_all(made(service.url, patience=0.05, pause=0.001), submissions[:1]))
        assert slow[0].outcome == "failed" and "no verdict within" in slow[0].detail
        service.busy = 10**6
        full = list(verify_all(made(service.url, patience=5, pause=0.001), submissions[:1]))
        assert full[0].outcome == "failed" and "HTTP 429" in full[0].detail
        gone = list(verify_all(made("http://127.0.0.1:9", pause=0.001), submissions[:1]))
        assert gone[0].outcome == "failed" and "does not answer" in gone[0].detail


def test_a_contract_of_other_code_is_not_submitted(rpc: RpcClient, deployment: Deployment) -> None:
    contracts = dict(deployment.contracts)
    contracts["Payouts"] = contracts["Membership"]
    swapped = Deployment(
        **{name: getattr(deployment, name) for name in deployment.__slots__ if name != "contracts"},
        contracts=contracts,
    )
    with pytest.raises(CreationMismatch, match="did not create Payouts"):
        submissions_of(rpc, swapped)
