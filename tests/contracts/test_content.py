"""ProofOfAIGC: priority by commitment, receipts, one registration per content, records."""

import pytest
from brownie import chain
from contract_support import (
    IMAGE_SCHEME,
    PRODUCER,
    PROVIDER,
    ZERO_ADDRESS,
    ZERO_BYTES,
    Work,
    admit,
    as_tuple,
    commit,
    digest,
    fails_with,
    mock,
    records_of,
    register,
    relay,
    sign_typed,
    typed_digest,
)
from eth_abi import encode
from eth_utils import keccak

RECEIPT_TYPE = "(address,address,bytes32,bytes32,uint32,bytes32,bytes32)"
NO_ROOT = bytes(27)


@pytest.fixture
def registry(system):
    return system.registry


def leaf(work: Work) -> bytes:
    """What stands in the Merkle tree of a registration for a work, by its definition."""
    name = (
        "Receipt(address producer,address provider,bytes32 contentHash,bytes32 fingerprint,"
        "uint32 fingerprintScheme,bytes32 promptCommitment,bytes32 modelId)"
    )
    receipt = keccak(encode(["bytes32", RECEIPT_TYPE], [keccak(text=name), work.receipt]))
    terms = [receipt, work.royalty_bps, keccak(text=work.uri)]
    return keccak(encode(["bytes32", "uint16", "bytes32"], terms))


def state_of(registry, commitment: bytes) -> tuple[int, bytes]:
    """Block and root of a commitment."""
    block, root = registry.commitmentStateOf(commitment)
    return block, bytes(root)


def plain(record: tuple) -> tuple:
    """A decoded record with its hashes as bytes, as the ABI encoder takes them."""
    receipt = tuple(
        bytes(value) if index in (2, 3, 5, 6) else value for index, value in enumerate(record[0])
    )
    return (receipt, *record[1:])


def test_a_registration_holds_what_the_provider_attested(registry, people, work):
    commitment = commit(registry, [work], digest("salt"))
    committed = chain.height
    assert state_of(registry, commitment) == (committed, NO_ROOT)
    chain.mine(3)
    item = work.registration(registry)
    transaction = registry.register([item], digest("salt"), {"from": people.producer})
    (record,) = records_of(transaction)
    terms = (work.royalty_bps, committed, "0x" + commitment.hex(), work.uri, ())
    assert plain(record) == (work.receipt, *terms)
    assert registry.ownerOf(work.token_id) == people.producer == registry.creatorOf(work.token_id)
    assert state_of(registry, commitment) == (committed, leaf(work)[:27])
    assert as_tuple(registry.statusOf(work.token_id)) == (False, False, ZERO_ADDRESS)
    assert registry.tokenURI(work.token_id) == "urn:sha256:" + work.content_hash.hex()
    registry.requireRecord(record)


def test_a_changed_record_is_told_from_the_registered_one(registry, people, work):
    (record,) = register(registry, work)
    receipt, royalty_bps, committed, commitment, uri, proof = record
    pending = commit(registry, [work.but(content=b"committed, not registered")])
    assert state_of(registry, pending) == (chain.height, NO_ROOT)
    forgeries = [
        ((*receipt[:3], digest("another fingerprint"), *receipt[4:]), *record[1:]),
        ((people.second_producer.address, *receipt[1:]), *record[1:]),
        (receipt, royalty_bps + 1, committed, commitment, uri, proof),
        (receipt, royalty_bps, committed - 1, commitment, uri, proof),
        (receipt, royalty_bps, committed, digest("unknown"), uri, proof),
        (receipt, royalty_bps, chain.height, pending, uri, proof),
        (receipt, royalty_bps, committed, commitment, uri + "?", proof),
        (receipt, royalty_bps, committed, commitment, uri, (digest("sibling"),)),
    ]
    for forged in forgeries:
        with fails_with("ProofOfAIGC_RecordMismatch", work.token_id):
            registry.requireRecord(forged)
    unknown = work.but(content=b"never registered")
    with fails_with("ProofOfAIGC_RecordMismatch", unknown.token_id):
        registry.requireRecord((unknown.receipt, *record[1:]))


def test_the_digest_of_a_receipt_is_that_of_eip712(registry, work):
    digest_by_library = typed_digest(registry, "Receipt", work.receipt)
    assert bytes(registry.hashReceipt(work.receipt)) == digest_by_library


def test_a_commitment_covers_a_batch_in_its_order(registry, people, work):
    works = [work.but(content=bytes([index]), royalty_bps=100 * index) for index in range(4)]
    salt = digest("salt")
    hashes = [one.content_hash for one in works]
    terms = encode(["address", "bytes32[]", "bytes32"], [people.producer.address, hashes, salt])
    assert bytes(commit(registry, works, salt)) == keccak(terms)
    items = [one.registration(registry) for one in works]
    for wrong in (items[:3], items[::-1], items + items[:1]):
        unknown = registry.commitmentOf(people.producer, [item[0][2] for item in wrong], salt)
        with fails_with("ProofOfAIGC_CommitmentUnknown", bytes(unknown)):
            registry.register(wrong, salt, {"from": people.producer})
    transaction = registry.register(items, salt, {"from": people.producer})
    assert len(transaction.events["ContentRegistered"]) == 4
    assert registry.balanceOf(people.producer) == 4


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
def test_every_record_of_a_batch_is_proven_by_what_its_event_carries(registry, people, work, size):
    works = [work.but(content=bytes([index]), fingerprint=index) for index in range(size)]
    records = register(registry, *works)
    _, root = state_of(registry, records[0][3])
    for index, (one, record) in enumerate(zip(works, records, strict=True)):
        node = leaf(one)
        for sibling in record[5]:
            node = keccak(b"".join(sorted((node, bytes(sibling)))))
        assert node[:27] == root
        registry.requireRecord(record)
        with fails_with("ProofOfAIGC_RecordMismatch", one.token_id):
            stranger = records[index - 1] if size > 1 else (*record[:5], (digest("sibling"),))
            registry.requireRecord((record[0], *stranger[1:]))


def test_a_batch_is_registered_whole_or_not_at_all(registry, people, work):
    register(registry, work)
    works = [work.but(content=b"new"), work]
    commitment = commit(registry, works)
    items = [one.registration(registry) for one in works]
    with fails_with("ProofOfAIGC_AlreadyRegistered", work.token_id):
        registry.register(items, ZERO_BYTES, {"from": people.producer})
    assert registry.creatorOf(works[0].token_id) == ZERO_ADDRESS
    assert state_of(registry, commitment)[1] == NO_ROOT


def test_the_same_content_twice_in_a_batch_is_refused(registry, people, work):
    commit(registry, [work, work])
    with fails_with("ProofOfAIGC_AlreadyRegistered", work.token_id):
        registry.register([work.registration(registry)] * 2, ZERO_BYTES, {"from": people.producer})


def test_equal_content_is_registered_once(registry, people, work):
    register(registry, work)
    again = work.but(producer=people.second_producer, fingerprint=77, uri="elsewhere")
    commit(registry, [again])
    with fails_with("ProofOfAIGC_AlreadyRegistered", work.token_id):
        registry.register(
            [again.registration(registry)], ZERO_BYTES, {"from": people.second_producer}
        )


def test_a_commitment_is_recorded_once_and_needed(registry, people, work):
    item = work.registration(registry)
    commitment = registry.commitmentOf(people.producer, [work.content_hash], ZERO_BYTES)
    with fails_with("ProofOfAIGC_CommitmentUnknown", bytes(commitment)):
        registry.register([item], ZERO_BYTES, {"from": people.producer})
    commit(registry, [work])
    for caller in (people.producer, people.second_producer):
        with fails_with("ProofOfAIGC_CommitmentExists", bytes(commitment)):
            registry.commit(commitment, {"from": caller})
    with fails_with("ProofOfAIGC_EmptyBatch"):
        registry.register([], ZERO_BYTES, {"from": people.producer})


def test_registering_in_the_block_of_the_commitment_is_too_early(system, people, work, deployer):
    registry = system.registry
    wallet = mock("Batcher").deploy({"from": deployer})
    admit(system.membership, people, wallet, PRODUCER)
    own = work.but(producer=wallet)
    commitment = registry.commitmentOf(wallet, [own.content_hash], ZERO_BYTES)
    calls = [
        registry.commit.encode_input(commitment),
        registry.register.encode_input([own.registration(registry)], ZERO_BYTES),
    ]
    early = ("ProofOfAIGC_CommitmentTooRecent", bytes(commitment), chain.height + 1)
    with fails_with(*early):
        wallet.performAll(registry, calls, {"from": people.stranger})
    wallet.performAll(registry, calls[:1], {"from": people.stranger})
    wallet.performAll(registry, calls[1:], {"from": people.stranger})
    assert registry.ownerOf(own.token_id) == wallet


def test_a_watcher_cannot_register_what_another_committed(registry, people, work):
    """The watcher is a producer itself and copies everything from the pending transactions."""
    watcher = {"from": people.second_producer}
    commitment = registry.commitmentOf(people.producer, [work.content_hash], digest("salt"))
    registry.commit(commitment, watcher)
    item = work.registration(registry)
    of_watcher = registry.commitmentOf(people.second_producer, [work.content_hash], digest("salt"))
    with fails_with("ProofOfAIGC_CommitmentUnknown", bytes(of_watcher)):
        registry.register([item], digest("salt"), watcher)

    registry.commit(of_watcher, watcher)
    with fails_with("ProofOfAIGC_NotProducerOfReceipt", people.second_producer, people.producer):
        registry.register([item], digest("salt"), watcher)
    own = work.but(producer=people.second_producer)
    forged = own.registration(registry, signer=people.second_producer)
    with fails_with("ProofOfAIGC_InvalidReceiptSignature", people.provider):
        registry.register([forged], digest("salt"), watcher)
    with fails_with("ProofOfAIGC_InvalidReceiptSignature", people.provider):
        registry.register([(own.receipt, *item[1:])], digest("salt"), watcher)

    registry.register([item], digest("salt"), {"from": people.producer})
    assert registry.creatorOf(work.token_id) == people.producer


@pytest.mark.parametrize(
    ("changes", "error", "values"),
    [
        ({"scheme": 9}, "ProofOfAIGC_UnknownScheme", (9,)),
        ({"royalty_bps": 1001}, "ProofOfAIGC_RoyaltyTooHigh", (1001, 1000)),
        ({"uri": "u" * 257}, "ProofOfAIGC_UriTooLong", (257, 256)),
    ],
)
def test_limits_of_a_registration(registry, people, work, changes, error, values):
    wrong = work.but(**changes)
    commit(registry, [wrong])
    with fails_with(error, *values):
        registry.register([wrong.registration(registry)], ZERO_BYTES, {"from": people.producer})


def test_the_limits_themselves_are_allowed(registry, work):
    at_limits = work.but(royalty_bps=1000, uri="u" * 256)
    (record,) = register(registry, at_limits)
    assert (record[1], record[4]) == (1000, "u" * 256)


def test_content_without_a_hash_is_refused(registry, people, work):
    receipt = (*work.receipt[:2], ZERO_BYTES, *work.receipt[3:])
    item = (receipt, sign_typed(people.provider, registry, "Receipt", receipt), 0, "")
    commitment = registry.commitmentOf(people.producer, [ZERO_BYTES], ZERO_BYTES)
    registry.commit(commitment, {"from": people.producer})
    with fails_with("ProofOfAIGC_ZeroContentHash"):
        registry.register([item], ZERO_BYTES, {"from": people.producer})


def test_receipts_are_those_of_active_providers(system, people, work):
    registry = system.registry
    of_consumer = work.but(provider=people.consumer)
    commit(registry, [work])
    sender = {"from": people.producer}
    with fails_with("Membership_MissingRole", people.consumer, PROVIDER):
        registry.register([of_consumer.registration(registry)], ZERO_BYTES, sender)
    with fails_with("ProofOfAIGC_InvalidReceiptSignature", people.provider):
        stranger = work.registration(registry, signer=people.second_provider)
        registry.register([stranger], ZERO_BYTES, sender)
    system.membership.revoke(people.provider, {"from": people.administrator})
    with fails_with("Membership_NotActive", people.provider):
        registry.register([work.registration(registry)], ZERO_BYTES, sender)


def test_a_provider_may_sign_with_a_contract_wallet(system, people, work, deployer):
    wallet = mock("Signer").deploy(people.provider, {"from": deployer})
    admit(system.membership, people, wallet, PROVIDER)
    own = work.but(provider=wallet)
    commit(system.registry, [own])
    sender = {"from": people.producer}
    with fails_with("ProofOfAIGC_InvalidReceiptSignature", wallet):
        wrong = own.registration(system.registry, signer=people.stranger)
        system.registry.register([wrong], ZERO_BYTES, sender)
    right = own.registration(system.registry, signer=people.provider)
    system.registry.register([right], ZERO_BYTES, sender)
    assert system.registry.ownerOf(own.token_id) == people.producer


def test_only_producers_commit_and_register(system, people, work):
    registry = system.registry
    for caller in (people.consumer, people.provider):
        with fails_with("Membership_MissingRole", caller, PRODUCER):
            registry.commit(digest("commitment"), {"from": caller})
        with fails_with("Membership_MissingRole", caller, PRODUCER):
            registry.register([work.registration(registry)], ZERO_BYTES, {"from": caller})
    commit(registry, [work])
    system.membership.revoke(people.producer, {"from": people.administrator})
    with fails_with("Membership_NotActive", people.producer):
        registry.register([work.registration(registry)], ZERO_BYTES, {"from": people.producer})


def test_a_producer_signs_and_another_submits(system, people, work):
    registry = system.registry
    commitment = registry.commitmentOf(people.producer, [work.content_hash], ZERO_BYTES)
    transaction = relay(system, people.producer, registry.commit, (commitment,), people.relayer)
    assert transaction.events["ContentCommitted"]["producer"] == people.producer
    arguments = ([work.registration(registry)], ZERO_BYTES)
    relay(system, people.producer, registry.register, arguments, people.relayer)
    assert registry.creatorOf(work.token_id) == people.producer
    with fails_with("FailedCall"):
        relay(system, people.consumer, registry.commit, (digest("x"),), people.relayer)


def test_custodians_are_bound_once_by_the_deployer(system, people, project, deployer):
    schemes = [IMAGE_SCHEME]
    registry = project.ProofOfAIGC.deploy(
        system.membership, system.forwarder, schemes, {"from": deployer}
    )
    bound = [system.timelock, system.sale, system.challenges]
    with fails_with("ProofOfAIGC_NotDeployer", people.administrator):
        registry.bindCustodians(*bound, {"from": people.administrator})
    for missing in range(3):
        partly = [ZERO_ADDRESS if index == missing else one for index, one in enumerate(bound)]
        with fails_with("ProofOfAIGC_ZeroCustodian"):
            registry.bindCustodians(*partly, {"from": deployer})
    transaction = registry.bindCustodians(*bound, {"from": deployer})
    assert transaction.events["CustodiansBound"]["challenges"] == system.challenges
    assert registry.custodians() == tuple(bound)
    with fails_with("ProofOfAIGC_CustodiansAlreadyBound"):
        registry.bindCustodians(*bound, {"from": deployer})


def test_the_register_knows_up_to_eight_schemes(system, project, deployer):
    known = [scheme << 16 | 1 for scheme in range(1, 9)]
    arguments = (system.membership, system.forwarder)
    registry = project.ProofOfAIGC.deploy(*arguments, known, {"from": deployer})
    assert all(registry.isKnownScheme(scheme) for scheme in known)
    assert not registry.isKnownScheme(9 << 16 | 1) and not registry.isKnownScheme(0)
    with fails_with("ProofOfAIGC_TooManySchemes", 9, 8):
        project.ProofOfAIGC.deploy(*arguments, [*known, 1], {"from": deployer})


def test_metadata_is_where_the_administrator_says(registry, people, work):
    register(registry, work)
    assert registry.tokenURI(work.token_id) == "urn:sha256:" + work.content_hash.hex()
    assert registry.contractURI() == ""
    with fails_with("ProofOfAIGC_NotAdministrator", people.producer):
        registry.setMetadataBase("https://elsewhere.example", {"from": people.producer})
    base = "https://market.example"
    transaction = registry.setMetadataBase(base, {"from": people.administrator})
    assert transaction.events["MetadataBaseChanged"]["base"] == base
    update = transaction.events["BatchMetadataUpdate"]
    assert (update["_fromTokenId"], update["_toTokenId"]) == (0, 2**256 - 1)
    path = f"/api/v1/contents/0x{work.content_hash.hex()}/metadata"
    assert registry.tokenURI(work.token_id) == base + path
    assert registry.contractURI() == base + "/api/v1/collection"
    registry.setMetadataBase("", {"from": people.administrator})
    assert registry.tokenURI(work.token_id).startswith("urn:sha256:")


def test_standards(registry, people, work):
    assert (registry.name(), registry.symbol()) == ("EdgeBazaar Content", "EBC")
    assert registry.isKnownScheme(IMAGE_SCHEME)
    assert not registry.isKnownScheme(0)
    for interface in ("0x01ffc9a7", "0x80ac58cd", "0x5b5e139f", "0x2a55205a", "0x49064906"):
        assert registry.supportsInterface(interface)
    assert not registry.supportsInterface("0xffffffff")
    with fails_with("ProofOfAIGC_NotRegistered", work.token_id):
        registry.tokenURI(work.token_id)


@pytest.mark.parametrize("price", [0, 1, 19, 20, 10**18, 2**256 - 1])
def test_royalties_go_to_the_creator_rounded_down(registry, people, price):
    work = Work(people.producer, people.provider, b"royal", royalty_bps=500)
    register(registry, work)
    registry.transferFrom(
        people.producer, people.consumer, work.token_id, {"from": people.producer}
    )
    receiver, amount = registry.royaltyInfo(work.token_id, price)
    assert (receiver, amount) == (people.producer, price * 500 // 10_000)
    assert as_tuple(registry.royaltyInfo(1, price)) == (ZERO_ADDRESS, 0)
