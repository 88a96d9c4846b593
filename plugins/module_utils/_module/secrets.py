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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Protocol
from urllib.parse import quote
from xml.sax.saxutils import escape

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import InvalidInput, shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import MASK, WHOLE_VALUE, masked_problems
from ansible_collections.ucops.imp.plugins.module_utils._core.options import SHORTEST_SECRET, check_secret
from ansible_collections.ucops.imp.plugins.module_utils._module.shapes import (
    Spec,
    depth_problems,
    inside,
    is_password,
    items_of,
    only_nulls,
    parsed,
    shape_problems,
    text_problems,
    too_deep,
    value_problems,
    without_nulls,
)

_LIKE_A_SECRET = re.compile(r"pass|pwd|secret|token|credential", re.IGNORECASE)
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
            items = [_shown_item(option["options"], item) for item in items_of(value)]
            shown[name] = items if isinstance(parsed(value), list) else items[0]
        else:
            shown[name] = _shown_freely(value)
    return shown


def secret_problems(spec: Spec, params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the passwords among arguments that ansible has checked: one sentence each."""
    return [
        problem
        for place, name, value in _secret_values(spec, params)
        if is_password(name)
        for problem in check_secret(place, str(value))
    ]


def unusable(spec: Spec, params: Mapping[str, Any]) -> list[str]:
    """Return which options of any module hold what is of no use: odd passwords, and text that ansible has masked."""
    return secret_problems(spec, params) + masked_problems(params)


def numbers_for_texts(spec: Spec, given: Mapping[str, Any]) -> list[str]:
    """Return which secrets are given as whole numbers."""
    return [
        place
        for place, _name, value in _secret_values(spec, given)
        if isinstance(value, int) and not isinstance(value, bool)
    ]


def common_passwords(spec: Spec, params: Mapping[str, Any], result: Any) -> list[str]:
    """Return the password options whose value is a part of a result, which ansible will therefore mask."""
    texts = set(_texts(result, keys=False))
    return [
        place
        for place, name, value in _secret_values(spec, params)
        if is_password(name) and any(value in text for text in texts)
    ]


class GivenOptions:
    """Options as they were given, before ansible checks them.

    Attributes:
        given: all of them; what lies too deep is not shown.
        plain: those that ansible may check, without nulls.
        secrets: every text in them that may be a secret.
        wrong_shapes: what stands where another shape, or a text, is due; with it, nothing is done.
        odd_values: which texts cannot be meant.
        numbers: which secrets are whole numbers.
    """

    def __init__(self, spec: Spec, given: Mapping[str, Any], may_be_empty: Collection[str] = ()) -> None:
        """Look at them; ``may_be_empty`` has the options for which an empty text is a value."""
        deep = too_deep(given)
        self.given = {**given, **dict.fromkeys(deep, WHOLE_VALUE)}
        self.plain = without_nulls(spec, {name: value for name, value in given.items() if name not in deep})
        self.secrets = secret_texts(spec, self.plain)
        nulls = only_nulls({name: value for name, value in given.items() if name not in deep})
        shapes = [*shape_problems(spec, self.plain), *text_problems(self.plain)]
        self.wrong_shapes = [*depth_problems(deep), *nulls, *shapes]
        self.odd_values = value_problems(spec, self.plain, may_be_empty)
        self.numbers = numbers_for_texts(spec, self.plain)


class ModuleOptions(Protocol):
    """What the runner takes of a module: its options after ansible's check, and what is to be said about them."""

    params: dict[str, Any]
    check_mode: bool
    no_log_values: set[str]
    odd_values: list[str]

    @property
    def module_name(self) -> str:
        """The module's own name, without that of the collection."""

    def input_problems(self) -> list[str]:
        """Return what is wrong with any option of any module."""

    def warn(self, warning: str) -> None:
        """Warn the user."""

    def log(self, msg: str) -> None:
        """Write to the system log."""


class SecretModule(AnsibleModule):  # type: ignore[misc, unused-ignore]
    """An ``AnsibleModule`` that knows its secrets from the start and never shows them."""

    no_log_values: set[str]
    params: dict[str, Any]
    wrong_shapes: Sequence[str] = ()
    """What stands where another shape, or a text, is due; with it, nothing is done."""
    odd_values: list[str] = []  # noqa: RUF012 (never changed, only replaced)
    """Which texts cannot be meant."""
    _checked = False

    @property
    def module_name(self) -> str:
        """The module's own name, without that of the collection."""
        return str(self._name).rpartition(".")[2]

    def __init__(self, may_be_empty: Collection[str] = (), **arguments: Any) -> None:
        """Check the arguments; ``may_be_empty`` has the options for which an empty text is a value."""
        self._may_be_empty = may_be_empty
        self._looked_at = GivenOptions({}, {})
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
        """Read the arguments, which ansible checks next: null is as good as left out."""
        super()._load_params()
        own = {name: value for name, value in self.params.items() if name.startswith(_INTERNAL)}
        given = {name: value for name, value in self.params.items() if name not in own}
        self._looked_at = GivenOptions(self.argument_spec, given, self._may_be_empty)
        self.params = {**own, **self._looked_at.plain}
        self.wrong_shapes = self._looked_at.wrong_shapes
        self.odd_values = self._looked_at.odd_values
        self.no_log_values.update(self._looked_at.secrets)

    def input_problems(self) -> list[str]:
        """Return what is wrong with any option of any module: unusable secrets, and text that ansible has masked."""
        for place in self._looked_at.numbers:
            self.warn(
                f"{place}: without quotes it is a number, and YAML takes 0123 or 1:30 for another one than it looks "
                "like. Put the secret in quotes."
            )
        return unusable(self.argument_spec, self.params)

    def warn(self, warning: str, **more: Any) -> None:
        """Warn the user; from core 2.19 on, ansible's own masking leaves warnings out."""
        super().warn(shortened(masked(warning, self.no_log_values)), **more)

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
        if not self._checked:
            # Ansible does not always name the option.
            refused = InvalidInput(self.wrong_shapes or [msg])
            msg, result = refused.message, {"code": refused.code, "changed": False, "failures": []}
        super().fail_json(shortened(msg), **self._harmless(result))
        raise AssertionError("fail_json returned")

    def _harmless(self, result: dict[str, Any]) -> dict[str, Any]:
        # Ansible adds the arguments itself otherwise, and masks in them only what it has collected.
        self.no_log_values = {text for text in self.no_log_values if len(text) >= SHORTEST_SECRET}
        return {**result, "invocation": {"module_args": self._shown()}}

    def _shown(self) -> dict[str, Any]:
        """Return the arguments with their defaults, as far as they were worked out, as ``invocation`` shows them."""
        worked_out = getattr(self, "params", {})
        return shown_arguments(
            self.argument_spec, worked_out if self._checked else {**self._looked_at.given, **worked_out}
        )


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text without the secrets, as ansible masks a result."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _by_name(spec: Spec) -> dict[str, Mapping[str, Any]]:
    """Return the options by name and alias."""
    return {name: option for own, option in spec.items() for name in (own, *option.get("aliases", ()))}


def _is_secret(name: str, option: Mapping[str, Any], value: Any) -> bool:
    """Whether an option's value is never shown, also when somebody took ``update_password`` for the password."""
    if option.get("no_log"):
        return True
    return "choices" in option and bool(_LIKE_A_SECRET.search(name)) and value not in option["choices"]


def _has_secrets(spec: Spec) -> bool:
    """Whether an option of this spec, or one inside of it, is a secret."""
    return any(option.get("no_log") or _has_secrets(option.get("options", {})) for option in spec.values())


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
            for item in items_of(value):
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


def _secret_values(spec: Spec, params: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield place (``imp.password``), name and value of each secret that is given where it belongs."""
    for name, option in spec.items():
        value = params.get(name)
        if option.get("no_log") and value is not None:
            yield f"{place}{name}", name, value
        elif "options" in option:
            for inner, item in inside(f"{place}{name}", value):
                if isinstance(item, Mapping):
                    yield from _secret_values(option["options"], item, f"{inner}.")
