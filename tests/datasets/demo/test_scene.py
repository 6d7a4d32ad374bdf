"""The demo pictures: repeatable, exactly labelled, varied."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from datasets.demo.backdrops import BACKDROPS
from datasets.demo.canister import draw_canister
from datasets.demo.casting import CASTS, Actor, cast_for
from datasets.demo.paint import Sprite
from datasets.demo.placing import depth_order, fits, place, visible_masks
from datasets.demo.pose import CANISTER_LIVERIES, ROLLER_LIVERIES, Pose
from datasets.demo.roller import draw_roller
from datasets.demo.scene import Scene, box_around, draw_scene, fill_stage, set_stage

SEED = 7
FRONT = Pose(turn=0, twist=0, lean=0, roll=0, face="open", light=1)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [draw_scene(index, SEED) for index in range(40)]


def pixels_digest(scene: Scene) -> str:
    return hashlib.sha256(scene.image.tobytes()).hexdigest()


def square(side: int, alpha: int = 255) -> Sprite:
    """A plain square standing on the middle of its lower edge."""
    return Sprite(Image.new("RGBA", (side, side), (200, 0, 0, alpha)), (side / 2, side))


def actor(x: float, ground: float, class_name: str = "Roller") -> Actor:
    return Actor(class_name, "", 40.0, x, ground)


def test_same_seed_and_index_give_the_same_pixels_and_boxes(scenes: list[Scene]) -> None:
    for index in (0, 7, 19):  # drawn alone, and not after the scenes before it
        again = draw_scene(index, SEED)
        assert pixels_digest(again) == pixels_digest(scenes[index])
        assert again.boxes == scenes[index].boxes


def test_another_seed_or_index_gives_another_picture(scenes: list[Scene]) -> None:
    digests = {pixels_digest(scene) for scene in scenes} | {pixels_digest(draw_scene(0, SEED + 1))}
    assert len(digests) == len(scenes) + 1


@pytest.mark.parametrize("index", [0, 1, 8, 14, 18, 24])
def test_boxes_are_tight_around_what_is_visible(index: int) -> None:
    stage, backdrop = set_stage(index, SEED)
    items = fill_stage(stage, backdrop, cast_for(index))
    visible = [mask for item, mask in zip(items, visible_masks(items), strict=True) if item.actor.class_name]
    boxes = draw_scene(index, SEED).boxes
    assert len(boxes) == len(visible) > 0
    for box, mask in zip(boxes, visible, strict=True):
        inside = mask[box.ymin : box.ymax, box.xmin : box.xmax]
        assert inside.sum() == mask.sum()
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


def test_box_shows_where_the_droid_was_painted() -> None:
    """Without its droids the picture differs only near the boxes, so the boxes are where the droids are."""
    stage, backdrop = set_stage(0, SEED)
    bare = np.asarray(backdrop.paint(stage), dtype=int)
    stage, backdrop = set_stage(0, SEED)
    placed = place(stage, actor(stage.size[0] / 2, stage.size[1] * 0.9), square(41))
    painted = Image.fromarray(bare.astype(np.uint8))
    painted.paste(placed.sprite.image, placed.corner, placed.sprite.image)
    rows, columns = np.nonzero((np.asarray(painted, dtype=int) != bare).any(axis=2))
    box = box_around(placed, placed.mask)
    assert (box.xmin, box.ymin, box.xmax, box.ymax) == (
        columns.min(),
        rows.min(),
        columns.max() + 1,
        rows.max() + 1,
    )


def test_faint_pixels_are_not_part_of_a_droid() -> None:
    stage, _ = set_stage(0, SEED)
    assert not place(stage, actor(50, 90), square(20, alpha=40)).mask.any()


def test_a_droid_cut_by_the_edge_is_truncated_and_its_box_ends_there() -> None:
    stage, _ = set_stage(0, SEED)
    cut = place(stage, actor(5, 200), square(40))
    box = box_around(cut, cut.mask)
    assert (box.xmin, box.xmax, box.truncated, box.difficult) == (0, 25, True, False)
    whole = place(stage, actor(100, 200), square(40))
    assert not box_around(whole, whole.mask).truncated


def test_a_nearer_thing_takes_its_pixels_from_the_box() -> None:
    stage, _ = set_stage(0, SEED)
    droid, crate = place(stage, actor(100, 200), square(40)), place(stage, actor(125, 205, ""), square(40))
    items = depth_order([crate, droid])
    assert items == [droid, crate]
    box = box_around(droid, visible_masks(items)[0])
    assert (box.xmin, box.xmax, box.ymin, box.ymax) == (80, 120, 160, 200)  # five rows above the crate stay in view
    assert not box.difficult


def test_nothing_is_placed_where_it_hides_a_droid() -> None:
    stage, _ = set_stage(0, SEED)
    droid, crate = place(stage, actor(100, 200), square(40)), place(stage, actor(104, 201, ""), square(40))
    assert not fits([droid], crate, clear=0.1)
    assert fits([crate], place(stage, actor(104, 230), square(40)), clear=0.9)
    assert not fits([], place(stage, actor(-12, 200), square(40)), clear=0.1)


def test_boxes_lie_inside_their_picture(scenes: list[Scene]) -> None:
    for scene in scenes:
        for box in scene.boxes:
            assert 0 <= box.xmin < box.xmax <= scene.image.width
            assert 0 <= box.ymin < box.ymax <= scene.image.height


def test_a_set_has_every_kind_of_scene(scenes: list[Scene]) -> None:
    kinds = Counter(frozenset(box.class_name for box in scene.boxes) for scene in scenes)
    assert kinds[frozenset()] == 4
    assert kinds[frozenset({"Roller", "Canister"})] >= 12
    assert kinds[frozenset({"Roller"})] >= 8
    assert kinds[frozenset({"Canister"})] >= 8
    several = [scene for scene in scenes if len(scene.boxes) > len({box.class_name for box in scene.boxes})]
    assert len(several) >= 5


def test_a_set_varies_in_shape_size_and_place(scenes: list[Scene]) -> None:
    assert len({scene.image.size for scene in scenes}) >= 6
    assert all(scene.image.width != scene.image.height and scene.image.mode == "RGB" for scene in scenes)
    heights = [(box.ymax - box.ymin) / scene.image.height for scene in scenes for box in scene.boxes]
    assert min(heights) < 0.10 and max(heights) > 0.45
    assert sum(height > 0.125 for height in heights) >= 0.85 * len(heights)
    assert {set_stage(index, SEED)[1].name for index in range(40)} == {backdrop.name for backdrop in BACKDROPS}


def test_casts_are_balanced_between_the_classes() -> None:
    named = Counter(name for cast in CASTS for name in cast)
    assert named["Roller"] == named["Canister"]


@pytest.mark.parametrize("scale", [12.0, 40.0, 150.0])
def test_droids_stand_on_their_foot_and_keep_clear_of_the_sprite_edge(scale: float) -> None:
    """A droid that touched its sprite's edge would be cut there, and its box would be too small."""
    for lean in (-15.0, 0.0, 15.0):
        pose = Pose(25, 10, lean, 70, "happy", -1)
        for sprite in (draw_roller(scale, pose, ROLLER_LIVERIES[0]), draw_canister(scale, pose, CANISTER_LIVERIES[0])):
            solid = np.asarray(sprite.image.getchannel("A")) >= 80
            assert not (solid[0].any() or solid[-1].any() or solid[:, 0].any() or solid[:, -1].any())
            assert abs(np.flatnonzero(solid.any(axis=1))[-1] - sprite.foot[1]) <= 0.16 * scale + 1


def test_a_droid_that_turns_its_back_hides_its_eyes() -> None:
    front = draw_roller(80, FRONT, ROLLER_LIVERIES[0])
    back = draw_roller(80, Pose(180, 0, 0, 0, "open", 1), ROLLER_LIVERIES[0])
    assert len(front.lamps) == 2 and back.lamps == ()
