# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane: what a test does to the environment, on its own port, for the holder of the token."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from imp_emulator import __version__
from imp_emulator.client.control import JournalForm
from imp_emulator.control import (
    authorities,
    bulk,
    calendars,
    exchange_accounts,
    exchange_online,
    exchange_servers,
    faults,
    journal_export,
    mailboxes,
    node_services,
    notifications,
    outages,
    ports,
    presence,
    redundancy,
)
from imp_emulator.control.door import Door
from imp_emulator.domain.imp import services
from imp_emulator.store.database import NotStored, StateError
from imp_emulator.world import snapshots
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import Pace, Rule
from imp_emulator.world.scheduler import HaltedError
from imp_emulator.world.snapshots import Snapshots

_OWN = "control"
"""The control plane's name among the protocols in ``/about``."""
_MOST_TOLD, _LONGEST_TOLD = 10, 300
"""How many errors of a request are told, and how many characters of each."""

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""What the virtual clock can show; a certificate that is made then has to end before the year 10000."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TransitionRule(_Model):
    """How services start and stop: at once, after ``value`` status polls, after ``value`` seconds, or never."""

    mode: Pace
    value: float = Field(default=0, ge=0, allow_inf_nan=False)
    node: str | None = None
    service: str | None = None


class ClockChange(_Model):
    """A change of the virtual clock; what is left out stays as it is."""

    now: AwareDatetime | None = Field(default=None, ge=EARLIEST, le=LATEST)
    offset_seconds: float | None = Field(default=None, allow_inf_nan=False, ge=-1e9, le=1e9)
    frozen: bool | None = None


class Advance(_Model):
    """Time to pass at once."""

    seconds: float = Field(allow_inf_nan=False, ge=-1e9, le=1e9)


@dataclass(frozen=True, slots=True)
class Control:
    """What the control plane works on; ``operations`` are the implemented ones of each protocol."""

    environment: Environment
    snapshots: Snapshots
    operations: dict[str, list[str]]
    token: str = field(repr=False)


def _control(request: Request) -> Control:
    """Return what the control plane works on; the door has let the request in."""
    control: Control = request.app.state.control
    return control


Authorised = Annotated[Control, Depends(_control)]


async def _representable(request: Request) -> None:
    """Refuse what Python reads as JSON and nothing could store or answer: NaN, infinity, half of a character."""
    try:
        content = json.loads(await request.body())
    except (ValueError, RecursionError):
        return  # No body, or none that FastAPI takes; it says so itself.
    try:
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise HTTPException(422, "the body holds a number that is not finite, or half of a character") from None


def application(control: Control) -> FastAPI:
    """Return the control plane's ASGI application."""
    app = FastAPI(
        title="imp-emulator control plane",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(_representable)],
    )
    app.state.control = control
    for method, path, status, endpoint in _ROUTES:
        app.add_api_route(path, endpoint, methods=[method], status_code=status)
    for router in _ROUTERS:
        app.include_router(router)
    app.middleware("http")(_count)
    app.add_middleware(Door, token=control.token)
    app.add_exception_handler(RequestValidationError, _not_valid)
    for kind in (NotStored, StateError, OSError):
        app.add_exception_handler(kind, _not_stored)
    return app


async def _not_valid(_request: Request, error: Exception) -> Response:
    """Say what is wrong where; the value itself may be bytes, which JSON cannot hold, or of any size."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    detail = [
        {
            "type": one["type"],
            "loc": [part[:_LONGEST_TOLD] if isinstance(part, str) else part for part in one["loc"]],
            "msg": one["msg"][:_LONGEST_TOLD],
        }
        for one in found[:_MOST_TOLD]
    ]
    return JSONResponse({"detail": detail}, 422)


async def _not_stored(_request: Request, error: Exception) -> Response:
    """Say that something could not be written: the disk is full, another process has the state file locked."""
    return JSONResponse({"detail": f"the state cannot be stored: {error}"}, 500)


async def _count(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Count an operation of the control plane itself, as the gate counts those of the protocols."""
    response = await answer(request)
    route = request.scope.get("route")
    if isinstance(route, APIRoute) and response.status_code < 400:
        request.app.state.control.environment.answered[_OWN, f"{request.method} {route.path_format}"] += 1
    return response


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn the refusals of :class:`Snapshots` into answers."""
    try:
        yield
    except KeyError as error:
        raise HTTPException(404, f"there is no {error.args[0]!r}") from None
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


async def about(request: Request, control: Authorised) -> dict[str, Any]:
    """Name, version and process of the emulator, the operations that it implements, and which it has answered.

    ``note`` is what the scenario says for whoever uses it.

    ``answered`` counts the answers without an error since the process started, by protocol and operation; those of the
    control plane itself stand under ``control``.
    """
    answered: dict[str, dict[str, int]] = {}
    for (protocol, operation), times in control.environment.answered.items():
        answered.setdefault(protocol, {})[operation] = times
    return {
        "name": "imp-emulator",
        "version": __version__,
        "pid": os.getpid(),
        "note": control.environment.scenario.note,
        "protocols": control.operations,
        _OWN: [f"{method.upper()} {path}" for path, item in request.app.openapi()["paths"].items() for method in item],
        "answered": answered,
    }


async def reset(control: Authorised) -> None:
    """Go back to the scenario; keys, passwords and ports stay."""
    await snapshots.reset(control.environment, control.snapshots)
    faults.begin(control.environment, control.operations)


async def list_snapshots(control: Authorised) -> dict[str, list[str]]:
    """The names of all snapshots; ``initial`` is the scenario's."""
    return {"snapshots": control.snapshots.names()}


async def take_snapshot(control: Authorised, name: str) -> None:
    """Take a snapshot of the whole state; an older one of that name is replaced."""
    with _refusals():
        control.snapshots.take(name)


async def restore_snapshot(control: Authorised, name: str) -> None:
    """Go back to a snapshot with its clock; the journal starts anew."""
    with _refusals():
        await snapshots.restore(control.environment, control.snapshots, name)


async def remove_snapshot(control: Authorised, name: str) -> None:
    """Delete a snapshot."""
    with _refusals():
        control.snapshots.remove(name)


def _journal_filters(
    cluster: str | None = None,
    node: str | None = None,
    protocol: str | None = None,
    operation: str | None = None,
    writes: bool | None = None,
) -> dict[str, Any]:
    return {"cluster": cluster, "node": node, "protocol": protocol, "operation": operation, "write": writes}


JournalFilters = Annotated[dict[str, Any], Depends(_journal_filters)]
_After = Annotated[int, Query(ge=0, le=2**62)]


async def read_journal(control: Authorised, filters: JournalFilters, after: _After = 0) -> dict[str, Any]:
    """The requests that the emulator has seen, oldest first."""
    entries, last = control.environment.journal.entries(filters, after)
    return {"entries": [journal_export.fields(entry) for entry in entries], "last": last}


async def export_journal(
    control: Authorised,
    filters: JournalFilters,
    form: Annotated[JournalForm, Query(alias="format")] = JournalForm.HAR,
    after: _After = 0,
) -> Response:
    """The same as a file to hand over, without secrets: as HAR 1.2 or as JSON."""
    parts = journal_export.exported(control.environment, form, filters, [control.token], after)
    return StreamingResponse(parts, media_type="application/json", headers=journal_export.as_file(form))


async def clear_journal(control: Authorised) -> None:
    """Forget the requests seen so far."""
    control.environment.journal.clear()


async def read_transitions(control: Authorised) -> dict[str, list[dict[str, Any]]]:
    """The rules by which services start and stop."""
    rules = control.environment.pace.rules
    return {"rules": [{"mode": r.pace.value, "value": r.value, "node": r.node, "service": r.service} for r in rules]}


async def set_transition(control: Authorised, rule: TransitionRule) -> dict[str, list[dict[str, Any]]]:
    """Put a rule in force; one for the same node and service is replaced."""
    services.set_pace(control.environment.context, Rule(rule.mode, rule.value, rule.node, rule.service))
    return await read_transitions(control)


async def read_clock(control: Authorised) -> dict[str, Any]:
    """The virtual clock."""
    clock = control.environment.clock
    return {"now": clock.isoformat(), "offset_seconds": clock.offset_seconds, "frozen": clock.frozen}


async def set_clock(control: Authorised, change: ClockChange) -> dict[str, Any]:
    """Stop or start the virtual clock, and set it to a time or to a distance from real time.

    When it goes forward, what is due until then happens first, one due time after the other.
    """

    def carry_out(clock: Clock) -> None:
        if change.frozen is not None:
            clock.freeze(change.frozen)
        if change.offset_seconds is not None:
            clock.set_offset(change.offset_seconds)
        if change.now is not None:
            clock.set(change.now.timestamp())

    return await _move(control, carry_out)


async def _move(control: Control, change: Callable[[Clock], None]) -> dict[str, Any]:
    try:
        await control.environment.scheduler.change_clock(change)
    except HaltedError:
        raise HTTPException(409, "the state was replaced before the clock had reached that time") from None
    return await read_clock(control)


async def advance_clock(control: Authorised, advance: Advance) -> dict[str, Any]:
    """Let time pass at once; what is due until then happens, one due time after the other."""
    clock = control.environment.clock
    if not EARLIEST.timestamp() <= clock.timestamp() + advance.seconds <= LATEST.timestamp():
        raise HTTPException(422, f"the clock shows times from {EARLIEST:%Y} to {LATEST:%Y} only")
    return await _move(control, lambda clock: clock.advance(advance.seconds))


_ROUTERS = (
    authorities.router,
    bulk.router,
    exchange_servers.router,
    exchange_accounts.router,
    exchange_online.router,
    mailboxes.router,
    calendars.router,
    node_services.router,
    notifications.router,
    outages.router,
    ports.router,
    presence.router,
    faults.router,
    redundancy.router,
)

_ROUTES: tuple[tuple[str, str, int, Any], ...] = (
    ("GET", "/about", 200, about),
    ("POST", "/reset", 204, reset),
    ("GET", "/snapshots", 200, list_snapshots),
    ("PUT", "/snapshots/{name}", 204, take_snapshot),
    ("POST", "/snapshots/{name}/restore", 204, restore_snapshot),
    ("DELETE", "/snapshots/{name}", 204, remove_snapshot),
    ("GET", "/journal", 200, read_journal),
    ("GET", "/journal/export", 200, export_journal),
    ("DELETE", "/journal", 204, clear_journal),
    ("GET", "/transitions", 200, read_transitions),
    ("PUT", "/transitions", 200, set_transition),
    ("GET", "/clock", 200, read_clock),
    ("PUT", "/clock", 200, set_clock),
    ("POST", "/clock/advance", 200, advance_clock),
)
