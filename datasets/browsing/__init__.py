"""What the grid shows: filters as a person sets them, pages of any depth, and the way from image to image."""

from datasets.browsing.covers import with_covers
from datasets.browsing.filters import GridFilter
from datasets.browsing.neighbours import Neighbours, neighbours
from datasets.browsing.paging import GridPage, page_of

__all__ = ["GridFilter", "GridPage", "Neighbours", "neighbours", "page_of", "with_covers"]
