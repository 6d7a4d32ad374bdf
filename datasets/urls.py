from django.urls import path

from datasets.views import (
    classes,
    datasets,
    duplicates,
    exports,
    grid,
    health,
    images,
    sources,
    transfer,
    uploads,
    version_diff,
    version_files,
    versions,
)

app_name = "datasets"

urlpatterns = [
    path("", datasets.dataset_list, name="dataset-list"),
    path("new/", datasets.dataset_create, name="dataset-create"),
    # images/<id>/
    path("images/<int:pk>/", images.image_detail, name="image-detail"),
    path("images/<int:pk>/file/<str:tag>/", images.image_file, name="image-file"),
    path("images/<int:pk>/thumb/<str:tag>/<str:size>/", images.image_thumb, name="image-thumb"),
    path("images/<int:pk>/history/", images.image_history, name="image-history"),
    path("images/<int:pk>/sources/", exports.image_sources, name="image-sources"),
    path("images/<int:pk>/original/", exports.image_original, name="image-original"),
    path("images/<int:pk>/sources/<int:source>/", exports.source_file, name="source-file"),
    # <dataset>/
    path("sets/<slug:slug>/", grid.dataset_detail, name="dataset-detail"),
    path("sets/<slug:slug>/count/", grid.image_count, name="image-count"),
    path("sets/<slug:slug>/act/", grid.image_act, name="image-act"),
    path("sets/<slug:slug>/changes/", grid.change_list, name="change-list"),
    path("sets/<slug:slug>/changes/<int:pk>/undo/", grid.change_undo, name="change-undo"),
    path("sets/<slug:slug>/views/new/", grid.view_create, name="view-create"),
    path("sets/<slug:slug>/views/<int:pk>/delete/", grid.view_delete, name="view-delete"),
    path("sets/<slug:slug>/upload/", uploads.upload_page, name="upload"),
    path("sets/<slug:slug>/import/", transfer.import_create, name="import-create"),
    path("sets/<slug:slug>/import/folder/", sources.folder_import, name="folder-import"),
    path("sets/<slug:slug>/import/addresses/", sources.url_import, name="url-import"),
    path("sets/<slug:slug>/import/video/", sources.video_import, name="video-import"),
    path("sets/<slug:slug>/import/<int:pk>/", transfer.import_preview, name="import-preview"),
    path("sets/<slug:slug>/export/", exports.export_create, name="export-create"),
    path("sets/<slug:slug>/export/<int:pk>/", exports.export_download, name="export-download"),
    path("sets/<slug:slug>/kept/", exports.kept_list, name="kept-list"),
    path("sets/<slug:slug>/kept/<int:pk>/", exports.kept_file, name="kept-file"),
    path("sets/<slug:slug>/health/", health.dataset_health, name="dataset-health"),
    path("sets/<slug:slug>/duplicates/", duplicates.duplicate_list, name="duplicate-list"),
    path("sets/<slug:slug>/classes/", classes.class_list, name="class-list"),
    path("sets/<slug:slug>/classes/label_map.pbtxt", classes.label_map, name="label-map"),
    path("sets/<slug:slug>/versions/", versions.version_list, name="version-list"),
    path("sets/<slug:slug>/versions/new/", versions.version_create, name="version-create"),
    path("sets/<slug:slug>/versions/<int:number>/", versions.version_detail, name="version-detail"),
    path("sets/<slug:slug>/versions/<int:number>/diff/", version_diff.version_diff, name="version-diff"),
    path(
        "sets/<slug:slug>/versions/<int:number>/files/<str:sha256>/<str:size>/",
        version_files.version_file,
        name="version-file",
    ),
]
