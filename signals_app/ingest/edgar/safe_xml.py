"""XML without its dangers: a document type or an entity of its own is refused before anything is expanded. Pure.

Elements are told apart by their local names; the filers' namespaces and prefixes vary.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

MOST_NESTED = 64
_SEPARATOR = "\x1f"


class XmlFault(ValueError):
    """No XML, or XML that declares a document type or entities; `line` says where."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


@dataclass
class Node:
    """An element: local name, attributes by local name, its own text, its children in order."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def find(self, *path: str) -> Node | None:
        """Return the first element at the path of local names."""
        here: Node | None = self
        for name in path:
            here = next((child for child in here.children if child.name == name), None) if here else None
        return here

    def all(self, name: str) -> list[Node]:
        """Return the children of the name."""
        return [child for child in self.children if child.name == name]

    def descendants(self, name: str) -> list[Node]:
        """Return every element of the name below this one, in document order."""
        found: list[Node] = []
        for child in self.children:
            if child.name == name:
                found.append(child)
            found.extend(child.descendants(name))
        return found

    def value(self, *path: str) -> str:
        """Return the trimmed text at the path; empty where there is no such element."""
        node = self.find(*path)
        return " ".join(node.text.split()) if node else ""


def parse_xml(data: bytes) -> Node:
    """Return the document's root element. Raises XmlFault for what is no XML or declares a document type."""
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    root = Node("")
    stack = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > MOST_NESTED:
            raise XmlFault(f"elements nested more than {MOST_NESTED} deep", parser.CurrentLineNumber)
        node = Node(_local(name), {_local(key): value for key, value in attributes.items()})
        stack[-1].children.append(node)
        stack.append(node)

    def end(name: str) -> None:
        stack.pop()

    def characters(text: str) -> None:
        stack[-1].text += text

    def refuse(*declared: Any) -> None:
        raise XmlFault("declares a document type or entities", parser.CurrentLineNumber)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler = refuse, refuse
    parser.buffer_text = True
    try:
        parser.Parse(data.strip(), True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        raise XmlFault(f"is no XML or is cut off ({error})", getattr(error, "lineno", None)) from error
    return root.children[0]


def _local(name: str) -> str:
    return name.rsplit(_SEPARATOR, 1)[-1]
