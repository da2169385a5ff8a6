"""What the labels in selectors stand for: on pods, on network sets, on namespaces and on service accounts.

Sources: Calico's `libcalico-go/lib/backend/k8s/conversion` (a pod carries its namespace's labels behind `pcns.` and its service
account's behind `pcsa.`, and each with a `projectcalico.org/name`) and its `syncersv1/updateprocessors` (how selectors of
namespaces and of service accounts become selectors of these labels, and what `all()` and `global()` are there).
"""

from __future__ import annotations

from functools import lru_cache

from scanner.model import NAME_LABEL
from scanner.policy.calico.normal import selector
from scanner.policy.calico.selectors import Both, Either, Leaf, Node, Not, Word, parse
from scanner.policy.decode import FieldError
from scanner.policy.model import EVERYTHING, NOTHING, Operator, Requirement, Selector

NAMESPACE = "projectcalico.org/namespace"
ACCOUNT = "projectcalico.org/serviceaccount"
OF_NAMESPACE = "pcns."
_OF_ACCOUNT = "pcsa."
_NAME = "projectcalico.org/name"
_NAMES = {OF_NAMESPACE + _NAME: NAMESPACE, _OF_ACCOUNT + _NAME: ACCOUNT}
_NAMESPACED = Requirement(NAMESPACE, Operator.EXISTS)
_WORDS: dict[tuple[str, Word], Node] = {
    (OF_NAMESPACE, Word.ALL): _NAMESPACED,
    (OF_NAMESPACE, Word.GLOBAL): Not(_NAMESPACED),
}
_UNREAD = "it looks at labels of service accounts, which are not read"


def endpoint_selector(text: str, field: str, *, negated: bool = False) -> tuple[Selector, str]:
    """A selector of pods and network sets by their labels, and the doubt about it (then it is the widest reading).

    Raises:
        FieldError: it is not of the language, or says `global()`, which only a rule's namespaceSelector may.
    """
    node = _local(text, field)
    return _of_endpoints(Not(node) if negated else node)


def account_selector(text: str, field: str) -> tuple[Selector, str]:
    """A selector of pods by their service account's labels, and the doubt about it (then it is the widest reading)."""
    return _of_endpoints(_behind(_local(text, field), _OF_ACCOUNT))


def namespace_selector(text: str, field: str, *, alone: bool = True) -> Selector:
    """A selector of namespaces, read on namespaces. `global()` selects none; `alone` is where it may stand by itself.

    Raises:
        FieldError: it is not of the language, or says `global()` where it may not.
    """
    return selector(_placing(text, field) if alone else _local(text, field), _on_namespaces)


def namespaced_selector(text: str, field: str) -> Selector:
    """A selector of namespaces, read on what may stand in one. `global()`, by itself, selects what does not.

    Raises:
        FieldError: it is not of the language, or says `global()` beside anything else.
    """
    return selector(_behind(_placing(text, field), OF_NAMESPACE), _on_endpoints)


def in_namespace(name: str) -> Selector:
    """What stands in one namespace."""
    return Selector((Requirement(NAMESPACE, Operator.IN, (name,)),))


def _placing(text: str, field: str) -> Node:
    node = parse(text, field)
    return node if node is Word.GLOBAL else _local(text, field)


def _local(text: str, field: str) -> Node:
    node = parse(text, field)
    if "global(" in text and _mentions_global(node):
        raise FieldError(field, "says global(), which only stands alone in the namespaceSelector of a rule; remove it")
    return node


def _mentions_global(node: Node) -> bool:
    match node:
        case Not(part):
            return _mentions_global(part)
        case Both(parts) | Either(parts):
            return any(map(_mentions_global, parts))
    return node is Word.GLOBAL


def _behind(node: Node, prefix: str) -> Node:
    """The same tree with every key behind a prefix."""
    match node:
        case Not(part):
            return Not(_behind(part, prefix))
        case Both(parts):
            return Both(tuple(_behind(part, prefix) for part in parts))
        case Either(parts):
            return Either(tuple(_behind(part, prefix) for part in parts))
        case Requirement(key, operator, values):
            return Requirement(prefix + key, operator, values)
        case Word():
            return _WORDS.get((prefix, node), node)


@lru_cache(maxsize=4096)
def _of_endpoints(node: Node) -> tuple[Selector, str]:
    return selector(node, _on_endpoints), _UNREAD if _unread(node) else ""


def _unread(node: Node) -> bool:
    match node:
        case Not(part):
            return _unread(part)
        case Both(parts) | Either(parts):
            return any(map(_unread, parts))
        case Requirement():
            return _on_endpoints(node) is None
    return False


def _on_endpoints(leaf: Leaf) -> Selector | None:
    if isinstance(leaf, Word):
        return EVERYTHING
    key = _NAMES.get(leaf.key, leaf.key)
    if key.startswith(_OF_ACCOUNT):
        return None
    return Selector((Requirement(key, leaf.operator, leaf.values),))


def _on_namespaces(leaf: Leaf) -> Selector:
    if isinstance(leaf, Word):
        return EVERYTHING if leaf is Word.ALL else NOTHING
    key = NAME_LABEL if leaf.key == _NAME else leaf.key
    return Selector((Requirement(key, leaf.operator, leaf.values),))
