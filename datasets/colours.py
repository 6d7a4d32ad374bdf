"""Class colours: twenty hues that stay apart on photographs and to colour-blind eyes, drawn over a dark casing."""

PALETTE = (
    "#ffb000", "#4cc9f0", "#ff5d8f", "#7ae582", "#b892ff", "#ff7b00", "#00d5b8", "#f6f740", "#5e9bff", "#ff9ed1",
    "#a3d900", "#e05cff", "#ffd6a5", "#00b4ff", "#ff4d4d", "#9bf6ff", "#c9a227", "#d0f4de", "#8d99ff", "#ffffff",
)  # fmt: skip


def class_colour(number: int) -> str:
    """Colour of the class with this label map number (from 1)."""
    return PALETTE[(number - 1) % len(PALETTE)]
