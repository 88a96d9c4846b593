# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL schemas that public client packages carry, found where the packages are installed; nothing is copied."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

XSD = "{http://www.w3.org/2001/XMLSchema}"
FOLDER = os.environ.get("UCOPS_AXL_SCHEMAS")
"""A folder with schemas of Unified CM that no package carries, as ``14.0/AXLSoap.xsd``: CiscoDevNet and the repository
of axltoolkit publish them."""
NEWER = tuple(version for version in ("14.0", "15.0") if FOLDER and (Path(FOLDER) / version / "AXLSoap.xsd").is_file())
CUCM_VERSIONS = ("11.5", "12.5", *NEWER)
OFFERED_VERSIONS = tuple(version for version in CUCM_VERSIONS if version != "15.0")
"""Those that the cluster of the default scenario has."""
IMP_VERSIONS = ("11.5", "12.5")


def package_folder(name: str) -> Path:
    """Return the folder of an installed package; raises ``LookupError`` when it is not installed."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"package {name} is not installed, see tests/requirements.txt")
    return Path(next(iter(spec.submodule_search_locations)))


@dataclass(frozen=True, slots=True)
class Line:
    """An element of a type, as the schema declares it; ``alternative`` tells members of a choice apart."""

    name: str
    type: str
    required: bool
    many: bool
    nillable: bool
    choice: tuple[int, int] | None


class Schema:
    """One version of one product's schema, compiled and as a tree."""

    def __init__(self, product: str, version: str) -> None:
        carried = package_folder("UCToolkit") / product / "schema"
        path = (Path(FOLDER or "") if version in NEWER else carried) / version / "AXLSoap.xsd"
        document = etree.parse(str(path))
        self.version = version
        self._validator: Any = etree.XMLSchema(document)
        root: Any = document.getroot()
        self._types: dict[str, Any] = {node.get("name"): node for node in root if node.tag == f"{XSD}complexType"}
        self.elements: dict[str, Any] = {node.get("name"): node for node in root if node.tag == f"{XSD}element"}

    def errors(self, body: bytes) -> list[str]:
        """Return what is wrong with the message inside a SOAP body; empty when it is valid."""
        content = etree.fromstring(body)[-1][0]
        alone = etree.fromstring(etree.tostring(content))
        if self._validator.validate(alone):
            return []
        return [str(error.message) for error in self._validator.error_log]

    def operations(self) -> list[str]:
        """Return the names of all operations."""
        return sorted(name for name in self.elements if f"{name}Response" in self.elements)

    def lines(self, name: str) -> list[Line]:
        """Return the elements of a global element's type, or of a named type, in order."""
        if name in self.elements:
            name = self.elements[name].get("type").partition(":")[2]
        return list(self._lines(self._types[name]))

    def nested(self, name: str, child: str) -> list[Line]:
        """Return the elements of a child that declares its type in place."""
        if name in self.elements:
            name = self.elements[name].get("type").partition(":")[2]
        node = next(found for found in self._types[name].iter(f"{XSD}element") if found.get("name") == child)
        return list(self._lines(node[-1]))

    def _lines(self, node: Any, choice: tuple[int, int] | None = None) -> Iterator[Line]:
        for position, child in enumerate(found for found in node if isinstance(found.tag, str)):
            if child.tag == f"{XSD}element":
                inside = (id(node), position) if node.tag == f"{XSD}choice" else choice
                yield self._line(child, inside)
            elif child.tag == f"{XSD}extension":
                base = child.get("base").partition(":")[2]
                if base in self._types:
                    yield from self._lines(self._types[base])
                yield from self._lines(child)
            elif child.tag != f"{XSD}annotation":
                inside = (id(node), position) if node.tag == f"{XSD}choice" else choice
                yield from self._lines(child, inside)

    @staticmethod
    def _line(node: Any, choice: tuple[int, int] | None) -> Line:
        most = node.get("maxOccurs", "1")
        return Line(
            node.get("name"),
            (node.get("type") or "").partition(":")[2],
            node.get("minOccurs", "1") != "0",
            most == "unbounded" or int(most) > 1,
            node.get("nillable") == "true",
            choice,
        )


@cache
def schema(product: str, version: str) -> Schema:
    """Return a compiled schema; ``product`` is ``CUCM`` or ``IMP``."""
    return Schema(product, version)
