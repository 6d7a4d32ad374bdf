from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from datasets.management.commands.import_dataset import Command as ImportCommand
from datasets.management.importing import wait_for_import
from datasets.models import Dataset
from datasets.sources.jobs import video_job
from datasets.sources.video import FrameChoice
from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError


class Command(ImportCommand):
    help = "Import frames of videos. Near-identical ones are left out; frames of one video stay in one split."

    def add_arguments(self, parser: ArgumentParser) -> None:
        SiteCommand.add_arguments(self, parser)
        parser.add_argument("videos", type=Path, nargs="+", help="MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV or Ogg.")
        parser.add_argument("--dataset", required=True, help="Name of the dataset; made if there is none.")
        often = parser.add_mutually_exclusive_group()
        often.add_argument("--every-seconds", type=float, metavar="N", help="One frame every N seconds (1).")
        often.add_argument("--every-frames", type=int, metavar="N", help="One frame of every N.")
        parser.add_argument("--keep-alike", action="store_true", help="Keep near-identical frames, too.")

    def run(self, **options: Any) -> dict[str, Any]:
        for video in options["videos"]:
            if not video.is_file():
                raise UserError("no_such_path", f"There is no file at {video}. Give a video.")
        seconds, frames = options["every_seconds"], options["every_frames"]
        default = 1.0 if frames is None else 0.0
        choice = FrameChoice(default if seconds is None else seconds, frames or 0, options["keep_alike"])
        choice.check()
        dataset, _ = Dataset.objects.get_or_create(name=options["dataset"])
        job = video_job(dataset, [video.absolute() for video in options["videos"]], choice, None)
        return wait_for_import(job, "Taking frames")

    def describe(self, result: dict[str, Any]) -> None:
        super().describe(result)
        self.stdout.write(f"{result['frames_alike']:,} near-identical frames were left out.")
