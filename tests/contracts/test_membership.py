"""Membership: admission, vouchers, expiry, revocation, hand-over and relayed calls."""

import pytest
from brownie import web3
from brownie.exceptions import VirtualMachineError
from contract_support import (
    CONSUMER,
    DAY,
    OPERATOR,
    PRODUCER,
    PROVIDER,
    ZERO_ADDRESS,
    ZERO_BYTES,
    as_tuple,
    digest,
    fails_with,
    mine_at,
    mock,
    next_block_at,
    now,
    relay,
    relay_request,
    sign_typed,
    typed_digest,
)

CERTIFICATE = digest("certificate")


@pytest.fixture
def membership(system):
    return system.membership


@pytest.fixture
def voucher(people):
    """A voucher for the stranger."""
    return (
        people.stranger.address,
        PRODUCER,
        now() + 30 * DAY,
        CERTIFICATE,
        digest("serial"),
        now() + DAY,
    )


def signed(membership, signer, voucher):
    return sign_typed(signer, membership, "Voucher", voucher)


def test_admission_writes_the_whole_record(membership, people):
    expires_at = now() + 10 * DAY
    transaction = membership.admit(
        people.stranger,
        PRODUCER | PROVIDER,
        expires_at,
        CERTIFICATE,
        {"from": people.administrator},
    )
    assert as_tuple(membership.memberOf(people.stranger)) == (
        PRODUCER | PROVIDER,
        transaction.timestamp,
        expires_at,
        0,
        membership.memberOf(people.stranger)["number"],
        "0x" + CERTIFICATE.hex(),
    )
    event = transaction.events["MemberAdmitted"]
    assert event["account"] == people.stranger
    assert event["administrator"] == people.administrator
    assert (event["roles"], event["expiresAt"]) == (PRODUCER | PROVIDER, expires_at)
    assert membership.isActive(people.stranger)
    membership.requireRole(people.stranger, PRODUCER | PROVIDER)
    membership.requireActive(people.stranger)


def test_roles_are_asked_together(membership, people):
    assert membership.hasRole(people.producer, PRODUCER)
    assert not membership.hasRole(people.producer, PRODUCER | OPERATOR)
    assert membership.hasRole(people.producer, 0)
    assert not membership.hasRole(people.stranger, 0)
    with fails_with("Membership_MissingRole", people.producer, PRODUCER | OPERATOR):
        membership.requireRole(people.producer, PRODUCER | OPERATOR)
    with fails_with("Membership_NotActive", people.stranger):
        membership.requireRole(people.stranger, PRODUCER)
    with fails_with("Membership_NotActive", people.stranger):
        membership.requireActive(people.stranger)


def test_admission_is_the_administrators_alone(membership, people):
    for caller in (people.operator, people.stranger):
        with fails_with("OwnableUnauthorizedAccount", caller):
            membership.admit(people.stranger, PRODUCER, now() + DAY, ZERO_BYTES, {"from": caller})


def test_admission_refuses_what_makes_no_member(membership, people):
    sender = {"from": people.administrator}
    with fails_with("Membership_ZeroAccount"):
        membership.admit(ZERO_ADDRESS, PRODUCER, now() + DAY, ZERO_BYTES, sender)
    with fails_with("Membership_NoRoles", people.stranger):
        membership.admit(people.stranger, 0, now() + DAY, ZERO_BYTES, sender)
    with fails_with("Membership_UnknownRoles", 257):
        membership.admit(people.stranger, 257, now() + DAY, ZERO_BYTES, sender)


def test_expiry_must_lie_ahead(membership, people):
    moment = now() + 50
    next_block_at(moment)
    with fails_with("Membership_ExpiryInPast", moment, moment):
        membership.admit(
            people.stranger, PRODUCER, moment, ZERO_BYTES, {"from": people.administrator}
        )
    next_block_at(moment + 10)
    membership.admit(
        people.stranger, PRODUCER, moment + 11, ZERO_BYTES, {"from": people.administrator}
    )


def test_membership_ends_with_its_last_second(membership, people):
    expires_at = now() + 100
    membership.admit(
        people.stranger, PRODUCER, expires_at, ZERO_BYTES, {"from": people.administrator}
    )
    mine_at(expires_at - 1)
    assert membership.isActive(people.stranger)
    mine_at(expires_at)
    assert not membership.isActive(people.stranger)
    assert not membership.hasRole(people.stranger, PRODUCER)


def test_revocation_holds_at_once_and_can_be_mended(membership, people):
    transaction = membership.revoke(people.producer, {"from": people.administrator})
    assert transaction.events["MemberRevoked"]["revokedAt"] == transaction.timestamp
    assert not membership.isActive(people.producer)
    assert membership.memberOf(people.producer)["revokedAt"] == transaction.timestamp
    with fails_with("Membership_NotActive", people.producer):
        membership.revoke(people.producer, {"from": people.administrator})

    membership.admit(
        people.producer, CONSUMER, now() + DAY, ZERO_BYTES, {"from": people.administrator}
    )
    assert membership.hasRole(people.producer, CONSUMER)
    assert not membership.hasRole(people.producer, PRODUCER)
    assert membership.memberOf(people.producer)["revokedAt"] == 0


def test_a_member_number_is_the_account_s_for_good(membership, people):
    def number_of(account) -> int:
        return membership.memberOf(account)["number"]

    numbers = [number_of(one) for one in (people.producer, people.provider, people.consumer)]
    assert 0 not in numbers and len(set(numbers)) == 3
    assert membership.accountOf(numbers[0]) == people.producer
    assert membership.requireRole(people.producer, PRODUCER) == numbers[0]
    assert (membership.accountOf(0), membership.accountOf(2**32 - 1)) == (ZERO_ADDRESS,) * 2
    assert number_of(people.stranger) == 0
    membership.revoke(people.producer, {"from": people.administrator})
    assert membership.accountOf(numbers[0]) == people.producer
    term = (CONSUMER, now() + DAY, ZERO_BYTES, {"from": people.administrator})
    membership.admit(people.stranger, *term)
    membership.admit(people.producer, *term)
    assert number_of(people.producer) == numbers[0]
    assert membership.accountOf(number_of(people.stranger)) == people.stranger
    assert number_of(people.stranger) not in numbers


def test_revocation_counts_within_its_block(system, people):
    """A call that the revocation precedes in one block is refused."""
    web3.provider.make_request("evm_setAutomine", [False])
    try:
        first = system.membership.revoke(
            people.producer, {"from": people.administrator, "required_confs": 0, "gas_price": 2}
        )
        second = system.registry.commit(
            digest("commitment"),
            {
                "from": people.producer,
                "required_confs": 0,
                "gas_price": 1,
                "allow_revert": True,
                "gas_limit": 200_000,
            },
        )
        web3.provider.make_request("evm_mine", [])
    finally:
        web3.provider.make_request("evm_setAutomine", [True])
    receipts = [web3.eth.get_transaction_receipt(one.txid) for one in (first, second)]
    assert receipts[0]["blockNumber"] == receipts[1]["blockNumber"]
    assert [receipt["status"] for receipt in receipts] == [1, 0]


def test_revocation_is_the_administrators_alone(membership, people):
    with fails_with("OwnableUnauthorizedAccount", people.operator):
        membership.revoke(people.producer, {"from": people.operator})
    with fails_with("Membership_NotActive", people.stranger):
        membership.revoke(people.stranger, {"from": people.administrator})


def test_anybody_presents_a_voucher(membership, people, voucher):
    signature = signed(membership, people.administrator, voucher)
    transaction = membership.admitByVoucher(voucher, signature, {"from": people.relayer})
    assert transaction.events["VoucherUsed"]["account"] == people.stranger
    assert transaction.events["MemberAdmitted"]["administrator"] == people.administrator
    assert membership.hasRole(people.stranger, PRODUCER)
    assert membership.isVoucherUsed(voucher[4])


def test_the_digest_of_a_voucher_is_that_of_eip712(membership, people, voucher):
    assert bytes(membership.hashVoucher(voucher)) == typed_digest(membership, "Voucher", voucher)


def test_a_revoked_member_cannot_replay_its_voucher(membership, people, voucher):
    signature = signed(membership, people.administrator, voucher)
    membership.admitByVoucher(voucher, signature, {"from": people.stranger})
    membership.revoke(people.stranger, {"from": people.administrator})
    with fails_with("Membership_VoucherAlreadyUsed", voucher[4]):
        membership.admitByVoucher(voucher, signature, {"from": people.stranger})
    assert not membership.isActive(people.stranger)


def test_a_voucher_is_good_to_its_deadline(membership, people, voucher):
    deadline = voucher[5]
    later = (*voucher[:4], digest("another"), deadline)
    signatures = [signed(membership, people.administrator, one) for one in (voucher, later)]
    next_block_at(deadline)
    membership.admitByVoucher(voucher, signatures[0], {"from": people.stranger})
    next_block_at(deadline + 1)
    with fails_with("Membership_VoucherExpired", deadline, deadline + 1):
        membership.admitByVoucher(later, signatures[1], {"from": people.stranger})


def test_only_the_present_administrators_signature_admits(membership, people, voucher):
    with fails_with("Membership_InvalidVoucherSignature", people.administrator):
        membership.admitByVoucher(
            voucher, signed(membership, people.stranger, voucher), {"from": people.stranger}
        )
    greedy = (*voucher[:1], PRODUCER | OPERATOR, *voucher[2:])
    with fails_with("Membership_InvalidVoucherSignature", people.administrator):
        membership.admitByVoucher(
            greedy, signed(membership, people.administrator, voucher), {"from": people.stranger}
        )
    with fails_with("Membership_InvalidVoucherSignature", people.administrator):
        membership.admitByVoucher(voucher, b"short", {"from": people.stranger})

    old = signed(membership, people.administrator, voucher)
    membership.transferOwnership(people.operator, {"from": people.administrator})
    membership.acceptOwnership({"from": people.operator})
    with fails_with("Membership_InvalidVoucherSignature", people.operator):
        membership.admitByVoucher(voucher, old, {"from": people.stranger})


def test_a_voucher_admits_no_more_than_admission(membership, people, voucher):
    empty = (*voucher[:1], 0, *voucher[2:])
    with fails_with("Membership_NoRoles", people.stranger):
        membership.admitByVoucher(
            empty, signed(membership, people.administrator, empty), {"from": people.stranger}
        )
    assert not membership.isVoucherUsed(empty[4])


def test_a_contract_wallet_can_be_the_administrator(system, people, voucher, project, deployer):
    wallet = mock("Signer").deploy(people.operator, {"from": deployer})
    membership = project.Membership.deploy(wallet, system.forwarder, {"from": deployer})
    membership.admitByVoucher(
        voucher, signed(membership, people.operator, voucher), {"from": people.relayer}
    )
    assert membership.isActive(people.stranger)
    other = (*voucher[:4], digest("another"), voucher[5])
    with fails_with("Membership_InvalidVoucherSignature", wallet):
        membership.admitByVoucher(
            other, signed(membership, people.stranger, other), {"from": people.relayer}
        )
    with fails_with("Membership_InvalidVoucherSignature", wallet):
        membership.admitByVoucher(other, b"short", {"from": people.relayer})


def test_the_office_is_handed_over_in_two_steps_and_never_dropped(membership, people):
    membership.transferOwnership(people.operator, {"from": people.administrator})
    assert membership.owner() == people.administrator
    with fails_with("OwnableUnauthorizedAccount", people.stranger):
        membership.acceptOwnership({"from": people.stranger})
    membership.acceptOwnership({"from": people.operator})
    assert membership.owner() == people.operator
    with fails_with("Membership_CannotRenounce"):
        membership.renounceOwnership.call({"from": people.operator})
    with fails_with("OwnableUnauthorizedAccount", people.stranger):
        membership.renounceOwnership.call({"from": people.stranger})


def test_the_administrator_may_sign_and_let_another_submit(system, people):
    membership = system.membership
    arguments = (people.stranger, CONSUMER, now() + DAY, ZERO_BYTES)
    relay(system, people.administrator, membership.admit, arguments, people.relayer)
    assert membership.hasRole(people.stranger, CONSUMER)
    with fails_with("FailedCall"):
        relay(system, people.operator, membership.revoke, (people.stranger,), people.relayer)
    assert membership.isActive(people.stranger)


def test_an_appended_address_means_nothing_without_the_forwarder(membership, people):
    """Only the trusted forwarder may name another caller at the end of the data."""
    data = membership.revoke.encode_input(people.producer) + people.administrator.address[2:]
    with fails_with("OwnableUnauthorizedAccount", people.stranger):
        people.stranger.transfer(membership, 0, data=data, gas_limit=200_000)


def test_a_relayed_call_runs_once_as_it_was_signed(system, people):
    forwarder, membership = system.forwarder, system.membership
    arguments = (people.stranger, CONSUMER, now() + DAY, ZERO_BYTES)
    signed = relay_request(system, people.administrator, membership.admit, arguments)
    other = membership.admit.encode_input(people.stranger, OPERATOR, now() + DAY, ZERO_BYTES)
    changed = (*signed[:5], bytes.fromhex(other[2:]), signed[6])
    with pytest.raises(VirtualMachineError, match="ERC2771ForwarderInvalidSigner"):
        forwarder.execute(changed, {"from": people.relayer})
    forwarder.execute(signed, {"from": people.relayer})
    membership.revoke(people.stranger, {"from": people.administrator})
    with pytest.raises(VirtualMachineError, match="ERC2771ForwarderInvalidSigner"):
        forwarder.execute(signed, {"from": people.relayer})
    assert not membership.isActive(people.stranger)


def test_a_relayed_call_is_good_to_its_deadline(system, people):
    arguments = (people.stranger, CONSUMER, now() + 30 * DAY, ZERO_BYTES)
    call = system.membership.admit
    signed = relay_request(system, people.administrator, call, arguments)
    next_block_at(signed[4] + 1)
    with fails_with("ERC2771ForwarderExpiredRequest", signed[4]):
        system.forwarder.execute(signed, {"from": people.relayer})
