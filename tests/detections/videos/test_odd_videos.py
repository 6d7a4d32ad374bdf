"""Cut short, of a variable rate, turned, of odd sizes: real files, through the process that reads them."""

import struct

import cv2
import numpy as np
import pytest
from PIL import Image as Picture

from detections.videos.scan import Recorder, Rhythm
from detections.videos.work import remarks
from tests.datasets.sources.films import pan, write_video
from tests.detections.builders import make_detector
from tests.detections.videos.scanning import BRIGHT, annotated, ffmpeg, flashing, frames_of, scanned, seen, spans
from tests.factories import make_version

pytestmark = pytest.mark.django_db

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "10")


@pytest.fixture
def model():
    return make_detector(make_version(), brightness=BRIGHT)


def cut(path, share=0.5):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


@pytest.mark.parametrize(
    ("name", "options", "says_its_length"),
    [
        ("camera.avi", ("-c:v", "mjpeg"), True),
        ("screen.mkv", H264, True),
        ("browser.webm", ("-c:v", "libvpx", "-g", "10"), True),
        ("web.mp4", (*H264, "-movflags", "+faststart"), True),
        ("stream.ts", H264, False),
    ],
)
def test_a_video_that_was_cut_short_gives_what_can_be_read(model, tmp_path, name, options, says_its_length):
    noise = ",noise=alls=60:allf=t"  # so that the file's bytes are spread over its time
    ffmpeg(*flashing(0.5, 1, 8, noise), *options, tmp_path / name)
    cut(tmp_path / name)
    scan, job = scanned(model, tmp_path / name)
    assert job.state == "succeeded", job.error
    assert 14 < scan.summary["frames"] < 60 and len(frames_of(scan)) == scan.summary["frames"]
    ((begin, end),) = spans(scan)
    assert begin == pytest.approx(0.5, abs=0.11) and 0.9 <= end <= 1.4
    assert ("It ends early" in job.message) == says_its_length


def test_a_video_that_was_cut_before_its_index_is_refused_with_a_sentence(model, tmp_path):
    ffmpeg(*flashing(1, 2, 8), *H264, tmp_path / "phone.mp4")
    cut(tmp_path / "phone.mp4")
    scan, job = scanned(model, tmp_path / "phone.mp4")
    assert job.state == "failed" and "“phone.mp4” cannot be opened: it is damaged, was cut short" in job.error
    assert not scan.annotated and not scan.summary


def test_pieces_that_are_torn_out_of_the_middle_are_passed_over(model, tmp_path):
    ffmpeg(*flashing(1, 2, 8, ",noise=alls=60:allf=t"), *H264, tmp_path / "torn.mkv")
    data = bytearray((tmp_path / "torn.mkv").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    (tmp_path / "torn.mkv").write_bytes(data)
    scan, job = scanned(model, tmp_path / "torn.mkv")
    assert job.state == "succeeded", job.error
    assert scan.summary["frames"] > 50 and spans(scan)[0][0] == pytest.approx(1, abs=0.11)


def write_gif(path, lengths):
    """Frames that are shown for so many milliseconds; every other one is bright."""
    frames = [Picture.new("RGB", (160, 120), (200 + n, 200, 200) if n % 2 else (n, 0, 0)) for n in range(len(lengths))]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=lengths, loop=0)


def test_an_animation_of_a_variable_rate_is_shown_at_its_times(model, tmp_path):
    lengths = [1000, 500, 200, 100, 900, 300]
    write_gif(tmp_path / "odd.gif", lengths)
    scan, job = scanned(model, tmp_path / "odd.gif", track=False)
    assert job.state == "succeeded" and scan.summary["varies"] and scan.summary["frames"] == len(lengths)
    assert any("frames come irregularly" in said for said in remarks(scan.summary))
    expect_at([(1.0, 1.5), (1.7, 1.8), (2.7, 3.0)], scan)


def test_a_film_of_a_variable_rate_is_shown_at_its_times(model, tmp_path):
    # 30 frames a second, then two a second, then 30 again, as phones do in the dark
    some = "select='lt(t,1)+gt(t,3)+not(mod(n,15))'"
    source = "color=black:s=160x120:r=30:d=4,drawbox=color=white:t=fill:enable='between(t,1.49,2.49)'"
    ffmpeg("-f", "lavfi", "-i", f"{source},{some}", "-vsync", "vfr", *H264, tmp_path / "dark.mp4")
    scan, job = scanned(model, tmp_path / "dark.mp4", track=False)
    assert job.state == "succeeded" and scan.summary["varies"] and scan.summary["frames"] < 75
    assert spans(scan)[0][0] == pytest.approx(1.5, abs=0.04)
    begin, end = seen(annotated(scan))
    assert begin == pytest.approx(1.5, abs=0.08) and end == pytest.approx(2.5, abs=0.08)
    assert frames_of(scan)[-1][1] == pytest.approx(4, abs=0.1)


def expect_at(times, scan):
    """The copy is bright in these times and in no others, to a frame of the copy."""
    capture, near = cv2.VideoCapture(str(annotated(scan))), 1 / scan.summary["rate"]
    for _, seconds in frames_of(scan):
        is_bright = capture.read()[1].mean() > 255 * BRIGHT
        if all(abs(seconds - edge) > near for span in times for edge in span):
            assert is_bright == any(begin < seconds < end for begin, end in times), seconds


def test_frames_that_come_irregularly_are_repeated_and_left_out(tmp_path):
    recorder, rhythm = Recorder(tmp_path / "out.webm", 10.0, (160, 120)), Rhythm(0.1)
    for seconds in (0.0, 0.1, 0.11, 0.5, 0.6):
        recorder.add(seconds, Picture.new("RGB", (160, 120)))
        rhythm.add(seconds)
    recorder.close()
    # 0.11 is left out, 0.1 is shown again until 0.5
    assert (recorder.written, recorder.repeated, recorder.left_out) == (7, 3, 1) and rhythm.varies


#: Degrees to the right -> the matrix in an MP4's track header, and where the upper left corner of what was stored goes.
TURNS = {
    90: ((0, 1, -1, 0, 120, 0), (1, 0)),
    180: ((-1, 0, 0, -1, 160, 120), (1, 1)),
    270: ((0, -1, 1, 0, 0, 160), (0, 1)),
}


@pytest.mark.parametrize("degrees", TURNS)
def test_a_phone_s_turned_video_stands_upright(tmp_path, degrees):
    (a, b, c, d, x, y), corner = TURNS[degrees]
    frames = pan(12)
    for frame in frames:
        frame[:40, :40] = 0, 0, 255
    data = bytearray(write_video(tmp_path / "film.mp4", frames).read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 0x10000
    data[at : at + 36] = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, x * one, y * one, 0x40000000)
    (tmp_path / "phone.mp4").write_bytes(data)
    scan, _ = scanned(make_detector(make_version()), tmp_path / "phone.mp4")
    size = (160, 120) if degrees == 180 else (120, 160)
    assert (scan.summary["width"], scan.summary["height"]) == size
    picture = cv2.VideoCapture(str(annotated(scan))).read()[1].astype(int)
    assert picture.shape[:2] == size[::-1]
    is_red = picture[..., 2] - picture[..., :2].max(axis=2) > 120
    rows, columns = np.nonzero(is_red)
    assert (columns.mean() > size[0] / 2, rows.mean() > size[1] / 2) == tuple(map(bool, corner))


@pytest.mark.parametrize(("width", "height"), [(161, 121), (18, 16), (1920, 17)])
def test_odd_sizes(model, tmp_path, width, height):
    white = f"color=white:s={width}x{height}:r=5:d=1,format=gbrp"
    ffmpeg("-f", "lavfi", "-i", white, "-c:v", "ffv1", tmp_path / "odd.mkv")
    scan, job = scanned(model, tmp_path / "odd.mkv")
    assert job.state == "succeeded", job.error
    assert (scan.summary["width"], scan.summary["height"]) == (width, height) and len(frames_of(scan)) == 5
