# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Secrets among the options: known to ansible's masking before anything can fail, whatever shape an option has.

Ansible collects the values of the ``no_log`` options while it checks the arguments, and gives up at the first option
of a wrong shape: then it shows all of them. :class:`SecretModule` collects them from the arguments as they were given,
before the check, and shows in ``invocation`` what it knows to be harmless:

* a ``no_log`` option is a secret, whatever it holds;
* so may be all that stands where a dictionary with a ``no_log`` option is due, the value of an option that the module
  does not have (it may be a misspelt ``password``), and what stands under a name like ``password`` anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote
from xml.sax.saxutils import escape

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.validation import check_type_dict
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import MASK, WHOLE_VALUE, masked_problems, places
from ansible_collections.ucops.imp.plugins.module_utils._core.options import SHORTEST_SECRET, OptionSpec, check_secret

Spec = Mapping[str, OptionSpec]

_LIKE_A_SECRET = re.compile(r"pass|pwd|secret|token|credential", re.IGNORECASE)
_PASSWORD = re.compile(r"(?:.*_)?password|client_secret")
"""Options with this name and ``no_log`` are for a login; other secrets are whole texts, such as a certificate."""
_TEXT = ("str", "path")
_MANY: tuple[tuple[type, str], ...] = ((list, "a list"), (Mapping, "a dictionary"))
_NO_SECRETS: tuple[tuple[type, str], ...] = (
    *_MANY,
    (bool, "a truth value (YAML takes yes, no, on and off for one)"),
    (float, "a number with a fraction"),
)
_NO_TEXT = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes that are no UTF-8: nothing can write it."""
_INTERNAL = "_ansible_"
"""Begins the names of what ansible itself hands to a module."""


def secret_texts(spec: Spec, given: Mapping[str, Any]) -> set[str]:
    """Return every text that may be a secret among arguments as they were given, in each way in which it may be told.

    Too short ones are left out: they are refused before they are used, and masking them would garble the reason.
    """
    found = {text for value in _suspects(spec, given) for text in _texts(value)}
    return {told for text in found for told in _writings(text) if len(told) >= SHORTEST_SECRET}


def shown_arguments(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as ``invocation`` may show them, right or wrong."""
    options = _by_name(spec)
    shown: dict[str, Any] = {}
    for name, value in given.items():
        option = options.get(name)
        if value is None:
            shown[name] = None
        elif option is None or _is_secret(name, option, value):
            shown[name] = WHOLE_VALUE
        elif "options" in option:
            items = [_shown_item(option["options"], item) for item in _items(value)]
            shown[name] = items if isinstance(_parsed(value), list) else items[0]
        else:
            shown[name] = _shown_freely(value)
    return shown


def secret_problems(spec: Spec, params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the passwords among arguments that ansible has checked: one sentence each."""
    return [
        problem
        for place, name, value in _secret_values(spec, params)
        if _PASSWORD.fullmatch(name)
        for problem in check_secret(place, str(value))
    ]


def shape_problems(spec: Spec, given: Mapping[str, Any], place: str = "") -> list[str]:
    """Return where a value of another shape stands than the one value, or the dictionary, that is due.

    Of a list or a dictionary for a text, ansible would make a text that nobody has meant. It refuses what is no
    dictionary, but its check may break down on it.
    """
    found: list[str] = []
    for name, option in spec.items():
        value, here = given.get(name), f"{place}{name}"
        if value is None:
            continue
        if "options" in option:
            found += _dictionary_problems(here, option, value)
        elif option["type"] not in ("list", "dict", "raw"):
            found += _single_problem(here, value, _NO_SECRETS if option.get("no_log") else _MANY)
            if option["type"] == "path" and "\0" in str(value):
                found.append(f"{here}: it has the character U+0000, which no path can have.")
        elif option.get("elements") in _TEXT and isinstance(value, list):
            for number, item in enumerate(value):
                found += _single_problem(f"{here}[{number}]", item, _MANY)
    return found


def text_problems(given: Mapping[str, Any]) -> list[str]:
    """Return where arguments have what is no text, so that nothing could be sent, written or even checked."""
    return [
        f"{place or 'options'}: it has a byte that is no UTF-8 text. Look at where the value comes from."
        for place in places(given, lambda text: _NO_TEXT.search(text) is not None)
    ]


def _single_problem(place: str, value: Any, shapes: Iterable[tuple[type, str]]) -> list[str]:
    return [f"{place}: it is {shape}. Give one value, a text in quotes." for kind, shape in shapes if _is(value, kind)]


def _is(value: Any, kind: type) -> bool:
    """Whether a value is of this kind; a truth value is no number."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _dictionary_problems(place: str, option: OptionSpec, value: Any) -> list[str]:
    due = f"Give a dictionary with {', '.join(option['options'])}."
    if option["type"] == "dict" and isinstance(_parsed(value), list):
        return [f"{place}: it is a list. {due}"]
    found: list[str] = []
    for inner, item in _inside(place, value):
        if isinstance(item, Mapping):
            found += shape_problems(option["options"], item, f"{inner}.")
        else:
            found.append(f"{inner}: it is no dictionary. {due}")
    return found


def numbers_for_texts(spec: Spec, given: Mapping[str, Any]) -> list[str]:
    """Return which secrets are given as whole numbers."""
    return [place for place, _name, value in _secret_values(spec, given) if _is(value, int)]


def common_passwords(spec: Spec, params: Mapping[str, Any], result: Any) -> list[str]:
    """Return the password options whose value is a part of a result, which ansible will therefore mask."""
    texts = set(_texts(result, keys=False))
    return [
        place
        for place, name, value in _secret_values(spec, params)
        if _PASSWORD.fullmatch(name) and any(value in text for text in texts)
    ]


class SecretModule(AnsibleModule):  # type: ignore[misc, unused-ignore]
    """An ``AnsibleModule`` that knows its secrets from the start and never shows them."""

    no_log_values: set[str]
    wrong_shapes: Sequence[str] = ()
    """What stands where another shape, or a text, is due; with it, nothing is done."""
    _checked = False

    def __init__(self, **arguments: Any) -> None:
        broken: Exception | None = None
        try:
            super().__init__(**arguments)
        except Exception as error:  # noqa: BLE001 - ansible's check can break down on a value of a wrong shape
            broken = error
        if broken is not None and not hasattr(self, "params"):
            # Not even the arguments were read, so there is nothing to say about an option.
            raise broken
        if broken is not None:
            # Outside of the except clause, so that no core adds the traceback.
            self.fail_json(f"The options cannot be checked, because one has a value of a wrong shape: {broken}")
        self._checked = True
        # Values from the environment are among them only now.
        self.wrong_shapes = self.wrong_shapes or text_problems(self.params)

    def _load_params(self) -> None:
        """Read the arguments, which ansible checks next."""
        super()._load_params()
        given = {name: value for name, value in self.params.items() if not name.startswith(_INTERNAL)}
        self._secrets = secret_texts(self.argument_spec, given)
        self.wrong_shapes = shape_problems(self.argument_spec, given) + text_problems(given)
        self._numbers = numbers_for_texts(self.argument_spec, given)
        self.no_log_values.update(self._secrets)

    def input_problems(self) -> list[str]:
        """Return what is wrong with any option of any module: unusable secrets, and text that ansible has masked."""
        for place in self._numbers:
            self.warn(
                f"{place}: without quotes it is a number, and YAML takes 0123 or 1:30 for another one than it looks "
                "like. Put the secret in quotes."
            )
        return secret_problems(self.argument_spec, self.params) + masked_problems(self.params)

    def warn(self, warning: str, **more: Any) -> None:
        """Warn the user; from core 2.19 on, ansible's own masking leaves warnings out."""
        super().warn(masked(warning, self.no_log_values), **more)

    def warn_of_common_passwords(self, result: Mapping[str, Any]) -> None:
        """Say which passwords make ansible mask a part of this result that is no secret.

        The text is always the same, because ansible shows a warning that it has shown already no second time.
        """
        for name in common_passwords(self.argument_spec, self.params, result):
            super().warn(
                f"The value of {name} is a part of ordinary words in what this task returns. Ansible shows {MASK} in "
                "their place, and no task of this collection takes or exports such a text. Choose a password that is "
                "no such word."
            )

    def exit_json(self, **result: Any) -> NoReturn:
        """End well, with the result."""
        super().exit_json(**self._harmless(result))
        raise AssertionError("exit_json returned")

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """End with a failure, which may be one of ansible's own check of the arguments."""
        if self.wrong_shapes and not self._checked:
            # Ansible does not always name the option.
            msg, result = " ".join(self.wrong_shapes), {"code": "invalid-input", "changed": False, "failures": []}
        super().fail_json(msg, **self._harmless(result))
        raise AssertionError("fail_json returned")

    def _harmless(self, result: dict[str, Any]) -> dict[str, Any]:
        # Ansible adds the arguments itself otherwise, and masks in them only what it has collected.
        self.no_log_values = {text for text in self.no_log_values if len(text) >= SHORTEST_SECRET}
        return {
            **result,
            "invocation": {"module_args": shown_arguments(self.argument_spec, getattr(self, "params", {}))},
        }


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text without the secrets, as ansible masks a result."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _by_name(spec: Spec) -> dict[str, OptionSpec]:
    """Return the options by name and alias."""
    return {name: option for own, option in spec.items() for name in (own, *option.get("aliases", ()))}


def _is_secret(name: str, option: OptionSpec, value: Any) -> bool:
    """Whether an option's value is never shown, also when somebody took ``update_password`` for the password."""
    if option.get("no_log"):
        return True
    return "choices" in option and bool(_LIKE_A_SECRET.search(name)) and value not in option["choices"]


def _has_secrets(spec: Spec) -> bool:
    """Whether an option of this spec, or one inside of it, is a secret."""
    return any(option.get("no_log") or _has_secrets(option.get("options", {})) for option in spec.values())


def _parsed(value: Any) -> Any:
    """Return what ansible would make of a text that stands for a list or a dictionary; other values as they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        pass
    try:
        return check_type_dict(value)
    except Exception:  # noqa: BLE001 - it is only looked at: what is wrong with it is ansible's to say
        return value


def _items(value: Any) -> list[Any]:
    """Return the items of a list of dictionaries, or of what stands in its place."""
    parsed = _parsed(value)
    return [_parsed(item) for item in parsed] if isinstance(parsed, list) else [parsed]


def _suspects(spec: Spec, given: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values that are secrets or may be; they may be of any shape."""
    options = _by_name(spec)
    for name, value in given.items():
        option = options.get(name)
        if option is None or _is_secret(name, option, value):
            yield value
        elif "options" in option:
            guarded = _has_secrets(option["options"])
            if guarded and isinstance(value, str):
                yield value
            for item in _items(value):
                if isinstance(item, Mapping):
                    yield from _suspects(option["options"], item)
                elif guarded:
                    yield item
                else:
                    yield from _named_like_secrets(item)
                    yield from (text for text in _texts(item) if _LIKE_A_SECRET.search(text))
        else:
            yield from _named_like_secrets(value)


def _named_like_secrets(value: Any) -> Iterator[Any]:
    """Yield what stands under a name like ``password``, at any depth."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if _LIKE_A_SECRET.search(str(key)):
                yield item
            else:
                yield from _named_like_secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named_like_secrets(item)


def _shown_item(spec: Spec, item: Any) -> Any:
    if isinstance(item, Mapping):
        return shown_arguments(spec, item)
    if item is None or not (_has_secrets(spec) or any(_LIKE_A_SECRET.search(text) for text in _texts(item))):
        return item
    return WHOLE_VALUE


def _shown_freely(value: Any) -> Any:
    """Return a value that is no secret itself, without what stands in it under a name like ``password``."""
    if isinstance(value, Mapping):
        return {
            key: WHOLE_VALUE if item is not None and _LIKE_A_SECRET.search(str(key)) else _shown_freely(item)
            for key, item in value.items()
        }
    return [_shown_freely(item) for item in value] if isinstance(value, list) else value


def _texts(value: Any, *, keys: bool = True) -> Iterator[str]:
    """Yield every text in a JSON value, and every number as the text that masking sees in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if keys:
                yield str(key)
            yield from _texts(item, keys=keys)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item, keys=keys)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _writings(text: str) -> Iterable[str]:
    """Return the ways in which a text may be told: as it is, and as Python, JSON, XML and URLs write it."""
    yield text
    yield text.strip()
    yield repr(text)[1:-1]
    yield from (json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    yield from (escape(text), escape(text, {'"': "&quot;", "'": "&apos;"}))
    if "\n" not in text:
        yield quote(text, safe="", errors="surrogatepass")


def _inside(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what stands for each dictionary of an option that holds one or a list of them, after its place."""
    listed = isinstance(_parsed(value), list)
    for number, item in enumerate(_items(value)):
        yield (f"{place}[{number}]" if listed else place), item


def _secret_values(spec: Spec, params: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield place (``imp.password``), name and value of each secret that is given where it belongs."""
    for name, option in spec.items():
        value = params.get(name)
        if option.get("no_log") and value is not None:
            yield f"{place}{name}", name, value
        elif "options" in option:
            for inner, item in _inside(f"{place}{name}", value):
                if isinstance(item, Mapping):
                    yield from _secret_values(option["options"], item, f"{inner}.")
