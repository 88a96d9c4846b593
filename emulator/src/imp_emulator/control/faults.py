# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of faults: what can be injected, what is in force, and how often each has struck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from imp_emulator.control import error_catalogue, fault_places
from imp_emulator.control.fault_places import Operations
from imp_emulator.control.refusals import environment_of
from imp_emulator.domain.imp import recovery
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.reader import XML_TEXT
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault

router = APIRouter(prefix="/faults")


def _number(given: Any) -> Any:
    """Refuse a truth value, which would count as 0 or 1: ``times: yes`` is no number."""
    if isinstance(given, bool):
        raise PydanticCustomError("truth_value", "Input should be a number, not a truth value")
    return given


_Whole = Annotated[int, BeforeValidator(_number)]
_Number = Annotated[float, BeforeValidator(_number)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StatusEffect(_Model):
    """Answer with an HTTP status instead of handling the request, or, with ``after``, instead of its own answer.

    ``retry_after`` are seconds; with ``date`` the header names the time instead.
    """

    kind: Literal["status"]
    status: _Whole = Field(default=503, ge=400, le=599)
    retry_after: _Whole | None = Field(default=None, ge=0, le=10**9)
    date: bool = False
    after: bool = False


class DropEffect(_Model):
    """Close the connection: ``drop`` before the request is handled, ``drop_after`` when its change is stored."""

    kind: Literal["drop", "drop_after"]


class DelayEffect(_Model):
    """Wait so many seconds of real time before handling the request."""

    kind: Literal["delay"]
    seconds: _Number = Field(ge=0, le=3600)


class ErrorEffect(_Model):
    """Answer with an error of the protocol instead of handling the request.

    ``GET /faults/errors`` lists them by protocol; a request of a protocol that does not have this one gets HTTP 503.

    ``values`` is what the answer says beside the code, for example ``{"BackOffMilliseconds": "300000"}``.
    """

    kind: Literal["error"]
    code: str = Field(max_length=128)
    values: dict[
        Annotated[str, Field(max_length=128, pattern=f"^{XML_TEXT}*$")],
        Annotated[str, Field(max_length=1024, pattern=f"^{XML_TEXT}*$")],
    ] = Field(default_factory=dict, max_length=16)


class CutEffect(_Model):
    """Handle the request, send so much of the answer (from 0 to 1), and close the connection."""

    kind: Literal["cut"]
    share: _Number = Field(default=0.5, ge=0, le=1)


class DripEffect(_Model):
    """Handle the request, and let the answer take so many seconds of real time, piece by piece."""

    kind: Literal["drip"]
    seconds: _Number = Field(ge=0, le=3600)


class ClockEffect(_Model):
    """Have the clock of a node or server tell another time, so many seconds ahead; behind for a negative number.

    Only ``cluster`` and ``node`` go with it: a clock is wrong for every request.
    """

    kind: Literal["clock_skew"]
    seconds: _Number = Field(allow_inf_nan=False, ge=-1e8, le=1e8)


class PlainEffect(_Model):
    """What takes nothing further.

    ``endless`` is an answer that never ends. With ``session`` the caller's session is over, so that it must log in
    again. With ``disk_full`` what changes something is answered with 500, and nothing is changed. With ``certificate``
    new TLS connections are shown another certificate, by an unknown authority; no ``operation`` goes with it.
    """

    kind: Literal["endless", "session", "disk_full", "certificate"]


_Place = Annotated[str, Field(max_length=128)]


class NewFault(_Model):
    """A fault to inject; ``null`` for cluster, node, protocol or operation matches any."""

    cluster: _Place | None = None
    node: _Place | None = None
    protocol: _Place | None = None
    operation: _Place | None = None
    effect: Annotated[
        StatusEffect | DropEffect | DelayEffect | ErrorEffect | CutEffect | DripEffect | ClockEffect | PlainEffect,
        Field(discriminator="kind"),
    ]
    times: _Whole | None = Field(default=None, ge=1)
    skip: _Whole = Field(default=0, ge=0)
    every: _Whole = Field(default=1, ge=1)
    probability: _Number = Field(default=1.0, ge=0, le=1)
    seed: _Whole = 0


class NewFaults(_Model):
    """Faults that belong together, each as :class:`NewFault` has it; they are looked at one by one, for their place."""

    faults: list[dict[str, Any]]


@router.get("")
async def list_faults(request: Request) -> dict[str, list[dict[str, Any]]]:
    """The faults in force, with how often each has struck."""
    return {"faults": [_fault(fault) for fault in environment_of(request).faults.active]}


@router.post("", status_code=201)
async def inject_fault(request: Request, fault: NewFault) -> dict[str, Any]:
    """Put a fault in force."""
    if (said := _problem(fault, environment_of(request), request.app.state.control.operations)) is not None:
        raise HTTPException(422, said)
    return _fault(_put_in_force(environment_of(request), fault))


@router.post("/set", status_code=201)
async def inject_faults(request: Request, faults: NewFaults) -> dict[str, list[dict[str, Any]]]:
    """Put all faults of a set in force, beside those that are, or none of them when one is wrong."""
    try:
        found = _begin(faults.faults, environment_of(request), request.app.state.control.operations)
    except ScenarioError as error:
        raise HTTPException(422, str(error)) from None
    return {"faults": [_fault(fault) for fault in found]}


@router.get("/errors")
async def list_errors() -> dict[str, dict[str, dict[str, str]]]:
    """The errors that a fault of kind ``error`` can inject, by protocol, with their words."""
    return {"errors": {protocol: dict(errors) for protocol, errors in error_catalogue.ERRORS.items()}}


@router.delete("", status_code=204)
async def clear_faults(request: Request) -> None:
    """Withdraw all faults."""
    environment = environment_of(request)
    environment.faults.clear()
    recovery.look_at_all(environment.context)


@router.delete("/{fault_id}", status_code=204)
async def remove_fault(request: Request, fault_id: int) -> None:
    """Withdraw one fault."""
    environment = environment_of(request)
    if not environment.faults.remove(fault_id):
        raise HTTPException(404, f"there is no fault {fault_id}")
    recovery.look_at_all(environment.context)


def begin(environment: Environment, operations: Operations) -> None:
    """Put the faults of the scenario in force, as at a start and after a reset; ``operations`` are those served.

    Raises:
        ScenarioError: One of them breaks a rule.
    """
    _begin(environment.scenario.faults, environment, operations)


def _begin(faults: Sequence[Mapping[str, Any]], environment: Environment, operations: Operations) -> list[Fault]:
    found = [_checked(f"faults[{number}]", given, environment, operations) for number, given in enumerate(faults)]
    return [_put_in_force(environment, fault) for fault in found]


def _checked(place: str, given: Mapping[str, Any], environment: Environment, operations: Operations) -> NewFault:
    """Return a fault of a set or scenario; raise :class:`ScenarioError` with its place when it breaks a rule."""
    try:
        fault = NewFault.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        inside = ".".join(str(part) for part in first["loc"])
        raise ScenarioError(f"{place}.{inside}".rstrip("."), _rule(first["type"], inside) or first["msg"]) from None
    if (said := _problem(fault, environment, operations)) is not None:
        raise ScenarioError(place, said)
    return fault


def _rule(kind: str, inside: str) -> str | None:
    """Return in words what a mistake in the form of a fault is, for those that people make."""
    if kind == "missing" and inside == "effect":
        return "is missing; it tells what happens, for example {kind: drop}"
    if kind == "union_tag_not_found":
        return f"has no kind; the kinds are {', '.join(one.value for one in EffectKind)}"
    if kind == "extra_forbidden":
        known = f"; known are {', '.join(NewFault.model_fields)}" if "." not in inside else ""
        return f"is not known here{known}"
    return "is missing" if kind == "missing" else None


def _problem(fault: NewFault, environment: Environment, operations: Operations) -> str | None:
    """Return what is wrong with a fault beyond its form, ``None`` when nothing is."""
    if isinstance(fault.effect, ClockEffect):
        everywhere = NewFault(effect=fault.effect)
        given = [name for name in _OF_REQUESTS if getattr(fault, name) != getattr(everywhere, name)]
        if given:
            return f"a clock is wrong for every request; leave out {', '.join(given)}"
    if fault.effect.kind == "certificate" and fault.operation is not None:
        return "a certificate is shown before anything is asked for; leave out operation"
    place = {name: getattr(fault, name) for name in _PLACE}
    if (said := fault_places.problem(environment.scenario, operations, **place)) is not None:
        return said
    return error_catalogue.problem(fault.effect.code, fault.protocol) if isinstance(fault.effect, ErrorEffect) else None


def _put_in_force(environment: Environment, fault: NewFault) -> Fault:
    values = fault.model_dump(exclude={"effect"})
    effect = fault.effect.model_dump()
    if isinstance(fault.effect, PlainEffect):
        # What a server with a full disk answers.
        effect["status"] = 500
    new = Fault(
        id=environment.faults.next_id(), effect=Effect(**(effect | {"kind": EffectKind(effect["kind"])})), **values
    )
    environment.faults.active.append(new)
    recovery.look_at_all(environment.context)
    return new


_PLACE = ("cluster", "node", "protocol", "operation")
_OF_REQUESTS = ("protocol", "operation", "times", "skip", "every", "probability")
"""What says which requests a fault strikes, beside the server that is asked."""
_SHOWN = (
    "id",
    "cluster",
    "node",
    "protocol",
    "operation",
    "times",
    "skip",
    "every",
    "probability",
    "seed",
    "matched",
    "hits",
    "at_once",
)


def _fault(fault: Fault) -> dict[str, Any]:
    wanted = _EFFECTS.get(fault.effect.kind, ())
    effect = asdict(fault.effect)
    switches = {name: True for name in ("date", "after") if effect[name]}
    return {name: getattr(fault, name) for name in _SHOWN} | {
        "effect": {"kind": fault.effect.kind.value} | {name: effect[name] for name in wanted} | switches
    }


_EFFECTS = {
    EffectKind.STATUS: ("status", "retry_after"),
    EffectKind.DELAY: ("seconds",),
    EffectKind.DRIP: ("seconds",),
    EffectKind.CLOCK_SKEW: ("seconds",),
    EffectKind.CUT: ("share",),
    EffectKind.ERROR: ("code", "values"),
}
"""What is shown of an effect beside its kind."""
