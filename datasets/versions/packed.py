"""Many lines of bytes in little memory: packed some hundred at a time, and unpacked when one of them is asked for."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Iterator

LINES = 128  # in one piece: few enough that a single line is had in a fraction of a millisecond


class PackedLines:
    """Append lines, then read them by place or in order. Read by several threads at once it gives the same answers."""

    def __init__(self, lines: Iterable[bytes] = ()) -> None:
        self._pieces: list[bytes] = []
        self._ends = array("I")  # where each line ends in its piece
        self._open = bytearray()
        self._last: tuple[int, bytes] = (-1, b"")  # the piece that was read last, unpacked
        for line in lines:
            self.append(line)

    def __len__(self) -> int:
        return len(self._ends)

    def append(self, line: bytes) -> None:
        self._open += line
        self._ends.append(len(self._open))
        if len(self._ends) % LINES == 0:
            self._pieces.append(zlib.compress(self._open, 1))
            self._open = bytearray()

    def __getitem__(self, place: int) -> bytes:
        if not 0 <= place < len(self._ends):
            raise IndexError(place)
        start = self._ends[place - 1] if place % LINES else 0
        return self._piece(place // LINES)[start : self._ends[place]]

    def __iter__(self) -> Iterator[bytes]:
        return (self[place] for place in range(len(self)))

    def _piece(self, number: int) -> bytes:
        if number == len(self._pieces):
            return bytes(self._open)
        last = self._last
        if last[0] != number:
            last = self._last = (number, zlib.decompress(self._pieces[number]))
        return last[1]
