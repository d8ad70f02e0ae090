"""Step 7: the audit, and the sum of all money to the wei."""

from __future__ import annotations

from typing import Any

from edgebazaar.api.context import Context
from edgebazaar.chain.rpc import RpcClient, from_quantity, to_quantity
from edgebazaar.demo.actors import Cast
from edgebazaar.demo.generation import Delivered
from edgebazaar.demo.report import Report

_BATCH = 200
_NOBODY = "0x" + "0" * 40


def accounts(cast: Cast, context: Context) -> dict[str, str]:
    """Every account that can hold money in the demo, by name."""
    named = {actor.name: actor.address for actor in cast.everybody}
    named["relayer"] = context.settings.keys.relayer.address
    named["treasury"] = str(context.deployment.profile["treasury"])
    named["fee recipient"] = _NOBODY
    named |= {name: one.address for name, one in context.deployment.contracts.items()}
    return named


def balances(rpc: RpcClient, named: dict[str, str], block: int) -> dict[str, int]:
    """Balance in wei of each account at a block."""
    answers = rpc.batch(
        [("eth_getBalance", [account, to_quantity(block)]) for account in named.values()]
    )
    return {name: from_quantity(answer) for name, answer in zip(named, answers, strict=True)}


def head(rpc: RpcClient) -> int:
    """Number of the latest block."""
    return from_quantity(rpc.call("eth_blockNumber"))


def burned_fees(rpc: RpcClient, first: int, last: int) -> tuple[int, int]:
    """Base fees in wei that the blocks from `first` to `last` burned.

    And their number of transactions.
    """
    burned = transactions = 0
    for start in range(first, last + 1, _BATCH):
        numbers = range(start, min(start + _BATCH, last + 1))
        blocks: list[dict[str, Any]] = rpc.batch(
            [("eth_getBlockByNumber", [to_quantity(number), False]) for number in numbers]
        )
        for block in blocks:
            burned += from_quantity(block["gasUsed"]) * from_quantity(block["baseFeePerGas"])
            transactions += len(block["transactions"])
    return burned, transactions


def audit(
    cast: Cast,
    context: Context,
    report: Report,
    delivered: list[Delivered],
    start: int,
    generated: bool,
) -> None:
    """Runs the step.

    Args:
        cast: Everybody.
        context: The running backend.
        report: Where the outcome goes.
        delivered: What was generated, for the briefs that producers disclose.
        start: Block at which the balances before were taken.
        generated: Whether the contents came from the built-in generator and can be replayed.
    """
    with report.step("Audit: recompute everything from chain data") as step:
        briefs = [_disclosed(one) for one in delivered] if generated else []
        outcome = cast.auditor.client.request(
            "POST", "/audits", json={"briefs": briefs}, timeout=300
        )
        report.audit = outcome
        for check in outcome["checks"]:
            verdict = "holds" if check["holds"] else "DIFFERS"
            report.say(f"{verdict}: {check['name']}, {check['checked']} comparisons")
        step.require(outcome["holds"], "the audit finds no difference")
        nothing = [check["name"] for check in outcome["checks"] if check["checked"] == 0]
        step.require(not nothing, "every check of the audit had something to compare")
        _conserve(cast, context, report, start)
        step.require(report.conservation["holds"], "all balances add up to the wei")


def _disclosed(one: Delivered) -> dict[str, Any]:
    return {name: one.brief[name] for name in ("prompt", "salt", "seed")}


def _conserve(cast: Cast, context: Context, report: Report, start: int) -> None:
    end = head(context.rpc)
    report.balances_after = balances(context.rpc, accounts(cast, context), end)
    burned, transactions = burned_fees(context.rpc, start + 1, end)
    before = sum(report.balances_before.values())
    after = sum(report.balances_after.values())
    report.conservation = {
        "holds": before == after + burned,
        "first_block": start,
        "last_block": end,
        "transactions": transactions,
        "sum_before": str(before),
        "sum_after": str(after),
        "base_fees_burned": str(burned),
    }
    report.say(
        f"{transactions} transactions; sum before = sum after + burned base fees, to the wei"
    )
