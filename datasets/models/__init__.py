"""What people label: datasets, their classes, images, boxes, history and frozen versions."""

from datasets.models.annotation import Box, KeptFile, Revision, SourceAnnotation
from datasets.models.curation import BulkChange, Decision, LikePair, SavedView
from datasets.models.dataset import Dataset, LabelClass
from datasets.models.image import Image, ReviewState
from datasets.models.keys import EditorKeys
from datasets.models.membership import Membership
from datasets.models.origin import ImageOrigin, OriginKind
from datasets.models.presence import Presence
from datasets.models.review import CheckAnswer, CheckImage, CheckSet, Lease, NotMeasured, ReviewEvent, ReviewNote, Work
from datasets.models.upload import Upload, UploadBatch
from datasets.models.version import DatasetVersion

__all__ = [
    "Box",
    "BulkChange",
    "CheckAnswer",
    "CheckImage",
    "CheckSet",
    "Dataset",
    "DatasetVersion",
    "Decision",
    "EditorKeys",
    "Image",
    "ImageOrigin",
    "KeptFile",
    "LabelClass",
    "Lease",
    "LikePair",
    "NotMeasured",
    "Membership",
    "OriginKind",
    "Presence",
    "ReviewEvent",
    "ReviewNote",
    "ReviewState",
    "Revision",
    "SavedView",
    "SourceAnnotation",
    "Upload",
    "UploadBatch",
    "Work",
]
