"""Sign in, ask who is signed in, sign out."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints
from siwe import SiweMessage

from edgebazaar.addresses import checksum_address
from edgebazaar.api.auth import SESSION_COOKIE, CurrentAccount, bearer_token, session_service
from edgebazaar.api.context import ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.permissions import permission
from edgebazaar.api.sessions import NONCE_SECONDS, SESSION_SECONDS

router = APIRouter(prefix="/sessions", tags=["sessions"], responses=PROBLEM_RESPONSES)


class NonceRequest(BaseModel):
    """Which account wants to sign in."""

    account: str = Field(examples=["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"])


class NonceResponse(BaseModel):
    """A sign-in message that waits for the account's signature."""

    nonce: str
    message: str = Field(description="EIP-4361 text; sign it with personal_sign, unchanged.")
    expires_at: int = Field(description="Unix time after which the nonce is refused.")


class SignInRequest(BaseModel):
    """A signed sign-in message."""

    message: str = Field(
        description="The text that POST /sessions/nonces gave out.",
        examples=["127.0.0.1:8000 wants you to sign in with your Ethereum account:\n0x7099…"],
    )
    signature: Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{130}$")] = Field(
        examples=["0x" + "1b" * 65]
    )


class SessionResponse(BaseModel):
    """A session."""

    account: str
    token: str = Field(description="Send as 'Authorization: Bearer <token>'.")
    expires_at: int


class WhoAmI(BaseModel):
    """The signed-in account."""

    account: str


@router.post("/nonces", status_code=201, **permission("public"))
def new_nonce(body: NonceRequest, context: ContextDependency) -> NonceResponse:
    """Gives out a sign-in message with a single-use nonce."""
    account = checksum_address(body.account, "account")
    now = int(time.time())
    nonce = session_service(context).new_nonce(now)
    issued = datetime.fromtimestamp(now, tz=UTC)
    settings = context.settings
    message = SiweMessage(
        domain=settings.public_domain,
        address=account,
        statement="Sign in to EdgeBazaar.",
        uri=settings.public_url,
        version="1",
        chain_id=context.deployment.chain_id,
        nonce=nonce,
        issued_at=issued.isoformat(),
        expiration_time=(issued + timedelta(seconds=NONCE_SECONDS)).isoformat(),
    )
    return NonceResponse(
        nonce=nonce, message=message.prepare_message(), expires_at=now + NONCE_SECONDS
    )


@router.post("", status_code=201, **permission("public"))
def sign_in(body: SignInRequest, context: ContextDependency, response: Response) -> SessionResponse:
    """Opens a session for the account that signed the message.

    Also sets it as a cookie for the pages.
    """
    session = session_service(context).sign_in(body.message, body.signature, int(time.time()))
    response.set_cookie(
        SESSION_COOKIE,
        session.token,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=context.settings.public_url.startswith("https://"),
    )
    return SessionResponse(
        account=session.account, token=session.token, expires_at=session.expires_at
    )


@router.get("/current", **permission("session"))
def who_am_i(account: CurrentAccount) -> WhoAmI:
    """Tells which account is signed in."""
    return WhoAmI(account=account)


@router.delete("/current", status_code=204, **permission("session"))
def sign_out(request: Request, context: ContextDependency, response: Response) -> None:
    """Ends the session."""
    token = bearer_token(request)
    if token:
        session_service(context).sign_out(token)
    response.delete_cookie(SESSION_COOKIE)
