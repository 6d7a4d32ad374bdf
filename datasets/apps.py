from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "datasets"

    def ready(self) -> None:
        from datasets.access import jobs_of_datasets
        from sw_site.jobs.models import SHARED

        SHARED.append(jobs_of_datasets)
