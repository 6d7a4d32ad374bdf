from django.urls import path

from detections.views import batches, evaluations, files

app_name = "detections"

urlpatterns = [
    path("", batches.batch_list, name="batch-list"),
    path("new/", batches.batch_create, name="batch-create"),
    path("batches/<int:pk>/", batches.batch_detail, name="batch-detail"),
    path("batches/<int:pk>/status/", batches.batch_status, name="batch-status"),
    path("batches/<int:pk>/download/", batches.batch_download, name="batch-download"),
    path("evaluations/new/", evaluations.evaluation_create, name="evaluation-create"),
    path("evaluations/<int:pk>/", evaluations.evaluation_detail, name="evaluation-detail"),
    path("evaluations/<int:pk>/status/", evaluations.evaluation_status, name="evaluation-status"),
    path("evaluations/<int:pk>/download/", evaluations.evaluation_download, name="evaluation-download"),
    path("files/<int:pk>/", files.file, name="file"),
]
