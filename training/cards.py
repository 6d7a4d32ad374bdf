"""The model card: what a model is, what it learnt from, how good it is and where it is weak, written from its rows."""

from __future__ import annotations

from typing import Any

from training.comparison import start_of
from training.models import TrainedModel
from training.words import percent, size

#: A class with fewer boxes to learn from, or to be measured on, cannot be judged well.
FEW_TRAIN, FEW_MEASURED = 30, 10
WEAK_AP50 = 0.5
#: Points of AP50 by which a class may fall behind the mean before it is named.
BEHIND = 0.15


def model_card(model: TrainedModel) -> dict[str, Any]:
    """Everything the card says, as values; figures are from 0 to 1."""
    run, version = model.run, model.run.version
    train = run.config.get("train", {})
    measured = evaluations_of(model)
    card = {
        "name": model.name,
        "number": model.number,
        "aliases": [alias.name for alias in model.aliases.all()],
        "stage": model.stage,
        "tags": model.tags,
        "note": model.note,
        "dataset": version.dataset.name,
        "version": version.number,
        "content_hash": version.content_hash,
        "split": {split: version.counts[split] for split in ("train", "val", "test") if split in version.counts},
        "classes": model.label_map,
        "network": run.config.get("model", {}),
        "start": start_of(run),
        "settings": {**train, "seed": run.seed},
        "kept_step": model.step,
        "val": {"ap": model.ap, "ap50": model.ap50, "per_class": run.best_per_class},
        "evaluations": measured,
        "thresholds": thresholds(measured),
        "sha256": model.detector_sha256,
        "size_bytes": model.size_bytes,
        "created_at": model.created_at.isoformat(),
        "created_by": run.created_by.get_username() if run.created_by else None,
    }
    return {**card, "weaknesses": weaknesses(card)}


def evaluations_of(model: TrainedModel) -> list[dict[str, Any]]:
    """What was measured with the model, for each split of a version the newest; the rows are another app's."""
    found = getattr(model, "evaluations").exclude(ap=None).select_related("version").order_by("pk")  # noqa: B009
    newest = {(row.version_id, row.split): row for row in found}
    rows = sorted(newest.values(), key=lambda row: -row.pk)
    return [
        {
            "version": row.version.number,
            "split": row.split,
            "ap": row.ap,
            "ap50": row.ap50,
            "per_class": row.figures.get("per_class", []),
            "url": row.get_absolute_url(),
        }
        for row in rows
    ]


def thresholds(evaluations: list[dict[str, Any]]) -> dict[str, float]:
    """By class, the score from which on F1 is best; of the newest evaluation of val if there is one, else of any.

    A threshold chosen on the test split would make the figures of that split too good.
    """
    ordered = sorted(evaluations, key=lambda row: row["split"] != "val")
    for row in ordered[:1]:
        best = {one["name"]: one.get("best") for one in row["per_class"]}
        return {name: point["score"] for name, point in best.items() if point}
    return {}


def weaknesses(card: dict[str, Any]) -> list[str]:
    """What whoever uses the model should know, in sentences."""
    return [*weak_classes(card), *thin_classes(card), *missing_measures(card)]


def weak_classes(card: dict[str, Any]) -> list[str]:
    val = card["val"]
    mean = val["ap50"] or 0.0
    found = []
    for name, one in sorted(val["per_class"].items()):
        ap50 = one.get("ap50")
        if ap50 is None:
            found.append(f"{name} could not be measured: there is none on the validation images.")
        elif ap50 < WEAK_AP50 or ap50 < mean - BEHIND:
            found.append(f"{name} is found less well than the others: AP50 {percent(ap50)}, mean {percent(mean)}.")
    return found


def thin_classes(card: dict[str, Any]) -> list[str]:
    found = []
    for name in card["classes"].values():
        boxes = {split: counts.get("classes", {}).get(name, 0) for split, counts in card["split"].items()}
        if boxes.get("train", 0) < FEW_TRAIN:
            found.append(f"{name} was learnt from {boxes.get('train', 0)} boxes only.")
        if boxes.get("test", 0) < FEW_MEASURED:
            found.append(f"{name} has {boxes.get('test', 0)} boxes on the test images, too few to trust its figures.")
    return found


def missing_measures(card: dict[str, Any]) -> list[str]:
    if any(row["split"] == "test" for row in card["evaluations"]):
        return []
    return [
        "It was not evaluated on test images yet; those of validation chose it, so their figures are a little high."
    ]


def both(row: dict[str, Any]) -> str:
    return f"AP {percent(row['ap'])}, AP50 {percent(row['ap50'])}"


def as_markdown(card: dict[str, Any]) -> str:
    """The card as a file that travels with the model."""
    split = ", ".join(f"{counts['images']} {name}" for name, counts in card["split"].items())
    rows = [
        ("Dataset", f"{card['dataset']} v{card['version']} (content hash {card['content_hash']})"),
        ("Images", split),
        ("Network", ", ".join(f"{key} {value}" for key, value in card["network"].items())),
        ("Started from", card["start"]),
        ("Settings", ", ".join(f"{key} {value}" for key, value in card["settings"].items())),
        (
            "Kept",
            f"step {card['kept_step']:,}, {both(card['val'])} on val",
        ),
        ("Graph", f"{size(card['size_bytes'])}, SHA-256 {card['sha256']}"),
        ("Made", f"{card['created_at'][:10]} by {card['created_by'] or 'the command line'}"),
    ]
    parts = [f"# {card['name']}\n", "| | |\n|---|---|", *(f"| {key} | {value} |" for key, value in rows)]
    parts += ["\n## Classes\n\n| id | class | AP50 on val | threshold |\n|---|---|---|---|"]
    for number, name in card["classes"].items():
        ap50 = card["val"]["per_class"].get(name, {}).get("ap50")
        threshold = card["thresholds"].get(name)
        parts.append(f"| {number} | {name} | {percent(ap50)} | {'–' if threshold is None else f'{threshold:.2f}'} |")
    for row in card["evaluations"]:
        parts.append(f"\nOn the {row['split']} images of v{row['version']}: {both(row)}.")
    parts += [
        "\n## Known weaknesses\n",
        *(f"- {line}" for line in card["weaknesses"] or ["None that the figures show."]),
    ]
    if card["note"]:
        parts += ["\n## Note\n", card["note"]]
    return "\n".join(parts) + "\n"
