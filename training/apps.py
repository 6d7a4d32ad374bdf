from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from sw_site.jobs.models import SHARED
        from sw_site.jobs.workers import READINGS
        from training.access import jobs_of_training
        from training.machine import report

        SHARED.append(jobs_of_training)
        READINGS.append(report)
