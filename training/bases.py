"""What a run starts from: nothing, a model of this site, a checkpoint, or a backbone's weights."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.text import get_valid_filename

from sw_site.lib.errors import UserError
from training.models import TrainedModel
from training.sharing.places import backbones, run_files
from training.zoo import store
from training.zoo.looking import look_into

if TYPE_CHECKING:
    from sw_site.accounts.models import User

BACKBONE_SUFFIX = ".weights.h5"
BACKBONE_LIMIT_BYTES = 500 * 1000 * 1000
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class Base:
    """A start. `shape` holds the settings a run from here has to share with it (depth multiplier, input size)."""

    kind: str = "none"
    path: str = ""
    classes: tuple[str, ...] = ()
    model: TrainedModel | None = None
    shape: dict[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def label(self) -> str:
        if self.model:
            return self.model.name
        if self.title:
            return self.title
        return Path(self.path).name if self.path else "nothing"

    def to_json(self) -> dict[str, Any]:
        if self.kind == "none":
            return {"kind": "none"}
        known = {"classes": list(self.classes)} if self.kind == "checkpoint" else {}
        return {"kind": self.kind, "path": self.path, **known}


NOTHING = Base()


def backbone_folder() -> Path:
    return backbones().path


def may_use_backbones(user: User | None) -> bool:
    """Files of the server are for those who run it."""
    return bool(user and user.is_active and user.is_staff)


def backbone_names() -> list[str]:
    return sorted(name for name in backbones().sizes() if name.endswith(BACKBONE_SUFFIX) and "/" not in name)


def base_choices(user: User) -> list[tuple[str, str]]:
    """What this person may start from, as values `base_for` understands, with words."""
    choices = [("", "Nothing: train from scratch")]
    for model in TrainedModel.objects.visible_to(user).for_list()[:200]:
        choices.append((f"model:{model.pk}", f"Model {model.name}"))
    choices += [(f"zoo:{one.name}", f"Zoo {one.title}") for one in store.archives().values()]
    if may_use_backbones(user):
        choices += [(f"backbone:{name}", f"Backbone {name}") for name in backbone_names()]
    return choices


def base_for(reference: str, user: User) -> Base:
    """The base a page or the API names ("", "model:3", "backbone:x.weights.h5"); UserError if this person may not."""
    kind, _, rest = reference.partition(":")
    if not reference or reference == "none":
        return NOTHING
    if kind == "model" and rest.isdecimal():
        model = TrainedModel.objects.visible_to(user).for_list().filter(pk=int(rest)).first()
        if model:
            return base_from_model(model)
    if kind == "zoo" and rest in (found := store.archives()):
        return base_from_archive(found[rest])
    if kind == "backbone" and may_use_backbones(user) and rest in backbone_names():
        return Base("backbone", str(backbones().place(rest)))
    raise UserError(
        "no_such_base", f"There is nothing called “{reference}” that you may start from. Choose one from the list.", 422
    )


def base_from_reference(text: str) -> Base:
    """The base the command line names: a model's name or number, a checkpoint prefix, or a backbone file."""
    path = Path(text).expanduser()
    if text.endswith(".h5"):
        return Base("backbone", str(path.resolve()))
    if (found := store.archives()) and text.removeprefix("zoo:") in found:
        return base_from_archive(found[text.removeprefix("zoo:")])
    if path.is_file() and path.name.endswith(store.SUFFIXES):
        return base_from_file(path.resolve())
    if path.with_name(path.name + ".index").is_file():
        return base_from_checkpoint(path.resolve())
    try:
        return base_from_model(TrainedModel.objects.for_list().by_reference(text))
    except TrainedModel.DoesNotExist:
        raise UserError(
            "no_such_base",
            f"“{text}” is neither a model of this site, nor a checkpoint (there is no {text}.index), nor an archive, "
            f"nor a {BACKBONE_SUFFIX} file. Give one of them to --base, or leave it out to train from scratch.",
        ) from None


def base_from_model(model: TrainedModel) -> Base:
    """Goes on from the best checkpoint of the model's run."""
    folder = run_files(model.run).place("best")
    prefix = checkpoint_prefix(folder, model.step)
    names = tuple(name for _, name in sorted(model.label_map.items()))
    return Base("checkpoint", str(prefix), names, model, shape_of(model))


def base_from_archive(archive: store.Archive) -> Base:
    """Goes on from a detector of the zoo, or one that was uploaded."""
    return Base("zoo", str(archive.path), title=archive.title, shape=dict(archive.shape))


def base_from_file(path: Path) -> Base:
    """The same for an archive that lies anywhere on this machine."""
    found = look_into(path)
    shape: dict[str, Any] = {"architecture": found.preset.name, "input_size": found.input_size}
    if found.preset.depth_multipliers:
        shape["depth_multiplier"] = found.depth_multiplier
    return Base("zoo", str(path), shape=shape)


def base_from_checkpoint(prefix: Path) -> Base:
    """A checkpoint on disk; class names are known when it lies in a run directory."""
    names: tuple[str, ...] = ()
    dataset = prefix.parent.parent / "dataset.json"
    if dataset.is_file():
        rows = json.loads(dataset.read_text())["classes"]
        names = tuple(row["name"] for row in sorted(rows, key=lambda row: row["id"]))
    return Base("checkpoint", str(prefix), names)


def shape_of(model: TrainedModel) -> dict[str, Any]:
    stored = model.run.config.get("model", {})
    return {key: stored[key] for key in ("architecture", "depth_multiplier", "input_size") if key in stored}


def checkpoint_prefix(folder: Path, step: int) -> Path:
    """The checkpoint of this step, or the only one there is."""
    wanted = folder / f"ckpt-{step}"
    if wanted.with_name(wanted.name + ".index").is_file():
        return wanted
    others = sorted(folder.glob("*.index")) if folder.is_dir() else []
    return others[-1].with_suffix("") if others else wanted


def save_backbone(file: UploadedFile, user: User) -> str:
    """Keep an uploaded backbone file for later runs; gives its name. UserError when it is not one."""
    if not may_use_backbones(user):
        raise UserError("not_allowed", "Only an administrator may add backbone files. Ask one to do it.", 403)
    name = get_valid_filename(Path(file.name or "").name)
    if not name.endswith(BACKBONE_SUFFIX) or file.read(len(HDF5_SIGNATURE)) != HDF5_SIGNATURE:
        raise UserError(
            "not_a_backbone",
            f"{name} is not a Keras weights file: its name must end in {BACKBONE_SUFFIX} and its content must be HDF5. "
            "Save it with model.save_weights(…) and upload that.",
        )
    if (file.size or 0) > BACKBONE_LIMIT_BYTES:
        raise UserError("too_large", f"{name} is larger than 500 MB, which no backbone offered here is.")
    if name in backbone_names():
        raise UserError(
            "name_taken", f"There is a backbone called {name} already, and runs may stand on it. Rename yours first."
        )
    file.seek(0)
    store_whole(file, backbone_folder() / name)
    backbones().send(name)
    return name


def store_whole(file: UploadedFile, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as out:
            for chunk in file.chunks():
                out.write(chunk)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
