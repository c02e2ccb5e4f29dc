"""What callers may do: a permission declared on every route, checked in one place and listed for a test."""

from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from kit import clock
from kit.auth import Keys, Principal, Role, verify
from kit.errors import Forbidden, Unauthorized

_BEARER: Final = HTTPBearer(auto_error=False, scheme_name="token", bearerFormat="JWT")
