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
ROWS_AT_ONCE, COLUMNS_AT_ONCE, PAIRS_AT_ONCE = 64, 4096, 8192
LINKS_AT_ONCE = 50_000
Progress = Callable[[int], None]
#: (rows, columns, bits of 128 in which the hashes differ) of similar pairs.
Links = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]

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
    """A group number for each fingerprint; images reached from one another by similar ones are in one group.

    Each block is compared with what comes after it; pairs that are known to be of one group are not looked at again, so
    that a film of one scene costs no memory.
    """
    hashes, colours = _tables(prints)
    groups = np.arange(len(prints))
    for start in range(0, len(prints), ROWS_AT_ONCE):
        waiting: list[NDArray[np.intp]] = []
        for tile in range(start, len(prints), COLUMNS_AT_ONCE):
            rows, columns, _ = _alike(hashes, colours, start, tile, groups)
            waiting += [np.stack([groups[rows], groups[columns]])] if len(rows) else []
            if sum(links.shape[1] for links in waiting) > LINKS_AT_ONCE:
                groups, waiting = _joined(groups, waiting), []
        groups = _joined(groups, waiting)
    return [int(group) for group in groups]


def _joined(groups: NDArray[np.intp], links: list[NDArray[np.intp]]) -> NDArray[np.intp]:
    """Group numbers of the images once the linked groups [2, n] are one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not links:
        return groups
    rows, columns = np.concatenate(links, axis=1)
    graph = coo_matrix((np.ones(len(rows), bool), (rows, columns)), shape=(len(groups), len(groups)))
    return np.asarray(connected_components(graph, directed=False)[1][groups], np.intp)


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


def _links(prints: Sequence[bytes]) -> Iterator[Links]:
    """The similar pairs of a block of rows after another, each with all columns."""
    hashes, colours = _tables(prints)
    for start in range(0, len(prints), ROWS_AT_ONCE):
        tiles = [_alike(hashes, colours, start, tile) for tile in range(0, len(prints), COLUMNS_AT_ONCE)]
        rows, columns, bits = (np.concatenate(part) for part in zip(*tiles, strict=True))
        yield rows, columns, bits


def _tables(prints: Sequence[bytes]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Hashes [2, n] and colours [n, 192]."""
    table = np.frombuffer(b"".join(prints), np.uint8).reshape(len(prints), LENGTH)
    hashes = np.ascontiguousarray(table[:, : 2 * HASH_BYTES]).view(np.uint64)
    return np.ascontiguousarray(hashes.T), table[:, 2 * HASH_BYTES :]


def _alike(
    hashes: NDArray[np.uint64],
    colours: NDArray[np.uint8],
    start: int,
    tile: int,
    groups: NDArray[np.int64] | None = None,
) -> Links:
    """The similar pairs whose row is of the block at `start` and whose column is of the tile at `tile`; with `groups`
    those alone that join two of them. A tile is small enough for the processor's cache, which is most of the speed."""
    block, wide = slice(start, start + ROWS_AT_ONCE), slice(tile, tile + COLUMNS_AT_ONCE)
    bits = np.bitwise_count(hashes[0, block, None] ^ hashes[0, None, wide])
    bits += np.bitwise_count(hashes[1, block, None] ^ hashes[1, None, wide])
    rows, columns = np.nonzero(bits <= max(limit for limit, _ in LIMITS))
    found = bits[rows, columns].astype(np.int64)
    rows, columns = rows + start, columns + tile
    if groups is not None:
        apart = groups[rows] != groups[columns]
        rows, columns, found = rows[apart], columns[apart], found[apart]
    distance = _distances(colours, rows, columns)
    alike = np.logical_or.reduce([(found <= most) & (distance <= colour) for most, colour in LIMITS])
    return rows[alike], columns[alike], found[alike]


def _distances(colours: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
    """Of colours, 0 to 255, for each pair."""
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        apart = colours[rows[part]].astype(np.float32) - colours[columns[part]]
        found[part] = np.sqrt((apart**2).mean(-1))
    return found
