"""The permission matrix: a row for every state-changing function of every contract.

Each row makes a call that is right in everything but its caller, and names who may make it and with
which error anybody else is refused.
"""

from hashlib import sha256

from auction_rounds import INPUTS, OFFLINE, ONLINE, packed_bids, packed_scores
from contract_support import (
    APPEAL_COST,
    AUDITOR,
    CONSUMER,
    DEPOSIT,
    DISPUTE_BOND,
    MODEL_PROVIDER,
    OPERATOR,
    PRODUCER,
    PROVIDER,
    VEHICLE,
    ZERO_ADDRESS,
    ZERO_BYTES,
    digest,
    now,
    sign_typed,
)
from exchange_terms import CLAIMED, ETHER, NATIVE, PREIMAGE, Lock, Sale
from permission_epochs import EVIDENCE
from permission_epochs import ROWS as EPOCH_ROWS
from permission_rows import CONTRACTS, EVERYBODY, HOLDS, Row, error, lacks, member_or, no_stake, who
from permission_world import (
    DELIVERY,
    FEE,
    LONG,
    UNIT,
    World,
    no_evidence,
    request,
    selection,
    task,
    voucher,
)

MEMBERS = frozenset(HOLDS)
# The contracts among the callers take no coins, and who calls is paid directly.
TAKES_COINS = EVERYBODY - CONTRACTS
NOT_OWNER = error("OwnableUnauthorizedAccount")
NOT_CUSTODIAN = error("ProofOfAIGC_NotCustodian")
NOT_OPERATOR = error("AuctionHouse_NotOperator", who("operator"))
NOT_PRODUCER = error("TaskBoard_NotProducer", who("producer"))
NOT_PROVIDER = error("TaskBoard_NotAssignedProvider", who("provider"))


def lock_of(sender: str, receiver: str) -> tuple:
    asset = (NATIVE, ZERO_ADDRESS, ETHER)
    return Lock(sender, receiver, asset, timelock=now() + LONG, expected=digest("new")).terms


def sale_of(world: World, buyer: str) -> tuple:
    seller, token = world.people.second_producer, world.tokens.another_copy
    return Sale(buyer, seller, token, timelock=now() + LONG).terms


def consents(world: World, lock: Lock) -> tuple:
    """Signatures of both parties to leave a lock."""
    timelock = world.system.timelock
    return tuple(
        sign_typed(party, timelock, "Exit", (lock.id(timelock),))
        for party in (lock.sender, lock.receiver)
    )


def round_by(world: World, operator: str) -> tuple:
    terms = world.rounds.to_bid.terms
    return terms._replace(operator=operator, salt=digest("new"))


def moving(world: World, token: str) -> tuple:
    return (world.callers["producer"], world.callers["consumer"], getattr(world.tokens, token))


LOCK = "(address,address,(uint8,address,uint256),bytes32,uint40,bytes32,bytes32,uint256)"
SALE = "(address,address,uint256,uint256,bytes32,uint40)"
PREMIUMS = "(address,address,uint256,uint256,bytes32,bytes32,uint40,uint40)"
TASK = "(address,bytes32,uint256,uint40,uint40,uint40,uint40,uint8,uint256,bytes32)"
GIVEN = "(bytes32,bytes32,bytes32,uint40,string)"
SHOWN = "(uint256,bytes32,bytes,bytes32[],bytes32,bytes32,bytes32[])"
RECEIPT = "(address,address,bytes32,bytes32,uint32,bytes32,bytes32)"
CHALLENGE = "(uint256,uint256,address,address,uint256)"
RECORD = f"({RECEIPT},uint16,uint40,bytes32,string,bytes32[])"
DISPUTE = "(uint256,bytes32,address,address,uint256)"
ROUND = (
    "(address,address,address,uint40,uint40,uint40,uint40,uint40,uint96,uint96,uint96,uint96,"
    "uint96,uint256,uint32,uint16,uint16,bytes32)"
)
BIDS, SCORES = "(uint256,bytes32)[]", "uint256[]"
FORWARDED = "(address,address,uint256,uint256,uint48,bytes,bytes)"

MATRIX = [
    # Anybody submits what a member signed; nobody what it did not sign.
    Row("TrustedForwarder", f"execute({FORWARDED})", lambda w, _: (request(w),)),
    Row(
        "TrustedForwarder",
        f"execute({FORWARDED})",
        lambda w, _: (request(w, signer=w.people.stranger),),
        frozenset(),
        lambda w, _: (
            "ERC2771ForwarderInvalidSigner",
            w.people.stranger,
            w.people.administrator,
        ),
        note="signed by another",
    ),
    Row(
        "TrustedForwarder",
        f"executeBatch({FORWARDED}[],address)",
        lambda w, _: ([request(w)], w.people.relayer),
    ),
    # Membership belongs to its administrator; the auditor has been offered the office.
    Row(
        "Membership",
        "admit(address,uint16,uint40,bytes32)",
        lambda w, _: (w.people.stranger, CONSUMER, now() + LONG, ZERO_BYTES),
        frozenset({"administrator"}),
        NOT_OWNER,
    ),
    Row(
        "Membership",
        "revoke(address)",
        lambda w, _: (w.people.consumer,),
        frozenset({"administrator"}),
        NOT_OWNER,
    ),
    Row(
        "Membership",
        "transferOwnership(address)",
        lambda w, caller: (caller,),
        frozenset({"administrator"}),
        NOT_OWNER,
    ),
    Row("Membership", "acceptOwnership()", lambda w, _: (), frozenset({"auditor"}), NOT_OWNER),
    Row(
        "Membership",
        "admitByVoucher((address,uint16,uint40,bytes32,bytes32,uint40),bytes)",
        lambda w, _: voucher(w),
    ),
    # Credits are open to all and only ever pay their account.
    Row("Payouts", "credit(address)", lambda w, _: (w.people.consumer,), value=1),
    Row(
        "Payouts",
        "creditMany(address[],uint256[])",
        lambda w, _: ([w.people.consumer], [1]),
        value=1,
    ),
    Row("Payouts", "withdraw(address)", lambda w, _: (w.people.vehicle,)),
    # Reputation is written by the bound sources.
    Row(
        "ReputationLedger",
        "bindSources(address,address)",
        lambda w, _: (w.system.board, w.system.sale),
        frozenset({"deployer"}),
        error("ReputationLedger_NotDeployer"),
        instance=lambda w: w.unbound.ledger,
    ),
    Row(
        "ReputationLedger",
        "record(address,address,bool,bytes32)",
        lambda w, _: (w.people.consumer, w.people.producer, True, ZERO_BYTES),
        frozenset({"board", "sale"}),
        error("ReputationLedger_NotSource"),
    ),
    # The register: producers write, holders move, custodians freeze.
    Row(
        "ProofOfAIGC",
        "bindCustodians(address,address,address)",
        lambda w, _: (w.system.timelock, w.system.sale, w.system.challenges),
        frozenset({"deployer"}),
        error("ProofOfAIGC_NotDeployer"),
        instance=lambda w: w.unbound.registry,
    ),
    Row(
        "ProofOfAIGC",
        "setMetadataBase(string)",
        lambda w, _: ("https://market.example",),
        frozenset({"administrator"}),
        error("ProofOfAIGC_NotAdministrator"),
    ),
    Row(
        "ProofOfAIGC",
        "commit(bytes32)",
        lambda w, _: (digest("new"),),
        frozenset({"producer"}),
        lacks(PRODUCER),
    ),
    Row(
        "ProofOfAIGC",
        f"register(({RECEIPT},bytes,uint16,string)[],bytes32)",
        lambda w, _: ([w.new_work.registration(w.system.registry)], ZERO_BYTES),
        frozenset({"producer"}),
        lacks(PRODUCER),
    ),
    Row(
        "ProofOfAIGC",
        "approve(address,uint256)",
        lambda w, _: (w.people.consumer, w.tokens.free),
        frozenset({"producer"}),
        lambda w, _: ("NotOwnerNorApproved",),
    ),
    Row(
        "ProofOfAIGC",
        "setApprovalForAll(address,bool)",
        lambda w, _: (w.people.consumer, True),
        note="of the caller's own",
    ),
    *(
        Row(
            "ProofOfAIGC",
            f"{function}(address,address,uint256{further})",
            lambda w, _, last=(b"",) if further else (): (*moving(w, "free"), *last),
            frozenset({"producer"}),
            lambda w, _: ("NotOwnerNorApproved",),
        )
        for function, further in (
            ("transferFrom", ""),
            ("safeTransferFrom", ""),
            ("safeTransferFrom", ",bytes"),
        )
    ),
    Row(
        "ProofOfAIGC",
        "transferFrom(address,address,uint256)",
        lambda w, _: moving(w, "in_lock"),
        frozenset(),
        lambda w, _: ("ProofOfAIGC_Frozen", w.tokens.in_lock),
        note="of frozen content",
    ),
    Row(
        "ProofOfAIGC",
        "freezeForExchange(uint256,address)",
        lambda w, _: (w.tokens.free, w.people.producer),
        frozenset({"timelock", "sale"}),
        NOT_CUSTODIAN,
    ),
    Row(
        "ProofOfAIGC",
        "releaseFromExchange(uint256,address)",
        lambda w, _: (w.tokens.in_lock, w.people.consumer),
        frozenset({"timelock"}),
        NOT_CUSTODIAN,
    ),
    Row(
        "ProofOfAIGC",
        "moveInSale(uint256,address,address)",
        lambda w, _: (w.tokens.free, w.people.producer, w.people.consumer),
        frozenset({"sale"}),
        NOT_CUSTODIAN,
    ),
    Row(
        "ProofOfAIGC",
        "freezeForChallenge(uint256)",
        lambda w, _: (w.tokens.free,),
        frozenset({"challenges"}),
        NOT_CUSTODIAN,
    ),
    Row(
        "ProofOfAIGC",
        "endChallenge(uint256,bool)",
        lambda w, _: (w.tokens.copy, True),
        frozenset({"challenges"}),
        NOT_CUSTODIAN,
    ),
    Row(
        "ProofOfAIGC",
        "bindDisputes(address)",
        lambda w, _: (w.system.disputes,),
        frozenset({"deployer"}),
        error("ProofOfAIGC_NotDeployer"),
        instance=lambda w: w.unbound.registry,
    ),
    Row(
        "ProofOfAIGC",
        "freezeForDispute(uint256)",
        lambda w, _: (w.tokens.free,),
        frozenset({"disputes"}),
        NOT_CUSTODIAN,
    ),
    Row(
        "ProofOfAIGC",
        "endDispute(uint256,bool)",
        lambda w, _: (w.tokens.disputed, True),
        frozenset({"disputes"}),
        NOT_CUSTODIAN,
    ),
    # Members assert against another's receipt; anybody draws and settles; only the drawn answer.
    Row(
        "FingerprintDisputes",
        f"open({RECORD},string)",
        lambda w, _: (w.records.free, ""),
        MEMBERS - {"provider"},
        lambda w, caller: (
            ("FingerprintDisputes_OwnReceipt", w.callers[caller])
            if caller == "provider"
            else ("Membership_NotActive", w.callers[caller])
        ),
        value=DISPUTE_BOND,
    ),
    Row("FingerprintDisputes", f"draw({DISPUTE})", lambda w, _: (w.dispute.terms,)),
    *(
        Row(
            "FingerprintDisputes",
            signature,
            lambda w, _, more=more: (w.dispute.terms, *more),
            frozenset(),
            lambda w, _: (
                "FingerprintDisputes_WrongState",
                bytes(w.system.disputes.idOf(w.dispute.terms)),
                1,
                2,
            ),
            note="before the draw",
        )
        for signature, more in (
            (f"commit({DISPUTE},address[],bytes32)", ([], digest("x"))),
            (f"reveal({DISPUTE},bytes32[8],bytes32)", ([ZERO_BYTES] * 8, ZERO_BYTES)),
            (f"settle({DISPUTE},address[])", ([],)),
        )
    ),
    # Challenges are opened with an original of one's own, answered by the accused, decided and
    # finalised by anybody; parties add statements and appeal, the arbitrator rules.
    Row(
        "Challenges",
        "open(uint256,uint256)",
        lambda w, _: (w.tokens.original, w.tokens.another_copy),
        frozenset({"producer"}),
        member_or(error("Challenges_NotCreatorOrOwner", lambda w: w.tokens.original)),
        value=DEPOSIT,
    ),
    Row(
        "Challenges",
        f"concede({CHALLENGE})",
        lambda w, _: (w.cases.to_answer.terms,),
        frozenset({"producer"}),
        error("Challenges_NotAccused", who("producer")),
    ),
    Row(
        "Challenges",
        f"contest({CHALLENGE},bytes32,string)",
        lambda w, _: (w.cases.to_answer.terms, ZERO_BYTES, ""),
        frozenset({"producer"}),
        error("Challenges_NotAccused", who("producer")),
        value=DEPOSIT,
    ),
    Row(
        "Challenges",
        f"submitEvidence({CHALLENGE},bytes32,string)",
        lambda w, _: (w.cases.to_answer.terms, ZERO_BYTES, ""),
        frozenset({"producer"}),
        error("Challenges_NotParty", lambda w: w.cases.to_answer.id),
    ),
    Row(
        "Challenges",
        f"decide({CHALLENGE},{RECORD},{RECORD})",
        lambda w, _: (w.cases.to_decide.terms, w.records.original, w.records.copy),
    ),
    Row(
        "Challenges",
        f"appeal({CHALLENGE})",
        lambda w, _: (w.cases.to_appeal.terms,),
        frozenset({"producer"}),
        error("Challenges_NotParty", lambda w: w.cases.to_appeal.id),
        value=APPEAL_COST,
    ),
    Row(
        "Challenges",
        "rule(bytes32,uint8)",
        lambda w, _: (w.cases.to_rule.id, 1),
        frozenset({"panel"}),
        error("Challenges_NotArbitrator"),
    ),
    Row(
        "Challenges",
        f"finalise({CHALLENGE})",
        lambda w, _: (w.cases.to_finalise.terms,),
    ),
    # Contracts bring disputes before the panel, whose auditors vote; anybody has votes counted and
    # shares paid.
    Row(
        "ArbitratorPanel",
        "requestRuling(bytes32,address,address,uint40)",
        lambda w, caller: (digest("new"), caller, w.callers["consumer"], now() + LONG),
        value=APPEAL_COST,
    ),
    Row(
        "ArbitratorPanel",
        "vote(address,bytes32,uint8)",
        lambda w, _: (w.people.stranger.address, digest("to_vote"), 1),
        frozenset({"auditor"}),
        lacks(AUDITOR),
    ),
    Row(
        "ArbitratorPanel",
        "conclude(address,bytes32)",
        lambda w, _: (w.people.stranger.address, digest("to_conclude")),
    ),
    Row(
        "ArbitratorPanel",
        "collect(address,bytes32,address)",
        lambda w, _: (
            *(w.people.stranger.address, digest("to_collect")),
            w.callers["auditor"],
        ),
    ),
    # Members lock their own; anybody closes, and only the stored parties are paid.
    Row(
        "HashedTimelock",
        f"lock({LOCK})",
        lambda w, caller: (lock_of(caller, w.callers["consumer"]),),
        MEMBERS,
        lacks(0),
        value=ETHER,
        note="of the caller's own",
    ),
    Row(
        "HashedTimelock",
        f"lock({LOCK})",
        lambda w, _: (lock_of(w.callers["producer"], w.callers["consumer"]),),
        frozenset({"producer"}),
        member_or(error("HashedTimelock_SenderMismatch", who("producer"))),
        value=ETHER,
        note="of a producer's",
    ),
    Row(
        "HashedTimelock",
        f"lockLinked({LOCK},{LOCK})",
        lambda w, _: (w.locks.answer.terms, w.locks.first.terms),
        frozenset({"consumer"}),
        member_or(error("HashedTimelock_SenderMismatch", who("consumer"))),
        value=lambda w: w.locks.answer.value,
    ),
    Row(
        "HashedTimelock",
        f"claim({LOCK},bytes32)",
        lambda w, _: (w.locks.long.terms, PREIMAGE),
    ),
    Row("HashedTimelock", f"refund({LOCK})", lambda w, _: (w.locks.short.terms,)),
    Row(
        "HashedTimelock",
        f"exit({LOCK},bytes,bytes)",
        lambda w, _: (w.locks.long.terms, *consents(w, w.locks.long)),
    ),
    # The follower deposits, the leader joins; anybody has paid what is due.
    Row(
        "ExchangePremiums",
        f"deposit({PREMIUMS},{LOCK},{LOCK})",
        lambda w, _: (w.premiums.new.terms, w.locks.first.terms, w.locks.answer.terms),
        frozenset({"consumer"}),
        member_or(error("ExchangePremiums_PartyMismatch", who("consumer"))),
        value=lambda w: w.premiums.new.follower_premium,
    ),
    Row(
        "ExchangePremiums",
        f"join({PREMIUMS})",
        lambda w, _: (w.premiums.deposited.terms,),
        frozenset({"producer"}),
        error("ExchangePremiums_PartyMismatch", who("producer")),
        value=lambda w: w.premiums.deposited.leader_premium,
    ),
    Row("ExchangePremiums", f"withdraw({PREMIUMS})", lambda w, _: (w.premiums.lapsed.terms,)),
    Row("ExchangePremiums", f"settle({PREMIUMS})", lambda w, _: (w.premiums.unanswered.terms,)),
    # Anybody offers, earns and returns bounties.
    Row(
        "CompletionBounties",
        "deposit(bytes32,uint8)",
        lambda w, _: (w.locks.long.id(w.system.timelock), CLAIMED),
        value=1,
    ),
    Row(
        "CompletionBounties",
        f"claim({LOCK},bytes32,address[])",
        lambda w, _: (w.locks.long.terms, PREIMAGE, [w.people.treasury]),
        TAKES_COINS,
        error("Payments_TransferFailed", 5),
    ),
    Row(
        "CompletionBounties",
        f"refund({LOCK},address[])",
        lambda w, _: (w.locks.short.terms, [w.people.treasury]),
        TAKES_COINS,
        error("Payments_TransferFailed", 5),
    ),
    Row(
        "CompletionBounties",
        "takeBack(bytes32,address,uint8)",
        lambda w, _: (w.locks.closed.id(w.system.timelock), w.people.treasury, CLAIMED),
    ),
    # Members buy for themselves, the seller alone delivers.
    Row(
        "AtomicSale",
        f"open({SALE})",
        lambda w, caller: (sale_of(w, caller),),
        MEMBERS,
        lacks(0),
        value=ETHER + 1,
        note="for the caller",
    ),
    Row(
        "AtomicSale",
        f"open({SALE})",
        lambda w, _: (sale_of(w, w.callers["consumer"]),),
        frozenset({"consumer"}),
        member_or(error("AtomicSale_BuyerMismatch", who("consumer"))),
        value=ETHER + 1,
        note="for a consumer",
    ),
    Row(
        "AtomicSale",
        f"settle({SALE},bytes32)",
        lambda w, _: (w.sales.long.terms, PREIMAGE),
        frozenset({"producer"}),
        error("AtomicSale_SellerMismatch", who("producer")),
    ),
    Row("AtomicSale", f"refund({SALE})", lambda w, _: (w.sales.short.terms,)),
    # Providers stake and offer, producers post; then each task belongs to its two parties.
    Row(
        "TaskBoard",
        "stake()",
        lambda w, _: (),
        frozenset({"provider", "second_provider"}),
        lacks(PROVIDER),
        value=1,
    ),
    Row(
        "TaskBoard",
        "setOffer(uint96,uint32,uint16)",
        lambda w, _: (1, 1, 1),
        frozenset({"provider", "second_provider"}),
        lacks(PROVIDER),
    ),
    Row(
        "TaskBoard",
        "unstake(uint96)",
        lambda w, _: (1,),
        frozenset({"second_provider"}),
        no_stake,
    ),
    # The dispute contract is bound once; here the auction house stands for it, and judges.
    Row(
        "TaskBoard",
        "bindDisputes(address)",
        lambda w, _: (w.system.challenges,),
        frozenset({"deployer"}),
        error("TaskBoard_NotDeployer"),
        instance=lambda w: w.unbound.board,
    ),
    *(
        Row(
            "TaskBoard",
            signature,
            lambda w, _, more=more: (w.callers["second_provider"], *more(w)),
            frozenset({"house"}),
            error("TaskBoard_NotDisputes", who("house")),
            instance=lambda w: w.unbound.judged_board,
        )
        for signature, more in (
            ("hold(address)", lambda w: ()),
            ("release(address)", lambda w: ()),
            ("slash(address,uint96,address)", lambda w: (1, w.people.stranger)),
        )
    ),
    Row(
        "TaskBoard",
        f"post({TASK})",
        lambda w, caller: (task(w, "new", producer=caller),),
        frozenset({"producer"}),
        lacks(PRODUCER),
        value=FEE,
    ),
    Row(
        "TaskBoard",
        f"assign({TASK},address,(address[],uint256[],uint40),{EVIDENCE})",
        lambda w, _: (w.tasks.posted, w.people.provider, selection(w), no_evidence()),
        frozenset({"producer"}),
        NOT_PRODUCER,
    ),
    Row(
        "TaskBoard",
        f"deliver({TASK},{GIVEN})",
        lambda w, _: (w.tasks.assigned, DELIVERY),
        frozenset({"provider"}),
        NOT_PROVIDER,
    ),
    Row(
        "TaskBoard",
        f"accept({TASK})",
        lambda w, _: (w.tasks.delivered,),
        frozenset({"producer"}),
        NOT_PRODUCER,
    ),
    Row(
        "TaskBoard",
        f"settle({TASK},{GIVEN},bytes32)",
        lambda w, _: (w.tasks.accepted, DELIVERY, PREIMAGE),
        frozenset({"provider"}),
        NOT_PROVIDER,
    ),
    Row(
        "TaskBoard",
        f"complain({TASK},{GIVEN},bytes32,{SHOWN})",
        lambda w, _: (w.tasks.settled, DELIVERY, PREIMAGE, UNIT),
    ),
    Row("TaskBoard", f"close({TASK})", lambda w, _: (w.tasks.lapsed,)),
    # Operators run their rounds, vehicles and simulators bid, anybody calls off what stands still.
    Row(
        "AuctionHouse",
        f"openRound({ROUND})",
        lambda w, caller: (round_by(w, caller),),
        frozenset({"operator"}),
        lacks(OPERATOR),
        value=lambda w: w.rounds.to_bid.terms.advance,
        note="of the caller's own",
    ),
    Row(
        "AuctionHouse",
        f"openRound({ROUND})",
        lambda w, _: (round_by(w, w.callers["operator"]),),
        frozenset({"operator"}),
        NOT_OPERATOR,
        value=lambda w: w.rounds.to_bid.terms.advance,
        note="of the operator's",
    ),
    *(
        Row(
            "AuctionHouse",
            "commitBid(uint256,bytes32,uint8,bytes32)",
            lambda w, _, market=market: (
                *w.system.house.partsOf(w.rounds.to_bid.terms),
                market,
                digest("bid"),
            ),
            frozenset({bidder}),
            lacks(role),
            value=lambda w, market=market: w.rounds.to_bid.terms.deposit(market),
            note=("online", "offline")[market],
        )
        for market, bidder, role in (
            (ONLINE, "vehicle", VEHICLE),
            (OFFLINE, "simulator", MODEL_PROVIDER),
        )
    ),
    Row(
        "AuctionHouse",
        f"publishScores({ROUND},{SCORES},bytes32,bytes)",
        lambda w, _: (
            w.rounds.to_score.terms,
            packed_scores(w.rounds.to_score.scores),
            sha256(INPUTS).digest(),
            INPUTS,
        ),
        frozenset({"operator"}),
        NOT_OPERATOR,
    ),
    Row(
        "AuctionHouse",
        f"declareOpenings({ROUND},uint256[])",
        lambda w, _: (w.rounds.to_declare.terms, w.rounds.to_declare.bitmap),
        frozenset({"operator"}),
        NOT_OPERATOR,
    ),
    Row(
        "AuctionHouse",
        f"openOwnBid({ROUND},uint256,uint8,uint256,bytes32,uint256[])",
        lambda w, _: (w.rounds.to_open.terms, 1, 0, 10**17, ZERO_BYTES, w.rounds.to_open.bitmap),
        note="which counts for its bidder only",
    ),
    Row(
        "AuctionHouse",
        f"settle({ROUND},{BIDS},{SCORES},uint256[])",
        lambda w, _: (
            w.rounds.to_settle.terms,
            packed_bids(w.rounds.to_settle.replay()),
            packed_scores(w.rounds.to_settle.scores),
            w.rounds.to_settle.bitmap,
        ),
        frozenset({"operator"}),
        NOT_OPERATOR,
    ),
    Row(
        "AuctionHouse",
        f"refundAll({ROUND},{BIDS})",
        lambda w, _: (w.rounds.to_refund.terms, packed_bids(w.rounds.to_refund.sealed())),
    ),
    Row(
        "AuctionHouse",
        "collect(bytes32,(uint24,address,uint160),bytes32[])",
        lambda w, _: w.rounds.to_collect,
        note="for the account that is owed",
    ),
    Row(
        "AuctionHouse",
        "collectMany(bytes32,(uint24,address,uint160)[],bytes32[],bool[])",
        lambda w, _: w.rounds.to_collect_many,
        note="for the accounts that are owed",
    ),
    # Operators publish reputations, anybody proves them wrong.
    *EPOCH_ROWS,
]
