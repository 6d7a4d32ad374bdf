from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image as Picture

from detections import batches as batches_module
from detections.models import DetectionBatch, Evaluation
from sw_site.jobs.errors import JobError
from tests.datasets.sources.films import pan, write_video
from tests.detections.builders import FOUND, bad_files, make_detector, turned_picture
from tests.factories import make_box, make_dataset, make_image, make_version, picture_bytes

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def run_json(*arguments: object) -> dict:
    return json.loads(run(*arguments, "--json").splitlines()[-1])


def refused(*arguments: object) -> dict:
    """The error a command ends with, as --json gives it."""
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command(*map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue().splitlines()[-1])["error"]


class TestEvaluate:
    def test_json(self):
        model = make_detector(name="droids")
        result = run_json("evaluate", "droids")
        assert result["ap50"] == pytest.approx(1.0)
        assert (result["model"], result["split"]) == ("droids", "val")
        assert [set(row) >= {"name", "ap", "ap50", "precision", "recall", "objects"} for row in result["per_class"]]
        first = result["per_class"][0]
        assert (first["name"], first["precision"], first["recall"], first["objects"]) == ("BB-8", 1.0, 1.0, 1)
        evaluation = Evaluation.objects.get()
        assert (evaluation.model, evaluation.job.state) == (model, "succeeded")

    def test_number_split_and_version(self):
        model = make_detector()
        later = make_version(model.run.version.dataset, images=8)
        result = run_json("evaluate", f"m{model.pk}", "--split", "test", "--version", later.number)
        assert (result["version"], result["split"], result["images"]) == (str(later), "test", 2)

    def test_for_people(self):
        text = run("evaluate", make_detector().pk)
        assert "AP50 100.0 %" in text
        assert "R2-D2" in text and "n/a" in text

    def test_unknown_model_and_version(self):
        model = make_detector()
        assert refused("evaluate", "nobody")["code"] == "no_such_model"
        error = refused("evaluate", model.pk, "--version", 9)
        assert error["code"] == "no_such_version"
        assert "frozen so far: 1" in error["message"]

    def test_failed_job_is_told(self, monkeypatch):
        model = make_detector()
        monkeypatch.setattr("detections.evaluation.detect_images", out_of_memory)
        assert refused("evaluate", model.pk)["code"] == "evaluation_failed"

    def test_ctrl_c_cancels_the_job(self, monkeypatch):
        model = make_detector()
        monkeypatch.setattr("detections.jobs.measure", ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            run("evaluate", model.pk)
        assert Evaluation.objects.get().job.state == "cancelled"


def out_of_memory(*arguments):
    raise MemoryError


def ctrl_c(*arguments):
    raise KeyboardInterrupt


class TestDetect:
    @pytest.fixture
    def photos(self, tmp_path):
        folder = tmp_path / "photos"
        (folder / "more").mkdir(parents=True)
        (folder / "a.jpg").write_bytes(picture_bytes())
        (folder / "more" / "a.png").write_bytes(picture_bytes(kind="PNG"))
        return folder

    def test_folder(self, photos, tmp_path):
        make_detector(name="droids", answers=[FOUND, (2, 0.4, 0, 0, 1, 1)])
        result = run_json("detect", "droids", photos, "--output", tmp_path / "out")
        assert [image["annotated"] for image in result["images"]] == ["a.jpg", "a-2.jpg"]
        (box,) = result["images"][0]["boxes"]
        assert box == {"class_id": 1, "class": "BB-8", "score": 0.9, "x1": 22.0, "y1": 30.0, "x2": 122.0, "y2": 150.0}
        assert json.loads((tmp_path / "out" / "detections.json").read_text()) == result
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-2.jpg", "a.jpg", "detections.json"]

    def test_boxes_are_drawn(self, photos, tmp_path):
        model = make_detector()
        run_json("detect", model.pk, photos / "a.jpg", "--output", tmp_path / "out")
        with Picture.open(tmp_path / "out" / "a.jpg") as drawn, Picture.open(photos / "a.jpg") as plain:
            assert drawn.size == plain.size
            assert distance(drawn.getpixel((122, 100)), (255, 176, 0)) < 60  # the right edge, in the class's colour
            assert distance(drawn.getpixel((300, 250)), plain.getpixel((300, 250))) < 10

    def test_threshold(self, photos, tmp_path):
        model = make_detector(answers=[FOUND, (2, 0.4, 0, 0, 1, 1)])
        result = run_json("detect", model.pk, photos / "a.jpg", "--output", tmp_path / "out", "--threshold", 0.3)
        assert len(result["images"][0]["boxes"]) == 2

    def test_bad_files_are_listed_and_the_rest_goes_on(self, photos, tmp_path):
        expected = bad_files(photos)
        result = run_json("detect", make_detector().pk, photos, photos / "gone.jpg", "--output", tmp_path / "out")
        codes = {row["file"].rsplit("/", 1)[-1]: row["code"] for row in result["problems"]}
        assert codes == expected | {"gone.jpg": "not_found"}
        assert len(result["images"]) == 2

    def test_no_detections(self, photos, tmp_path):
        result = run_json("detect", make_detector(answers=()).pk, photos / "a.jpg", "--output", tmp_path / "out")
        assert result["images"][0]["boxes"] == []
        assert (tmp_path / "out" / "a.jpg").exists()

    def test_turned_photo_is_drawn_upright(self, tmp_path):
        (tmp_path / "turned.jpg").write_bytes(turned_picture(400, 300))
        run_json("detect", make_detector().pk, tmp_path / "turned.jpg", "--output", tmp_path / "out")
        with Picture.open(tmp_path / "out" / "turned.jpg") as drawn:
            assert drawn.size == (300, 400)

    def test_folders_are_searched_for_videos_and_gifs_that_move_too(self, photos, tmp_path):
        write_video(photos / "more" / "walk.mp4", pan(4))
        frames = [Picture.new("RGB", (64, 48), colour) for colour in ("red", "blue", "green")]
        frames[0].save(photos / "moves.gif", save_all=True, append_images=frames[1:])
        frames[0].save(photos / "still.gif")
        (photos / "torn.mp4").write_text("no video")
        result = run_json("detect", make_detector().pk, photos, "--output", tmp_path / "out")
        assert [Path(video["file"]).name for video in result["videos"]] == ["walk.mp4", "moves.gif"]
        assert [Path(image["file"]).name for image in result["images"]] == ["a.jpg", "a.png", "still.gif"]
        (problem,) = result["problems"]
        assert problem["code"] == "video_not_readable" and "torn.mp4" in problem["message"]

    def test_a_folder_of_nothing_but_a_video(self, tmp_path):
        (tmp_path / "films").mkdir()
        write_video(tmp_path / "films" / "walk.mp4", pan(4))
        result = run_json("detect", make_detector().pk, tmp_path / "films", "--output", tmp_path / "films" / "out")
        assert [video["frames"] for video in result["videos"]] == [4] and result["images"] == []
        again = run_json("detect", make_detector().pk, tmp_path / "films", "--output", tmp_path / "films" / "out")
        assert len(again["videos"]) == 1  # its own results are not looked at

    def test_refusals(self, photos, tmp_path):
        model = make_detector()
        (tmp_path / "empty").mkdir()
        out = tmp_path / "out"
        assert refused("detect", model.pk, tmp_path / "empty", "--output", out)["code"] == "no_images"
        assert refused("detect", model.pk, photos, "--output", out, "--threshold", 2)["code"] == "bad_threshold"
        assert refused("detect", model.pk, photos, "--output", photos)["code"] == "output_is_input"
        assert refused("detect", model.pk, photos, "--output", photos / "a.jpg")["code"] == "bad_output"
        assert refused("detect", "nobody", photos, "--output", out)["code"] == "no_such_model"
        assert not out.exists()

    def test_output_below_the_input_is_not_read_again(self, photos):
        model = make_detector()
        run_json("detect", model.pk, photos, "--output", photos / "out")
        assert len(run_json("detect", model.pk, photos, "--output", photos / "out")["images"]) == 2


def distance(first, second) -> int:
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


class TestDetectBatch:
    @pytest.fixture
    def photos(self):
        dataset = make_dataset(name="Photos")
        for _ in range(5):
            make_image(dataset, state="unlabelled")
        make_box(make_image(dataset))
        return dataset

    def test_the_images_of_a_filter_are_kept_on_the_site(self, photos):
        make_detector(name="droids")
        found = run_json("detect", "droids", "--dataset", "Photos", "--filter", "state=unlabelled")
        batch = DetectionBatch.objects.get()
        assert (found["batch"], found["state"], found["filter"]) == (batch.pk, "succeeded", batch.query)
        assert (found["images"], found["boxes"], batch.images.count()) == (5, 5, 5)
        assert "6 boxes on 6 images" in run("detect", "droids", "--dataset", "Photos")

    def test_it_goes_on_where_it_was_stopped(self, photos, monkeypatch):
        make_detector(name="droids")
        monkeypatch.setattr("detections.batches.CHUNK", 2)
        real, calls = batches_module.detect_images, []

        def fails_at_third(predictor, sources):
            calls.append(len(sources))
            if len(calls) == 3:
                raise JobError("No memory.")
            return real(predictor, sources)

        monkeypatch.setattr("detections.batches.detect_images", fails_at_third)
        assert "No memory" in refused("detect", "droids", "--dataset", "Photos")["message"]
        batch = DetectionBatch.objects.get()
        assert batch.images.count() == 4
        found = run_json("detect", "--resume", batch.pk)
        assert (found["images"], found["boxes"], found["state"]) == (6, 6, "succeeded")
        assert calls == [2, 2, 2, 2]  # the first four images were not looked at again
        assert refused("detect", "--resume", batch.pk)["code"] == "not_resumable"

    def test_ctrl_c_says_how_to_go_on(self, photos, monkeypatch):
        make_detector(name="droids")
        monkeypatch.setattr("detections.jobs.detect_batch", ctrl_c)
        with pytest.raises(CommandError, match="--resume") as caught:
            run("detect", "droids", "--dataset", "Photos")
        assert caught.value.returncode == 130
        monkeypatch.undo()
        batch = DetectionBatch.objects.get()
        assert batch.job.state == "cancelled"
        assert run_json("detect", "--resume", batch.pk)["images"] == 6

    def test_queued_for_a_worker(self, photos):
        make_detector(name="droids")
        found = run_json("detect", "droids", "--dataset", "Photos", "--queue")
        assert found["state"] == "queued" and DetectionBatch.objects.get().job.queue == "gpu"
        assert refused("detect", "--resume", found["batch"], "--queue")["code"] == "not_resumable"

    def test_what_does_not_fit_together_is_refused(self, photos, tmp_path):
        make_detector(name="droids")
        for words in (
            ("droids", "a.jpg", "--dataset", "Photos"),
            ("droids", "--dataset", "Photos", "--output", tmp_path),
            ("droids", "--filter", "state=unlabelled"),
            ("droids", "--resume", 1),
            ("--dataset", "Photos"),
        ):
            assert refused("detect", *words)["code"] == "bad_arguments", words
        assert refused("detect", "droids")["code"] == "nothing_to_detect"
        assert refused("detect", "droids", "--dataset", "Photos", "--filter", "state=approved")["code"] == "no_images"
        assert refused("detect", "--resume", 9)["code"] == "no_such_batch"
        assert not DetectionBatch.objects.exists()
