"""All four services in one small application that answers as they do, for tests of the pages alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from starlette.responses import StreamingResponse

from contracts.event import fact_id
from tests.console import fake_data as data
from tests.console import fake_ledgers as ledgers

Json = dict[str, Any]


class FakeBackend:
    """What the services know, and what the console asked of them."""

    def __init__(self) -> None:
        self.begin()
        self.app = self._build()

    def begin(self) -> None:
        """Know what every test begins with, and have been asked nothing."""
        self.alerts = data.alerts()
        self.clues = ledgers.clues()
        self.down: set[str] = set()
        """First parts of paths whose service answers 503."""
        self.asked: list[tuple[str, str, Json]] = []
        """Method, path and query or body of every request."""
        self.tokens: list[str] = []
        self._changes: list[tuple[int, Json]] = []
        self._hang_ups = 0
        self._news = asyncio.Condition()

    async def raise_alert(self, number: int, rule: str, unit: str, summary: str, **more: Any) -> Json:
        """Raise one more alert, as the monitor would, and tell every stream."""
        one = data.alert(number, rule, unit, data.NOW.date(), summary, **more)
        self.alerts = [one, *(old for old in self.alerts if old["alert_id"] != one["alert_id"])]
        await self.tell({"change": "raised", **one})
        return one

    async def tell(self, change: Json) -> None:
        """Put a change into the stream."""
        async with self._news:
            self._changes.append((len(self._changes) + 1, change))
            self._news.notify_all()

    async def hang_up(self) -> None:
        """End every open stream."""
        async with self._news:
            self._hang_ups += 1
            self._news.notify_all()

    async def _follow(self, after: int, severity: str) -> AsyncIterator[bytes]:
        yield f": ping\nid: {after}\n\n".encode()
        opened = self._hang_ups
        while True:
            async with self._news:
                while len(self._changes) <= after and self._hang_ups == opened:
                    await self._news.wait()
                if self._hang_ups != opened:
                    return
                fresh = [(seq, change) for seq, change in self._changes if seq > after]
            for seq, change in fresh:
                after = seq
                if severity in ("", change["severity"]):
                    yield f"id: {seq}\ndata: {json.dumps(change, ensure_ascii=False)}\n\n".encode()

    def _page(self, items: list[Json], **more: Any) -> Json:
        return {"items": items, "next": None, "current": data.CURRENT, **more}

    def _build(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def note(request: Request, follow: Any) -> Response:
            kind = request.url.path.split("/")[2]
            if kind in self.down:
                return JSONResponse({"title": "系统暂时不可用"}, status_code=503)
            body = await request.body()
            self.asked.append(
                (request.method, request.url.path, json.loads(body) if body else dict(request.query_params))
            )
            self.tokens.append(request.headers.get("authorization", ""))
            answer: Response = await follow(request)
            return answer

        self._monitor(app)
        self._rules(app)
        self._ledger(app)
        self._intake_and_notify(app)
        return app

    def _monitor(self, app: FastAPI) -> None:
        @app.get("/v1/alerts")
        async def alerts(
            state: str = "standing", severity: str | None = None, rule: str | None = None, limit: int = 50
        ) -> Json:
            found = [
                one
                for one in self.alerts
                if state in ("all", one["state"])
                and severity in (None, one["severity"])
                and rule in (None, one["rule"])
            ]
            return self._page(found[:limit])

        @app.get("/v1/alerts/counts")
        async def counts() -> Json:
            tally: dict[tuple[str, str], int] = {}
            for one in self.alerts:
                if one["state"] == "standing":
                    key = (one["rule"], one["severity"])
                    tally[key] = tally.get(key, 0) + 1
            return self._page([{"rule": rule, "severity": level, "n": n} for (rule, level), n in tally.items()])

        @app.get("/v1/alerts/{alert_id}")
        async def alert(alert_id: str) -> Response:
            for one in self.alerts:
                if one["alert_id"] == alert_id:
                    return JSONResponse(data.dossier(one))
            return _missing("没有这条预警")

    def _rules(self, app: FastAPI) -> None:
        @app.get("/v1/acts/{act_id}/verdicts")
        async def verdicts(act_id: str) -> Json:
            return {"act_id": act_id, **data.sheet()}

        @app.post("/v1/precheck")
        async def precheck() -> Json:
            return data.sheet()

        @app.get("/v1/rules")
        async def rules() -> Json:
            return {
                "items": [ledgers.rule(key) for key in data.RULES],
                "packs": [ledgers.PACK],
                "release": ledgers.RELEASE,
            }

        @app.get("/v1/coverage")
        async def coverage(source: str | None = None) -> Json:
            return data.coverage(source)

        @app.get("/v1/backtests")
        async def backtests() -> Json:
            return self._page([data.backtest()])

        @app.get("/v1/backtests/{number}")
        async def backtest(number: int) -> Response:
            return JSONResponse(data.backtest()) if number == 1 else _missing("没有这次回测")

        @app.get("/v1/shadow")
        async def shadow() -> Json:
            return data.shadow()

        @app.get("/v1/rules/{key}")
        async def rule(key: str) -> Response:
            return JSONResponse(ledgers.rule(key)) if key in data.RULES else _missing("没有这条规则")

        @app.get("/v1/forecasts")
        async def forecasts(year: int) -> Json:
            return self._page(data.forecasts(year))

    def _ledger(self, app: FastAPI) -> None:
        @app.get("/v1/ledgers")
        async def names() -> Json:
            names = {
                "documents": "发文",
                "meetings": "会议",
                "inspections": "督查检查",
                "secondments": "借调",
                "certificates": "证明",
                "demands": "报表任务",
            }
            return self._page([{"name": name, "title": f"{title}台账"} for name, title in names.items()])

        @app.get("/v1/ledgers/{ledger}")
        async def rows(ledger: str, q: str = "", after: int = 0, limit: int = 50, format: str = "json") -> Response:  # noqa: A002 - the name of the query
            if format == "xlsx":
                return Response(
                    b"PK workbook", media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                )
            found = [row for row in ledgers.rows() if q in row["heading"]] if ledger == "documents" else []
            size = min(limit, 20)
            page = self._page(found[after : after + size], ledger=ledger, title=ledger, columns=ledgers.COLUMNS)
            page["next"] = str(after + size) if len(found) > after + size else None
            return JSONResponse(page)

        @app.get("/v1/acts/{act_id}")
        async def act(act_id: str) -> Response:
            row = next((row for row in ledgers.rows() if row["act_id"] == act_id), None)
            if row is None:
                return _missing("没有这条行为记录")
            return JSONResponse(
                {
                    "act_id": act_id,
                    "type": "cn.jianfu.doc.issued.v1",
                    "ledger": "documents",
                    "title": "发文台账",
                    "columns": ledgers.COLUMNS,
                    "withdrawn": False,
                    "row": row,
                    "history": ledgers.history(),
                    "current": data.CURRENT,
                }
            )

        @app.get("/v1/counts")
        async def counts(year: int) -> Json:
            return self._page(ledgers.counts(year))

        @app.get("/v1/plans")
        async def plans() -> Json:
            return self._page(ledgers.plans())

        @app.get("/v1/units")
        async def units() -> Json:
            return self._page(
                [{"unit_id": key, "name": name, "jurisdiction": place} for key, (name, place) in data.UNITS.items()]
            )

    def _intake_and_notify(self, app: FastAPI) -> None:
        @app.get("/v1/sources")
        async def sources() -> Json:
            return self._page(ledgers.sources())

        @app.get("/v1/quarantine")
        async def quarantine() -> Json:
            return self._page(ledgers.quarantine())

        @app.post("/v1/quarantine/{entry}/replay")
        async def replay(entry: str) -> Json:
            return {"id": entry}

        @app.get("/v1/clues")
        async def clues(alert: str | None = None, state: str | None = None) -> Json:
            found = [one for one in self.clues if alert in (None, one["alert_id"]) and state in (None, one["state"])]
            return self._page(found) | {"current": {"position": len(self._changes), "time": data.NOW.isoformat()}}

        @app.post("/v1/clues")
        async def hand_over(request: Request) -> Response:
            body = await request.json()
            one = next(one for one in self.alerts if one["alert_id"] == body["alert_id"])
            clue = {
                **ledgers.clues()[0],
                "clue_id": fact_id("clue", body["alert_id"]),
                "alert_id": one["alert_id"],
                "title": one["title"],
                "summary": one["summary"],
                "note": body["note"],
            }
            self.clues = [clue, *self.clues]
            return JSONResponse(clue, status_code=201)

        @app.get("/v1/clues/{clue_id}")
        async def clue(clue_id: str) -> Response:
            found = self._clue(clue_id)
            return JSONResponse(found) if found else _missing("没有这条线索")

        @app.post("/v1/clues/{clue_id}/receive")
        async def receive(clue_id: str) -> Response:
            return self._close(clue_id, state="received", received_at=data.NOW.isoformat(), received_by="纪检值班席")

        @app.post("/v1/clues/{clue_id}/refuse")
        async def refuse(clue_id: str, request: Request) -> Response:
            reason = (await request.json())["reason"]
            return self._close(clue_id, state="refused", refused_at=data.NOW.isoformat(), reason=reason)

        @app.get("/v1/stream")
        async def stream(severity: str = "", last_event_id: Annotated[str | None, Header()] = None) -> Response:
            after = int(last_event_id) if last_event_id else len(self._changes)
            return StreamingResponse(self._follow(after, severity), media_type="text/event-stream")

    def _clue(self, clue_id: str) -> Json | None:
        return next((one for one in self.clues if one["clue_id"] == clue_id), None)

    def _close(self, clue_id: str, **change: Any) -> Response:
        clue = self._clue(clue_id)
        if clue is None:
            return _missing("没有这条线索")
        if clue["state"] != "open":
            return JSONResponse(
                {"title": "与已有内容冲突", "detail": "该线索已经办理", "code": "conflict"}, status_code=409
            )
        clue |= {"may": [], **change}
        return JSONResponse(clue)


def _missing(detail: str) -> Response:
    return JSONResponse({"title": "没有找到", "detail": detail, "code": "not_found"}, status_code=404)
