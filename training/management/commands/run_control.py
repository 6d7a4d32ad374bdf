"""`manage.py run_control RUN ACTION`: what the buttons of a run's page do."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from sw_site.lib.commands import SiteCommand
from sw_site.lib.errors import UserError
from training import control
from training.checkpoints import checkpoints_of
from training.disk import make_room, usage
from training.models import Run
from training.words import size

ACTIONS: dict[str, Callable[[Run], Run]] = {
    "cancel": control.cancel_run,
    "finish": control.stop_and_keep,
    "pause": control.pause_run,
    "resume": control.resume_run,
    "mend": control.mend_run,
    "first": lambda run: control.set_priority(run, "first"),
    "normal": lambda run: control.set_priority(run, "normal"),
    "last": lambda run: control.set_priority(run, "last"),
    "pin": lambda run: control.set_pinned(run, True),
    "unpin": lambda run: control.set_pinned(run, False),
    "show": lambda run: run,
}


class Command(SiteCommand):
    help = "Stop, pause, resume, extend, mend, pin or show a run; make room on the disk."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=[*ACTIONS, "extend", "host", "make_room"])
        parser.add_argument("number", metavar="RUN", type=int, nargs="?", help="The run's number; not for make_room.")
        parser.add_argument("--host", default="", metavar="NAME", help="With host: the machine; without it, any.")
        parser.add_argument("--steps", type=int, default=0, metavar="N", help="With extend: how many more.")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["action"] == "make_room":
            return {"runs": [run.pk for run in make_room()], "bytes_used": usage().used}
        run = Run.objects.for_list().filter(pk=options["number"] or 0).first()
        if run is None:
            raise UserError("no_such_run", f"There is no run {options['number'] or 'without a number'}.", 404)
        if options["action"] == "extend":
            return document(control.extend_run(run, options["steps"]))
        if options["action"] == "host":
            return document(control.set_host(run, options["host"]))
        return document(ACTIONS[options["action"]](run))

    def describe(self, result: dict[str, Any]) -> None:
        if "bytes_used" in result:
            self.stdout.write(f"{len(result['runs'])} runs made room; all of them take {size(result['bytes_used'])}.")
            return
        self.stdout.write(f"Run {result['run']} “{result['name']}”: {result['state']}, step {result['step']:,}.")
        for line in result["history"]:
            self.stdout.write(f"  {line['at']}  {line['message']}")


def document(run: Run) -> dict[str, Any]:
    """The JSON of docs/cli.md."""
    run = Run.objects.for_list().get(pk=run.pk)
    return {
        "run": run.pk,
        "name": run.name,
        "state": "paused" if run.is_paused else run.state,
        "step": run.step,
        "steps": run.steps,
        "device": run.device,
        "error": run.job.error if run.job else "",
        "error_code": run.error_code,
        "checkpoints": [vars(one) for one in checkpoints_of(run)],
        "history": [{"at": str(e.at), "kind": e.kind, "message": e.message} for e in run.history.all()],
    }
