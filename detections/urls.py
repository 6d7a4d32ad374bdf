from django.urls import path

from detections.views import batches, comparisons, evaluations, files, mistakes, prelabel, standings, try_it, videos

app_name = "detections"

urlpatterns = [
    path("", batches.batch_list, name="batch-list"),
    path("new/", batches.batch_create, name="batch-create"),
    path("batches/<int:pk>/", batches.batch_detail, name="batch-detail"),
    path("batches/<int:pk>/send/", batches.batch_send, name="batch-send"),
    path("batches/<int:pk>/status/", batches.batch_status, name="batch-status"),
    path("batches/<int:pk>/download/", batches.batch_download, name="batch-download"),
    path("models/<int:pk>/try/", try_it.try_it, name="try"),
    path("next/<slug:slug>/", prelabel.label_next_create, name="label-next"),
    path("prelabel/<slug:slug>/", prelabel.prelabel_create, name="prelabel"),
    path("evaluations/new/", evaluations.evaluation_create, name="evaluation-create"),
    path("models/standings/", standings.model_standings, name="standings"),
    path("evaluations/compare/", comparisons.evaluation_compare, name="evaluation-compare"),
    path("evaluations/<int:pk>/", evaluations.evaluation_detail, name="evaluation-detail"),
    path("evaluations/<int:pk>/status/", evaluations.evaluation_status, name="evaluation-status"),
    path("evaluations/<int:pk>/curves/<str:chart>/", evaluations.evaluation_curves, name="evaluation-curves"),
    path("evaluations/<int:pk>/boxes/<int:entry>/fix/", evaluations.evaluation_fix, name="evaluation-fix"),
    path("evaluations/<int:pk>/again/", evaluations.evaluation_again, name="evaluation-again"),
    path("evaluations/<int:pk>/tables/<str:name>.csv", evaluations.evaluation_csv, name="evaluation-csv"),
    path("evaluations/<int:pk>/download/", evaluations.evaluation_download, name="evaluation-download"),
    path("mistakes/", mistakes.mistake_list, name="mistake-list"),
    path("mistakes/<int:pk>/", mistakes.mistake_search, name="mistake-search"),
    path("mistakes/<int:pk>/status/", mistakes.mistake_status, name="mistake-status"),
    path("mistakes/<int:pk>/download/", mistakes.mistake_download, name="mistake-download"),
    path("mistakes/<int:pk>/back/", mistakes.mistake_back, name="mistake-back"),
    path("mistakes/suspicions/<int:pk>/", mistakes.mistake_answer, name="mistake-answer"),
    path("videos/", videos.video_list, name="video-list"),
    path("videos/<int:pk>/", videos.video_detail, name="video-detail"),
    path("videos/<int:pk>/status/", videos.video_status, name="video-status"),
    path("videos/<int:pk>/files/<str:name>/", videos.video_file, name="video-file"),
    path("videos/<int:pk>/frames/", videos.video_frames, name="video-frames"),
    path("files/<int:pk>/", files.file, name="file"),
]
