"""What was wrong with a folder of manifests, gathered: bounded per file, so that a crafted file cannot drown the rest."""

from __future__ import annotations

from infra.manifests.documents import Trouble
from scanner.model import Notice

MAX_PER_FILE = 50


class Notes:
    """Notices in the order of the files, and what could not be read, where objects may have stood."""

    def __init__(self) -> None:
        self.lost: list[str] = []  # "file:line: what" of each document that could not be read
        self._notices: list[Notice] = []
        self._per_file: dict[str, int] = {}
        self._first: str = ""

    def trouble(self, file: str, trouble: Trouble) -> None:
        """Something wrong in a file."""
        place = ":".join([file, *(str(number) for number in (trouble.line, trouble.column) if number)])
        if trouble.lost:
            self.lost.append(f"{place}: {trouble.message}")
        self.add(file, place, "", trouble.message)

    def add(self, file: str, identity: str, field: str, message: str) -> None:
        """A notice on an object, or on a place ("file:line")."""
        self._first = self._first or f"{identity}: {message}"
        count = self._per_file[file] = self._per_file.get(file, 0) + 1
        if count <= MAX_PER_FILE:
            self._notices.append(Notice(object=identity, field=field, message=message))

    @property
    def first(self) -> str:
        """The first notice in one line, empty where there is none."""
        return self._first

    def notices(self) -> tuple[Notice, ...]:
        """Every notice; for a file with too many, the first ones and how many more there were."""
        surplus = [
            Notice(object=file, field="", message=f"and {count - MAX_PER_FILE} more in this file: mend these first")
            for file, count in self._per_file.items()
            if count > MAX_PER_FILE
        ]
        return (*self._notices, *surplus)
