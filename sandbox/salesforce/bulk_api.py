"""Bulk API 2.0 ingest: the calls about jobs.

Promise: create (200), upload (201, once), close or abort, read, list, delete (204), three results
as CSV. Weakness: see :mod:`sandbox.salesforce.bulk`.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer
from .bulk import DELIMITERS, ENDED, Job
from .errors import ApiError, not_found
from .request import ApiRequest, ok

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
RESULTS = {
    "successfulResults": Job.successful,
    "failedResults": Job.refused,
    "unprocessedrecords": Job.unprocessed,
}


class BulkApi:
    """Handlers for ``/jobs/ingest``."""

    def create(self, request: ApiRequest) -> Answer:
        """POST: a job that waits for its CSV."""
        body = request.body()
        job = request.org.jobs.open(
            caller=request.caller, version=request.version, **self._facts(request, body)
        )
        return ok(job.info(counts=False))

    def _facts(self, request: ApiRequest, body: dict[str, Any]) -> dict[str, Any]:
        sobject = request.org.store.schema.find(str(body.get("object")))
        if sobject is None or sobject.use in ("tooling", "read"):
            message = f"Unable to find object: {body.get('object')}"
            raise ApiError("INVALIDENTITY", message)
        operation, name = body.get("operation"), body.get("externalIdFieldName")
        if operation not in OPERATIONS:
            raise ApiError("INVALIDOPERATION", f"operation must be one of {', '.join(OPERATIONS)}")
        if body.get("contentType", "CSV") != "CSV":
            raise ApiError("FEATURENOTENABLED", "contentType must be CSV")
        delimiter, ending = body.get("columnDelimiter", "COMMA"), body.get("lineEnding", "LF")
        if delimiter not in DELIMITERS or ending not in ("LF", "CRLF"):
            raise ApiError("INVALIDJOB", "columnDelimiter or lineEnding is unknown")
        field = None
        if operation == "upsert":
            if not isinstance(name, str):
                raise ApiError("INVALIDJOB", "externalIdFieldName is required for upsert")
            field = sobject.field(name)
            if field is None or not (field.identifies or field.type == "id"):
                message = (
                    f"Field name provided, {name} does not match an External ID, Salesforce Id, or "
                    f"indexed field for {sobject.name}"
                )
                raise ApiError("INVALIDJOB", message)
        return {
            "sobject": sobject,
            "operation": operation,
            "external_id": field.name if field else None,
            "delimiter": delimiter,
            "line_ending": ending,
        }

    def list(self, request: ApiRequest) -> Answer:
        """GET: all jobs."""
        rows = [job.info(counts=False) for job in request.org.jobs.jobs.values()]
        return ok({"done": True, "records": rows, "nextRecordsUrl": None})

    def get(self, request: ApiRequest) -> Answer:
        """GET one job."""
        return ok(self._job(request).info())

    def upload(self, request: ApiRequest) -> Answer:
        """PUT the CSV."""
        request.org.jobs.upload(self._job(request), request.call.body)
        return Answer(201)

    def change(self, request: ApiRequest) -> Answer:
        """PATCH the state: UploadComplete or Aborted."""
        job, state = self._job(request), request.body().get("state")
        if state == "UploadComplete" and job.state == "Open":
            request.org.jobs.start(job)
        elif state == "Aborted" and job.state not in ENDED:
            request.org.jobs.abort(job)
        else:
            message = f"Job state is {job.state}; it cannot become {state}"
            raise ApiError("INVALIDJOBSTATE", message)
        return ok(job.info(counts=False))

    def delete(self, request: ApiRequest) -> Answer:
        """DELETE a job that has ended."""
        job = self._job(request)
        if job.state not in (*ENDED, "UploadComplete"):
            raise ApiError("INVALIDJOBSTATE", f"Job state is {job.state}; it cannot be deleted")
        del request.org.jobs.jobs[job.id]
        return Answer(204)

    def results(self, request: ApiRequest) -> Answer:
        """GET one of the three results."""
        job, read = self._job(request), RESULTS[request.args["results"]]
        if job.state not in ENDED:
            raise ApiError("INVALIDJOBSTATE", f"Job state is {job.state}; there are no results yet")
        return Answer.of_text(200, read(job), "text/csv")

    @staticmethod
    def _job(request: ApiRequest) -> Job:
        job = request.org.jobs.jobs.get(request.args["job"])
        if job is None:
            raise not_found()
        return job
