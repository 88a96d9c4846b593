# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for the certificates of real servers, whose keys are not here, and what is made after a description.

A node of a twin holds the real certificates in its trust stores, and an Exchange server of the twin shows certificates
of ours with the same names. So that the node's verdict is that of the real one, it is verified with our certificates in
place of the real ones that they stand in for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress

from cryptography import x509

from imp_emulator.crypto.certificates import (
    Issuer,
    Period,
    PrivateKey,
    authority,
    ec_key,
    key_pem,
    leaf,
    pem,
    private_key,
    rsa_key,
    subject,
    usable,
)
from imp_emulator.crypto.copies import AUTHORITY_KEY, copy, issuer_of, key_like
from imp_emulator.scenario.configured import GeneratedSpec
from imp_emulator.scenario.model import ExchangeSpec, Scenario, ScenarioError
from imp_emulator.store import keys, stand_ins
from imp_emulator.store.database import Database
from imp_emulator.store.keys import KeyPair
from imp_emulator.x509.certificate import Certificate, held_pem
from imp_emulator.x509.der import Malformed


def seed(database: Database, scenario: Scenario) -> None:
    """Make and store what stands in for the chains of real servers, and the certificates that are only described.

    Raises:
        ScenarioError: A certificate of a chain cannot be read, or no server could show one like it.
    """
    trusted = [one.certificate for cluster in scenario.clusters for one in cluster.trusted]
    shown = [one for server in scenario.exchange for one in server.stands_in_for]
    copies = _Copies(database, [held_pem(one)[0] for one in dict.fromkeys((*shown, *trusted)) if isinstance(one, str)])
    described = _Described()
    for number, server in enumerate(scenario.exchange):
        if server.stands_in_for:
            try:
                pair = (copies if isinstance(server.stands_in_for[0], str) else described).pair(server)
            except Malformed:
                pair = None
            if pair is None or not usable(pair.private_key + pair.certificate):
                place = f"exchange.servers[{number}].stands_in_for"
                raise ScenarioError(place, "begins with a certificate that no server could show one like; leave it out")
            keys.put(database, keys.NO_CLUSTER, server.name, pair)
    for one in trusted:
        if isinstance(one, GeneratedSpec):
            described.add(one)
    for spec, certificate in described.made():
        stand_ins.put(database, spec, certificate)


def learn(database: Database, known: Sequence[Certificate]) -> None:
    """Make what stands in for those certificates of trust stores that have issued what stands in for real ones.

    So a server of a twin is trusted as soon as a node is given the real certificates above that of the real server.

    Args:
        database: The state file, in a transaction.
        known: What the nodes trust.
    """
    real = [held_pem(pem)[0] for pem in stand_ins.real(database)]
    if real:
        copies = _Copies(database, [*real, *known])
        for one in copies.above(real):
            with suppress(Malformed):
                copies.made(one)


class _Copies:
    """The copies of real certificates: one for each certificate, and one key for each key.

    Args:
        database: Where they and their keys are kept.
        known: All real certificates that are known: what servers show, and what nodes trust.
    """

    def __init__(self, database: Database, known: Sequence[Certificate]) -> None:
        self._database = database
        self._known = known

    def pair(self, server: ExchangeSpec) -> KeyPair:
        """Return what a server shows; the chain that it is told of begins with its own certificate."""
        chain = [held_pem(one)[0] for one in server.stands_in_for if isinstance(one, str)]
        for real in (*chain, *self.above(chain)):
            self.made(real)
        way = [chain[0]]
        while (above := self._issuer(way[-1])) is not None and above not in way:
            way.append(above)
        issuers = [self.made(one) for one in way[1:]]
        if not way[-1].self_signed:
            issuers.append(issuer_of(way[-1], self._signer(way[-1])))
        own = self.made(chain[0])
        return KeyPair(key_pem(self._key(chain[0])), own.pem, "".join(one.pem for one in issuers))

    def above(self, below: Sequence[Certificate]) -> list[Certificate]:
        """Return the known certificates that stand above some, up to every root."""
        waiting, found = list(below), dict[str, Certificate]()
        while waiting:
            one = waiting.pop()
            for other in self._known:
                if other.fingerprint not in found and one.issued_by(other):
                    found[other.fingerprint] = other
                    waiting.append(other)
        return list(found.values())

    def made(self, real: Certificate) -> Certificate:
        """Return the copy of a certificate; it is made when there is none yet."""
        known = stand_ins.of_fingerprint(self._database, real.fingerprint)
        if known is not None:
            return held_pem(known)[0]
        made = copy(real, self._key(real), self._signer(real))
        stand_ins.put(self._database, real.pem, made.pem, real.pem)
        return made

    def _issuer(self, real: Certificate) -> Certificate | None:
        if real.self_signed:
            return None
        return next((one for one in self._known if real.issued_by(one)), None)

    def _key(self, real: Certificate) -> PrivateKey:
        """Return the key that stands for that of a real certificate.

        Where something that it has issued was copied before it was known, that is the key that has signed the copy.
        """
        name = f"key {hashlib.sha256(real.parts.key).hexdigest()}"
        found = self._kept(name)
        if found is None:
            below = (self._kept(_unknown(one)) for one in self._known if not one.self_signed and one.issued_by(real))
            found = next((one for one in below if one is not None), None)
            found = self._keep(name, found or key_like(real.parts.key))
        return found

    def _signer(self, real: Certificate) -> PrivateKey:
        """Return the key that signs the copy of a certificate."""
        issuer = real if real.self_signed else self._issuer(real)
        if issuer is not None:
            return self._key(issuer)
        return self._kept(_unknown(real)) or self._keep(_unknown(real), key_like(b""))

    def _kept(self, name: str) -> PrivateKey | None:
        try:
            pair = keys.get(self._database, keys.NO_CLUSTER, keys.stand_in(name))
        except KeyError:
            return None
        return private_key(pair.private_key)

    def _keep(self, name: str, key: PrivateKey) -> PrivateKey:
        keys.put(self._database, keys.NO_CLUSTER, keys.stand_in(name), KeyPair(key_pem(key), ""))
        return key


def _unknown(real: Certificate) -> str:
    """Return the name of the key that stands for that of an issuer whose certificate nobody has given."""
    named = repr((real.parts.issuer.key, real.parts.extension(AUTHORITY_KEY)))
    return f"issuer {hashlib.sha256(named.encode()).hexdigest()}"


class _Described:
    """The certificates that are made after descriptions, each of them once."""

    def __init__(self) -> None:
        self._made: dict[GeneratedSpec, Issuer] = {}

    def made(self) -> list[tuple[GeneratedSpec, str]]:
        """Return each description with its certificate, in PEM."""
        return [(spec, pem(made.certificate)) for spec, made in self._made.items()]

    def pair(self, server: ExchangeSpec) -> KeyPair:
        """Return what a server shows; the last certificate of the chain that it is told of is the root."""
        chain = [one for one in server.stands_in_for if isinstance(one, GeneratedSpec)]
        above: Issuer | None = None
        for spec in reversed(chain[1:]):
            if spec not in self._made:
                self._made[spec] = authority(spec.common_name, rsa_key(), above, _dates(spec), spec.alternative_names)
            above = self._made[spec]
        own = chain[0]
        if own not in self._made:
            key = rsa_key()
            pair = leaf(subject(own.common_name), own.alternative_names, key, above, _dates(own))
            certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
            self._made[own] = Issuer(key, certificate, pair.certificate + pair.issuers)
        shown = self._made[own]
        return KeyPair(key_pem(shown.key), pem(shown.certificate), above.chain if above else "")

    def add(self, spec: GeneratedSpec) -> None:
        """Make a certificate that no server shows: a root."""
        if spec not in self._made:
            self._made[spec] = authority(spec.common_name, ec_key(), None, _dates(spec), spec.alternative_names)


def _dates(spec: GeneratedSpec) -> Period:
    return spec.not_before, spec.not_after
