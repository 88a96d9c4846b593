# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the administration API takes and answers about bulk jobs. All times are virtual.

Requests are strict: no unknown field, no value of another type.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from imp_emulator.domain.cucm.bulk_jobs import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    LONGEST_PATTERN,
    LONGEST_SYMBOL,
    Kind,
    Status,
)
from imp_emulator.domain.imp.services import Status as ServiceStatus

BODY_LIMIT = 8 * 1024 * 1024
"""In bytes, of a request: a file of some ten thousand users."""
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_FILE = {"name": "sales.txt", "transaction": "Update Users - Custom File"}
_CONTENT = "USER ID,INCLUDE MEETING INFORMATION IN PRESENCE\nuser0001,t\n"
_JOB: dict[str, Any] = {
    "id": "1379838026",
    "description": "Sales, autumn",
    "transaction": "Update Users - Custom File",
    "status": "Completed",
    "frequency": "Once",
    "file_name": "sales.txt",
    "sha256": "0" * 64,
    "keep_symbol": "#",
    "query": None,
    "set": None,
    "submitted_by": "axladmin",
    "submitted_at": "2013-09-22T08:20:26Z",
    "start_at": "2013-09-22T08:20:26Z",
    "launched_at": "2013-09-22T08:20:27Z",
    "ended_at": "2013-09-22T08:20:28Z",
    "result": "Success",
    "processed": 1,
    "failed": 0,
    "total": 1,
    "log_name": "1379838026#09222013082027.txt",
}

JobId = Annotated[str, Field(json_schema_extra={"pattern": "^[0-9]{1,12}$"})]
_Digest = Annotated[str, Field(description="SHA-256 of the content in UTF-8, in hexadecimal digits.")]
_KeepSymbol = Annotated[
    str | None,
    Field(
        description="What keeps the stored value in a file of Update Users.",
        max_length=LONGEST_SYMBOL,
        pattern=r"^\S(.*\S)?$",
    ),
]
# With a bound, a text is checked to be valid Unicode, too.
_Content = Annotated[str, Field(description="The file's text. It can be stored, never read.", max_length=BODY_LIMIT)]
_Pattern = Annotated[str, Field(max_length=LONGEST_PATTERN)]
FileTransaction = Literal["Insert Users", "Update Users - Custom File"]


class BulkFileIn(BaseModel):
    """A file for a transaction."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{**_FILE, "content": _CONTENT}]}
    )

    name: Annotated[
        str,
        Field(min_length=1, max_length=LONGEST_NAME, json_schema_extra={"pattern": r"^[^,/\\]*[^,/\\\s][^,/\\]*$"}),
    ]
    transaction: FileTransaction
    content: _Content
    overwrite: Annotated[bool, Field(description="Whether a file of this name is replaced.")] = False


class BulkFile(BaseModel):
    """An uploaded file."""

    name: str
    transaction: Kind
    sha256: _Digest
    uploaded_at: datetime


class BulkFiles(BaseModel):
    """The uploaded files by name."""

    items: list[BulkFile]


class BulkSample(BaseModel):
    """A sample file, as the page shows it."""

    transaction: Kind
    content: str


class BulkContent(BaseModel):
    """A file that is to be looked at."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"transaction": _FILE["transaction"], "content": _CONTENT}]},
    )

    transaction: FileTransaction
    content: _Content
    keep_symbol: _KeepSymbol = None


class BulkLineError(BaseModel):
    """Why a line cannot be carried out."""

    line: Annotated[int, Field(ge=1, description="Of the file; of the users that a query has found, counted from 1.")]
    userid: Annotated[str, Field(description="Empty where the line names none.")]
    message: str


class BulkCheck(BaseModel):
    """What a file would come to."""

    total: int
    errors: list[BulkLineError]


class BulkQuery(BaseModel):
    """Which users; all patterns must match. % stands for any text, and nothing else is a wildcard."""

    model_config = ConfigDict(extra="forbid", strict=True)

    userid: _Pattern | None = None
    first_name: _Pattern | None = None
    last_name: _Pattern | None = None
    department: _Pattern | None = None


class BulkOptions(BaseModel):
    """What an update by query sets; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    home_cluster: bool | None = None
    im_and_presence: bool | None = None
    meeting_information: bool | None = None


class BulkJobIn(BaseModel):
    """A job that is to be done."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "description": "Everybody in Sales",
                    "transaction": "Update Users - Query",
                    "query": {"department": "Sales%"},
                    "set": {"im_and_presence": True},
                    "run": "immediately",
                }
            ]
        },
    )

    description: Annotated[
        str, Field(min_length=1, max_length=LONGEST_DESCRIPTION, json_schema_extra={"pattern": r"\S"})
    ]
    transaction: Kind
    run: Annotated[
        Literal["immediately", "later"], Field(description="A job that runs later is on Hold until it is activated.")
    ] = "immediately"
    file_name: Annotated[str | None, Field(description="An uploaded file; not for an update by query.")] = None
    keep_symbol: _KeepSymbol = None
    query: BulkQuery | None = None
    set: BulkOptions | None = None
    newest: Annotated[
        str | None,
        Field(
            description="The newest job of this description that the caller knows, an empty text for none. When there "
            "is another one by then the job is refused, so that two callers do not submit it twice.",
            max_length=12,
            json_schema_extra={"pattern": "^[0-9]{0,12}$"},
        ),
    ] = None


class BulkJob(BaseModel):
    """A job."""

    model_config = ConfigDict(json_schema_extra={"examples": [_JOB]})

    id: JobId
    description: str
    transaction: Kind
    status: Status
    frequency: Literal["Once"] = "Once"
    file_name: str | None
    sha256: Annotated[str | None, Field(description="Of the file as it was when the job was submitted.")]
    keep_symbol: str | None
    query: BulkQuery | None
    set: BulkOptions | None
    submitted_by: str
    submitted_at: datetime
    start_at: Annotated[datetime | None, Field(description="Null on Hold.")]
    launched_at: datetime | None
    ended_at: datetime | None
    result: Literal["Success", "Error"] | None
    processed: Annotated[int, Field(ge=0, description="The lines that were gone through, the failed ones among them.")]
    failed: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(ge=0, description="0 before the launch.")]
    log_name: str | None


class BulkProvisioning(BaseModel):
    """The service that carries jobs out."""

    node: str
    name: str
    activated: bool
    status: ServiceStatus


class BulkJobs(BaseModel):
    """The jobs, the oldest first, and the service that carries them out."""

    time: Annotated[datetime, Field(description="The server's time.")]
    service: BulkProvisioning
    items: list[BulkJob]


class BulkStart(BaseModel):
    """When an activated job is to begin."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    start_at: Annotated[
        Annotated[AwareDatetime, Field(lt=_LATEST)] | None, Field(description="Without it as soon as it can.")
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _text(cls, given: Any) -> Any:
        """Refuse a number: JSON has no times, and seconds since when would be anybody's guess."""
        if isinstance(given, dict) and not isinstance(given.get("start_at"), str | None):
            raise ValueError("start_at must be a time as text")
        return given


class BulkLog(BaseModel):
    """The log of a job."""

    name: str
    content: str
    errors: list[BulkLineError]
