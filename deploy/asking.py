"""One request to a running service, its failures in words for a person."""

from typing import Any

import httpx

from deploy.embedded.errors import Unusable
from deploy.target import Target

PATIENCE = 300.0


def ask(target: Target, method: str, path: str, **request: Any) -> httpx.Response:
    """Send a request (keywords as ``httpx.request`` takes them) and give the good answer; else ``Unusable``."""
    try:
        answer = httpx.request(method, f"{target.url}{path}", headers=target.headers, timeout=PATIENCE, **request)
    except httpx.TransportError as error:
        raise Unusable(f"连不上服务 {target.url}({type(error).__name__})。系统在运行吗？") from error
    if not answer.is_success:
        raise Unusable(f"服务没有答应这个请求（HTTP {answer.status_code}）：{explanation(answer)}")
    return answer


def explanation(answer: httpx.Response) -> str:
    """Give what a problem document says."""
    try:
        problem = answer.json()
    except ValueError:
        return ""
    return str(problem.get("detail") or problem.get("title") or "") if isinstance(problem, dict) else ""


def ask_for_all(target: Target, path: str) -> list[dict[str, Any]]:
    """Give the items of all pages of a list."""
    items: list[dict[str, Any]] = []
    query: dict[str, str] = {}
    while True:
        page = ask(target, "GET", path, params=query).json()
        items += page["items"]
        if page["next"] is None:
            return items
        query = {"after": page["next"]}
