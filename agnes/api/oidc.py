"""Signing in through the company's OpenID provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from agnes.api.accounts import Code, SignedIn, address_of, signed_in
from agnes.api.deps import InstanceOf
from agnes.api.instance import Instance
from agnes.api.problems import problems
from agnes.errors import NotFoundError, UnauthorizedError, UnavailableError

if TYPE_CHECKING:
    from agnes.auth.oidc_login import OidcLogin

router = APIRouter(tags=["auth"])

TICKET = "agnes_oidc"
_PATH = "/auth/oidc"
_Text = Annotated[str, Query(max_length=2000)]


async def oidc_login(request: Request, running: InstanceOf) -> OidcLogin:
    """What takes users to the provider and back.

    Raises:
        NotFoundError: none is configured.
    """
    state = request.app.state
    if not hasattr(state, "oidc"):
        state.oidc = _configured(running)
    found: OidcLogin | None = state.oidc
    if found is None:
        raise NotFoundError("no OpenID provider is configured", "see AGNES_OIDC_URL")
    return found


Login = Annotated["OidcLogin", Depends(oidc_login)]


@router.get(
    "/auth/oidc/login", status_code=302, response_class=Response, responses=problems(400, 404, 503)
)
def begin_oidc(
    request: Request,
    running: InstanceOf,
    login: Login,
    redirect: Annotated[
        str | None, Query(max_length=500, description="Where a command line waits on its machine.")
    ] = None,
    challenge: Annotated[str, Query(max_length=100, description="Its PKCE challenge.")] = "",
    state: Annotated[str, Query(max_length=500, description="Given back to it.")] = "",
) -> Response:
    """Go to the provider; it sends the browser back to `/auth/oidc/callback`."""
    callback = f"{_base(request, running)}{_PATH}/callback"
    departure = login.begin(callback, redirect, challenge, state)
    answer = RedirectResponse(departure.url, 302)
    _set(answer, TICKET, departure.ticket, callback, path=_PATH)
    return answer


@router.get(
    "/auth/oidc/callback", response_class=JSONResponse, responses=problems(400, 401, 404, 503)
)
def finish_oidc(
    request: Request,
    running: InstanceOf,
    login: Login,
    state: _Text = "",
    code: _Text = "",
    error: _Text = "",
) -> Response:
    """Come back from the provider: a cookie for reading, or on to the command line that waits."""
    ticket = request.cookies.get(TICKET, "")
    if error or not code:
        raise UnauthorizedError(f"the provider refuses: {error or 'no code'}")
    found = login.finish(ticket, state, code, address_of(request))
    if isinstance(found, str):
        answer: Response = RedirectResponse(found, 303)
    else:
        user = found.user
        said = {"status": "signed in", "user_id": user.id, "email": user.email, "role": user.role}
        answer = JSONResponse(said)
        _set(answer, "access_token", found.token, _base(request, running), path="/")
    answer.delete_cookie(TICKET, path=_PATH)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/auth/oidc/token", responses=problems(400, 401, 404))
async def redeem_oidc(request: Request, login: Login, body: Code) -> SignedIn:
    """Give a command line its session, for the code that its browser brought."""
    session = await run_in_threadpool(login.redeem, body.code, body.verifier, address_of(request))
    return signed_in(session)


def _configured(running: Instance) -> OidcLogin | None:
    settings = running.settings
    if settings.oidc_url is None or settings.oidc_client_id is None:
        return None
    try:
        from agnes.auth.oidc import Provider
        from agnes.auth.oidc_login import OidcLogin
    except ModuleNotFoundError:
        raise UnavailableError(
            "signing in by OpenID is not installed", "pip install 'agnes[oidc]'"
        ) from None
    secret = settings.oidc_client_secret
    provider = Provider(
        settings.oidc_url,
        settings.oidc_client_id,
        secret.get_secret_value() if secret else None,
        settings.oidc_groups_claim,
    )
    return OidcLogin(running.state, running.authenticator, provider, settings.oidc_role)


def _base(request: Request, running: Instance) -> str:
    return str(running.settings.public_url or request.base_url).rstrip("/")


def _set(answer: Response, name: str, value: str, address: str, path: str) -> None:
    answer.set_cookie(
        name, value, path=path, secure=address.startswith("https:"), httponly=True, samesite="lax"
    )
