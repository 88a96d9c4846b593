# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for the certificates of real servers, whose keys are not here, and what is made after a description.

A node of a twin holds the real certificates in its trust stores, and an Exchange server of the twin shows certificates
of ours with the same names. So that the node's verdict is that of the real one, it is verified with our certificates in
place of the real ones that they stand in for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    rsa_key,
    subject,
    usable,
)
from imp_emulator.crypto.copies import copy, issuer_of, key_like
from imp_emulator.scenario.configured import CertificateSpec, GeneratedSpec
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
    copies = _Copies([held_pem(one)[0] for one in trusted if isinstance(one, str)])
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
    made: Iterable[tuple[CertificateSpec, str]] = (*copies.made(), *described.made())
    for spec, certificate in made:
        stand_ins.put(database, spec, certificate)


class _Copies:
    """The copies of real certificates: one for each certificate, and one key for each key.

    Args:
        known: Certificates that nodes trust, among which those above a server's own may be.
    """

    def __init__(self, known: Sequence[Certificate]) -> None:
        self._known = list(known)
        self._keys: dict[object, PrivateKey] = {}
        self._copies: dict[str, tuple[Certificate, Certificate]] = {}

    def made(self) -> list[tuple[str, str]]:
        """Return each real certificate with its copy, in PEM."""
        return [(real.pem, made.pem) for real, made in self._copies.values()]

    def pair(self, server: ExchangeSpec) -> KeyPair:
        """Return what a server shows; the chain that it is told of begins with its own certificate."""
        chain = [held_pem(one)[0] for one in server.stands_in_for if isinstance(one, str)]
        for real in (*chain, *self._above(chain)):
            self._copy(real, [*chain, *self._known])
        way = self._way(chain[0], [*chain, *self._known])
        issuers = [self._copies[one.fingerprint][1] for one in way[1:]]
        if not way[-1].self_signed:
            issuers.append(issuer_of(way[-1], self._key(way[-1].parts.issuer.key)))
        own = self._copies[chain[0].fingerprint][1]
        return KeyPair(key_pem(self._key(chain[0].parts.key)), own.pem, "".join(one.pem for one in issuers))

    def _above(self, chain: Sequence[Certificate]) -> list[Certificate]:
        """Return the known certificates that a chain may go on with, up to every root."""
        waiting, found = list(chain), dict[str, Certificate]()
        while waiting:
            one = waiting.pop()
            for other in self._known:
                if other.fingerprint not in found and one.issued_by(other):
                    found[other.fingerprint] = other
                    waiting.append(other)
        return list(found.values())

    @staticmethod
    def _way(own: Certificate, others: Sequence[Certificate]) -> list[Certificate]:
        """Return one way from a server's own certificate upwards, with that itself, as far as it is known."""
        way = [own]
        while not way[-1].self_signed:
            above = next((one for one in others if one not in way and way[-1].issued_by(one)), None)
            if above is None:
                break
            way.append(above)
        return way

    def _key(self, name: object) -> PrivateKey:
        """Return the key that stands for a real one (DER), or for that of an issuer that nobody knows."""
        if name not in self._keys:
            self._keys[name] = key_like(name if isinstance(name, bytes) else b"")
        return self._keys[name]

    def _copy(self, real: Certificate, others: Sequence[Certificate]) -> None:
        if real.fingerprint in self._copies:
            return
        issuer = real if real.self_signed else next((one for one in others if real.issued_by(one)), None)
        signer = self._key(real.parts.issuer.key if issuer is None else issuer.parts.key)
        self._copies[real.fingerprint] = real, copy(real, self._key(real.parts.key), signer)


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
            above = self._made.setdefault(spec, authority(spec.common_name, rsa_key(), above, _dates(spec)))
        key = rsa_key()
        pair = leaf(subject(chain[0].common_name), chain[0].alternative_names, key, above, _dates(chain[0]))
        own = x509.load_pem_x509_certificate(pair.certificate.encode())
        self._made.setdefault(chain[0], Issuer(key, own, pair.certificate + pair.issuers))
        return pair

    def add(self, spec: GeneratedSpec) -> None:
        """Make a certificate that no server shows: a root."""
        if spec not in self._made:
            self._made[spec] = authority(spec.common_name, ec_key(), None, _dates(spec), spec.alternative_names)


def _dates(spec: GeneratedSpec) -> Period:
    return spec.not_before, spec.not_after
