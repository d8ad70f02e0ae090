"""Epochs as the contract takes them, from the Python twin, and what goes wrong with them."""

from contract_support import EPOCH_BOND, WINDOW_SECONDS, ZERO_BYTES, mine_at, now

from edgebazaar.reputation.engine.epochs import EpochLeaf, EpochRecord, EpochTree, MerkleTree
from edgebazaar.reputation.engine.ledger import InteractionBook

FIRST = EpochRecord.first()
DEMAND_FEE = EPOCH_BOND // 100


def record_struct(record: EpochRecord) -> tuple:
    """`IReputationEpochs.Epoch`."""
    return tuple(record.struct.values())


def leaf_struct(leaf: EpochLeaf) -> tuple:
    """`IReputationEpochs.Leaf`."""
    return (leaf.rater, leaf.subject, leaf.expectation, leaf.opinion, list(leaf.recommenders))


class Ledger:
    """Records on the contract and in the twin alike.

    Args:
        ledger: The contract.
        source: An account that may record.
    """

    def __init__(self, ledger, source) -> None:
        self.contract = ledger
        self._source = source
        self.records: list[tuple[str, str, bool, int]] = []

    def record(self, rater, subject, positive=True) -> None:
        sender = {"from": self._source}
        self.contract.record(rater, subject, positive, ZERO_BYTES, sender)
        self.records.append((str(rater).lower(), str(subject).lower(), positive, now()))

    def tree(self, window: int) -> EpochTree:
        """The right tree at a window's beginning."""
        book = InteractionBook(WINDOW_SECONDS)
        for rater, subject, positive, timestamp in self.records:
            if timestamp < window * WINDOW_SECONDS:
                book.record(rater, subject, positive=positive, timestamp=timestamp)
        return EpochTree(book, window, WINDOW_SECONDS)


class Publication:
    """An epoch with leaves of any kind, right or wrong.

    Args:
        leaves: Its leaves.
        publisher: Who publishes it.
        last: The epoch before it, with its bond.
    """

    def __init__(self, leaves, publisher, last: EpochRecord = FIRST) -> None:
        self.leaves = list(leaves)
        self.merkle = MerkleTree([leaf.hash for leaf in self.leaves])
        self.last = last
        self.record = EpochRecord(
            last.without_bond().hash,
            self.merkle.root,
            now() // WINDOW_SECONDS,
            len(self.leaves),
            str(publisher),
            EPOCH_BOND,
        )

    @property
    def struct(self) -> tuple:
        return record_struct(self.record)

    def publish(self, epochs, value=EPOCH_BOND):
        """Publish it as its publisher."""
        arguments = (self.record.window, self.record.root, self.record.leaves)
        sender = {"from": self.record.publisher, "value": value}
        return epochs.publish(record_struct(self.last), *arguments, sender)

    def opened(self, index: int) -> tuple:
        """`IReputationEpochs.OpenedLeaf`."""
        return (index, leaf_struct(self.leaves[index]), self.merkle.path(index))


def evidence_of(tree: EpochTree, epoch: EpochRecord, pending: EpochRecord, rater, candidates):
    """`IReputationEpochs.Evidence`."""
    openings = [tuple(tree.opening(str(rater), str(one)).values()) for one in candidates]
    return (record_struct(epoch), record_struct(pending), openings)


def next_window() -> int:
    """Lets the next window begin; its index."""
    window = now() // WINDOW_SECONDS + 1
    mine_at(window * WINDOW_SECONDS)
    return window


def account(number: int) -> str:
    """An address that nobody has the key of."""
    return f"0x{number:040x}"
