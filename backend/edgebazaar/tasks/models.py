"""JSON forms of tasks and providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from edgebazaar.content.engine.delivery import CHUNK_BYTES
from edgebazaar.content.engine.delivery_complaint import Evidence
from edgebazaar.reputation.engine.fixed_point import WAD
from edgebazaar.schemas import (
    EXAMPLE_ACCOUNT,
    EXAMPLE_OTHER_ACCOUNT,
    EXAMPLE_OTHER_HASH,
    AddressText,
    HashText,
    Moment,
    OptionalSalt,
    Origin,
    UnixTime,
    WadText,
    WeiText,
    account_text,
    optional_account_text,
)
from edgebazaar.tasks.selections import SelectionOutcome
from edgebazaar.tasks.tables import POLICIES, Policy
from edgebazaar.values import parse_bytes, parse_bytes32, printable_text, to_hex


class RecordedSelection(BaseModel):
    """The inputs of a selection, as the chain holds them."""

    candidates: list[str] = Field(examples=[[EXAMPLE_ACCOUNT]])
    expectations: list[str] = Field(
        description="1e18 fixed point, one for each candidate; none for uniform and direct."
    )
    epoch: int = Field(
        description="Window of the reputation epoch that says so; 0 while there was none.",
        examples=[2813],
    )


class DeliveryView(BaseModel):
    """What a provider committed to."""

    hashlock: HashText
    ciphertext_root: HashText = Field(description="Merkle root over the encrypted units.")
    content_hash: HashText
    content_size: int = Field(description="Bytes of the content.", examples=[786440])
    locator: str = Field(examples=["/api/v1/contents/blobs/0x…"])
    delivered_at: Moment


class TaskView(BaseModel):
    """A task."""

    task_id: HashText
    state: Literal["posted", "assigned", "delivered", "accepted", "settled", "closed", "refunded"]
    state_since: Moment
    producer: AddressText
    provider: AddressText | None
    prompt_commitment: HashText
    fee: WeiText
    deliver_by: Moment = Field(description="Last second of an on-time delivery.")
    close_at: Moment = Field(description="From then on an undelivered task has failed.")
    accept_window: int = Field(description="Seconds from delivery to acceptance.", examples=[3600])
    reveal_window: int = Field(
        description="Seconds from acceptance to settlement.", examples=[3600]
    )
    policy: Policy
    temperature: WadText
    salt: HashText
    seed: HashText | None
    selection: RecordedSelection | None
    delivery: DeliveryView | None
    accepted_at: Moment | None
    preimage: HashText | None = Field(description="The content key, once revealed.")
    complain_before: Moment | None = Field(
        description="While settled: until when a wrong delivery may be shown and is paid back."
    )
    outcome: Literal["none", "on_time", "late", "failed", "not_accepted", "refuted"] | None
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], dispute_window: int, **more: Any) -> Self:
        """From a row and the deployment's window; `more` for what a subclass adds."""
        selection = row["selection"]
        settled = row["state"] == "settled"
        return cls(
            task_id=row["task_id"],
            state=row["state"],
            state_since=Moment.of(row["state_since"]),
            producer=account_text(row["producer"]),
            provider=optional_account_text(row["provider"]),
            prompt_commitment=row["prompt_commitment"],
            fee=str(row["fee"]),
            deliver_by=Moment.of(row["deliver_by"]),
            close_at=Moment.of(row["close_at"]),
            accept_window=row["accept_window"],
            reveal_window=row["reveal_window"],
            policy=POLICIES[row["policy"]],
            temperature=str(row["temperature"]),
            salt=row["salt"],
            seed=row["seed"],
            selection=None if selection is None else RecordedSelection(**selection),
            delivery=_delivery(row),
            accepted_at=Moment.of_optional(row["accepted_at"]),
            preimage=row["preimage"],
            complain_before=(Moment.of(row["state_since"] + dispute_window) if settled else None),
            outcome=row["outcome"],
            origin=Origin.of(row),
            **more,
        )


class TaskEvent(BaseModel):
    """One step of a task."""

    kind: str = Field(examples=["assigned"])
    details: dict[str, Any]
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        return cls(kind=row["kind"], details=row["details"], origin=Origin.of(row))


class TaskDetail(TaskView):
    """A task with its whole history, oldest step first."""

    history: list[TaskEvent]


class TaskRequest(BaseModel):
    """Terms of a task."""

    prompt_commitment: HashText = Field(description="keccak256(prompt in UTF-8 || 32-byte salt).")
    fee: WeiText
    deliver_by: UnixTime
    close_at: UnixTime
    accept_window: int = Field(description="Seconds, at most 30 days.", examples=[3600])
    reveal_window: int = Field(description="Seconds, at most 30 days.", examples=[3600])
    policy: str = Field(
        default="softmax_reputation",
        description="softmax_reputation, highest_reputation, uniform or direct.",
        examples=["softmax_reputation"],
    )
    temperature: str = Field(
        default=str(WAD // 10),
        description="Softmax temperature, 1e18 fixed point.",
        examples=[str(WAD // 10)],
    )
    salt: OptionalSalt = None


class AssignmentRequest(BaseModel):
    """Whom to assign; only the policy `direct` needs a name."""

    provider: str | None = Field(default=None, examples=[EXAMPLE_OTHER_ACCOUNT])


class DeliveryRequest(BaseModel):
    """What a provider commits to."""

    hashlock: HashText = Field(description="sha256 of the 32-byte content key.")
    ciphertext_root: HashText = Field(
        description="Merkle root over the encrypted units: docs/mechanisms/delivery.md."
    )
    content_hash: HashText = Field(examples=[EXAMPLE_OTHER_HASH])
    content_size: int = Field(description="Bytes of the content.", examples=[786440])
    locator: str = Field(description="At most 256 bytes.", examples=["/api/v1/contents/blobs/0x…"])


class KeyRequest(BaseModel):
    """The content key."""

    preimage: HashText = Field(description="The 32 bytes whose sha256 is the hashlock.")


class ComplaintRequest(BaseModel):
    """The wrong step of a delivery: an encrypted unit and the state in the next one."""

    index: int = Field(ge=0, description="Place of the chunk, from 0.", examples=[3])
    state: HashText = Field(description="Encrypted state of the unit.")
    chunk: str = Field(
        max_length=2 + 2 * CHUNK_BYTES,
        description="Encrypted chunk, at most 512 bytes in 0x-hex.",
        examples=["0x5f3a"],
    )
    proof: list[HashText] = Field(max_length=64, description="Merkle path of the unit.")
    next_state: HashText = Field(description="Encrypted state of the next unit; 0 for the last.")
    next_chunk_hash: HashText = Field(description="keccak256 of the next encrypted chunk.")
    next_proof: list[HashText] = Field(max_length=64)

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """What a client sends for evidence."""
        return cls(
            index=evidence.index,
            state=to_hex(evidence.state),
            chunk=to_hex(evidence.chunk),
            proof=[to_hex(node) for node in evidence.proof],
            next_state=to_hex(evidence.next_state),
            next_chunk_hash=to_hex(evidence.next_chunk_hash),
            next_proof=[to_hex(node) for node in evidence.next_proof],
        )

    @property
    def evidence(self) -> Evidence:
        """As the engine takes it.

        Raises:
            InvalidInput: For a malformed field.
        """
        return Evidence(
            index=self.index,
            state=parse_bytes32(self.state, "state"),
            chunk=parse_bytes(self.chunk, "chunk"),
            proof=tuple(parse_bytes32(node, "proof") for node in self.proof),
            next_state=parse_bytes32(self.next_state, "next_state"),
            next_chunk_hash=parse_bytes32(self.next_chunk_hash, "next_chunk_hash"),
            next_proof=tuple(parse_bytes32(node, "next_proof") for node in self.next_proof),
        )


class SelectionView(BaseModel):
    """A selection with everything it follows from; anybody can recompute it."""

    policy: Policy
    temperature: WadText
    seed: HashText
    candidates: list[str] = Field(examples=[[EXAMPLE_ACCOUNT]])
    expectations: list[str] = Field(
        description="1e18 fixed point, one for each candidate; none for uniform and direct.",
        examples=[["665538000000000000"]],
    )
    epoch: int = Field(
        description="Window of the reputation epoch that says so; 0 while there was none.",
        examples=[2813],
    )
    probabilities: list[float] = Field(examples=[[1.0]])
    selected: AddressText | None

    @classmethod
    def of(cls, outcome: SelectionOutcome) -> Self:
        """From the service's answer."""
        inputs = outcome.inputs
        return cls(
            policy=inputs.policy,
            temperature=str(inputs.temperature),
            seed=to_hex(inputs.seed),
            candidates=list(inputs.candidates),
            expectations=[str(value) for value in inputs.expectations],
            epoch=inputs.epoch,
            probabilities=list(outcome.probabilities),
            selected=outcome.selected,
        )


class OutcomesView(BaseModel):
    """How a provider's tasks ended."""

    on_time: int = Field(examples=[20])
    late: int = Field(examples=[1])
    failed: int = Field(examples=[0])
    not_accepted: int = Field(examples=[0])
    refuted: int = Field(description="Settled, then shown to be wrong.", examples=[0])


class ProviderView(BaseModel):
    """An edge service provider."""

    account: AddressText
    active: bool = Field(description="An active member with the role.")
    eligible: bool = Field(description="Active and with the minimum stake.")
    stake: WeiText
    liability: WeiText = Field(description="Part of the stake that answers for deliveries now.")
    minimum_fee: WeiText
    minimum_duration: int = Field(description="Least seconds for a task.", examples=[5])
    capacity: int = Field(description="Most tasks at a time.", examples=[4])
    open_tasks: int = Field(examples=[1])
    assigned: int = Field(description="Tasks ever assigned.", examples=[22])
    outcomes: OutcomesView
    earned: WeiText
    expectation: WadText | None = Field(description="Mean expected trust over all raters.")
    expected_trust: float | None = Field(examples=[0.6655])
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], expectation: int | None) -> Self:
        """From a row and the mean expectation of its raters."""
        return cls(
            account=account_text(row["account"]),
            active=row["active"],
            eligible=row["eligible"],
            stake=str(row["stake"]),
            liability=str(row["liability"]),
            minimum_fee=str(row["minimum_fee"]),
            minimum_duration=row["minimum_duration"],
            capacity=row["capacity"],
            open_tasks=row["open_tasks"],
            assigned=row["assigned"],
            outcomes=OutcomesView(
                on_time=row["on_time"],
                late=row["late"],
                failed=row["failed"],
                not_accepted=row["not_accepted"],
                refuted=row["refuted"],
            ),
            earned=str(row["earned"]),
            expectation=None if expectation is None else str(expectation),
            expected_trust=None if expectation is None else expectation / WAD,
            origin=Origin.of(row),
        )


class OfferRequest(BaseModel):
    """What a provider takes on."""

    minimum_fee: WeiText
    minimum_duration: int = Field(description="Seconds.", examples=[5])
    capacity: int = Field(examples=[4])


class AmountRequest(BaseModel):
    """An amount of stake."""

    amount: WeiText = Field(examples=["1000000000000000000"])


def _delivery(row: Mapping[str, Any]) -> DeliveryView | None:
    if row["delivered_at"] is None:
        return None
    return DeliveryView(
        hashlock=row["hashlock"],
        ciphertext_root=row["ciphertext_root"],
        content_hash=row["content_hash"],
        content_size=row["content_size"],
        locator=printable_text(row["locator"]),
        delivered_at=Moment.of(row["delivered_at"]),
    )
