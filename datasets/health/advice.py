"""One sentence of advice on each finding: what it is, what it means, what to do."""

from __future__ import annotations

from typing import Any

GOOD, WARN, BAD = "good", "warn", "bad"
FEW_BOXES = 50
UNEVEN = 10


def advise(report: dict[str, Any]) -> dict[str, dict[str, str]]:
    """{topic: {"level": good|warn|bad, "text"}} for a report of `measure`."""
    makers = {
        "labelling": labelling,
        "classes": classes,
        "boxes_per_image": boxes_per_image,
        "sizes": sizes,
        "aspects": aspects,
        "positions": positions,
        "image_sizes": image_sizes,
        "negatives": negatives,
        "leaks": leaks,
    }
    return {topic: dict(zip(("level", "text"), make(report), strict=True)) for topic, make in makers.items()}


def labelling(report: dict[str, Any]) -> tuple[str, str]:
    if not report["images"]:
        return WARN, "There is no photo yet. Add some, with or without labels."
    if report["damaged"]:
        return BAD, f"{report['damaged']:,} photos are damaged and stay out of versions; import whole copies of them."
    if report["unlabelled"]:
        return WARN, f"{report['unlabelled']:,} photos wait for labels and stay out of versions until they have them."
    return GOOD, "Every photo is labelled."


def classes(report: dict[str, Any]) -> tuple[str, str]:
    rows = report["classes"]
    if not rows or not report["boxes"]:
        return WARN, "There are no boxes to count yet."
    least, most = min(rows, key=lambda row: row["boxes"]), max(rows, key=lambda row: row["boxes"])
    if least["boxes"] == 0:
        return BAD, f"{least['name']} has no box: a model cannot learn it. Label some, or retire the class."
    if least["boxes"] < FEW_BOXES:
        return WARN, f"{least['name']} has only {least['boxes']} boxes; aim for {FEW_BOXES} and more of each class."
    if most["boxes"] > UNEVEN * least["boxes"]:
        times = most["boxes"] / least["boxes"]
        return (
            WARN,
            f"{most['name']} has {times:.0f} times the boxes of {least['name']}; look for more photos of the latter.",
        )
    return GOOD, "The classes are in balance." if len(rows) > 1 else "There is one class, with boxes enough."


def boxes_per_image(report: dict[str, Any]) -> tuple[str, str]:
    crowded = sum(row["count"] for row in report["boxes_per_image"] if row["from"] >= 100)
    if crowded:
        who = "1 photo holds" if crowded == 1 else f"{crowded:,} photos hold"
        return WARN, f"{who} 100 boxes or more; detectors stop at 100 detections unless told otherwise."
    return GOOD, "No photo holds more boxes than a detector reports (100)."


def sizes(report: dict[str, Any]) -> tuple[str, str]:
    size, fit = report["input_size"], report["anchors_fit"]
    if not report["boxes"]:
        return WARN, "There are no boxes to measure yet."
    if report["too_small"] > 0.1:
        return BAD, (
            f"{report['too_small']:.0%} of the boxes are thinner than 8 pixels at input size {size} and will hardly be "
            "found; choose a larger input size, or cut the photos into tiles."
        )
    if fit is not None and fit < 0.9:
        return WARN, (
            f"Only {fit:.0%} of the boxes have an anchor that covers them half (IoU 0.5); "
            "try another input size or detector."
        )
    found = f"{fit:.0%} of the boxes have a fitting anchor" if fit is not None else "This detector needs no anchors"
    return GOOD, f"{found}, and few boxes are too small at input size {size}."


def aspects(report: dict[str, Any]) -> tuple[str, str]:
    rows = report["aspects"]
    if not report["boxes"]:
        return WARN, "There are no boxes to measure yet."
    long = (rows[0]["count"] + rows[-1]["count"]) / report["boxes"]
    if long > 0.05:
        return WARN, f"{long:.0%} of the boxes are more than four times as long as wide, which anchors seldom cover."
    return GOOD, "Hardly any box is very long or very tall."


def positions(report: dict[str, Any]) -> tuple[str, str]:
    rows = report["positions"]
    inner = sum(n for row in rows[3:6] for n in row[4:8])
    if report["boxes"] and inner > 0.7 * report["boxes"]:
        return WARN, (
            f"{inner / report['boxes']:.0%} of the boxes lie in the middle ninth; add photos with the object "
            "elsewhere, and keep random cropping on."
        )
    return GOOD, "Objects are found all over the photos." if report["boxes"] else "There are no boxes to place yet."


def image_sizes(report: dict[str, Any]) -> tuple[str, str]:
    common, size = report["image_sizes"]["common"], report["input_size"]
    if not report["images"]:
        return WARN, "There is no photo yet."
    small = sum(row["images"] for row in common if max(row["width"], row["height"]) < size)
    if report["images"] and small > 0.2 * report["images"]:
        return (
            WARN,
            f"Many photos are smaller than the input size {size}, and enlarging adds no detail. Choose a smaller one.",
        )
    return GOOD, "The photos are at least as large as the detector's input."


def negatives(report: dict[str, Any]) -> tuple[str, str]:
    if not report["labelled"]:
        return WARN, "No photo is labelled yet."
    if not report["negatives"]:
        return WARN, (
            "No photo shows nothing to find. A few of such scenes, marked as “nothing here”, mean fewer false alarms."
        )
    portion = report["negatives"] / report["labelled"]
    if portion > 0.5:
        return WARN, f"{portion:.0%} of the labelled photos show nothing to find; that slows training down."
    return GOOD, f"{report['negatives']:,} photos show nothing to find, which keeps false alarms down."


def leaks(report: dict[str, Any]) -> tuple[str, str]:
    found = report["leaks"]
    if found is None:
        return WARN, "No version is frozen yet, so there are no splits to compare."
    if not found["compared"]:
        return WARN, "The photos were not compared yet. Do it on the Duplicates tab, then look here again."
    if found["groups"]:
        return BAD, (
            f"{found['images']:,} photos of version {found['version']} look like one in another split, so its figures "
            "are too good; freeze a new version with shots kept together."
        )
    return GOOD, f"No photo of version {found['version']} looks like one in another split."
