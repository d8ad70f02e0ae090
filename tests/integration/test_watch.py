"""The watchtower over two chains, with one party vanishing at every step of an exchange.

The failure table of the two-lock exchange, ownership on one Anvil and the price on another: who
holds what in the end, to the wei, when somebody stops acting and only the watchtower is awake.
"""

from __future__ import annotations

import multiprocessing
import signal
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount
from outbox_victim import STEPS
from two_chains import (
    CLAIMED,
    CONTENT_CHAIN,
    HOUR,
    OPEN,
    PATIENCE,
    PAYMENT_CHAIN,
    PRICE,
    REFUNDED,
    SPARE_BLOCKS,
    Exchange,
    Tower,
    TwoChains,
    fee_payer,
    running_tower,
    wait_for,
)
from watch_victim import watch_until_killed

from edgebazaar.chain.rpc import from_quantity
from edgebazaar.chain.transactions import TransactionFailed
from edgebazaar.db import read_scope
from edgebazaar.exchange.watch.records import sent_transactions
from edgebazaar.exchange.watch.status import Memory, read_status

# Forks of a server that has imported the watchtower once and has no threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["watch_victim"])


@pytest.fixture
def payer(chains: TwoChains) -> LocalAccount:
    """Pays the watchtower's fees."""
    return fee_payer(chains)


@pytest.fixture
def chains(two_chains: TwoChains) -> TwoChains:
    """Both chains, with no parties of this test yet."""
    two_chains.present.clear()
    return two_chains


@pytest.fixture
def exchange(chains: TwoChains) -> Exchange:
    """Content for coins; nothing is locked yet."""
    return chains.exchange()


def assert_paid_fees_only(chains: TwoChains, payer: LocalAccount, acts: tuple[int, int]) -> None:
    """The watchtower sent so many transactions on each chain, and received nothing."""
    assert (chains.content.nonce(payer), chains.payment.nonce(payer)) == acts
    for side, count in zip((chains.content, chains.payment), acts, strict=True):
        assert (side.balance(payer) < 10**20) is bool(count)


def blocks_of_mined(running: Tower, index: int) -> list[int]:
    """Blocks of what the watchtower sent to its n-th chain and knows to be mined."""
    with read_scope(running.chains[index].engine) as session:
        rows = sent_transactions(session)
    return [row.block_number for row in rows if row.block_number is not None]


def test_the_counterparty_never_locks(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    exchange.lock_content()
    with running_tower(chains, tmp_path, payer):
        chains.jump_to(exchange.first_timelock)
        wait_for(lambda: exchange.states()[0] == REFUNDED, "the refund of the content")
    exchange.assert_outcome(traded=False)
    assert_paid_fees_only(chains, payer, (1, 0))


def test_the_holder_never_reveals(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    exchange.lock_content()
    exchange.lock_price()
    with running_tower(chains, tmp_path, payer):
        chains.jump_to(exchange.second_timelock)
        wait_for(lambda: exchange.states()[1] == REFUNDED, "the refund of the price")
        assert exchange.states()[0] == OPEN
        chains.jump_to(exchange.first_timelock)
        wait_for(lambda: exchange.states()[0] == REFUNDED, "the refund of the content")
    exchange.assert_outcome(traded=False)
    assert_paid_fees_only(chains, payer, (1, 1))


def test_a_reveal_at_the_timelock_is_too_late(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    exchange.lock_content()
    exchange.lock_price()
    chains.jump_to(exchange.second_timelock)
    with pytest.raises(TransactionFailed, match="TimelockReached"):
        exchange.reveal()
    with running_tower(chains, tmp_path, payer):
        wait_for(lambda: exchange.states() == (OPEN, REFUNDED), "the refund of the price")
        with pytest.raises(TransactionFailed, match="NotOpen"):
            exchange.reveal()
        chains.jump_to(exchange.first_timelock)
        wait_for(lambda: exchange.states()[0] == REFUNDED, "the refund of the content")
    exchange.assert_outcome(traded=False)
    assert_paid_fees_only(chains, payer, (1, 1))


def test_the_counterparty_sleeps_after_the_reveal(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    exchange.lock_content()
    exchange.lock_price()
    with running_tower(chains, tmp_path, payer, confirmations=(2, 15)):
        revealed = from_quantity(exchange.reveal()["blockNumber"])
        wait_for(lambda: exchange.states() == (CLAIMED, CLAIMED), "the claim for the buyer")
        assert chains.payment.head() >= revealed + 14
        # Nothing is left to do when the timelocks pass.
        chains.jump_to(exchange.first_timelock)
    exchange.assert_outcome(traded=True)
    assert_paid_fees_only(chains, payer, (1, 0))


def test_nobody_watches_until_the_first_timelock(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    """What the watchtower is for: the seller ends with both."""
    exchange.lock_content()
    exchange.lock_price()
    exchange.reveal()
    chains.jump_to(exchange.first_timelock)
    with running_tower(chains, tmp_path, payer):
        wait_for(lambda: exchange.states() == (REFUNDED, CLAIMED), "the refund of the content")
    owner = chains.content.read("ProofOfAIGC", "ownerOf", exchange.token_id)
    assert owner == exchange.seller.address
    assert_paid_fees_only(chains, payer, (1, 0))


def test_a_reveal_that_a_reorganisation_removes_is_not_acted_upon(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    confirmations = (2, 200)
    payment = chains.payment
    exchange.lock_content()
    exchange.lock_price()
    payment.mine(SPARE_BLOCKS)
    fees = payment.fees[exchange.seller.address]
    depths = dict(zip((CONTENT_CHAIN, PAYMENT_CHAIN), confirmations, strict=True))
    Memory(depths, frozenset(chains.present)).save(tmp_path)
    with running_tower(chains, tmp_path, payer, confirmations=confirmations) as running:
        block = from_quantity(exchange.reveal()["blockNumber"])
        (duty,) = wait_for(lambda: read_status(tmp_path).due, "the reveal to be seen")
        assert (str(duty.kind), duty.lock.lock_id) == ("await", exchange.first)
        payment.reorganise_from(block)
        wait_for(lambda: exchange.states()[1] == OPEN, "the reveal to be gone")
        payment.fees[exchange.seller.address] = fees  # the claim was never made
        content_indexer, indexer = (chain.indexer for chain in running.chains)
        wait_for(lambda: indexer.status().reorganisations == 1, "the tower to notice")
        payment.mine(confirmations[1])
        indexer.wait_for_block(block + confirmations[1], PATIENCE)
        content_indexer.wait_for_block(chains.content.head() + 5, PATIENCE)
        assert read_status(tmp_path).due == ()
        assert exchange.states() == (OPEN, OPEN)
        assert_paid_fees_only(chains, payer, (0, 0))
        chains.jump_to(exchange.first_timelock)
        wait_for(lambda: exchange.states() == (REFUNDED, REFUNDED), "both refunds")
    exchange.assert_outcome(traded=False)
    assert_paid_fees_only(chains, payer, (1, 1))


def test_a_claim_that_a_reorganisation_removes_is_sent_again(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    content = chains.content
    exchange.lock_content()
    exchange.lock_price()
    content.mine(SPARE_BLOCKS)
    with running_tower(chains, tmp_path, payer, confirmations=(200, 2)) as running:
        exchange.reveal()
        indexer = running.chains[0].indexer
        (sent,) = wait_for(lambda: blocks_of_mined(running, 0), "the claim for the buyer")
        content.reorganise_from(sent)
        wait_for(lambda: indexer.status().reorganisations == 1, "the tower to notice")
        wait_for(lambda: exchange.states() == (CLAIMED, CLAIMED), "the claim once more")
        (again,) = wait_for(lambda: blocks_of_mined(running, 0), "the outbox to know")
        assert again >= sent - SPARE_BLOCKS
        content.mine(200)
        wait_for(lambda: running.chains[0].relayer.status().counts == {"confirmed": 1}, "its end")
    exchange.assert_outcome(traded=True)
    assert_paid_fees_only(chains, payer, (1, 0))


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(("reserved", "broadcast"), id="signed and sent"),
        pytest.param(STEPS, id="every step in turn", marks=pytest.mark.slow),
    ],
)
def test_killed_in_the_middle_of_a_claim_and_started_again(
    steps: tuple[str, ...], chains: TwoChains, payer: LocalAccount, tmp_path: Path
) -> None:
    """One claim for each exchange, whatever step the process dies in."""
    exchanges = []
    seller = chains.party()
    for _ in steps:
        buyer = chains.party()
        now = max(chains.content.now(), chains.payment.now())
        exchange = Exchange(chains, seller, buyer, 0, now + 4 * HOUR, now + 2 * HOUR)
        # Coins on both sides: only the locks matter here.
        terms = exchange.terms(seller, buyer, exchange.price)
        terms["timelock"] = exchange.first_timelock
        exchange.first = chains.content.lock(seller, terms, PRICE)
        exchange.lock_price()
        exchange.remember()
        exchange.reveal()
        exchanges.append(exchange)
    urls = [side.rpc.url for side in (chains.content, chains.payment)]
    for step, exchange in zip(steps, exchanges, strict=True):
        victim = PROCESSES.Process(
            target=watch_until_killed,
            args=(urls, chains.manifests, tmp_path, payer.key, exchange.buyer.address, step),
        )
        victim.start()
        victim.join(60)
        assert victim.exitcode == -signal.SIGKILL, step
    with running_tower(chains, tmp_path, payer):
        for exchange in exchanges:
            wait_for(lambda one=exchange: one.states() == (CLAIMED, CLAIMED), "the claim")
    for exchange in exchanges:
        account, side = exchange.buyer, chains.content
        assert side.balance(account) == exchange.before["content", account.address] + PRICE
    assert_paid_fees_only(chains, payer, (len(steps), 0))


def test_a_dear_transaction_waits_for_a_higher_limit(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    exchange.lock_content()
    exchange.lock_price()
    exchange.reveal()
    with running_tower(chains, tmp_path, payer, maximum_fee=21_000) as running:
        content = running.chains[0]
        wait_for(lambda: content.relayer.status().counts.get("accepted"), "the claim to wait")
        chains.payment.rpc.call("anvil_mine", ["0x8"])
        content.indexer.wait_for_block(chains.content.head() + 5, PATIENCE)
        assert exchange.states() == (OPEN, CLAIMED)
        assert_paid_fees_only(chains, payer, (0, 0))
    with running_tower(chains, tmp_path, payer):
        wait_for(lambda: exchange.states() == (CLAIMED, CLAIMED), "the claim")
    exchange.assert_outcome(traded=True)
    assert_paid_fees_only(chains, payer, (1, 0))


def test_two_watchtowers_do_no_harm_to_each_other(
    chains: TwoChains, exchange: Exchange, payer: LocalAccount, tmp_path: Path
) -> None:
    exchange.lock_content()
    exchange.lock_price()
    other = fee_payer(chains)
    with (
        running_tower(chains, tmp_path / "one", payer),
        running_tower(chains, tmp_path / "two", other),
    ):
        exchange.reveal()
        wait_for(lambda: exchange.states() == (CLAIMED, CLAIMED), "the claim for the buyer")
    exchange.assert_outcome(traded=True)
