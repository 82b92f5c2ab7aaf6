"""Signing in and out, passwords, and personal access tokens."""

from __future__ import annotations

from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from agnes.api.accounts import (
    FirstAdmin,
    Me,
    NewPassword,
    NewToken,
    NewTokenAnswer,
    SignedIn,
    SignIn,
    TokensAnswer,
    address_of,
    signed_in,
)
from agnes.api.deps import InstanceOf, Reader
from agnes.api.problems import problems
from agnes.auth.principal import SCOPES, Principal
from agnes.auth.tokens import PersonalToken
from agnes.errors import ForbiddenError

router = APIRouter(tags=["auth"])

AT_A_TIME = 4


async def sign_ins(request: Request) -> CapacityLimiter:
    """How many may be checked at a time: those that wait take no thread from other requests."""
    state = request.app.state
    if not hasattr(state, "sign_ins"):
        state.sign_ins = CapacityLimiter(AT_A_TIME)
    found: CapacityLimiter = state.sign_ins
    return found


SignIns = Annotated[CapacityLimiter, Depends(sign_ins)]


async def person(caller: Reader) -> Principal:
    """Who calls, if they signed in: a personal token cannot make itself mightier.

    Raises:
        ForbiddenError: they came with a personal token.
    """
    if caller.is_personal:
        raise ForbiddenError(
            "A personal access token may not manage passwords and tokens", "sign in: da auth login"
        )
    return caller


Person = Annotated[Principal, Depends(person)]


@router.post("/auth/token", responses=problems(400, 401, 429))
async def sign_in(
    request: Request, running: InstanceOf, limiter: SignIns, body: SignIn
) -> SignedIn:
    """Sign in with a password.

    401 says the same whether the user exists or not. After too many failures 429 says when to try
    again.
    """
    session = await to_thread.run_sync(
        running.authenticator.sign_in,
        body.email,
        body.password.get_secret_value(),
        address_of(request),
        limiter=limiter,
    )
    return signed_in(session)


@router.post("/auth/bootstrap", responses=problems(400, 403))
async def bootstrap(
    request: Request, running: InstanceOf, limiter: SignIns, body: FirstAdmin
) -> SignedIn:
    """Make the first admin, and sign in. 403 once there is a user."""

    def make() -> SignedIn:
        password = body.password.get_secret_value()
        user = running.state.users.bootstrap(body.email, body.name, password)
        running.state.audit.note(None, "user.bootstrap", user.email, address=address_of(request))
        return signed_in(running.authenticator.sign_in_as(user, address_of(request), "bootstrap"))

    return await to_thread.run_sync(make, limiter=limiter)


@router.post("/auth/logout", responses=problems(400))
def sign_out(running: InstanceOf, caller: Reader) -> dict[str, str]:
    """Sign out: the token counts no more. A personal access token is revoked instead (400)."""
    running.authenticator.sign_out(caller)
    return {"status": "signed out"}


@router.get("/auth/me")
async def show_me(caller: Reader) -> Me:
    """Who the caller is, and what the token may."""
    return Me(
        user_id=caller.user_id,
        email=caller.email,
        name=caller.name,
        role=caller.role,
        groups=sorted(caller.groups),
        scopes=[scope for scope in SCOPES if scope in caller.scopes],
        token_id=caller.token_id,
    )


@router.post("/auth/password", status_code=204, responses=problems(400, 429))
async def change_password(
    request: Request, running: InstanceOf, limiter: SignIns, caller: Person, body: NewPassword
) -> Response:
    """Change one's own password. All tokens of the user end, also the one in use."""
    await to_thread.run_sync(
        running.authenticator.change_password,
        caller,
        body.old.get_secret_value(),
        body.new.get_secret_value(),
        address_of(request),
        limiter=limiter,
    )
    return Response(status_code=204)


@router.get("/auth/tokens")
def list_tokens(running: InstanceOf, caller: Person) -> TokensAnswer:
    """The caller's personal access tokens, without the tokens themselves."""
    found = [token.as_dict() for token in running.state.tokens.list(caller.user_id)]
    return TokensAnswer.model_validate({"tokens": found, "count": len(found)})


@router.post("/auth/tokens", status_code=201, responses=problems(400, 409))
def create_token(running: InstanceOf, caller: Person, body: NewToken) -> NewTokenAnswer:
    """Make a personal access token, for an agent or a program. It is told this once.

    It may what its scopes say, as far as the role of its user goes.
    """
    user = running.state.users.get(caller.user_id)
    token, kept = running.state.tokens.create(user, body.scopes, body.name, body.expires_at)
    _note(running, caller, "token.create", kept)
    return NewTokenAnswer(token=token, **kept.as_dict())


@router.delete("/auth/tokens/{token_id}", status_code=204, responses=problems(404))
def revoke_token(
    running: InstanceOf,
    caller: Person,
    token_id: Annotated[str, Path(max_length=64, examples=["pat-59b18f3a406ad260"])],
) -> Response:
    """Revoke one of the caller's personal access tokens."""
    _note(running, caller, "token.revoke", running.state.tokens.revoke(caller.user_id, token_id))
    return Response(status_code=204)


def _note(running: InstanceOf, caller: Principal, action: str, token: PersonalToken) -> None:
    said = {"name": token.name, "scopes": token.scopes, "expires_at": token.expires_at}
    running.state.audit.note(caller, action, token.id, **said)
