# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""One certificate from a certification authority: what the module adcs_certificate manages (requirements C4, C5).

A request must not be submitted twice, whatever happens between submitting it and knowing its number; ``request_file``
says how that is remembered. A run that was ended in between is healed by looking the request up, by the fingerprint of
its signing request, where the CA has an administration interface. A plain CA offers no such lookup, so there the task
says that it does not know, and the user decides: ``request_id``, or ``resubmit: [in_doubt]``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.csr import NotARequest, read_request
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    require_library,
    split_bundle,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.ca_admin import CaAdmin
from ansible_collections.ucops.imp.plugins.module_utils._clients.certsrv import (
    DENIED,
    ISSUED,
    PENDING,
    REVOKED,
    UNKNOWN,
    CertSrv,
    Disposition,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    Forbidden,
    ImpError,
    NoPublicApi,
    UnexpectedAnswer,
    WaitExpired,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    CENTURY,
    DAY,
    check_range,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    CREATE,
    UPDATE,
    Change,
    FieldChange,
    Plan,
    Refusal,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.request_file import (
    SUBMITTED,
    SUBMITTING,
    SubmittedRequest,
    load,
    save,
    write_atomically,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource

REQUEST = "certificate_request"
CERTIFICATE = "certificate"
AS_ISSUED = "(as issued)"
"""Stands for the fingerprint of a certificate that does not exist yet."""

IN_DOUBT = "in_doubt"


@dataclass(frozen=True)
class KnownRequest:
    """What is known: the remembered request, what became of it, and the certificate in the file if it fits the key.

    ``superseded`` says why the remembered request counts no more.
    """

    submitted: SubmittedRequest | None
    disposition: Disposition | None
    stored: Certificate | None
    superseded: str | None = None


class AdcsCertificate(Resource[KnownRequest]):
    """A signing request, its request at the CA, and the file with the certificate."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        require_library()
        params = context.params
        transport = context.transport()
        self._pages = CertSrv(transport)
        self._admin = CaAdmin(transport)
        self._ca = transport.server
        self._path = Path(params["path"])
        self._file = Path(params["request_file"] or f"{params['path']}.request.json")
        self._template: str | None = params["template"]
        self._resubmit: list[str] = params["resubmit"]
        self._now = datetime.now(timezone.utc)
        self._problems: list[str] = []
        self._content = self._read_content()

    def _read_content(self) -> bytes | str:
        if self.context.params["csr"] is not None:
            return str(self.context.params["csr"])
        path = Path(self.context.params["csr_path"])
        try:
            return certificate_file.read_file(path)
        except OSError as error:
            self._problems.append(f"csr_path: {path}: {error.strerror}.")
        except NotRead as error:
            self._problems.append(f"csr_path: {path}: {error}")
        return b""

    def problems(self) -> list[str]:
        params = self.context.params
        found = list(self._problems)
        if not found:
            try:
                self._request = read_request(self._content)
            except NotARequest as error:
                option = "csr" if params["csr"] is not None else f"csr_path: {params['csr_path']}"
                found.append(f"{option}: {error}")
        found += check_range("wait_timeout", params["wait_timeout"], 0, DAY, "seconds")
        found += check_range("poll_interval", params["poll_interval"], 1, DAY, "seconds")
        found += check_range("renew_before_days", params["renew_before_days"], 0, CENTURY, "days")
        if params["request_id"] is not None and params["request_id"] < 1:
            found.append("request_id: requests are numbered from 1.")
        found += self._check_folders()
        names = {**(params["attributes"] or {}), "CertificateTemplate": self._template or ""}
        if any("\n" in f"{name}{value}" or "\r" in f"{name}{value}" for name, value in names.items()):
            found.append("template, attributes: names and values must not hold line breaks.")
        return found

    def _check_folders(self) -> list[str]:
        """Refuse folders that are not there; in check mode an earlier task may have predicted to make them."""
        found = []
        for name, path in (("path", self._path), ("request_file", self._file)):
            told = f"there is no directory {path.parent} on the controller."
            # Path raises for a name that is too long.
            if os.path.isdir(path.parent):  # noqa: PTH112
                continue
            if self.context.check_mode and not os.path.exists(path.parent):  # noqa: PTH110
                self.context.warn(f"{name}: {told} It is taken that an earlier task makes it.")
            else:
                found.append(f"{name}: {told}")
        return found

    def read(self) -> KnownRequest:
        stored = self._stored()
        submitted = self._remembered()
        if submitted is None:
            self._pages.check()
            return KnownRequest(None, None, stored)
        if submitted.state == SUBMITTING:
            submitted = self._look_up(submitted)
            if submitted.request_id is None:
                return KnownRequest(submitted, None, stored, IN_DOUBT)
        disposition = self._pages.fetch(int(submitted.request_id or 0))
        self._check_key(disposition)
        gone = disposition.state if disposition.state in (DENIED, REVOKED) else None
        return KnownRequest(submitted, disposition, stored, gone)

    def _stored(self) -> Certificate | None:
        """Return the certificate in the file, if there is one for the key of the request."""
        try:
            found = split_bundle(certificate_file.read_file(self._path))
        except (FileNotFoundError, NotACertificate, NotRead):
            return None
        except OSError as error:
            raise ImpError(f"path: {self._path}: {error.strerror}.", code="file-error") from None
        return next((one for one in found if one.key == self._request.key), None)

    def _remembered(self) -> SubmittedRequest | None:
        """Return the remembered request if it is the wanted one; ``request_id`` adopts one."""
        number: int | None = self.context.params["request_id"]
        submitted = load(self._file)
        fits = submitted is not None and (submitted.ca, submitted.csr, submitted.template) == self._identity()
        if number is not None and not (fits and submitted is not None and submitted.request_id not in (None, number)):
            return self._keep(SubmittedRequest(*self._identity(), state=SUBMITTED, request_id=number))
        return submitted if fits else None

    def _identity(self) -> tuple[str, str, str | None]:
        return self._ca, self._request.fingerprint, self._template

    def _keep(self, submitted: SubmittedRequest) -> SubmittedRequest:
        if not self.context.check_mode and load(self._file) != submitted:
            save(self._file, submitted)
        return submitted

    def _look_up(self, submitted: SubmittedRequest) -> SubmittedRequest:
        """Find the request that an interrupted run may have submitted; without a number when there is none.

        Raises :class:`ImpError` when nobody can tell, unless the user says to submit it again.
        """
        try:
            known = self._admin.requests(submitted.csr)
        except (NoPublicApi, Forbidden, ApiError):
            if IN_DOUBT in self._resubmit:
                return submitted
            raise ImpError(
                f"An earlier run was interrupted while it submitted this request to {self._ca}, which offers no way to "
                "look a request up. Look for it at the CA: give its number in request_id, or resubmit: [in_doubt] if "
                "it is not there. The role exchange_certificate has exchange_certificate_request_id and "
                "exchange_certificate_resubmit for it.",
                code="submission-in-doubt",
                details={"request_file": str(self._file)},
            ) from None
        numbers = [int(item["id"]) for item in known if int(item["id"]) > submitted.after]
        return self._keep(replace(submitted, state=SUBMITTED, request_id=max(numbers))) if numbers else submitted

    def _check_key(self, disposition: Disposition) -> None:
        """Refuse the certificate of a foreign request: the CA may have been set up anew, or the number is wrong."""
        certificate = disposition.certificate
        if certificate is not None and certificate.key != self._request.key:
            raise ImpError(
                f"Request {disposition.request_id} of {self._ca} is for another key ({certificate.subject}). Check "
                f"request_id, or remove {self._file} if the CA was set up anew.",
                code="other-request",
            )

    def plan(self, state: KnownRequest) -> Plan:
        if state.superseded is not None and state.superseded not in (*self._resubmit, IN_DOUBT):
            return Plan(refusals=(_refusal(state.disposition),))
        reason = self._why_submit(state)
        steps = [] if reason is None else [self._request_step(reason)]
        step = self._certificate_step(state, new=reason is not None)
        if step is not None:
            steps.append(step)
        return Plan(tuple(steps), self._warnings(state))

    def _why_submit(self, state: KnownRequest) -> str | None:
        """Return why a request has to be submitted, ``None`` when it need not."""
        if state.superseded is not None:
            return state.superseded
        known = _known_certificate(state)
        if known is None:
            return "first" if state.submitted is None else None
        return "renewal" if self._due(known) else None

    def _due(self, certificate: Certificate) -> bool:
        """Whether a certificate has expired or soon will; one that is always about to is renewed when it has."""
        days = timedelta(days=self.context.params["renew_before_days"])
        if not days:
            return False
        ahead = timedelta() if self._always_due(certificate) else days
        return self._now + ahead >= certificate.not_after

    def _always_due(self, certificate: Certificate) -> bool:
        """Whether a certificate is valid for no longer than ``renew_before_days``."""
        days = timedelta(days=self.context.params["renew_before_days"])
        end = certificate.not_after
        return bool(days) and end - certificate.not_before <= days + timedelta(days=1)

    def _warnings(self, state: KnownRequest) -> tuple[str, ...]:
        known = _known_certificate(state)
        if state.superseded is not None or known is None or not self._always_due(known):
            return ()
        days = self.context.params["renew_before_days"]
        warning = (
            f"The CA issues for no longer than renew_before_days ({days}): every run would renew, so renewal "
            "waits for the end of the validity."
        )
        return (warning,)

    def _request_step(self, reason: str) -> Change:
        fields = [
            FieldChange("csr", None, self._request.fingerprint),
            FieldChange("reason", None, reason),
            FieldChange("subject", None, self._request.subject),
        ]
        if self._template:
            fields.append(FieldChange("template", None, self._template))
        return Change(REQUEST, self._request.common_name or self._request.fingerprint, CREATE, tuple(fields))

    def _certificate_step(self, state: KnownRequest, *, new: bool) -> Change | None:
        known = _known_certificate(state)
        before = state.stored.fingerprint if state.stored else None
        after = AS_ISSUED if new or known is None else known.fingerprint
        if after == before or (after == AS_ISSUED and not self.context.params["wait"]):
            return None
        action = CREATE if before is None else UPDATE
        return Change(CERTIFICATE, str(self._path), action, (FieldChange("fingerprint", before, after),))

    def apply(self, change: Change) -> None:
        if change.kind == REQUEST:
            self._submit()
        else:
            write_atomically(self._path, self._wait().pem)

    def _submit(self) -> None:
        earlier = load(self._file)
        after = 0
        if earlier is not None and (earlier.ca, earlier.csr) == (self._ca, self._request.fingerprint):
            after = max(earlier.request_id or 0, earlier.after)
        intent = SubmittedRequest(*self._identity(), state=SUBMITTING, after=after)
        save(self._file, intent)
        attributes = dict(self.context.params["attributes"] or {})
        if self._template:
            attributes["CertificateTemplate"] = self._template
        try:
            told = self._pages.submit(self._request.pem, attributes)
        except (AnswerLost, UnexpectedAnswer):
            raise  # it may have been done: the intent stays
        except ApiError as error:
            if error.status < 500:
                save(self._file, earlier)
            raise
        except ImpError:
            save(self._file, earlier)
            raise
        numbered = replace(intent, state=SUBMITTED, request_id=told.request_id)
        save(self._file, numbered if told.request_id else earlier)
        if told.state == DENIED:
            raise _refusal(told).error

    def _wait(self) -> Certificate:
        """Wait until the CA has issued, fetch the certificate and make sure that it is the right one."""
        submitted = self._remembered()
        if submitted is None or submitted.request_id is None:
            raise ImpError("There is no request whose certificate could be fetched.", code="not-submitted")
        params = self.context.params
        told = Disposition(UNKNOWN, submitted.request_id)
        polling = self.context.polling(params["wait_timeout"], params["poll_interval"])
        with self.context.backoff.until(polling.timeout):
            for report in polling.looks():
                told = self._pages.fetch(submitted.request_id)
                if told.certificate is not None:
                    self._check_key(told)
                    return told.certificate
                if told.state not in (PENDING, UNKNOWN):
                    raise _refusal(told).error
                report(f"request {told.request_id} is {told.state}: {told.message}")
        raise WaitExpired(
            f"Request {told.request_id} was not issued within {params['wait_timeout']} s: {_sentence(told.message)} "
            "Have an administrator of the CA issue it and run the task again; it goes on with the same request.",
            details={"request_id": told.request_id},
        )

    def current(self, state: KnownRequest) -> dict[str, Any]:
        told = state.disposition
        known = told.certificate if told and told.certificate else state.stored
        return {
            "request_id": state.submitted.request_id if state.submitted else None,
            "state": told.state if told else (ISSUED if known else None),
            "message": told.message if told else None,
            "certificate": {**known.as_dict(), "content": known.pem} if known else None,
        }


def _known_certificate(state: KnownRequest) -> Certificate | None:
    return state.disposition.certificate if state.disposition else state.stored


def _sentence(words: str) -> str:
    """Return the CA's own words with an end; it may be that of another language."""
    return words if words.endswith((".", "。")) else f"{words}."


def _refusal(disposition: Disposition | None) -> Refusal:
    told = disposition or Disposition(UNKNOWN, 0)
    if not told.request_id:
        # It has not even a number, so there is nothing that could be submitted again.
        text = f"The CA does not take the request: {_sentence(told.message)} Submit a corrected request."
        return Refusal(text, f"request-{told.state}", details={"request_id": None})
    return Refusal(
        f"The CA has {told.state} request {told.request_id}: {_sentence(told.message)} Submit a corrected request, or "
        f"the same one again with resubmit: [{told.state}]. In the role exchange_certificate these are "
        f"exchange_certificate_new_request: true and exchange_certificate_resubmit: [{told.state}].",
        f"request-{told.state}",
        details={"request_id": told.request_id},
    )
