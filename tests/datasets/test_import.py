"""Imports of folders and zips, good and bad."""

import errno
import io
import stat
import zipfile

import pytest

from datasets.curation.classes import merge_classes
from datasets.importing import importer, reading
from datasets.importing.importer import ImportOptions, import_source
from datasets.importing.source import open_source
from datasets.models import Box, Image, ReviewState, SourceAnnotation
from sw_site.lib.errors import UserError
from tests.factories import make_dataset, picture_bytes
from tests.voc import voc_xml

pytestmark = pytest.mark.django_db
LABEL_MAP = "item { id: 1 name: 'BB-8' } item { id: 2 name: 'R2-D2' }"


def run(path, dataset=None, mapping=None, label_map=""):
    dataset = dataset or make_dataset(classes=())
    return dataset, import_source(dataset, open_source(path), ImportOptions(mapping or {}, label_map))


def write(folder, files: dict[str, bytes]):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zipped(path, files: dict[str, bytes]):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def codes(report):
    return [problem.code for problem in report.problems]


def test_images_and_boxes_go_in_with_their_history(tmp_path):
    files = {"images/a.jpg": picture_bytes(), "xmls/a.xml": voc_xml("a.jpg", boxes=[("bb8", 10, 20, 110, 80)] * 1)}
    dataset, report = run(write(tmp_path, files))
    image = dataset.images.get()
    assert (report.images_added, report.boxes_added, report.classes, report.problems) == (1, 1, ["bb8"], [])
    assert (image.file_name, image.folder, image.state, image.revision) == ("a.jpg", "images", "labelled", 1)
    assert image.revisions.get().summary == "1 added, imported from a.xml"
    assert bytes(image.sources.get().content) == files["xmls/a.xml"]


def test_a_second_import_adds_nothing(tmp_path):
    write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml()})
    dataset, _ = run(tmp_path)
    box = Box.objects.get()
    Box.objects.filter(pk=box.pk).update(x1=33)  # somebody moved it meanwhile
    _, again = run(tmp_path, dataset)
    assert (again.images_added, again.images_known, again.boxes_added) == (0, 1, 0)
    assert Box.objects.get().x1 == 33
    assert Image.objects.get().revision == 1


def test_the_name_of_a_class_that_was_merged_away_leads_to_the_one_it_went_to(tmp_path):
    dataset = make_dataset(classes=("bb8", "BB-8"))
    bb8, ball = dataset.classes.all()
    merge_classes(bb8, ball, None)
    run(write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml(boxes=[("bb8", 1, 1, 50, 50)])}), dataset)
    assert Box.objects.get().label_class == ball


def test_an_image_under_another_name_is_the_same_image(tmp_path):
    data = picture_bytes()
    write(tmp_path, {"a.jpg": data, "b.jpg": data, "a.xml": voc_xml(boxes=[("bb8", 1, 1, 50, 50)])})
    write(tmp_path, {"b.xml": voc_xml("b.jpg", boxes=[("r2d2", 60, 60, 90, 90)])})
    dataset, report = run(tmp_path)
    assert (report.images_added, report.images_skipped, report.boxes_added) == (1, 1, 2)
    assert codes(report) == ["duplicate_labels_differ"] and "a.jpg" in report.problems[0].message
    assert dataset.images.get().boxes.count() == 2


def test_a_file_belongs_to_the_image_of_its_stem_before_the_name_inside_it(tmp_path):
    write(tmp_path, {"a.jpg": picture_bytes(), "b.jpg": picture_bytes(), "a.xml": voc_xml("b.jpg")})
    dataset, _ = run(tmp_path)
    assert dataset.images.get(file_name="a.jpg").boxes.count() == 1


def test_the_name_inside_decides_when_no_stem_fits(tmp_path):
    write(tmp_path, {"photo.one.jpg": picture_bytes(), "labels-17.xml": voc_xml("photo.one.jpg")})
    dataset, report = run(tmp_path)
    assert dataset.images.get().boxes.count() == 1 and report.problems == []


def test_equal_stems_in_two_folders_match_beside_each_other(tmp_path):
    for folder, name in (("x", "bb8"), ("y", "r2d2")):
        write(
            tmp_path,
            {f"{folder}/1.jpg": picture_bytes(), f"{folder}/1.xml": voc_xml("1.jpg", boxes=[(name, 1, 1, 9, 9)])},
        )
    dataset, report = run(tmp_path)
    assert report.problems == []
    assert {i.folder: i.boxes.get().label_class.name for i in dataset.images.all()} == {"x": "bb8", "y": "r2d2"}


def test_a_file_that_could_belong_to_two_images_is_named(tmp_path):
    write(tmp_path, {"x/1.jpg": picture_bytes(), "y/1.jpg": picture_bytes(), "z/1.xml": voc_xml("1.jpg")})
    _, report = run(tmp_path)
    assert "ambiguous_match" in codes(report) and report.boxes_added == 0


def test_partners_that_are_missing_are_named(tmp_path):
    write(tmp_path, {"alone.jpg": picture_bytes(), "orphan.xml": voc_xml("gone.jpg")})
    dataset, report = run(tmp_path)
    assert codes(report) == ["annotation_without_image", "image_without_annotation"]
    assert "gone.jpg" in report.problems[0].message
    assert dataset.images.get().state == ReviewState.UNLABELLED


def test_annotations_may_come_after_their_images(tmp_path):
    dataset, _ = run(write(tmp_path / "one", {"a.jpg": picture_bytes()}))
    _, report = run(write(tmp_path / "two", {"a.xml": voc_xml("a.jpg")}), dataset)
    assert report.boxes_added == 1 and dataset.images.get().state == ReviewState.LABELLED


def test_a_file_without_objects_answers_nothing_here(tmp_path):
    dataset, report = run(write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml(boxes=[])}))
    image = dataset.images.get()
    assert (image.state, image.negative, report.problems) == ("labelled", True, [])


@pytest.mark.parametrize(
    ("boxes", "code", "kept"),
    [
        ([("c", 10, 10, 10, 50)], "box_zero_size", []),
        ([("c", 50, 60, 10, 20)], "box_inverted", [(10, 20, 50, 60)]),
        ([("c", 390, 290, 480, 380)], "box_clipped", [(390, 290, 400, 300)]),
        ([("c", 500, 400, 600, 500)], "box_outside", []),
    ],
)
def test_bad_boxes_are_mended_or_left_out_and_named(tmp_path, boxes, code, kept):
    dataset, report = run(write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml(boxes=boxes)}))
    assert codes(report) == [code]
    assert [(b.x1, b.y1, b.x2, b.y2) for b in dataset.images.get().boxes.all()] == kept


def test_a_pixel_over_the_edge_is_clipped_without_a_word(tmp_path):
    dataset, report = run(write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml(boxes=[("c", 1, 1, 401, 300)])}))
    assert report.problems == [] and Box.objects.get().x2 == 400


def test_boxes_of_another_size_are_scaled(tmp_path):
    xml = voc_xml(size=(800, 600), boxes=[("c", 100, 100, 200, 200)])
    _, report = run(write(tmp_path, {"a.jpg": picture_bytes(400, 300), "a.xml": xml}))
    assert codes(report) == ["size_rescaled"] and Box.objects.get().x2 == 100


def test_size_zero_means_the_file_s_own_size(tmp_path):
    _, report = run(write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml(size=(0, 0))}))
    assert codes(report) == ["size_missing"] and report.boxes_added == 1


def test_names_are_mapped_and_remembered(tmp_path):
    names = ["bb8", "r2d2", "r2-d2"]
    boxes = [(name, 10 * n + 1, 1, 10 * n + 9, 9) for n, name in enumerate(names)]
    write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml(boxes=boxes)})
    mapping = {"bb8": "BB-8", "r2d2": "R2-D2", "r2-d2": "R2-D2"}
    dataset, report = run(tmp_path, mapping=mapping)
    assert report.classes == ["BB-8", "R2-D2"] and report.names_mapped == mapping
    write(tmp_path, {"b.jpg": picture_bytes(), "b.xml": voc_xml("b.jpg", boxes=boxes)})
    _, again = run(tmp_path, dataset)
    assert again.classes == ["BB-8", "R2-D2"] and again.boxes_added == 3


def test_a_label_map_gives_the_numbers_and_matches_spellings(tmp_path):
    boxes = [("r2-d2", 1, 1, 9, 9), ("bb8", 11, 1, 19, 9)]
    dataset, report = run(
        write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml(boxes=boxes)}), label_map=LABEL_MAP
    )
    assert [(c.number, c.name) for c in dataset.classes.all()] == [(1, "BB-8"), (2, "R2-D2")]
    assert report.boxes_added == 2 and report.problems == []


def test_a_class_outside_the_label_map_waits_for_a_mapping(tmp_path):
    write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": voc_xml(boxes=[("ewok", 1, 1, 9, 9), ("bb8", 11, 1, 19, 9)])})
    dataset, report = run(tmp_path, label_map=LABEL_MAP)
    assert codes(report) == ["unknown_class"] and "ewok" in report.problems[0].message and report.boxes_added == 1
    _, again = run(tmp_path, dataset, mapping={"ewok": "R2-D2"}, label_map=LABEL_MAP)
    assert (again.boxes_added, again.boxes_known) == (1, 1)


def test_damaged_files_are_listed_and_the_rest_goes_in(tmp_path):
    files = {"good.jpg": picture_bytes(), "good.xml": voc_xml("good.jpg"), "bad.jpg": b"nope", "bad.xml": b"<annot"}
    dataset, report = run(write(tmp_path, {**files, "film.mov": b"x"}))
    assert codes(report) == ["file_type", "image_does_not_decode", "xml_does_not_parse"]
    assert (report.images_added, report.images_skipped, dataset.images.count()) == (1, 1, 1)


def test_a_zip_is_read_like_a_folder(tmp_path):
    dataset, report = run(zipped(tmp_path / "set.zip", {"d/a.jpg": picture_bytes(), "d/a.xml": voc_xml()}))
    assert (report.images_added, report.boxes_added) == (1, 1)


def test_what_is_no_zip_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "set.zip").write_bytes(b"this is no zip")
    with pytest.raises(UserError, match="not a zip archive"):
        run(tmp_path / "set.zip")
    with pytest.raises(UserError, match="nothing at"):
        run(tmp_path / "absent")


def test_members_that_climb_out_or_are_links_or_bombs_are_refused_one_by_one(tmp_path):
    path = zipped(
        tmp_path / "set.zip", {"../evil.jpg": picture_bytes(), "/abs.jpg": picture_bytes(), "a.jpg": picture_bytes()}
    )
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.png", b"\0" * 20_000_000)
    dataset, report = run(path)
    assert [i.file_name for i in dataset.images.all()] == ["a.jpg"]
    assert sorted(set(codes(report)) - {"image_without_annotation"}) == ["unsafe_link", "unsafe_path", "zip_bomb"]
    assert not (tmp_path.parent / "evil.jpg").exists()


def test_a_damaged_member_does_not_stop_the_rest(tmp_path):
    files = {"a.jpg": picture_bytes(), "b.jpg": picture_bytes()}
    path = zipped(tmp_path / "set.zip", files)
    data = bytearray(path.read_bytes())
    place = data.find(files["a.jpg"][200:240])
    data[place : place + 8] = b"\0\1\2\3\4\5\6\7"
    path.write_bytes(data)
    dataset, report = run(path)
    assert dataset.images.get().file_name == "b.jpg" and "zip_member_damaged" in codes(report)


def test_an_empty_source_is_refused(tmp_path):
    with pytest.raises(UserError, match="no image"):
        run(tmp_path)


def test_a_bad_label_map_is_refused_before_anything_is_written(tmp_path):
    write(tmp_path, {"a.jpg": picture_bytes()})
    with pytest.raises(UserError, match="Ids start at 1"):
        run(tmp_path, label_map="item { id: 0 name: 'x' }")
    assert not Image.objects.exists()


def test_a_full_disk_leaves_whole_chunks_only(tmp_path, monkeypatch):
    write(tmp_path, {f"{n}.jpg": picture_bytes() for n in range(6)})
    monkeypatch.setattr(importer, "CHUNK", 2)
    real, calls = reading.store_below, []

    def full(root, name, data):
        calls.append(name)
        if len(calls) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(root, name, data)

    monkeypatch.setattr(reading, "store_below", full)
    dataset = make_dataset()
    with pytest.raises(OSError, match="No space"):
        run(tmp_path, dataset)
    assert dataset.images.count() in (0, 2, 4)
    monkeypatch.setattr(reading, "store_below", real)
    run(tmp_path, dataset)
    assert dataset.images.count() == 6


def test_a_photo_on_its_side_is_upright_with_boxes_of_either_frame(tmp_path):
    from PIL import Image as Pillow

    for n, size in enumerate([(60, 40), (40, 60)]):  # the frame of old and of new labelImg
        buffer, exif = io.BytesIO(), Pillow.Exif()
        exif[0x0112] = 6
        Pillow.new("RGB", (60, 40), (n, 80, 90)).save(buffer, "JPEG", exif=exif)
        boxes = [("c", 10, 5, 30, 15)] if size == (60, 40) else [("c", 25, 10, 35, 30)]
        write(tmp_path, {f"{n}.jpg": buffer.getvalue(), f"{n}.xml": voc_xml(f"{n}.jpg", size, boxes)})
    dataset, report = run(tmp_path)
    assert report.problems == []
    for image in dataset.images.all():
        box = image.boxes.get()
        assert (image.width, image.height) == (40, 60)
        assert (box.x1, box.y1, box.x2, box.y2) == (25, 10, 35, 30)


def test_sources_are_kept_byte_for_byte(tmp_path):
    xml = voc_xml() + b"\n<!-- by hand -->"
    run(write(tmp_path, {"a.jpg": picture_bytes(), "a.xml": xml}))
    assert bytes(SourceAnnotation.objects.get().content) == xml
