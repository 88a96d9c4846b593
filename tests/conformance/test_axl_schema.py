# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's tables of elements against the schemas that public client packages carry.

The tables must say what the schemas say; and for generated requests the emulator's verdict must be the verdict of a
schema validator.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.imp import ImpAxl
from imp_emulator.wire.axl.schema import TYPES, Complex, Element
from imp_emulator.world.environment import Environment
from tests.conformance.axl_schemas import CUCM_VERSIONS, IMP_VERSIONS, Line, Schema, schema
from tests.support.axl import message
from tests.support.axl_in_process import InProcess

TYPE_NAMES = {
    "": None,
    "string": "string",
    "boolean": "boolean",
    "unsignedLong": "unsigned",
    "String50": "string50",
    "String100": "string100",
    "String128": "string128",
    "String255": "string255",
    "UniqueString50": "string50",
    "XFkType": "fk",
    "XInteger": "integer",
    "XMacAddress": "mac",
    "XUUID": "uuid",
    # Enumerations that the schema opens to any text.
    "XAccountType": "string",
    "XAuthenticationType": "string",
    "XPatternPrecedence": "string",
    "XService": "string",
    "XUserLocale": "string",
}
"""The schemas' simple types and what the emulator calls them."""

NOT_DEMANDED = {"addUser/user/presenceGroupName"}
"""What the schema demands, and the product does not: Cisco's own samples leave it out."""

PRODUCTS = [("CUCM", version) for version in CUCM_VERSIONS] + [("IMP", version) for version in IMP_VERSIONS]
PROTOCOLS = {"CUCM": CucmAxl, "IMP": ImpAxl}
REQUESTS = [(*product, name) for product in PRODUCTS for name in PROTOCOLS[product[0]].table]


def choices(found: list[tuple[int, int] | None]) -> list[tuple[int, int] | None]:
    """Number choices and their alternatives in order; a choice of one thing is none."""
    groups: dict[int, list[int]] = {}
    for member in found:
        if member is not None:
            alternatives = groups.setdefault(member[0], [])
            if member[1] not in alternatives:
                alternatives.append(member[1])
    numbers = {key: number for number, key in enumerate(key for key in groups if len(groups[key]) > 1)}
    return [
        None if member is None or member[0] not in numbers else (numbers[member[0]], groups[member[0]].index(member[1]))
        for member in found
    ]


def inner(element: Element) -> Complex | None:
    owner: Any = getattr(element.decode, "__self__", None)
    return owner if isinstance(owner, Complex) else None


def compare(oracle: Schema, lines: list[Line], own: Complex, where: str) -> None:
    elements = own.elements(oracle.version)
    assert [element.name for element in elements] == [line.name for line in lines], where
    assert choices([element.branch for element in elements]) == choices([line.choice for line in lines]), where
    for element, line in zip(elements, lines, strict=True):
        place = f"{where}/{element.name}"
        required = line.required and place not in NOT_DEMANDED
        assert (element.required, element.many, element.nillable) == (required, line.many, line.nillable), place
        expected = TYPE_NAMES.get(line.type)
        if expected is not None:
            assert element.decode is TYPES[expected], place


def complex_name(line: Line) -> str | None:
    return None if line.type in TYPE_NAMES else line.type


@pytest.mark.parametrize(("product", "version", "operation"), REQUESTS)
def test_a_request_has_the_elements_of_the_schema(product: str, version: str, operation: str) -> None:
    oracle, own = schema(product, version), PROTOCOLS[product].table[operation].request
    compare(oracle, oracle.lines(operation), own, operation)
    for element, line in zip(own.elements(version), oracle.lines(operation), strict=True):
        nested = inner(element)
        if nested is None:
            continue
        place = f"{operation}/{element.name}"
        if element.name == "returnedTags":
            names = [line.name for line in oracle.lines(line.type)]
            assert [tag.name for tag in nested.elements(version)] == names, place
        elif (name := complex_name(line)) is not None:
            compare(oracle, oracle.lines(name), nested, place)
        else:
            compare(oracle, oracle.nested(operation, element.name), nested, place)


@pytest.mark.parametrize("version", CUCM_VERSIONS)
def test_the_nested_types_of_a_user_are_those_of_the_schema(version: str) -> None:
    oracle = schema("CUCM", version)
    own = {element.name: inner(element) for element in CucmAxl.table["updateUser"].request.elements(version)}
    for name, nested in own.items():
        if nested is not None:
            compare(oracle, oracle.nested("updateUser", name), nested, name)
    for name, type_name in (
        ("extensionsInfo", "XExtension"),
        ("customUserFields", "XUserCustomUserField"),
        ("lineAppearanceAssociationForPresences", "XLineAppearanceAssociationForPresence"),
    ):
        container = own[name]
        assert container is not None
        nested = inner(container.elements(version)[0])
        assert nested is not None
        compare(oracle, oracle.lines(type_name), nested, name)


UUID = "{00000000-0000-0000-0000-000000000000}"
# The product takes booleans in any letter case, which no validator does.
VALUES = ["", " ", "true", "t", "f", "0", "1", "yes", "10", "-3", "ten", UUID, "x", "x" * 60, "x" * 300]
UNKNOWN = "nonsense"


@st.composite
def contents(draw: st.DrawFn, product: str, version: str, operation: str) -> str:
    """Elements of a request in any number, mostly in order, with values that fit or do not."""
    names = [line.name for line in schema(product, version).lines(operation)]
    if product == "IMP":
        # Its type of returnedTags demands elements, which would leave nothing to choose; the emulator does not insist.
        names = [name for name in names if name != "returnedTags"]
    picked = sorted(draw(st.lists(st.integers(0, len(names) - 1), max_size=6)))
    chosen = [names[index] for index in picked]
    if draw(st.integers(0, 4)) == 0:
        chosen = draw(st.permutations([*chosen, UNKNOWN]))
    parts = []
    for name in chosen:
        # What stands inside a tag that is to be returned means nothing to AXL; validators look at it all the same.
        value = "" if name == "returnedTags" else draw(st.sampled_from(VALUES))
        parts.append(f"<{name}>{value}</{name}>")
    return "".join(parts)


def accepted(product: str, version: str, operation: str, content: str) -> bool:
    body = message(operation, content, version)
    element = etree.fromstring(body)[-1][0]
    try:
        PROTOCOLS[product].table[operation].request.decode(element, version)
    except AxlFault:
        return False
    return True


@pytest.mark.parametrize(("product", "version", "operation"), REQUESTS)
def test_generated_requests_get_the_verdict_of_a_validator(product: str, version: str, operation: str) -> None:
    oracle = schema(product, version)
    if not oracle.lines(operation):
        assert accepted(product, version, operation, "")
        return

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(contents(product, version, operation))
    def check(content: str) -> None:
        errors = oracle.errors(message(operation, content, version))
        assert accepted(product, version, operation, content) == (not errors), (content, errors)

    check()


@pytest.mark.parametrize("version", CUCM_VERSIONS)
def test_every_two_neighbours_must_stand_in_order(version: str) -> None:
    oracle = schema("CUCM", version)
    lines = [line for line in oracle.lines("updateUser") if line.choice is None]
    for first, second in itertools.pairwise(lines):
        for pair in ((first, second), (second, first)):
            content = "<userid>u</userid>" + "".join(f"<{line.name}>{_valid(line)}</{line.name}>" for line in pair)
            expected = not oracle.errors(message("updateUser", content, version))
            assert accepted("CUCM", version, "updateUser", content) == expected, content
            assert expected == (pair[0] is first)


def _valid(line: Line) -> str:
    return "true" if line.type == "boolean" else ""


@pytest.mark.parametrize("version", CUCM_VERSIONS)
def test_every_operation_of_the_schema_is_answered_or_named(emulated: Environment, version: str) -> None:
    axl = InProcess(emulated, CucmAxl, "cucm-pub")
    operations = schema("CUCM", version).operations()
    assert len(operations) > 1000
    assert set(CucmAxl.table) <= set(operations)
    for operation in set(operations) - set(CucmAxl.table):
        fault = axl.ask(operation, version=version).fault
        assert (fault.axlcode, fault.request) == (5002, operation)
        assert operation in fault.message
