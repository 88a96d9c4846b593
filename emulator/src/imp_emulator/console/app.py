# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's ASGI application, beside the control plane on its port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from imp_emulator.client.control import JournalForm
from imp_emulator.console import language, show
from imp_emulator.console.actions import ACTIONS, Outcome, carry_out
from imp_emulator.console.live import Live
from imp_emulator.console.look import Look
from imp_emulator.console.pages import PAGES, Page
from imp_emulator.console.session import LANGUAGE_COOKIE, YEAR, Session, cookie, is_own_host, is_own_origin
from imp_emulator.console.views import journal
from imp_emulator.control import journal_export
from imp_emulator.control.app import Control
from imp_emulator.errors import DomainError, NotFound
from imp_emulator.pipeline.body import Gone, TooLarge, read_body
from imp_emulator.pipeline.gate import drop
from imp_emulator.pipeline.request import Application, Receive, Scope, Send

_FORM_LIMIT = 64 * 1024
"""The largest form, in bytes."""
_MOST_FIELDS = 50

Answer = Callable[[Request], Awaitable[Response]]

_SAFE = {
    # Nothing but the page's own files, and no script that is written into it.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Pages of other ports of this machine are of the same site, and a browser sends them with the cookie.
    "Cross-Origin-Resource-Policy": "same-origin",
    # To another site no word; with less, a browser would not say either that a form comes from this one.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Console:
    """What the page works on.

    Attributes:
        url: Where the control plane is reached.
    """

    plane: Control
    live: Live
    session: Session
    templates: jinja2.Environment
    url: str


class Front:
    """The two that share the control plane's port: the page has ``/`` and what is below ``/console``."""

    def __init__(self, console: Application, plane: Application) -> None:
        self._console = console
        self._plane = plane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the one that it is for."""
        path = scope.get("path", "")
        ours = path in ("/", "/console") or path.startswith("/console/")
        try:
            await (self._console if ours else self._plane)(scope, receive, send)
        except asyncio.CancelledError:
            # Only the emulator's end does this: the request is one that a killed server never answered.
            await drop(scope, receive)


def application(plane: Control, live: Live, url: str) -> Starlette:
    """Return the page's application; it answers only whom the link or the cookie lets in."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("imp_emulator.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(show.FILTERS)
    app = Starlette(
        routes=[
            Route("/", _enter),
            Route("/console", _enter),
            Mount("/console/static", StaticFiles(directory=str(resources.files("imp_emulator.console") / "static"))),
            Route("/console/events", _guarded(_events)),
            Route("/console/language/{language}", _guarded(_choose_language)),
            Route("/console/do/{action}", _guarded(_do), methods=["POST"]),
            Route("/console/journal/export.{form}", _guarded(_export)),
            *(Route(f"/console{page.path}", _guarded(_page_of(page)), name=page.name) for page in PAGES),
        ],
        exception_handlers={404: _missing, 405: _wrong_method},
    )
    app.state.console = Console(plane, live, Session(plane.token, url), templates, url)
    return app


async def _enter(request: Request) -> Response:
    """Let somebody in who has the link, and take the token out of the address."""
    console: Console = request.app.state.console
    if not is_own_host(request.headers.get("host", "")):
        return _refused(request, 421, "refused.host")
    if console.session.opens(request.query_params.get("token")):
        response = RedirectResponse("/console/", 303, _SAFE)
        response.set_cookie(console.session.cookie, **cookie(console.session.value))  # type: ignore[arg-type]
        return response
    if console.session.knows(request.cookies):
        return RedirectResponse("/console/", 303, _SAFE)
    return _refused(request, 401, "refused.link")


def _guarded(answer: Answer) -> Answer:
    """Answer only who has the cookie, by this machine's own name."""

    async def guarded(request: Request) -> Response:
        console: Console = request.app.state.console
        if not is_own_host(request.headers.get("host", "")):
            return _refused(request, 421, "refused.host")
        if not console.session.knows(request.cookies):
            return _refused(request, 401, "refused.link")
        if request.method == "POST" and not is_own_origin(request.headers):
            return _refused(request, 403, "refused.origin")
        return await answer(request)

    return guarded


def _refused(request: Request, status: int, why: str) -> Response:
    answer = _rendered(request, "refused.html", {"why": why}, status)
    # A script that asks has its page load anew, so that the reader is told: the emulator may be another one by now.
    answer.headers["HX-Refresh"] = "true"
    return answer


def _page_of(page: Page) -> Answer:
    async def answer(request: Request) -> Response:
        console: Console = request.app.state.console
        # What changes while the page is made, the page may not have.
        stamp = console.live.stamp()
        look = Look(console.plane, request.path_params, request.query_params, _language(request))
        try:
            values = await page.view(look)
        except NotFound as error:
            return _rendered(request, "missing.html", {"message": error.message}, 404)
        except DomainError as error:
            return _rendered(request, "missing.html", {"message": error.message}, 422)
        return _rendered(request, f"{page.name}.html", {"page": page, "stamp": stamp, **values})

    return answer


async def _missing(request: Request, _error: Exception) -> Response:
    """Say that there is no such page, to whoever is let in; to others what any page says."""
    return await _guarded(_told_missing)(request)


async def _told_missing(request: Request) -> Response:
    return _rendered(request, "missing.html", {"key": "missing.page"}, 404)


async def _wrong_method(request: Request, error: Exception) -> Response:
    """Say how a page can be asked for."""
    key = "missing.action" if request.url.path.startswith("/console/do/") else "missing.method"
    answer = _rendered(request, "missing.html", {"key": key}, 405)
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


def _rendered(request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    console: Console = request.app.state.console
    clock = console.plane.environment.clock
    chosen = _language(request)
    always = {
        "t": lambda key, **about: language.said(chosen, key, **about),
        "language": chosen,
        "languages": language.LANGUAGES,
        "pages": PAGES,
        "page": None,
        "here": _here(request),
        "clock": clock.now(),
        "clock_frozen": clock.frozen,
    }
    text = console.templates.get_template(template).render(always | dict(values))
    return HTMLResponse(text, status, dict(_SAFE))


def _here(request: Request) -> str:
    """Return where a page was asked for, as it was written: what is decoded may lead to another page."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("ascii", "replace")


def _language(request: Request) -> str:
    return language.chosen(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


async def _choose_language(request: Request) -> Response:
    """Remember the reader's language, and go back to where it was chosen."""
    if request.path_params["language"] not in language.LANGUAGES:
        return _rendered(request, "missing.html", {"key": "missing.page"}, 404)
    back = _back(request.query_params)
    response = RedirectResponse(back, 303, _SAFE)
    response.set_cookie(LANGUAGE_COOKIE, **cookie(request.path_params["language"], YEAR))  # type: ignore[arg-type]
    return response


def _back(given: Mapping[str, str]) -> str:
    """Return the page that something was asked from; it is one of ours, whatever is said."""
    back = given.get("back", "")
    return back if back.startswith("/console/") else "/console/"


async def _events(request: Request) -> Response:
    console: Console = request.app.state.console
    if request.method == "HEAD":
        return Response(None, 200, _SAFE, "text/event-stream")
    return StreamingResponse(
        console.live.events(request.query_params.get("seen", "")), headers=dict(_SAFE), media_type="text/event-stream"
    )


async def _export(request: Request) -> Response:
    """Give the journal as a file, what is filtered out left out."""
    console: Console = request.app.state.console
    try:
        form = JournalForm(request.path_params["form"])
    except ValueError:
        return _rendered(request, "missing.html", {"key": "missing.page"}, 404)
    filters = journal.filters(request.query_params)
    parts = journal_export.exported(console.plane.environment, form, filters, [console.plane.token])
    return StreamingResponse(
        parts, headers=_SAFE | journal_export.as_file(form), media_type="application/json; charset=utf-8"
    )


async def _do(request: Request) -> Response:
    """Carry out an action, and tell which call of the control plane that was and what it has answered."""
    console: Console = request.app.state.console
    make = ACTIONS.get(request.path_params["action"])
    try:
        body = await read_body(request.receive, _FORM_LIMIT)
        given = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (TooLarge, ValueError):
        make, given = None, {}
    except Gone:
        return Response(status_code=400)
    outcome: Outcome | None = None
    if make is not None:
        try:
            call = make(given)
        except (KeyError, ValueError):
            pass
        else:
            outcome = await carry_out(call, console.url, console.plane.token)
    # A script puts the outcome into the page; without one it is a page of its own.
    scripted = "hx-request" in request.headers
    template = "outcome_part.html" if scripted else "outcome.html"
    values = {"outcome": outcome, "back": _back(given), "scripted": scripted}
    return _rendered(request, template, values, 200 if outcome and outcome.done else 422)
