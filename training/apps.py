from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from sw_site.jobs.models import SHARED
        from training.access import jobs_of_training

        SHARED.append(jobs_of_training)
