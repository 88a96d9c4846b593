# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What is remembered of a request between runs, in a file on the controller.

A CA's pages can be asked what became of a request by its number, and by nothing else. So the number is the only thread
back to a request, and is kept: *before* a request is submitted the file says so (``submitting``), afterwards it has the
number (``submitted``). A run that finds ``submitting`` knows that an earlier one ended in between.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._formats import text_file

FORMAT = 1
SUBMITTING = "submitting"
SUBMITTED = "submitted"


@dataclass(frozen=True)
class SubmittedRequest:
    """One request.

    ``ca`` is ``host:port``, ``csr`` the SHA-256 fingerprint of the signing request, ``request_id`` its number at the CA
    once it is ``submitted``. ``after`` is the number of the request with the same fingerprint that this one replaces (0
    when there is none): the one that is looked for has a higher number.
    """

    ca: str
    csr: str
    template: str | None
    state: str
    request_id: int | None = None
    after: int = 0


def load(path: Path) -> SubmittedRequest | None:
    """Read the file, ``None`` when there is none; raises :class:`ImpError` for one that cannot be used."""
    try:
        # An editor may have saved it anew, with a byte order mark.
        content = json.loads(text_file.text_of(text_file.content(path)))
    except FileNotFoundError:
        return None
    except text_file.NotRead as error:
        raise _unusable(path, str(error).removesuffix(".")) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(path, getattr(error, "strerror", None) or "it is not JSON") from None
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise _unusable(path, "another program, or another release of this collection, has written it")
    try:
        submitted = SubmittedRequest(**content)
    except TypeError:
        raise _unusable(path, "fields are missing, or there are others") from None
    number = submitted.request_id
    if (submitted.state, isinstance(number, int)) not in ((SUBMITTING, False), (SUBMITTED, True)):
        raise _unusable(path, "its state and its request number do not go together")
    return submitted


def save(path: Path, submitted: SubmittedRequest | None) -> None:
    """Write the file durably, or remove it."""
    if submitted is None:
        path.unlink(missing_ok=True)
        return
    write_atomically(path, json.dumps({"format": FORMAT, **asdict(submitted)}, indent=2) + "\n")


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file that appears complete or not at all, also when the machine loses power; raises :class:`ImpError`."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        fresh = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.chmod(mode)
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ImpError(f"{path} cannot be written: {error.strerror}.", code="file-error") from None


def _unusable(path: Path, why: Any) -> ImpError:
    return ImpError(
        f"request_file: {path} cannot be used: {why}. It tells which request belongs to the certificate: repair it, or "
        "remove it once you know that nothing is pending at the CA.",
        code="request-file",
    )
