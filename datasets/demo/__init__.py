"""The project's own demo dataset: two cartoon droids drawn in code, with exact boxes.

Start at `scene.draw_scene` (one labelled image) or `export.write_demo` (a folder as labelImg would leave it).
"""
