"""labelImg files for tests."""

from __future__ import annotations

Rows = list[tuple[object, ...]]


def voc_xml(
    file_name: str = "photo.jpg", size: tuple[int, int] = (400, 300), boxes: Rows | None = None, verified: bool = False
) -> bytes:
    """XML as labelImg writes it; `boxes` are (name, xmin, ymin, xmax, ymax)."""
    rows = [("bb8", 10, 20, 110, 80)] if boxes is None else boxes
    objects = "".join(
        f"<object><name>{name}</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
        f"<bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for name, x1, y1, x2, y2 in rows
    )
    flag = ' verified="yes"' if verified else ""
    return (
        f"<annotation{flag}><folder>x</folder><filename>{file_name}</filename><path>C:\\x\\{file_name}</path>"
        f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>{objects}</annotation>"
    ).encode()
