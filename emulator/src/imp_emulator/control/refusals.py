# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of the control plane share: the environment of a request, and refusals of the domain as answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException, Request

from imp_emulator.errors import DomainError, InvalidValue, NotFound
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the domain's refusals into answers: 404, 422 for a value, 409 for the rest."""
    try:
        yield
    except DomainError as error:
        status = 404 if isinstance(error, NotFound) else 422 if isinstance(error, InvalidValue) else 409
        raise HTTPException(status, error.message) from None


def asked_clusters(context: Context, cluster: str | None) -> list[str]:
    """Return the names of the clusters that a request is about: the one it names, or all.

    Raises:
        HTTPException: There is no such cluster.
    """
    known = [spec.name for spec in context.scenario.clusters]
    if cluster is None:
        return known
    if cluster not in known:
        raise HTTPException(404, f"there is no cluster {cluster!r}")
    return [cluster]


def asked_cluster(context: Context, cluster: str) -> str:
    """Return the name of the cluster that a request names; raises ``HTTPException`` when there is none."""
    return asked_clusters(context, cluster)[0]


def environment_of(request: Request) -> Environment:
    """Return the whole environment, for what is the gate's and not the domain's."""
    environment: Environment = request.app.state.control.environment
    return environment


def context_of(request: Request) -> Context:
    """Return the part of the environment that a request to the control plane is about."""
    return environment_of(request).context
