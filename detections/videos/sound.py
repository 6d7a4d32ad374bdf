"""The source's sound under the copy with boxes, by the server's ffmpeg: a program of its own, used when it is there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from detections.video_models import Sound

#: A video may name other files or addresses to be read in its place; no protocol but files is open to it.
READ = ("-v", "error", "-protocol_whitelist", "file")
LIMIT_SECONDS = 600
#: As it is, where WebM can hold it (Opus, Vorbis), or else as Opus.
CODECS = ("copy", "libopus")


def add_sound(annotated: Path, source: Path, seconds: float) -> Sound:
    """Puts the sound of the first `seconds` under the copy, which stays silent where that fails.

    The copy begins with the first picture. Where the source's sound begins before that, so much of it is left out, and
    where it begins later it does so in the copy too.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        return Sound.NO_PROGRAM
    part = annotated.with_name(f"sound-{annotated.name}")
    copy, sound = ("-i", str(annotated)), ("-ss", f"{before_pictures(source):.3f}", *READ[2:], "-i", str(source))
    streams = ("-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-t", f"{seconds:.3f}")
    try:
        for codec in CODECS:
            command = [program, *READ[:2], "-nostdin", "-y", *copy, *sound, *streams, "-c:a", codec, str(part)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
            if "matches no streams" in done.stderr:
                return Sound.NONE
            if done.returncode == 0 and part.is_file():
                part.replace(annotated)
                return Sound.KEPT
    except (OSError, subprocess.TimeoutExpired):
        return Sound.FAILED
    finally:
        part.unlink(missing_ok=True)
    return Sound.FAILED


def before_pictures(source: Path) -> float:
    """Seconds from the beginning of a file, be it of sound, to its first picture; 0 where that cannot be found out."""
    program = shutil.which("ffprobe")
    if program is None:
        return 0.0
    command = [program, *READ, "-show_entries", "stream=codec_type,start_time:format=start_time", "-of", "json"]
    try:
        done = subprocess.run([*command, str(source)], capture_output=True, timeout=LIMIT_SECONDS, check=True)
        said = json.loads(done.stdout)
        pictures = next(float(row["start_time"]) for row in said["streams"] if row["codec_type"] == "video")
        return max(0.0, pictures - float(said["format"]["start_time"]))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, StopIteration):
        return 0.0
