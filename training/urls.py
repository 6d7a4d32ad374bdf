from django.urls import path

from training.views import boards, configs, control, curating, dashboard, live, models, runs, starts

app_name = "training"

urlpatterns = [
    path("", runs.run_list, name="run-list"),
    path("desk/", dashboard.desk, name="desk"),
    path("desk/<slug:slug>/series/", dashboard.desk_series, name="desk-series"),
    path("new/", runs.run_create, name="run-create"),
    path("configs/", configs.config_list, name="config-list"),
    path("configs/<str:digest>/", configs.config_detail, name="config-detail"),
    path("starts/", starts.start_list, name="start-list"),
    path("starts/upload/", starts.archive_create, name="archive-create"),
    path("starts/<str:name>/", starts.start_card, name="start-card"),
    path("starts/<str:name>/download/", starts.start_download, name="start-download"),
    path("new/check/", runs.run_check, name="run-check"),
    path("backbones/new/", runs.backbone_create, name="backbone-create"),
    path("runs/<int:pk>/", live.run_detail, name="run-detail"),
    path("runs/<int:pk>/status/", live.run_status, name="run-status"),
    path("runs/<int:pk>/frames/", live.run_frames, name="run-frames"),
    path("runs/<int:pk>/log/", live.run_log, name="run-log"),
    path("runs/<int:pk>/series/", live.run_series, name="run-series"),
    path("runs/<int:pk>/cancel/", control.run_cancel, name="run-cancel"),
    path("runs/<int:pk>/finish/", control.run_finish, name="run-finish"),
    path("runs/<int:pk>/pause/", control.run_pause, name="run-pause"),
    path("runs/<int:pk>/resume/", control.run_resume, name="run-resume"),
    path("runs/<int:pk>/extend/", control.run_extend, name="run-extend"),
    path("runs/<int:pk>/mend/", control.run_mend, name="run-mend"),
    path("runs/<int:pk>/priority/", control.run_priority, name="run-priority"),
    path("runs/<int:pk>/pin/", control.run_pin, name="run-pin"),
    path("tensorboard/", boards.board_open, name="board-open"),
    path("tensorboard/<slug:key>/", boards.board, name="board"),
    path("tensorboard/<slug:key>/<path:path>", boards.board, name="board-part"),
    path("models/", models.model_list, name="model-list"),
    path("models/<int:pk>/", models.model_detail, name="model-detail"),
    path("models/<int:pk>/alias/", curating.model_alias, name="model-alias"),
    path("models/<int:pk>/describe/", curating.model_describe, name="model-describe"),
    path("models/<int:pk>/card/", curating.model_card_download, name="model-card"),
    path("images/<int:pk>/uses/", curating.image_uses, name="image-uses"),
    path("models/<int:pk>/export/", models.model_export, name="model-export"),
    path("models/<int:pk>/exports/<slug:format>/", models.export_download, name="export-download"),
]
