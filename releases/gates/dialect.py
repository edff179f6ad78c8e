"""Our dialect of CEL: the standard library, but numbers are numbers.

CEL keeps int and double apart: `evidence.coverage + 1` is an error when coverage is 80.5, and
`evidence.failed / evidence.tests` is 0 for 50 of 100 failed, which would let a bad release
through. So facts become doubles before they are read (`releases.gates.engine`), arithmetic and
comparison are declared for every mix of int and double, and dividing two int literals, the one
place where a fraction could still vanish, does not compile.

Dividing by zero is an error here. The engine would make infinity or NaN of it, and every
comparison with NaN is false, so that `!(evidence.failed / evidence.tests > 0.05)` would hold for
a report without tests. `NONZERO` is what the engine wraps around divisors.
"""

import json
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from cel_expr_python import cel

#: What an expression may name.
VARIABLES: Final = ("evidence", "item", "release", "environment", "card")

#: A function no policy calls by itself.
NONZERO: Final = "gatehouse_nonzero"

_PAIRS: Final = (("int", "double"), ("double", "int"))
_INT: Final = ("int", "int")
_DOUBLE: Final = ("double", "double")
_STAMP: Final = "google.protobuf.Timestamp"
_SPAN: Final = "google.protobuf.Duration"

#: Operator → Python's, for the mixes that the engine itself cannot add up.
_ARITHMETIC: Final[Mapping[str, tuple[str, Callable[[float, float], float]]]] = {
    "_+_": ("add", operator.add),
    "_-_": ("subtract", operator.sub),
    "_*_": ("multiply", operator.mul),
    "_/_": ("divide", operator.truediv),
    "_%_": ("modulo", math.fmod),
}
_OWN: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "_+_": (
        ("string", "string", "string"),
        ("bytes", "bytes", "bytes"),
        (_STAMP, _SPAN, _STAMP),
        (_SPAN, _STAMP, _STAMP),
        (_SPAN, _SPAN, _SPAN),
    ),
    "_-_": ((_STAMP, _STAMP, _SPAN), (_STAMP, _SPAN, _STAMP), (_SPAN, _SPAN, _SPAN)),
}
_COMPARISONS: Final = ("_<_", "_<=_", "_>_", "_>=_")
_EQUALITIES: Final = ("_==_", "_!=_")
_ORDERED: Final = ("string", "bool", "bytes", _STAMP, _SPAN)


def new_environment() -> Any:
    """Return a CEL environment of this dialect."""
    functions = [_arithmetic(name) for name in _ARITHMETIC]
    functions += [_comparison(name) for name in _COMPARISONS]
    functions += [_equality(name) for name in _EQUALITIES]
    replaced = [{"name": function["name"]} for function in functions]
    functions.append(_nonzero())
    config = {"stdlib": {"exclude_functions": replaced}, "functions": functions}
    return cel.NewEnv(
        # YAML is a superset of JSON.
        config=cel.NewEnvConfigFromYaml(json.dumps(config)),
        variables=dict.fromkeys(VARIABLES, cel.Type.DYN),
        function_impls=_implementations(),
    )


def _implementations() -> dict[str, Callable[..., float]]:
    mixes: dict[str, Callable[..., float]] = {
        f"{word}_{left}_{right}": python
        for word, python in _ARITHMETIC.values()
        for left, right in _PAIRS
    }
    return mixes | {
        "modulo_double_double": math.fmod,
        "nonzero_int": _refuse_zero,
        "nonzero_double": _refuse_zero,
    }


def _refuse_zero(number: float, /) -> float:
    if number == 0:
        raise ZeroDivisionError("divide by zero")
    return number


def _nonzero() -> dict[str, Any]:
    overloads = [
        {"id": f"nonzero_{kind}", "args": [{"type_name": kind}], "return": {"type_name": kind}}
        for kind in ("int", "double")
    ]
    return {"name": NONZERO, "overloads": overloads}


def _arithmetic(name: str) -> dict[str, Any]:
    word, _ = _ARITHMETIC[name]
    kinds = [(*_DOUBLE, "double"), *((*pair, "double") for pair in _PAIRS), *_OWN.get(name, ())]
    if name != "_/_":
        kinds.append((*_INT, "int"))
    overloads = [_overload(word, left, right, result) for left, right, result in kinds]
    if name == "_+_":
        overloads.append(_generic("add_list", _LIST, _LIST))
    return {"name": name, "overloads": overloads}


def _comparison(name: str) -> dict[str, Any]:
    pairs = [_INT, _DOUBLE, *_PAIRS, *((kind, kind) for kind in _ORDERED)]
    return {"name": name, "overloads": [_overload(name, *pair, "bool") for pair in pairs]}


def _equality(name: str) -> dict[str, Any]:
    same = _generic(f"same_{name}", _ANYTHING, {"type_name": "bool"})
    mixed = [_overload(name, *pair, "bool") for pair in _PAIRS]
    return {"name": name, "overloads": [same, *mixed]}


_ANYTHING: Final[Mapping[str, Any]] = {"type_name": "A", "is_type_param": True}
_LIST: Final[Mapping[str, Any]] = {"type_name": "list", "params": [_ANYTHING]}


def _overload(word: str, left: str, right: str, result: str) -> dict[str, Any]:
    return {
        "id": f"{word}_{left}_{right}",
        "args": [{"type_name": left}, {"type_name": right}],
        "return": {"type_name": result},
    }


def _generic(name: str, argument: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": name, "args": [argument, argument], "return": result}
