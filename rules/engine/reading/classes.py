"""A class as facts: its bases, attributes and type variables."""

from __future__ import annotations

import ast

from rules.engine.reading import (
    handed_up,
    optional_members,
    turns,
)
from rules.engine.reading.annotations import one_of
from rules.engine.reading.decorators import decorator_of
from rules.engine.reading.facts import Class, Parameter
from rules.engine.reading.index import Index
from rules.engine.reading.scopes import Scope
from rules.engine.reading.shown_types import or_shown, shown_on_self


def class_of(index: Index, scope: Scope, node: ast.ClassDef) -> Class:
    outside = scope.parent or index.module
    attributes: dict[str, str] = {}
    dependencies: list[Parameter] = []
    for name, bindings in scope.bindings.items():
        if bindings[0].kind in ("def", "class", "again"):
            continue
        ref = index.unified(bindings, scope)
        last = bindings[-1]
        annotation = last.value.annotation if isinstance(last.value, ast.AnnAssign) else None
        default = last.value.value if isinstance(last.value, ast.AnnAssign) else last.value
        depends = index.depends(default, annotation, scope)
        if depends is not None:
            dependencies.append(Parameter(name, index.annotation(annotation, scope), depends))
            ref = index.annotation(annotation, scope) or (f"{depends}$" if depends else "")
        if ref:
            attributes[name] = ref
    for name, bound in scope.variables.items():
        if bound is not None and (ref := index.ref(bound, outside)):
            attributes.setdefault(name, f"{ref}⊂")
    untyped: dict[str, str] = {}
    shows = shown_on_self(index, scope) if scope.attributes else {}
    for name, found in scope.attributes.items():
        refs = {
            index.binding_ref(binding, method)
            for method, binding in found
            if not (isinstance(binding.value, ast.Constant) and binding.value.value is None)
        }
        ref = one_of(refs) if name not in attributes else ""
        if name not in attributes:
            ref = or_shown(ref, shows.get(name, ""))
        if ref:
            attributes[name] = ref
        elif parameter := handed_up.kept_untyped(scope, name):
            untyped[name] = parameter
    return Class(
        scope.symbol,
        node.lineno,
        tuple(ref for base in node.bases if (ref := _base(index, base, outside))),
        attributes,
        tuple(dependencies),
        tuple(decorator_of(index, item, outside) for item in node.decorator_list),
        _metaclass(index, node, outside),
        _variables(index, node, outside),
        tuple(_given(index, base, outside) for base in node.bases if _base(index, base, outside)),
        turns.of_several(node),
        optional_members.of_class(scope) if scope.attributes else {},
        untyped,
        handed_up.handed_up(index, scope) if node.bases else {},
    )


def _variables(index: Index, node: ast.ClassDef, scope: Scope) -> tuple[str, ...]:
    """The type variables of a class: of `Generic[T]`, else those its bases are given, in order."""
    found: dict[str, None] = {}
    for base in node.bases:
        if isinstance(base, ast.Subscript):
            names = [item.id for item in _items(base.slice) if isinstance(item, ast.Name)]
            if index.ref(base.value, scope).rpartition(".")[2] in ("Generic", "Protocol"):
                return tuple(names)
            found.update(dict.fromkeys(names))
    for parameter in getattr(node, "type_params", ()):
        found.setdefault(parameter.name)
    return tuple(found)


def _given(index: Index, base: ast.expr, scope: Scope) -> tuple[str, ...]:
    """What a base class is given for its type variables."""
    if not isinstance(base, ast.Subscript):
        return ()
    return tuple(index.annotation(item, scope) for item in _items(base.slice))


def _items(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _metaclass(index: Index, node: ast.ClassDef, scope: Scope) -> str:
    """The metaclass that a class names; `?` where it may have one that nobody sees, from a base that is unknown."""
    named = next(
        (index.ref(item.value, scope) or "?" for item in node.keywords if item.arg == "metaclass"), ""
    )
    return named or ("" if all(_base(index, base, scope) for base in node.bases) else "?")


def _base(index: Index, node: ast.expr, scope: Scope) -> str:
    """The class behind a base, `Repository[User]` included."""
    return index.ref(node.value if isinstance(node, ast.Subscript) else node, scope)
