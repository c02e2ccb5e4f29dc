"""What callers may do: a permission declared on every route, checked in one place and listed for a test."""

from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.routing import Route

from kit import clock
from kit.errors import Forbidden, Unauthorized
from kit.tokens import ISSUER, Keys, Principal, Role, key_id, mint, new_key_pair, verify
from kit.trust import Trust

__all__ = [
    "ISSUER",
    "Allow",
    "Keys",
    "Principal",
    "Role",
    "allow",
    "key_id",
    "mint",
    "new_key_pair",
    "permissions",
    "public",
    "verify",
]

_BEARER: Final = HTTPBearer(auto_error=False, scheme_name="token", bearerFormat="JWT")


class Allow:
    """A FastAPI dependency that lets the named roles pass; on a route it is that route's declared permission."""

    def __init__(self, roles: frozenset[Role]) -> None:
        """Use ``allow``."""
        self.roles = roles

    async def __call__(
        self, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
    ) -> Principal:
        """Return the caller; raise ``Unauthorized`` or ``Forbidden``."""
        if bearer is None:
            raise Unauthorized("请求缺少访问凭证（Authorization: Bearer …）")
        trust: Trust = request.app.state.trust
        principal = await trust.principal(bearer.credentials, now=clock.now())
        if principal.role not in self.roles:
            raise Forbidden("当前角色不能执行此操作")
        return principal


def allow(*roles: Role | str) -> Allow:
    """Return the dependency: ``who: Annotated[Principal, Depends(allow("operator", "admin"))]``."""
    return Allow(frozenset(Role(role) for role in roles))


async def public() -> None:
    """Declare that anybody may call a route: ``dependencies=[Depends(public)]``."""


def permissions(app: FastAPI) -> dict[tuple[str, str], frozenset[Role] | None]:
    """Return (method, path) -> roles of every route; an empty set is public, None is a route that forgot to declare."""
    found: dict[tuple[str, str], frozenset[Role] | None] = {}
    for context in iter_route_contexts(app.routes):
        path, methods = context.path or "", context.methods or set[str]()
        if isinstance(context.original_route, Route) and path == app.openapi_url:  # the description itself
            roles: frozenset[Role] | None = frozenset()
        else:
            dependant = getattr(context, "dependant", None)
            roles = _declared(dependant) if isinstance(dependant, Dependant) else None
        found |= {(method, path): roles for method in methods - {"HEAD"}}
    return found


def _declared(dependant: Dependant) -> frozenset[Role] | None:
    """Return the narrowest of the declarations: all of them are asked."""
    declared = [dependency.call.roles for dependency in dependant.dependencies if isinstance(dependency.call, Allow)]
    if declared:
        return frozenset.intersection(*declared)
    return frozenset() if any(dependency.call is public for dependency in dependant.dependencies) else None
