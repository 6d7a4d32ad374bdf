"""Everything that can be wrong with what comes in: a code, a sentence, and what the site does about it.

The codes are stable for programs. A test holds this table against the codes that the readers really give.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from datasets.formats.records import Problem


class Rule(StrEnum):
    """What happens: mended by itself, kept with a word of warning, or not used (and kept where a person can get it)."""

    FIXED = "fixed"
    WARNING = "kept with a warning"
    ASIDE = "set aside"


@dataclass(frozen=True)
class Defect:
    title: str
    rule: Rule


FIXED, WARNING, ASIDE = Rule.FIXED, Rule.WARNING, Rule.ASIDE

DEFECTS = {
    # files
    "file_type": Defect("Files of a kind that is not imported", ASIDE),
    "file_too_large": Defect("Files larger than the limit", ASIDE),
    "file_not_readable": Defect("Files that cannot be read", ASIDE),
    "unsafe_path": Defect("Names that point outside the archive", ASIDE),
    "unsafe_link": Defect("Links that are not followed", ASIDE),
    "encrypted": Defect("Archive members with a password", ASIDE),
    "zip_bomb": Defect("Archive members that unpack without end", ASIDE),
    "zip_member_damaged": Defect("Damaged archive members", ASIDE),
    "other_format": Defect("Labels in a second format", ASIDE),
    # addresses and videos
    "url_not_valid": Defect("Lines that are no address", ASIDE),
    "url_not_http": Defect("Addresses that are not http or https", ASIDE),
    "url_no_such_host": Defect("Addresses of machines that do not exist", ASIDE),
    "url_private": Defect("Addresses inside a private network", ASIDE),
    "url_not_reachable": Defect("Addresses that could not be reached", ASIDE),
    "url_answer": Defect("Addresses that gave no file", ASIDE),
    "url_redirects": Defect("Addresses that redirect without end", ASIDE),
    "url_too_large": Defect("Addresses of files larger than the limit", ASIDE),
    "url_too_slow": Defect("Addresses that took too long", ASIDE),
    "url_not_an_image": Defect("Addresses of something that is no image", ASIDE),
    "url_over_limit": Defect("Addresses beyond the limits of one list", ASIDE),
    "url_repeated": Defect("Addresses that stand twice in the list", WARNING),
    "video_not_readable": Defect("Videos that cannot be read", ASIDE),
    "video_cut_short": Defect("Videos that end early", WARNING),
    "video_too_long": Defect("Videos with more frames than are taken at once", WARNING),
    # images
    "image_does_not_decode": Defect("Images that cannot be read", ASIDE),
    "image_truncated": Defect("Images that are cut short", ASIDE),
    "image_type": Defect("Images of a kind that is not read", ASIDE),
    "image_too_large": Defect("Images with too many pixels", ASIDE),
    "wrong_suffix": Defect("Images named as another kind than they are", FIXED),
    "image_cmyk": Defect("Images in the colours of print", FIXED),
    "image_16_bit": Defect("Images with more than 8 bits a channel", FIXED),
    "image_frames": Defect("Images with several frames", WARNING),
    "exif_invalid": Defect("EXIF orientations that mean nothing", WARNING),
    "exif_ambiguous": Defect("Turned photos whose boxes may lie in either frame", WARNING),
    "duplicate_image": Defect("The same file under several names", WARNING),
    "duplicate_labels_differ": Defect("The same file under several names, labelled differently", WARNING),
    "image_without_annotation": Defect("Images without labels", WARNING),
    # annotation files
    "xml_does_not_parse": Defect("XML that is not well-formed", ASIDE),
    "xml_not_voc": Defect("XML of another kind", ASIDE),
    "xml_too_large": Defect("XML files that are too large", ASIDE),
    "json_does_not_parse": Defect("JSON that is not well-formed", ASIDE),
    "json_not_understood": Defect("JSON of another kind", ASIDE),
    "yaml_does_not_parse": Defect("YAML that is not well-formed", ASIDE),
    "yaml_without_names": Defect("A data.yaml without class names", ASIDE),
    "csv_does_not_parse": Defect("CSV files that are none", ASIDE),
    "csv_columns": Defect("CSV files without the columns needed", ASIDE),
    "record_damaged": Defect("TFRecords that are damaged", ASIDE),
    "record_not_example": Defect("Records that are not of the Object Detection API", ASIDE),
    "record_lists_differ": Defect("Records whose lists are not of one length", ASIDE),
    "coco_unknown_image": Defect("COCO annotations of images that are not listed", ASIDE),
    "annotation_without_image": Defect("Labels whose image is not here", ASIDE),
    "ambiguous_match": Defect("Labels that could belong to several images", ASIDE),
    "file_name_differs": Defect("Labels that name another image than the one they lie beside", WARNING),
    "same_stem": Defect("Images that differ in the suffix of their names only", WARNING),
    "name_spelled_otherwise": Defect("Names with accents written in another way", FIXED),
    # sizes and boxes
    "size_missing": Defect("Labels that state no size, or 0 x 0", FIXED),
    "size_rescaled": Defect("Labels for a picture of another size", FIXED),
    "size_differs": Defect("Labels for a picture of another shape", WARNING),
    "box_without_class": Defect("Boxes without a class", ASIDE),
    "box_without_coordinates": Defect("Boxes without usable coordinates", ASIDE),
    "yolo_line": Defect("Lines that are no YOLO box", ASIDE),
    "comma_decimals": Defect("Numbers with commas", FIXED),
    "outline_to_box": Defect("Outlines instead of boxes", FIXED),
    "box_inverted": Defect("Boxes with edges in the wrong order", FIXED),
    "box_zero_size": Defect("Boxes without an area", ASIDE),
    "box_outside": Defect("Boxes outside the image", ASIDE),
    "box_clipped": Defect("Boxes that reached outside the image", FIXED),
    "box_repeated": Defect("Boxes that stand twice in one file", FIXED),
    "box_tiny": Defect("Boxes of less than 4 pixels", WARNING),
    # classes
    "unknown_class": Defect("Classes that the label map does not have", ASIDE),
    "class_without_name": Defect("Classes that have a number only", WARNING),
    "class_name_too_long": Defect("Class names that are cut to 100 letters", FIXED),
}
UNKNOWN = Defect("Other remarks", WARNING)


@dataclass(frozen=True)
class Group:
    """All problems of one code."""

    code: str
    defect: Defect
    problems: tuple[Problem, ...]


def grouped(problems: Iterable[Problem]) -> list[Group]:
    """Problems by code: what was set aside first, then warnings, then what was fixed; the most frequent first."""
    by_code: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_code[problem.code].append(problem)
    groups = [Group(code, DEFECTS.get(code, UNKNOWN), tuple(found)) for code, found in by_code.items()]
    order = [ASIDE, WARNING, FIXED]
    return sorted(groups, key=lambda group: (order.index(group.defect.rule), -len(group.problems), group.code))
