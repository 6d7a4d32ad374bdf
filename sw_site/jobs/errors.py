"""How a job says that it did not end well."""


class JobError(Exception):
    """Work could not be done; the text is shown to the person: what happened, what it means, what to do next."""


class JobCancelled(Exception):
    """Somebody asked for this job to stop."""


class WorkerStopping(Exception):
    """The worker was told to shut down: the job goes back to the queue and runs on elsewhere."""
