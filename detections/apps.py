from django.apps import AppConfig


class DetectionsConfig(AppConfig):
    name = "detections"

    def ready(self) -> None:
        from detections.access import jobs_of_detections
        from sw_site.jobs.models import SHARED

        SHARED.append(jobs_of_detections)
