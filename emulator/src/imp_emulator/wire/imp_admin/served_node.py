# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operation of the administration API starts from: the node that was asked, and what rules work on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant

from imp_emulator.domain.imp import nodes
from imp_emulator.pipeline.request import Request as PipelineRequest
from imp_emulator.wire.imp_admin.problems import ProblemError
from imp_emulator.world.context import Context


@dataclass(frozen=True, slots=True)
class ServedNode:
    """The cluster and node of the listener that was asked, who asks, and what rules work on."""

    context: Context
    cluster: str
    node: str
    caller: str

    def presence_node(self, name: str) -> str:
        """Return the proper name of an IM and Presence node; raises ``NotFound``."""
        return nodes.presence_node(self.context, self.cluster, name).name


REPEATABLE = ("userid",)
"""The query parameters that may be given more than once."""


async def _served_node(request: Request) -> ServedNode:
    known = set(_query_names(request.scope["route"].dependant))
    for name in request.query_params:
        if name not in known:
            raise ProblemError("invalid-field", "There is no such query parameter.", name)
        if name not in REPEATABLE and len(request.query_params.getlist(name)) > 1:
            raise ProblemError("invalid-field", f"{name} must be given once.", name)
    arrived: PipelineRequest = request.state.request
    return ServedNode(request.app.state.context, arrived.cluster, arrived.node, arrived.caller or "")


def _query_names(dependant: Dependant) -> Iterator[str]:
    """Give the query parameters of an endpoint and of all that it depends on."""
    yield from (parameter.alias for parameter in dependant.query_params)
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)


async def _json_only(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ProblemError("unsupported-media-type")


async def _node(node: Annotated[str | None, Query(description="An IM and Presence node.")] = None) -> str | None:
    return node


Here = Annotated[ServedNode, Depends(_served_node)]
OneNode = Annotated[str | None, Depends(_node)]
"""The query parameter that names a node."""

JSON_ONLY = Depends(_json_only)
"""Refuses a body of another media type, for the operations that take one."""
