# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Client of the admin API of Unified CM: the files and jobs of the Bulk Administration Tool.

Cisco publishes no interface for these; its own pages do them. The emulator serves this one (base ``/cucm-admin/v1``)
on the publisher, and so may a service in front of a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.ucops.imp.plugins.module_utils._clients.admin_api import AdminApi
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import NoPublicApi

BASE = "/cucm-admin/v1"

_NOTHING = type(None)
_TEXT = (str, _NOTHING)
_FILE = {"name": str, "transaction": str, "sha256": str}
_JOB = {
    **dict.fromkeys(("id", "description", "transaction", "status"), str),
    **dict.fromkeys(("file_name", "sha256", "keep_symbol", "start_at", "launched_at", "ended_at"), _TEXT),
    **dict.fromkeys(("result", "log_name"), _TEXT),
    **dict.fromkeys(("query", "set"), (dict, _NOTHING)),
    **dict.fromkeys(("processed", "failed", "total"), int),
}
_ERRORS = {"errors": [{"line": int, "userid": str, "message": str}]}
"""What is read of answers, see ``shaped``."""


class CucmAdmin(AdminApi):
    """The admin API of a cluster, on its publisher of Unified CM."""

    base = BASE

    def bulk_files(self) -> list[dict[str, Any]]:
        """Return the uploaded files: ``{name, transaction, sha256, uploaded_at}``."""
        return self._items("/bulk-files", _FILE)

    def upload_bulk_file(self, fields: Mapping[str, Any]) -> None:
        """Store a file of ``{name, transaction, content, overwrite}``."""
        self._call("POST", "/bulk-files", body=fields)

    def check_bulk_file(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``{total, errors: [{line, userid, message}]}`` of ``{transaction, content, keep_symbol}``."""
        path = "/bulk-files/validate"
        content = self._call("POST", path, body=fields, idempotent=True).json()
        return dict(self._shaped(content, {"total": int, **_ERRORS}, path))

    def bulk_sample(self, transaction: str) -> str:
        """Return the sample file of a transaction."""
        path = f"/bulk-samples/{quote(transaction, safe='')}"
        return str(self._shaped(self._object(path), {"content": str}, path)["content"])

    def bulk_jobs(self) -> dict[str, Any]:
        """Return ``{service, time, items}``: what carries jobs out, the server's time, and the jobs, oldest first.

        The service is ``{node, name, activated, status}``. A job is ``{id, description, transaction, status, file_name,
        sha256, keep_symbol, query, set, submitted_by, submitted_at, start_at, launched_at, ended_at, result,
        processed, failed, total, log_name}``.
        """
        path = "/bulk-jobs"
        service = {"node": str, "name": str, "activated": bool, "status": str}
        return dict(self._shaped(self._object(path), {"service": service, "time": str, "items": [_JOB]}, path))

    def submit_bulk_job(self, fields: Mapping[str, Any]) -> str:
        """Submit ``{description, transaction, run, file_name, keep_symbol, query, set, newest}``; return the job's id.

        Raises ``Conflict`` when ``newest`` is not the newest job of this description any more.
        """
        path = "/bulk-jobs"
        content = self._call("POST", path, body=fields).json()
        return str(self._shaped(content, {"id": str}, path)["id"])

    def activate_bulk_job(self, job_id: str, fields: Mapping[str, Any]) -> None:
        """Have a job begin that has not begun; ``fields`` may have ``start_at``."""
        self._call("POST", f"/bulk-jobs/{quote(job_id, safe='')}/activate", body=fields)

    def stop_bulk_job(self, job_id: str) -> None:
        """Have a job end that is at work."""
        self._call("POST", f"/bulk-jobs/{quote(job_id, safe='')}/stop")

    def delete_bulk_job(self, job_id: str) -> None:
        """Remove a job that is not at work."""
        self._call("DELETE", f"/bulk-jobs/{quote(job_id, safe='')}")

    def bulk_log(self, job_id: str) -> dict[str, Any]:
        """Return the log of a job that has begun: ``{name, content, errors: [{line, userid, message}]}``."""
        path = f"/bulk-jobs/{quote(job_id, safe='')}/log"
        return dict(self._shaped(self._object(path), {"name": str, "content": str, **_ERRORS}, path))

    def _absent(self) -> NoPublicApi:
        return NoPublicApi(
            f"{self._transport.server} has no admin API ({BASE}). Cisco publishes no interface for bulk jobs: on this "
            "cluster they are submitted in Cisco Unified CM Administration, Bulk Administration, Users, on the first "
            "node.",
            details={"server": self._transport.server},
        )
