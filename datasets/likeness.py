"""Which pictures show the same shot: frames of one film scene, re-saved copies, the same object a second later.

Two perceptual hashes and the colours of an 8 x 8 reduction are compared (Zauner, "Implementation and benchmarking of
perceptual image hash functions", 2010, for the hashes). The limits were set by looking at the pairs they join in
three public sets of 200 to 360 photographs: nearly all of them are one scene, and a wrong pair only means that two
images share a split.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

HASH_BYTES = 8
COLOUR_SIDE = 8
LENGTH = 2 * HASH_BYTES + 3 * COLOUR_SIDE**2
ROWS_AT_ONCE = 256
Progress = Callable[[int], None]

#: (most bits the two hashes may differ in together, most colour distance of 0 to 255): either pair is enough.
LIMITS = ((30, 40.0), (36, 25.0))
#: The same for pictures with nothing new on them. Measured on 40 photographs: noise and re-saving stay within it (nine
#: in ten); a camera that turns by 3 % of the picture, or an object of a fifth of it that moves, is well outside.
HARDLY = (4, 3.0)


def fingerprint(picture: Pillow.Image) -> bytes:
    """What `same_shot` compares, 208 bytes: pHash, dHash and the mean colours. A thumbnail is large enough."""
    small = picture.convert("RGB")
    hashes = [np.packbits(make(small).hash).tobytes() for make in (imagehash.phash, imagehash.dhash)]
    colours = small.resize((COLOUR_SIDE, COLOUR_SIDE), Pillow.Resampling.BILINEAR)
    return b"".join([*hashes, colours.tobytes()])


def hardly_differs(print_: bytes, others: Collection[bytes]) -> bool:
    """Whether one of the other pictures shows the same to a hair: frames of a camera that looks at a still scene."""
    if not others:
        return False
    one, table = np.frombuffer(print_, np.uint8), np.frombuffer(b"".join(others), np.uint8).reshape(-1, LENGTH)
    bits = np.bitwise_count(table[:, : 2 * HASH_BYTES] ^ one[: 2 * HASH_BYTES]).sum(-1, dtype=np.int64)
    apart = table[:, 2 * HASH_BYTES :].astype(np.float32) - one[2 * HASH_BYTES :]
    return bool(((bits <= HARDLY[0]) & (np.sqrt((apart**2).mean(-1)) <= HARDLY[1])).any())


def shot_groups(prints: Sequence[bytes]) -> list[int]:
    """A group number for each fingerprint; images reached from one another by similar ones are in one group."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(prints)
    links = list(_links(prints))
    rows, columns, _ = (np.concatenate(part) for part in zip(*links, strict=True))
    graph = coo_matrix((np.ones(len(rows), bool), (rows, columns)), shape=(count, count))
    return [int(label) for label in connected_components(graph, directed=False)[1]]


def like_pairs(
    prints: Sequence[bytes], most: int, progress: Progress = lambda done: None
) -> list[tuple[int, int, int]]:
    """Similar pairs as (index, higher index, bits of 128 in which their hashes differ); nearest first.

    A still camera makes everything similar to everything: each image brings in its `most` nearest partners only.
    """
    found: dict[tuple[int, int], int] = {}
    for number, (rows, columns, bits) in enumerate(_links(prints), start=1):
        others = rows != columns
        rows, columns, bits = rows[others], columns[others], bits[others]
        order = np.lexsort((columns, bits, rows))
        rows, columns, bits = rows[order], columns[order], bits[order]
        rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
        for row, column, distance in zip(*(part[rank < most].tolist() for part in (rows, columns, bits)), strict=True):
            found[min(row, column), max(row, column)] = distance
        progress(min(number * ROWS_AT_ONCE, len(prints)))
    return sorted(((*pair, distance) for pair, distance in found.items()), key=lambda each: (each[2], each[:2]))


def _links(prints: Sequence[bytes]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]]:
    table = np.frombuffer(b"".join(prints), np.uint8).reshape(len(prints), LENGTH)
    hashes = np.ascontiguousarray(table[:, : 2 * HASH_BYTES]).view(np.uint64)
    colours = table[:, 2 * HASH_BYTES :].astype(np.float32)
    return (_alike(hashes, colours, start) for start in range(0, len(prints), ROWS_AT_ONCE))


def _alike(
    hashes: NDArray[np.uint64], colours: NDArray[np.float32], start: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
    """(rows, columns, bits apart) of the similar pairs whose row is one of the block that begins at `start`."""
    block = slice(start, start + ROWS_AT_ONCE)
    bits = np.bitwise_count(hashes[block, None] ^ hashes[None]).sum(-1, dtype=np.int64)
    rows, columns = np.nonzero(bits <= max(limit for limit, _ in LIMITS))
    distance = np.sqrt(((colours[rows + start] - colours[columns]) ** 2).mean(-1))
    found = bits[rows, columns]
    alike = np.logical_or.reduce([(found <= most) & (distance <= colour) for most, colour in LIMITS])
    return rows[alike] + start, columns[alike], found[alike]
