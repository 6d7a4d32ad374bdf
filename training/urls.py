from django.urls import path

from training.views import models, runs

app_name = "training"

urlpatterns = [
    path("", runs.run_list, name="run-list"),
    path("new/", runs.run_create, name="run-create"),
    path("new/check/", runs.run_check, name="run-check"),
    path("backbones/new/", runs.backbone_create, name="backbone-create"),
    path("runs/<int:pk>/", runs.run_detail, name="run-detail"),
    path("runs/<int:pk>/status/", runs.run_status, name="run-status"),
    path("runs/<int:pk>/log/", runs.run_log, name="run-log"),
    path("runs/<int:pk>/series/", runs.run_series, name="run-series"),
    path("runs/<int:pk>/cancel/", runs.run_cancel, name="run-cancel"),
    path("runs/<int:pk>/resume/", runs.run_resume, name="run-resume"),
    path("models/", models.model_list, name="model-list"),
    path("models/<int:pk>/", models.model_detail, name="model-detail"),
    path("models/<int:pk>/export/", models.model_export, name="model-export"),
    path("models/<int:pk>/exports/<slug:format>/", models.export_download, name="export-download"),
]
