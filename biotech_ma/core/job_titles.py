"""What background jobs are called at the desk: each task says it beside itself, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_titles: dict[str, str] = {}


def titled[T](title: str) -> Callable[[T], T]:
    """Return the decorator that gives a task its title; it stands above the task's own."""

    def name(task: T) -> T:
        _titles[_name_of(task)] = title
        return task

    return name


def _name_of(task: Any) -> str:
    return str(task.name)


def title_of(task_name: str) -> str:
    """Return the title of a task; of one whose code is gone its name in words."""
    return _titles.get(task_name) or task_name.rpartition(".")[2].replace("_", " ").capitalize()


def tasks_titled(words: str) -> list[str]:
    """Return the names of the tasks in whose titles the words stand, in any case."""
    return [name for name, title in _titles.items() if words.lower() in title.lower()]
