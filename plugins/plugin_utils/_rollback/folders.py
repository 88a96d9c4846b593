# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Where the backups of a run are: below one folder a folder for each run, and in that one for each host.

All processes of a run have to name the same folder, without being able to tell each other. They share Ansible's
temporary folder, which each run has to itself, and the first one leaves a mark there whose age is the run's.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

USUAL = Path(".ucops_imp") / "backups"
"""The folder beside the inventory."""
_MARK = "ucops_imp_backups"


def run_name(temporary: Path) -> str:
    """Return what the folder of this run is called: when its first backup was thought of, in UTC.

    ``temporary`` is a folder that the processes of the run share and no other run has. Raises ``OSError``.
    """
    mark = temporary / _MARK
    with suppress(FileExistsError):
        mark.touch(exist_ok=False)
    begun = datetime.fromtimestamp(mark.stat().st_mtime, timezone.utc)
    return begun.strftime("%Y-%m-%dT%H%M%S.%f")[:-3] + "Z"


class NotOneHosts(Exception):
    """A folder with backups does not say whose they are, and there are several hosts that they could be of."""


def host_folder(given: Path, host: str, others: Collection[str], *, alone: bool) -> Path | None:
    """Return the folder with a host's backups: the one that is given, or the host's in that of a run.

    ``None`` when nothing in it is the host's: it is the folder of one of the ``others``, or that of a run that has
    changed nothing of this host. A folder that is called like no host is taken when the host is ``alone``, else
    :class:`NotOneHosts` is raised. Raises ``OSError`` when there is no such folder, and ``ValueError`` when it has no
    backups at all.
    """
    inside = list(given.iterdir())
    if any(path.suffix == ".json" for path in inside):
        if given.name == host:
            return given
        if given.name in others:
            return None
        if not alone:
            raise NotOneHosts
        return given
    if (given / host).is_dir():
        return given / host
    if not any(path.is_dir() and next(path.glob("*.json"), None) for path in inside):
        raise ValueError(given)
    return None
