"""One state of the whole contract set in which every function has something it would do.

Built once for the permission matrix: contents, locks, sales, tasks, rounds and challenges stand at
every stage at the same time, so that whether a call goes through depends on its caller alone.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace

from auction_rounds import OFFLINE, ONLINE, new_round
from brownie import accounts, chain, web3
from challenge_cases import Case, open_case
from contract_support import (
    APPEAL_COST,
    DAY,
    DELIVERY_BOND,
    DISPUTE_BOND,
    DISPUTE_WINDOW,
    MINIMUM_STAKE,
    WEIGHTS,
    WINDOW_SECONDS,
    ZERO_ADDRESS,
    ZERO_BYTES,
    Work,
    admit,
    as_tuple,
    commit,
    digest,
    mine_at,
    now,
    register,
    relay_request,
    sign_typed,
)
from eth_abi import encode
from eth_utils import keccak
from exchange_terms import (
    CLAIMED,
    PREIMAGE,
    REFUNDED,
    Lock,
    Sale,
    content_asset,
    exchange,
    hashlock_of,
    premiums_on,
)

from edgebazaar.auctions.engine.entitlements import EntitlementTree

SHORT, LONG = 2_000, 10 * DAY
FEE = 10**15
UNIT = (0, ZERO_BYTES, b"?", [], ZERO_BYTES, ZERO_BYTES, [])
"""The only unit of a delivery whose content is something else than promised."""
DELIVERY = (
    hashlock_of(PREIMAGE),
    keccak(encode(["uint256", "bytes32", "bytes32"], [0, ZERO_BYTES, keccak(b"?")])),
    digest("content"),
    1,
    "ipfs://ciphertext",
)
DIRECT = 3


@dataclass
class World:
    """The contracts, the accounts that try each function, and what the functions are tried on."""

    system: SimpleNamespace
    people: SimpleNamespace
    callers: dict[str, str] = field(default_factory=dict)
    tokens: SimpleNamespace = field(default_factory=SimpleNamespace)
    records: SimpleNamespace = field(default_factory=SimpleNamespace)
    locks: SimpleNamespace = field(default_factory=SimpleNamespace)
    premiums: SimpleNamespace = field(default_factory=SimpleNamespace)
    sales: SimpleNamespace = field(default_factory=SimpleNamespace)
    tasks: SimpleNamespace = field(default_factory=SimpleNamespace)
    cases: SimpleNamespace = field(default_factory=SimpleNamespace)
    rounds: SimpleNamespace = field(default_factory=SimpleNamespace)
    dispute: SimpleNamespace = field(default_factory=SimpleNamespace)
    unbound: SimpleNamespace = field(default_factory=SimpleNamespace)
    epochs: SimpleNamespace = field(default_factory=SimpleNamespace)
    new_work: Work | None = None


def build(system, people, project, deployer) -> World:
    """Bring the contracts to the state."""
    # The module's rows import this one's world.
    from permission_epochs import publish_epochs

    world = World(system, people)
    publish_epochs(world, project, deployer)
    start = now()
    _name_callers(world, deployer)
    _register_contents(world)
    _open_exchanges(world)
    _bind_nothing(world, project, deployer)
    _challenge(world)
    _dispute_a_fingerprint(world)
    _play_rounds(world, start)
    _work_on_tasks(world)
    _bring_before_the_panel(world)
    # What is short has run out by now, what is long has not.
    mine_at(start + 5 * SHORT)
    _call_off(world)
    _start_fresh(world)
    chain.mine()
    return world


def task(world: World, label: str, deliver_in: int = LONG, producer=None) -> tuple:
    """`ITaskBoard.Terms` of a task of the producer."""
    deliver_by = now() + deliver_in
    return (
        str(producer or world.people.producer),
        digest(label),
        FEE,
        deliver_by,
        deliver_by + DAY,
        LONG,
        LONG,
        DIRECT,
        0,
        digest(label),
    )


def selection(world: World) -> tuple:
    """A selection with one candidate."""
    return ([world.people.provider], [], 0)


def no_evidence() -> tuple:
    """The evidence of a selection that does not go by reputation."""
    first = (ZERO_BYTES, ZERO_BYTES, 0, 0, ZERO_ADDRESS, 0)
    return (first, first, [])


def voucher(world: World) -> tuple:
    """A voucher for the stranger with the administrator's signature."""
    terms = (world.people.stranger.address, 4, now() + LONG, ZERO_BYTES, digest("v"), now() + LONG)
    signer = world.people.administrator
    return (terms, sign_typed(signer, world.system.membership, "Voucher", terms))


def request(world: World, signer=None) -> tuple:
    """A relayed admission by the administrator, signed by it or by somebody else."""
    call = world.system.membership.admit
    arguments = (world.people.stranger, 4, now() + LONG, ZERO_BYTES)
    return relay_request(world.system, world.people.administrator, call, arguments, signer=signer)


def _name_callers(world: World, deployer) -> None:
    system, people = world.system, world.people
    roles = (
        *("producer", "provider", "second_provider", "consumer", "vehicle"),
        *("roadside_unit", "simulator", "auditor", "operator"),
    )
    outsiders = ("administrator", "stranger", "treasury", "relayer")
    world.callers = {name: getattr(people, name).address for name in (*roles, *outsiders)}
    world.callers["deployer"] = deployer.address
    # The forwarder is no caller of its own: it speaks for the account whose signature it checked.
    names = ("timelock", "sale", "challenges", "board", "house", "registry", "panel", "disputes")
    for name in names:
        world.callers[name] = getattr(system, name).address
    world.callers |= {"revoked": _address("revoked"), "expired": _address("expired")}
    for address in world.callers.values():
        web3.provider.make_request("anvil_setBalance", [address, hex(10**21)])
    everything = 2**8 - 1
    admit(system.membership, people, world.callers["revoked"], everything)
    sender = {"from": people.administrator}
    system.membership.revoke(world.callers["revoked"], sender)
    expiry = now() + SHORT
    system.membership.admit(world.callers["expired"], everything, expiry, ZERO_BYTES, sender)
    system.membership.transferOwnership(people.auditor, sender)
    system.payouts.credit(people.vehicle, {"from": people.stranger, "value": 1})


def _address(label: str) -> str:
    return web3.to_checksum_address(digest(label)[:20])


def _register_contents(world: World) -> None:
    registry, people = world.system.registry, world.people
    names = (
        *("free", "in_lock", "in_linked", "in_sale", "expired_lock", "original", "copy"),
        *(f"copy_to_{what}" for what in ("finalise", "answer", "appeal", "rule")),
        "disputed",
    )
    works = [Work(people.producer, people.provider, name.encode()) for name in names]
    for name, work in zip(names, works, strict=True):
        setattr(world.records, name, register(registry, work)[0])
        setattr(world.tokens, name, work.token_id)
    later = Work(people.second_producer, people.provider, b"another copy")
    world.records.another_copy = register(registry, later)[0]
    world.tokens.another_copy = later.token_id


def _open_exchanges(world: World) -> None:
    system, people = world.system, world.people
    content = content_asset(system.registry, world.tokens.in_lock)
    world.locks.long = Lock(people.producer, people.consumer, content, timelock=now() + LONG)
    content = content_asset(system.registry, world.tokens.expired_lock)
    world.locks.short = Lock(people.producer, people.consumer, content, timelock=now() + SHORT)
    for lock in (world.locks.long, world.locks.short):
        lock.open(system.timelock)
    first, second = exchange(
        system.timelock,
        system.registry,
        people.producer,
        people.consumer,
        world.tokens.in_linked,
    )
    world.locks.first = first.but(timelock=now() + LONG)
    world.locks.first.open(system.timelock)
    world.locks.answer = second.but(
        timelock=now() + LONG // 2, first_lock=world.locks.first.id(system.timelock)
    )
    _open_incentives(world)
    sale = Sale(people.consumer, people.producer, world.tokens.in_sale, timelock=now() + LONG)
    world.sales.long = sale
    world.sales.short = sale.but(timelock=now() + SHORT)
    for one in (world.sales.long, world.sales.short):
        one.open(system.sale)


def _open_incentives(world: World) -> None:
    """Premiums in every state in which somebody may act, and bounties on locks open and closed."""
    system, people, locks = world.system, world.people, world.locks
    premiums = premiums_on(system.timelock, locks.first, locks.answer)
    world.premiums.new = premiums.but(leader_premium=1)
    world.premiums.deposited = premiums
    short = premiums.but(join_until=now() + SHORT, answer_until=now() + 2 * SHORT)
    world.premiums.lapsed = short
    world.premiums.unanswered = short.but(leader_premium=2)
    names = ("deposited", "lapsed", "unanswered")
    for one in (getattr(world.premiums, name) for name in names):
        one.deposit(system.premiums, locks.first, locks.answer)
    world.premiums.unanswered.join(system.premiums)

    closed = Lock(people.producer, people.consumer, timelock=now() + LONG)
    closed.open(system.timelock)
    locks.closed = closed
    bounty = {"from": people.treasury, "value": 5}
    for lock, ending in ((locks.long, CLAIMED), (locks.short, REFUNDED), (closed, CLAIMED)):
        system.bounties.deposit(lock.id(system.timelock), ending, bounty)
    system.timelock.claim(closed.terms, PREIMAGE, {"from": people.stranger})


def _bind_nothing(world: World, project, deployer) -> None:
    system, sender = world.system, {"from": deployer}
    world.unbound.registry = project.ProofOfAIGC.deploy(
        system.membership, system.forwarder, [], sender
    )
    world.unbound.ledger = project.ReputationLedger.deploy(WEIGHTS, WINDOW_SECONDS, sender)
    parts = (system.membership, system.forwarder, system.payouts, system.ledger, system.epochs)
    board = (*parts, MINIMUM_STAKE, DELIVERY_BOND, DISPUTE_WINDOW)
    world.unbound.board = project.TaskBoard.deploy(*board, sender)
    judged = project.TaskBoard.deploy(*board, sender)
    judged.bindDisputes(system.house, sender)
    judged.stake({"from": world.people.second_provider, "value": MINIMUM_STAKE})
    judged.hold(
        world.people.second_provider, {"from": accounts.at(system.house.address, force=True)}
    )
    world.unbound.judged_board = judged


def _challenge(world: World) -> None:
    """Challenges that wait for a verdict and for their end; the younger ones come last."""
    world.cases.to_decide = _case(world, "copy")
    world.cases.to_finalise = _case(world, "copy_to_finalise")
    world.cases.to_finalise.contest()
    world.cases.to_finalise.decide()


def _bring_before_the_panel(world: World) -> None:
    """A dispute whose votes can be counted, and one that was counted and pays its voter."""
    panel, people = world.system.panel, world.people
    for name in ("to_conclude", "to_collect"):
        _dispute(world, name, SHORT)
    panel.vote(people.stranger, digest("to_collect"), 1, {"from": people.auditor})
    mine_at(now() + SHORT)
    panel.conclude(people.stranger, digest("to_collect"), {"from": people.stranger})


def _dispute(world: World, name: str, time: int) -> None:
    """The stranger asks; its account could take no ruling, so there must not be a majority."""
    people = world.people
    terms = (digest(name), people.producer, people.consumer, now() + time)
    sender = {"from": people.stranger, "value": APPEAL_COST}
    world.system.panel.requestRuling(*terms, sender)


def _case(world: World, copy: str) -> Case:
    copied = getattr(world.records, copy)
    return open_case(world.system.challenges, world.records.original, copied, world.people.producer)


def _dispute_a_fingerprint(world: World) -> None:
    sender = {"from": world.people.vehicle, "value": DISPUTE_BOND}
    event = world.system.disputes.open(world.records.disputed, "", sender).events["DisputeOpened"]
    world.dispute.terms = as_tuple(event["terms"])


def _play_rounds(world: World, start: int) -> None:
    """Rounds that wait for scores, a declaration, openings, settlement and refund."""
    long = start + LONG
    early = {"commit_until": start + SHORT}
    stages = {
        "to_score": (long, long + 1, long + 2, long + 3),
        "to_declare": (long, long + 1, long + 2, long + 3),
        "to_open": (long, long + 1, long + 2, long + 3),
        "to_settle": (start + 2 * SHORT, start + 3 * SHORT, start + 4 * SHORT, long),
        "to_refund": (start + 2 * SHORT, long, long + 1, long + 2),
        "called_off": (start + 2 * SHORT, long, long + 1, long + 2),
    }
    names = ("score_until", "declare_until", "open_until", "settle_until")
    for name, times in stages.items():
        terms = {**early, **dict(zip(names, times, strict=True)), "salt": digest(name)}
        played = new_round(world.system, world.people, **terms)
        setattr(world.rounds, name, played)
        played.commit(world.people.vehicle, ONLINE, 10**17)
        played.commit(world.people.simulator, OFFLINE, 10**17, declared=False)
    world.rounds.to_declare.publish()
    for played in (world.rounds.to_open, world.rounds.to_settle):
        played.declared()


def _work_on_tasks(world: World) -> None:
    board, people = world.system.board, world.people
    for provider in (people.provider, people.second_provider):
        board.stake({"from": provider, "value": 2 * MINIMUM_STAKE})
        board.setOffer(0, 0, 10, {"from": provider})
    for name in ("assigned", "delivered", "accepted", "settled"):
        terms = task(world, name)
        setattr(world.tasks, name, terms)
        board.post(terms, {"from": people.producer, "value": FEE})
        chosen = (people.provider, selection(world), no_evidence())
        board.assign(terms, *chosen, {"from": people.producer})
    for terms in (world.tasks.delivered, world.tasks.accepted, world.tasks.settled):
        board.deliver(terms, DELIVERY, {"from": people.provider})
    for terms in (world.tasks.accepted, world.tasks.settled):
        board.accept(terms, {"from": people.producer})
    board.settle(world.tasks.settled, DELIVERY, PREIMAGE, {"from": people.provider})
    world.tasks.lapsed = task(world, "lapsed", deliver_in=SHORT)
    board.post(world.tasks.lapsed, {"from": people.producer, "value": FEE})


def _call_off(world: World) -> None:
    """A round whose bids can be collected, one by one or at once."""
    round_ = world.rounds.called_off
    round_.refund(world.people.relayer)
    owed = round_.entitlements()
    tree = EntitlementTree.of(owed)
    structs = [(one.index, one.account, one.amount) for one in owed]
    world.rounds.to_collect = (round_.id, structs[0], tree.proof(0))
    world.rounds.to_collect_many = (round_.id, structs[1:], *tree.multiproof([1, 2]))


def _start_fresh(world: World) -> None:
    """What has to be recent: a posted task, a round that takes bids, a commitment, challenges."""
    people = world.people
    world.tasks.posted = task(world, "posted")
    world.system.board.post(world.tasks.posted, {"from": people.producer, "value": FEE})
    world.rounds.to_bid = new_round(world.system, people, salt=digest("to bid"))
    world.rounds.to_bid.commit(people.vehicle, ONLINE, 10**17)
    world.new_work = Work(people.producer, people.provider, b"committed")
    commit(world.system.registry, [world.new_work])
    for name in ("to_answer", "to_appeal", "to_rule"):
        setattr(world.cases, name, _case(world, f"copy_{name}"))
    for case in (world.cases.to_appeal, world.cases.to_rule):
        case.contest()
        case.decide()
    world.cases.to_rule.appeal(cost=APPEAL_COST)
    _dispute(world, "to_vote", LONG)
