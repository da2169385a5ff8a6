"""Label selectors: the one implementation of matching, over bit sets, for policies, namespaces and Services alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from scanner.policy.model import EVERYTHING, Operator, Requirement, Selector

_IN, _NOT_IN = Operator.IN, Operator.NOT_IN  # looked up once: an enum's members are slow to get at


def equalities(labels: Mapping[str, str]) -> Selector:
    """A plain map of labels, as `matchLabels` and a Service's `selector` write it, as a selector."""
    return Selector(tuple(Requirement(key, Operator.IN, (labels[key],)) for key in sorted(labels)))


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether one object's labels satisfy every requirement; NotIn and DoesNotExist hold where the key is absent."""
    return all(_holds(requirement, labels.get(requirement.key)) for requirement in selector.requirements) and all(
        any(matches(each, labels) for each in clause.any_of) is not clause.negated for clause in selector.clauses
    )


def _holds(requirement: Requirement, value: str | None) -> bool:
    match requirement.operator:
        case Operator.IN:
            return value is not None and value in requirement.values
        case Operator.NOT_IN:
            return value is None or value not in requirement.values
        case Operator.EXISTS:
            return value is not None
        case Operator.DOES_NOT_EXIST:
            return value is None
        case _:
            return value is not None and any(
                _text_holds(requirement.operator, value, text) for text in requirement.values
            )


def _text_holds(operator: Operator, value: str, text: str) -> bool:
    """Calico's operators on text."""
    if operator is Operator.STARTS_WITH:
        return value.startswith(text)
    return value.endswith(text) if operator is Operator.ENDS_WITH else text in value


def members(bits: int) -> Iterator[int]:
    """The positions of the set bits, ascending. Reading the binary text is far faster than shifting a wide integer.

    Most sets lie within one namespace, so what lies before it is cut off at once.
    """
    before = max((bits & -bits).bit_length() - 1, 0)
    text = bin(bits >> before)[:1:-1]
    position = text.find("1")
    while position >= 0:
        yield before + position
        position = text.find("1", position + 1)


def bit_set(positions: Iterable[int]) -> int:
    """The integer with these bits set."""
    chosen = list(positions)
    if len(chosen) < 2:
        return 1 << chosen[0] if chosen else 0
    octets = bytearray(max(chosen) // 8 + 1)
    for position in chosen:
        octets[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(octets, "little")


class LabelIndex:
    """An inverted index over a population of labelled objects, numbered from 0: selectors become a few bit operations."""

    def __init__(self, population: Iterable[Mapping[str, str]]) -> None:
        pairs: dict[tuple[str, str], list[int]] = {}
        size = 0
        for position, labels in enumerate(population):
            size = position + 1
            for pair in labels.items():
                pairs.setdefault(pair, []).append(position)
        self.evaluated = 0  # distinct selectors evaluated: what the counters in the tests watch
        self._all = (1 << size) - 1
        self._pairs = {pair: bit_set(positions) for pair, positions in pairs.items()}
        self._keys: dict[str, int] = {}
        for (key, _), bits in self._pairs.items():
            self._keys[key] = self._keys.get(key, 0) | bits
        self._memo: dict[Selector, int] = {EVERYTHING: self._all}

    def select(self, selector: Selector) -> int:
        """The matching objects as a bit set."""
        found = self._memo.get(selector)
        if found is None:
            self.evaluated += 1
            found = self._all
            for requirement in selector.requirements:
                found &= self._satisfying(requirement)
            for clause in selector.clauses:
                either = 0
                for each in clause.any_of:
                    either |= self.select(each)
                found &= self._all & ~either if clause.negated else either
            self._memo[selector] = found
        return found

    def _satisfying(self, requirement: Requirement) -> int:
        operator = requirement.operator
        if operator is _IN or operator is _NOT_IN:
            named = 0
            for value in requirement.values:
                named |= self._pairs.get((requirement.key, value), 0)
            return named if operator is _IN else self._all & ~named
        if operator is Operator.EXISTS:
            return self._keys.get(requirement.key, 0)
        if operator is Operator.DOES_NOT_EXIST:
            return self._all & ~self._keys.get(requirement.key, 0)
        return self._matching_text(requirement)

    def _matching_text(self, requirement: Requirement) -> int:
        found = 0
        for (key, value), bits in self._pairs.items():
            if key == requirement.key and _holds(requirement, value):
                found |= bits
        return found
