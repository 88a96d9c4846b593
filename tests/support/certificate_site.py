# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated site without certificates, on which ``certificates.yml`` is played as a user does it, year after year."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certificate_steps import STANDALONE
from tests.support.certificates import Identity, issue
from tests.support.emulator import Emulator
from tests.support.exchange import served, sign
from tests.support.playbooks import INVENTORY, Played, play

CERTIFICATES = "ucops.imp.certificates"
MAIL1, MAIL2 = "mail1.example.com", "mail2.example.com"
ONE = ("--limit", MAIL1)
"""One server; what its node trusts is not looked at, which costs as much as the server does."""
SERVERS = ("--limit", "exchange")
WITH_NODES = ("--limit", f"imp-pub.dc1,{MAIL1}")
"""One server, and all that follows from its certificate."""
OF_THE_EMULATOR = re.compile(r"^exchange_certificate_(administrator|directory):.*\n", re.MULTILINE)
"""What only an inventory of the emulator says: who may issue, and where the files are."""


@dataclass
class CertificateSite:
    """An emulator, the inventory of a site whose authority others administer, and where commands are started."""

    emulator: Emulator
    folder: Path
    authority: Identity = field(default_factory=lambda: issue("Third Party CA", ca=True))

    def __post_init__(self) -> None:
        self.start = self.folder / "start"
        self.start.mkdir()
        self.inventory = self.folder / "inventory"
        shutil.copytree(INVENTORY, self.inventory)
        certificate = self.inventory / "group_vars" / "exchange" / "certificate.yml"
        certificate.write_text(OF_THE_EMULATOR.sub("", certificate.read_text()))
        (self.folder / "root.pem").write_text(self.authority.pem)

    @property
    def files(self) -> Path:
        """Where requests and certificates are by default."""
        return self.start / "certificates"

    @property
    def third_party(self) -> dict[str, Any]:
        """The variables of a site whose certificates somebody else signs."""
        trusted = [{"path": str(self.folder / "root.pem")}]
        return {"exchange_certificate_authority": "third_party", "trust_certificates": trusted}

    def play(
        self,
        *options: str,
        variables: Mapping[str, Any] | None = None,
        playbook: str = CERTIFICATES,
        **environment: str,
    ) -> Played:
        """Run a playbook; nobody waits for an administrator."""
        wanted = {"exchange_certificate_wait_timeout": 0, **(variables or {})}
        return play(
            self.emulator.ready_file,
            self.start,
            playbook,
            *options,
            variables=wanted,
            inventory=self.inventory,
            environment=environment,
        )

    def drift(self, **variables: Any) -> tuple[Played, dict[str, set[str]]]:
        """Look for drift on one server; returns the run, and what it found by status: kinds of objects."""
        wanted = {"ucops_imp_certificates": True, **variables}
        enabled = {"ANSIBLE_CALLBACKS_ENABLED": "module_calls,ucops.imp.drift"}
        played = self.play("--limit", MAIL1, variables=wanted, playbook="ucops.imp.drift", **enabled)
        found: dict[str, set[str]] = {}
        for record in json.loads((self.start / "drift-report" / "drift.json").read_text())["records"]:
            assert record["cluster"] == MAIL1
            found.setdefault(record["status"], set()).add(record["kind"])
        return played, found

    def sign(self, name: str, days: float = 365) -> str:
        """Sign the request of a server as the third party, and return the certificate; the caller saves it."""
        return sign((self.files / f"{name}.csr").read_text(), self.authority, days)

    def save(self, name: str, certificate: str) -> None:
        """Save what the third party has returned."""
        (self.files / f"{name}.cer").write_text(certificate)

    def requests(self) -> list[tuple[str, str]]:
        """Return the requests at the certification authority: subject and state."""
        found = self.emulator.control.ca_requests(STANDALONE)
        return [(request["subject"], request["state"]) for request in found]

    def states(self) -> list[str]:
        """Return what became of the requests at the certification authority."""
        return [state for _subject, state in self.requests()]

    def bound(self, server: str = MAIL1) -> str:
        """Return the certificate with which a server answers, in PEM."""
        return served(self.emulator, server).public_bytes(Encoding.PEM).decode("ascii")
