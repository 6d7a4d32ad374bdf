from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from datasets.curation import classes as act
from datasets.lookup import dataset_by_name
from datasets.models import Dataset, LabelClass
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError


class Command(SiteCommand):
    help = "Add, rename, merge or retire classes, or read and write the label map. Without an option: list them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="Name of the dataset.")
        parser.add_argument("--add", action="append", default=[], metavar="CLASS")
        parser.add_argument("--rename", nargs=2, action="append", default=[], metavar=("OLD", "NEW"))
        parser.add_argument("--merge", nargs=2, action="append", default=[], metavar=("FROM", "INTO"))
        parser.add_argument("--retire", action="append", default=[], metavar="CLASS")
        parser.add_argument("--restore", action="append", default=[], metavar="CLASS")
        parser.add_argument("--order", nargs="+", default=[], metavar="CLASS", help="These first, in this order.")
        parser.add_argument("--read", type=Path, metavar="FILE.pbtxt", help="Add the classes of a label map.")
        parser.add_argument("--write", type=Path, metavar="FILE.pbtxt", help="Write the label map.")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = dataset_by_name(options["name"])
        if options["read"]:
            act.import_label_map(dataset, _text(options["read"]))
        for name in options["add"]:
            act.add_class(dataset, name)
        for old, new in options["rename"]:
            act.rename_class(_class(dataset, old), new)
        for source, target in options["merge"]:
            act.merge_classes(_class(dataset, source), _class(dataset, target), None)
        for word in ("retire", "restore"):
            for name in options[word]:
                act.retire_class(_class(dataset, name), word == "retire")
        if options["order"]:
            act.reorder_classes(dataset, [_class(dataset, name).pk for name in options["order"]])
        if options["write"]:
            _write(options["write"], act.export_label_map(dataset))
        fields = ("number", "name", "colour", "aliases", "retired")
        return {"dataset": dataset.name, "classes": list(dataset.classes.values(*fields))}

    def describe(self, result: dict[str, Any]) -> None:
        for each in result["classes"]:
            other = f" ({', '.join(each['aliases'])})" if each["aliases"] else ""
            self.stdout.write(f"{each['number']:>4}  {each['name']}{other}{'  retired' if each['retired'] else ''}")


def _class(dataset: Dataset, name: str) -> LabelClass:
    found = dataset.classes.select_related("dataset").filter(name=name).first()
    if found is None:
        known = ", ".join(c.name for c in dataset.classes.all()) or "none yet"
        raise UserError("unknown_class", f"{dataset.name} has no class called “{name}”. There are: {known}.", 404)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("label_map_unreadable", f"The label map {path} cannot be read: {error}.") from error


def _write(path: Path, text: str) -> None:
    try:
        part = path.with_name(path.name + ".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise UserError("label_map_unwritable", f"The label map cannot be written to {path}: {error}.") from error
