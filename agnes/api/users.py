"""Users, for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from agnes.api.accounts import NewUser, PasswordOfUser, UserAnswer, UserChange, user_answer
from agnes.api.deps import Administrator, InstanceOf
from agnes.api.problems import problems

router = APIRouter(tags=["users"])

UserId = Annotated[str, Path(max_length=64, description="Its id.")]


@router.get("/api/users")
def list_users(running: InstanceOf, _: Administrator) -> list[UserAnswer]:
    """All users, by e-mail."""
    return [user_answer(user) for user in running.state.users.list()]


@router.post("/api/users", status_code=201, responses=problems(400, 409))
def create_user(running: InstanceOf, caller: Administrator, body: NewUser) -> UserAnswer:
    """Add a user. 409 where the e-mail is known."""
    password = body.password.get_secret_value() if body.password else None
    user = running.state.users.create(body.email, body.name, body.role, password, body.groups)
    running.state.audit.note(
        caller, "user.create", user.email, id=user.id, role=user.role, groups=user.groups
    )
    return user_answer(user)


@router.patch("/api/users/{user_id}", responses=problems(400, 404, 409))
def update_user(
    running: InstanceOf, caller: Administrator, user_id: UserId, body: UserChange
) -> UserAnswer:
    """Change name, role, groups, or whether the user may sign in; never of the last admin."""
    changes = body.model_dump(exclude_none=True)
    user = running.state.users.update(user_id, **changes)
    running.state.audit.note(caller, "user.update", user.email, id=user.id, **changes)
    return user_answer(user)


@router.post("/api/users/{user_id}/set-password", status_code=204, responses=problems(400, 404))
def set_password(
    running: InstanceOf, caller: Administrator, user_id: UserId, body: PasswordOfUser
) -> Response:
    """Give a user a new password; all their tokens end."""
    user = running.state.users.get(user_id)
    running.state.users.set_password(user_id, body.password.get_secret_value())
    running.state.audit.note(caller, "password.set", user.email, id=user.id)
    return Response(status_code=204)


@router.delete("/api/users/{user_id}", status_code=204, responses=problems(404, 409))
def remove_user(running: InstanceOf, caller: Administrator, user_id: UserId) -> Response:
    """Remove a user, and end all their tokens; never the last admin."""
    user = running.state.users.remove(user_id)
    running.state.audit.note(caller, "user.remove", user.email, id=user.id)
    return Response(status_code=204)
