# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of servers with one thing wrong in them: of another type, missing, empty, or there twice."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport
from lxml import etree

OTHER_VALUES: tuple[Any, ...] = (None, True, 3, -1.5, "text", "", [], {}, [None], ["text"], {"text": 1})
MISSING = object()

Exchanged = tuple[str, str, bytes | None]
"""What was asked: method, path and body."""


@dataclass
class Answers:
    """The answers of real servers, kept so that a run can be given them again, but for one of them."""

    kept: dict[Exchanged, Answer] = field(default_factory=dict)
    wrong: dict[Exchanged, Answer] = field(default_factory=dict)

    def used(self) -> Any:
        """Return a context in which every transport asks here first."""
        ask = Transport.request

        def request(transport: Transport, method: str, path: str, **more: Any) -> Answer:
            asked = (method, path, more.get("body"))
            if asked in self.wrong:
                return self.wrong[asked]
            if asked not in self.kept:
                self.kept[asked] = ask(transport, method, path, **more)
            return self.kept[asked]

        return mock.patch.object(Transport, "request", request)

    def sample(self, seed: str, number: int | None) -> Iterator[tuple[str, Exchanged, Answer]]:
        """Yield what is wrong, with the request and its wrong answer; of many a sample, ``None`` for all."""
        found = [
            (f"{method} {path} {wrong}", (method, path, body), other)
            for (method, path, body), answer in self.kept.items()
            for wrong, other in _malformed(answer)
        ]
        yield from found if number is None else random.Random(seed).sample(found, min(number, len(found)))


REFUSALS: tuple[Any, ...] = (
    None,
    [],
    "text",
    {"detail": 3, "title": [], "code": {"a": 1}, "field": [1]},
    {"detail": {}, "code": None, "errors": [None]},
    {"messages": 3},
    {"messages": {"a": 1}},
    {"messages": [None, []], "trackingId": [1]},
)
"""Contents of an answer that refuses."""


def _malformed(answer: Answer) -> Iterator[tuple[str, Answer]]:
    kind = answer.headers.get("content-type", "")
    if "json" in kind:
        for wrong, content in _json_variants(json.loads(answer.body)):
            yield wrong, replace(answer, body=json.dumps(content).encode())
        for status in (400, 404, 409, 500):
            for content in REFUSALS:
                yield f"refused with {status} {content}", Answer(status, answer.headers, json.dumps(content).encode())
    elif "xml" in kind:
        for wrong, body in _xml_variants(answer.body):
            yield wrong, replace(answer, body=body)


def _json_variants(content: Any, place: str = "$") -> Iterator[tuple[str, Any]]:
    """Yield the document with each of its values replaced or missing; of a list the first items stand for all."""
    for other in OTHER_VALUES:
        if type(other) is not type(content) or other in ("", [], {}):
            yield f"{place} = {other!r}", other
    if isinstance(content, dict):
        for name, value in content.items():
            yield f"{place}.{name} missing", {key: kept for key, kept in content.items() if key != name}
            for wrong, other in _json_variants(value, f"{place}.{name}"):
                yield wrong, {**content, name: other}
    elif isinstance(content, list):
        for number, value in enumerate(content[:2]):
            for wrong, other in _json_variants(value, f"{place}[{number}]"):
                yield wrong, [*content[:number], other, *content[number + 1 :]]
        if content:
            yield f"{place} with its first item twice", [content[0], *content]


XML_CHANGES: Mapping[str, Callable[[etree._Element], None]] = {
    "missing": lambda element: _parent(element).remove(element),
    "twice": lambda element: _parent(element).insert(0, etree.fromstring(etree.tostring(element))),
    "empty": lambda element: element.clear(),
    "a text": lambda element: setattr(element, "text", "text"),
    "a number": lambda element: setattr(element, "text", "-1.5"),
    "of another name": lambda element: setattr(element, "tag", "other"),
    "of no namespace": lambda element: setattr(element, "tag", etree.QName(element).localname),
    "with a child": lambda element: element.append(etree.Element("other")),
}


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    return element if parent is None else parent


def _xml_variants(content: bytes) -> Iterator[tuple[str, bytes]]:
    number = sum(1 for _ in etree.fromstring(content).iter("*"))
    for position in range(min(number, 40)):
        for word, change in XML_CHANGES.items():
            root = etree.fromstring(content)
            element = list(root.iter("*"))[position]
            if position == 0 and word in ("missing", "twice"):
                continue
            change(element)
            yield f"{element.tag} {word}", etree.tostring(root)
