"""`manage.py tensorboard RUN ...`: TensorBoard for one run or several, on this machine, until Ctrl-C."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training.boards import Board, open_board
from training.models import Run

LOOK_EVERY_SECONDS = 5


class Command(SiteCommand):
    help = "Open TensorBoard for runs on this machine; it ends with Ctrl-C."
    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("numbers", metavar="RUN", type=int, nargs="+")

    def run(self, **options: Any) -> dict[str, Any]:
        found = Run.objects.in_bulk(options["numbers"])
        if missing := [str(number) for number in options["numbers"] if number not in found]:
            raise UserError("no_such_run", f"There is no run {', '.join(missing)}.", 404)
        board = open_board(list(found.values()))
        self.stdout.write(f"http://127.0.0.1:{board.port}{board.prefix}/")
        self.stdout.flush()
        self.wait_while_it_answers(board)
        return {"runs": list(board.runs)}

    def wait_while_it_answers(self, board: Board) -> None:
        try:
            while board.answers:
                board.note.touch()
                time.sleep(LOOK_EVERY_SECONDS)
        except KeyboardInterrupt:
            board.note.unlink(missing_ok=True)

    def describe(self, result: dict[str, Any]) -> None:
        self.stdout.write("TensorBoard has ended.")
