"""Step 4: a sale, a two-lock exchange.

And a two-lock exchange that times out and refunds both sides.
"""

from __future__ import annotations

import hashlib
import secrets

from edgebazaar.demo.actors import Actor, Cast
from edgebazaar.demo.generation import Delivered, event_argument
from edgebazaar.demo.report import Report, Step, StepFailed

PRICE = 10**18
_SALE_SECONDS = 300
_FIRST_SECONDS, _SECOND_SECONDS = 600, 300
_SHORT_FIRST_SECONDS, _SHORT_SECOND_SECONDS = 16, 10


def trade(cast: Cast, report: Report, delivered: list[Delivered]) -> None:
    """Runs the step."""
    with report.step("Trade: a sale, a two-lock exchange, a timeout") as step:
        first, second, third = (_work_of(producer, delivered) for producer in cast.producers)
        _sell(cast.producers[0], cast.consumers[0], first, step, report)
        _exchange(cast.producers[1], cast.consumers[1], second, step, report)
        _time_out(cast.producers[2], cast.consumers[0], third, step, report)


def _work_of(producer: Actor, delivered: list[Delivered]) -> str:
    return next(one.content_hash for one in delivered if one.producer is producer)


def _secret() -> tuple[str, str]:
    preimage = secrets.token_bytes(32)
    return "0x" + preimage.hex(), "0x" + hashlib.sha256(preimage).hexdigest()


def _owner(reader: Actor, content: str) -> str:
    return str(reader.client.get(f"/contents/{content}")["owner"])


def _sell(seller: Actor, buyer: Actor, content: str, step: Step, report: Report) -> None:
    preimage, hashlock = _secret()
    opened = buyer.act(
        "/exchanges/sales/prepare",
        {
            "content_hash": content,
            "price": str(PRICE),
            "hashlock": hashlock,
            "timelock": buyer.client.now() + _SALE_SECONDS,
        },
    )
    step.record(f"{buyer.name} opens a sale", opened)
    sale = event_argument(opened, "SaleOpened", "saleId")
    settled = seller.act(f"/exchanges/sales/{sale}/settlement/prepare", {"preimage": preimage})
    step.record(f"{seller.name} settles the sale", settled)
    step.require(_owner(buyer, content) == buyer.address, f"{buyer.name} owns what it bought")
    report.say(f"{buyer.name} bought {content[:10]}… from {seller.name} for 1 ether")


def _lock_content(
    holder: Actor, counterparty: Actor, content: str, hashlock: str, seconds: int, step: Step
) -> str:
    locked = holder.act(
        "/exchanges/locks/prepare",
        {
            "receiver": counterparty.address,
            "asset": {"kind": "content", "amount_or_id": str(int(content, 16))},
            "hashlock": hashlock,
            "timelock": holder.client.now() + seconds,
            "expected_asset": {"kind": "native", "amount_or_id": str(PRICE)},
        },
    )
    step.record(f"{holder.name} locks content", locked)
    return str(event_argument(locked, "Locked", "lockId"))


def _answer(counterparty: Actor, first: str, seconds: int, step: Step) -> str:
    answered = counterparty.act(
        f"/exchanges/locks/{first}/answer/prepare",
        {
            "timelock": counterparty.client.now() + seconds,
            "asset": {"kind": "native", "amount_or_id": str(PRICE)},
        },
    )
    step.record(f"{counterparty.name} answers with the price", answered)
    return str(event_argument(answered, "Locked", "lockId"))


def _exchange(seller: Actor, buyer: Actor, content: str, step: Step, report: Report) -> None:
    preimage, hashlock = _secret()
    first = _lock_content(seller, buyer, content, hashlock, _FIRST_SECONDS, step)
    second = _answer(buyer, first, _SECOND_SECONDS, step)
    claimed = seller.act(f"/exchanges/locks/{second}/claim/prepare", {"preimage": preimage})
    step.record(f"{seller.name} claims the price and reveals", claimed)
    revealed = buyer.client.get(f"/exchanges/locks/{second}")["preimage"]
    claimed = buyer.act(f"/exchanges/locks/{first}/claim/prepare", {"preimage": revealed})
    step.record(f"{buyer.name} claims the content", claimed)
    step.require(_owner(buyer, content) == buyer.address, "both legs of the exchange were claimed")
    report.say(f"{buyer.name} and {seller.name} exchanged content against 1 ether in two locks")


def _time_out(seller: Actor, buyer: Actor, content: str, step: Step, report: Report) -> None:
    _, hashlock = _secret()
    first = _lock_content(seller, buyer, content, hashlock, _SHORT_FIRST_SECONDS, step)
    second = _answer(buyer, first, _SHORT_SECOND_SECONDS, step)
    for party, lock in ((buyer, second), (seller, first)):
        _await_timelock(party, lock)
        refunded = party.act(f"/exchanges/locks/{lock}/refund/prepare")
        step.record(f"{party.name} is refunded", refunded)
    states = {
        lock: seller.client.get(f"/exchanges/locks/{lock}")["state"] for lock in (first, second)
    }
    step.require(set(states.values()) == {"refunded"}, "the exchange that timed out refunded both")
    step.require(_owner(seller, content) == seller.address, f"{seller.name} still owns its content")
    report.say("an exchange whose secret was never revealed timed out and refunded both sides")


def _await_timelock(party: Actor, lock: str) -> None:
    # Block time decides, and it trails the clock by up to a block.
    timelock = party.client.get(f"/exchanges/locks/{lock}")["timelock"]["unix"]

    def reached() -> bool:
        return bool(party.client.get("/health")["time"] >= timelock)

    if not party.client.poll(reached, seconds=120):
        raise StepFailed(f"the chain did not reach the timelock of {lock}")
