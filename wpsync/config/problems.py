"""The problems of a configuration, as messages: pydantic's errors, and those of our own validators.

No message holds a value, which may be a secret. The text of an error of pydantic appears only where this module does
not know its type.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel

from wpsync.config.tree import PREFIX, Sources
from wpsync.errors import Message

_TYPES = {
    "int_type": "configuration.not_integer",
    "int_parsing": "configuration.not_integer",
    "int_parsing_size": "configuration.not_integer",
    "int_from_float": "configuration.not_integer",
    "float_type": "configuration.not_number",
    "float_parsing": "configuration.not_number",
    "finite_number": "configuration.not_number",
    "bool_type": "configuration.not_boolean",
    "bool_parsing": "configuration.not_boolean",
    "string_type": "configuration.not_text",
    "tuple_type": "configuration.not_list",
    "dict_type": "configuration.not_section",
    "model_type": "configuration.not_section",
    "model_attributes_type": "configuration.not_section",
    "date_type": "configuration.not_date",
    "date_parsing": "configuration.not_date",
    "date_from_datetime_parsing": "configuration.not_date",
    "date_from_datetime_inexact": "configuration.not_date",
    "time_type": "configuration.not_time",
    "time_parsing": "configuration.not_time",
    "path_type": "configuration.not_path",
}
"""The code for each type of pydantic's errors that says all by itself."""

_LIMITS = {
    "greater_than": ("configuration.not_above", "gt"),
    "greater_than_equal": ("configuration.below", "ge"),
    "less_than": ("configuration.not_under", "lt"),
    "less_than_equal": ("configuration.above", "le"),
    "too_short": ("configuration.too_short", "min_length"),
    "string_too_short": ("configuration.too_short", "min_length"),
}
"""The code for each type that names a limit, and pydantic's name of it."""


class ProblemError(ValueError):
    """A validator refuses a value. `key` leads to it from the section that is validated."""

    def __init__(self, problem: Message, *key: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.key = key


def located(error: Mapping[str, object], sources: Sources, root: type[BaseModel]) -> Message:
    """Return one of pydantic's errors, of a configuration that `root` describes, with its key and its origin."""
    path = keys_of(error)
    own = _own(error)
    if own is not None:
        return sources.locate((*path, *own.key), own.problem)
    if error["type"] == "missing":
        variable = PREFIX + "__".join(path).upper()
        return sources.locate(path, Message("configuration.missing", {"variable": variable}))
    if error["type"] == "extra_forbidden":
        return sources.locate(path, _unknown_key(path[-1], _keys(root, path[:-1])))
    return sources.locate(path, _described(error))


def keys_of(error: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys that lead to the value of an error."""
    location = error["loc"]
    assert isinstance(location, tuple)
    return tuple(map(str, location))


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that is most like another; None where none is."""
    near = get_close_matches(name, known, 1, 0.5)
    return near[0] if near else None


def _own(error: Mapping[str, object]) -> ProblemError | None:
    raised = _context(error).get("error")
    return raised if isinstance(raised, ProblemError) else None


def _unknown_key(name: str, known: Collection[str]) -> Message:
    near = nearest(name, known)
    if near is None:
        return Message("configuration.unknown_key")
    return Message("configuration.unknown_key_near", {"near": near})


def _keys(model: type[BaseModel], sections: Sequence[str]) -> list[str]:
    """Return the keys that may stand in a section. Those of a table of sections (`accounts`) are alike."""
    for section in sections:
        field = model.model_fields.get(section)
        for kind in (field.annotation, *get_args(field.annotation)) if field else ():
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
    return list(model.model_fields)


def _described(error: Mapping[str, object]) -> Message:
    kind, context = str(error["type"]), _context(error)
    if kind in _TYPES:
        return Message(_TYPES[kind])
    if kind in _LIMITS:
        code, limit = _LIMITS[kind]
        return Message(code, {"limit": f"{context[limit]:g}"})
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context["expected"]))  # pydantic gives no list
        return Message("configuration.not_among", {"choices": choices})
    return Message("configuration.invalid", words=str(error["msg"]))


def _context(error: Mapping[str, object]) -> Mapping[str, object]:
    given = error.get("ctx")
    return given if isinstance(given, Mapping) else {}
