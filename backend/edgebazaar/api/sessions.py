"""Sign-In with Ethereum (EIP-4361): single-use server nonces, sessions that the server can end."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import siwe
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.exceptions import ValidationError
from sqlalchemy import Engine, delete, insert, select

from edgebazaar.api.errors import Problem
from edgebazaar.api.tables import login_nonce, login_session
from edgebazaar.db import read_scope, session_scope

NONCE_SECONDS = 300
SESSION_SECONDS = 12 * 3600
# 65 bytes that are no point of the curve come out of siwe as the error of the library below it.
_BAD_SIGNATURE = (
    siwe.VerificationError,
    BadSignature,
    ValidationError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account.

    Attributes:
        token: The bearer token; only its hash is stored.
        account: Checksummed address.
        expires_at: Unix time of the end.
    """

    token: str
    account: str
    expires_at: int


class SessionService:
    """Gives out nonces, checks signed messages, keeps sessions."""

    def __init__(self, engine: Engine, *, domain: str, chain_id: int) -> None:
        self._engine = engine
        self._domain = domain
        self._chain_id = chain_id

    def new_nonce(self, now: int) -> str:
        """A fresh nonce, good for one sign-in within five minutes; expired ones are cleared."""
        nonce = secrets.token_hex(16)
        with session_scope(self._engine) as session:
            session.execute(delete(login_nonce).where(login_nonce.c.expires_at <= now))
            session.execute(insert(login_nonce).values(nonce=nonce, expires_at=now + NONCE_SECONDS))
        return nonce

    def sign_in(self, message_text: str, signature: str, now: int) -> Session:
        """Opens a session for the signer of an EIP-4361 message.

        Raises:
            Problem: 401 `sign-in-refused`, naming what does not fit: the message's form, domain,
                chain, times,
                nonce or signature. A nonce is used up by the attempt that presents it, right or
                wrong.
        """
        try:
            message = siwe.SiweMessage.from_message(message_text)
        except ValueError as error:
            raise _refused("the text is not an EIP-4361 message", "message") from error
        self._use_nonce(message.nonce, now)
        if message.chain_id != self._chain_id:
            raise _refused(
                f"the message is for chain {message.chain_id}, this is chain {self._chain_id}",
                "message.chain_id",
            )
        if message.expiration_time is None:
            raise _refused("the message has no expiration time", "message.expiration_time")
        try:
            message.verify(
                signature, domain=self._domain, timestamp=datetime.fromtimestamp(now, tz=UTC)
            )
        except siwe.DomainMismatch as error:
            raise _refused(f"the message is not for {self._domain}", "message.domain") from error
        except (siwe.ExpiredMessage, siwe.NotYetValidMessage) as error:
            raise _refused("the message is not valid now", "message.expiration_time") from error
        except _BAD_SIGNATURE as error:
            raise _refused("the signature is not that of the account", "signature") from error
        return self._open(to_checksum_address(message.address), now)

    def account_of(self, token: str, now: int) -> str | None:
        """The account of a live session, None if there is none."""
        statement = select(login_session.c.account).where(
            login_session.c.token_hash == _hash(token), login_session.c.expires_at > now
        )
        with read_scope(self._engine) as session:
            return session.execute(statement).scalar_one_or_none()

    def sign_out(self, token: str) -> None:
        """Ends a session; ending none is no error."""
        with session_scope(self._engine) as session:
            session.execute(delete(login_session).where(login_session.c.token_hash == _hash(token)))

    def _use_nonce(self, nonce: str, now: int) -> None:
        # Deleting decides: of two attempts with one nonce, only one finds the row.
        with session_scope(self._engine) as session:
            used = session.execute(
                delete(login_nonce)
                .where(login_nonce.c.nonce == nonce, login_nonce.c.expires_at > now)
                .returning(login_nonce.c.nonce)
            ).scalar_one_or_none()
        if used is None:
            raise _refused("the nonce is unknown, expired or used", "message.nonce")

    def _open(self, account: str, now: int) -> Session:
        token = secrets.token_urlsafe(32)
        expires_at = now + SESSION_SECONDS
        with session_scope(self._engine) as session:
            session.execute(delete(login_session).where(login_session.c.expires_at <= now))
            session.execute(
                insert(login_session).values(
                    token_hash=_hash(token), account=account, created_at=now, expires_at=expires_at
                )
            )
        return Session(token, account, expires_at)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _refused(detail: str, field: str) -> Problem:
    return Problem(
        401,
        "sign-in-refused",
        detail,
        field=field,
        mend="Ask for a new nonce at POST /api/v1/sessions/nonces and sign the message it returns.",
    )
