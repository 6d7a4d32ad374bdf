"""The sound of a video is under the copy with boxes, where it belongs: real ffmpeg, real files."""

import pytest

from datasets.sources.frames import Film
from detections.video_models import Sound
from detections.videos import sound
from detections.videos.sound import add_sound
from tests.detections.builders import make_detector
from tests.detections.videos.scanning import BRIGHT, annotated, beeping, ffmpeg, flashing, heard, scanned, seen, spans
from tests.factories import make_version

pytestmark = pytest.mark.django_db

#: As phones and cameras write it, and as browsers do.
PHONE = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")
BROWSER = ("-c:v", "libvpx", "-c:a", "libopus")
#: Seconds; a frame is 0.1.
NEAR = 0.06


@pytest.fixture
def model():
    return make_detector(make_version(), brightness=BRIGHT)


def expect_together(scan, begin, end):
    """Light, tone and timeline begin and end at these seconds of the copy."""
    assert scan.sound == Sound.KEPT
    (span,) = spans(scan)
    assert span[0] == pytest.approx(begin, abs=NEAR)
    for times in (seen(annotated(scan)), heard(annotated(scan))):
        assert times == pytest.approx((begin, end), abs=0.1 + NEAR)
    assert heard(annotated(scan))[0] == pytest.approx(begin, abs=NEAR)


@pytest.mark.parametrize(("name", "codecs"), [("phone.mp4", PHONE), ("browser.webm", BROWSER), ("film.mkv", PHONE)])
def test_light_and_tone_stay_together(model, tmp_path, name, codecs):
    ffmpeg(*flashing(2, 3, 4), *beeping(2, 3, 4), *codecs, tmp_path / name)
    scan, job = scanned(model, tmp_path / name)
    assert job.state == "succeeded", job.error
    expect_together(scan, 2, 3)
    assert "The sound is kept" in scan.get_sound_display()


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4"])
def test_sound_that_begins_before_the_pictures(model, tmp_path, name):
    ffmpeg("-itsoffset", 0.7, *flashing(2, 3, 4), *beeping(2.7, 3.7, 5), "-vsync", "vfr", *PHONE, tmp_path / name)
    scan, _ = scanned(model, tmp_path / name)
    expect_together(scan, 2, 3)


@pytest.mark.parametrize("name", ["early.mkv", "early.mp4"])
def test_sound_that_begins_after_the_pictures(model, tmp_path, name):
    ffmpeg(*flashing(2, 3, 4), "-itsoffset", 0.7, *beeping(1.3, 2.3, 3), *PHONE, tmp_path / name)
    scan, _ = scanned(model, tmp_path / name)
    expect_together(scan, 2, 3)


def test_sound_that_ends_early_does_not_end_the_video(model, tmp_path):
    ffmpeg(*flashing(0.5, 1, 4), *beeping(0.5, 1, 1.5), *PHONE, tmp_path / "short.mp4")
    scan, _ = scanned(model, tmp_path / "short.mp4")
    expect_together(scan, 0.5, 1)
    assert len(list(Film(annotated(scan)).times())) == scan.summary["frames"] == 40


def test_sound_that_goes_on_ends_with_the_video(model, tmp_path):
    ffmpeg(*flashing(0.5, 1, 2), *beeping(0.5, 4, 4), *PHONE, tmp_path / "long.mp4")
    scan, _ = scanned(model, tmp_path / "long.mp4")
    assert scan.sound == Sound.KEPT and heard(annotated(scan))[1] == pytest.approx(2, abs=0.1)


def test_a_video_without_sound(model, tmp_path):
    ffmpeg(*flashing(0.5, 1, 2), *PHONE, tmp_path / "silent.mp4")
    scan, job = scanned(model, tmp_path / "silent.mp4")
    assert job.state == "succeeded" and scan.sound == Sound.NONE and len(spans(scan)) == 1


def test_where_there_is_no_program_the_copy_is_silent_and_the_page_says_so(model, tmp_path, monkeypatch):
    ffmpeg(*flashing(0.5, 1, 2), *beeping(0.5, 1, 2), *PHONE, tmp_path / "film.mp4")
    monkeypatch.setattr(sound.shutil, "which", lambda name: None)
    scan, job = scanned(model, tmp_path / "film.mp4")
    assert job.state == "succeeded" and scan.sound == Sound.NO_PROGRAM and "ffmpeg" in scan.get_sound_display()
    assert len(list(Film(annotated(scan)).times())) == 20


def test_a_program_that_fails_leaves_the_silent_copy(tmp_path, monkeypatch):
    program, copy = tmp_path / "ffmpeg", tmp_path / "a.webm"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    copy.write_text("silent")
    monkeypatch.setattr(sound.shutil, "which", lambda name: str(program))
    assert add_sound(copy, tmp_path / "source.mp4", 2.0) == Sound.FAILED and copy.read_text() == "silent"
    assert not list(tmp_path.glob("sound-*"))
