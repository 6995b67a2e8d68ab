"""Bulk API 2.0 ingest jobs: a CSV that is worked off while the caller polls.

Promise: a job goes Open, UploadComplete, InProgress, JobComplete (or Failed, Aborted); every row of
its CSV ends up in exactly one of the successful, failed and unprocessed results. Rows go in chunks
of 200, each a transaction of its own. Options: ``config.Bulk``. Weakness: no multipart upload, no
query jobs, one worker.
"""

from __future__ import annotations

import csv
import io
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ..core.clock import Clock
from .bulk_rows import outcome, problem, repeated
from .config import Options
from .dml import Caller, Dml
from .errors import ApiError
from .ids import Ids
from .moments import text_of
from .schema import SObject

CHUNK = 200
DELIMITERS = {
    "COMMA": ",",
    "SEMICOLON": ";",
    "TAB": "\t",
    "PIPE": "|",
    "CARET": "^",
    "BACKQUOTE": "`",
}
ENDED = ("JobComplete", "Failed", "Aborted")


@dataclass
class Job:
    """``rows`` as they came; ``done`` pairs each with its outcome."""

    id: str
    sobject: SObject
    operation: str
    external_id: str | None
    caller: Caller
    created: int
    version: str
    line_ending: str = "LF"
    delimiter: str = "COMMA"
    state: str = "Open"
    stamp: int = 0
    error: str | None = None
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    uploaded: bool = False
    #: (id, created, error) of the rows so far
    outcomes: list[tuple[str, bool, str | None]] = field(default_factory=list)
    began: float = 0.0
    took_ms: int = 0

    @property
    def failed(self) -> int:
        """How many rows were refused."""
        return sum(error is not None for _id, _created, error in self.outcomes)

    def info(self, *, counts: bool = True) -> dict[str, Any]:
        """What a call about the job answers."""
        body: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.sobject.name,
            "createdById": self.caller.user,
            "createdDate": text_of(self.created),
            "systemModstamp": text_of(self.stamp or self.created),
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "contentUrl": f"services/data/v{self.version}/jobs/ingest/{self.id}/batches",
            "lineEnding": self.line_ending,
            "columnDelimiter": self.delimiter,
        }
        if self.external_id is not None:
            body["externalIdFieldName"] = self.external_id
        if counts:
            times = ("apiActiveProcessingTime", "totalProcessingTime")
            body |= {"jobType": "V2Ingest", "retries": 0, "apexProcessingTime": 0}
            body |= dict.fromkeys(times, self.took_ms)
            body |= {"numberRecordsProcessed": len(self.outcomes)}
            body |= {"numberRecordsFailed": self.failed}
        if self.error:
            body["errorMessage"] = self.error
        return body

    # -- results

    def successful(self) -> str:
        """CSV of the rows that were written."""
        rows = [
            [record_id, str(created).lower(), *row]
            for row, (record_id, created, error) in self._pairs()
            if error is None
        ]
        return self._csv(["sf__Id", "sf__Created", *self.header], rows)

    def refused(self) -> str:
        """CSV of the rows that were not."""
        rows = [
            [record_id, error, *row]
            for row, (record_id, _created, error) in self._pairs()
            if error is not None
        ]
        return self._csv(["sf__Id", "sf__Error", *self.header], rows)

    def unprocessed(self) -> str:
        """CSV of the rows that nobody looked at."""
        return self._csv(self.header, self.rows[len(self.outcomes) :])

    def _pairs(self) -> list[tuple[list[str], tuple[str, bool, str | None]]]:
        return list(zip(self.rows, self.outcomes, strict=False))

    def _csv(self, header: list[str], rows: list[list[str]]) -> str:
        text = io.StringIO()
        writer = csv.writer(
            text,
            delimiter=DELIMITERS[self.delimiter],
            lineterminator="\r\n" if self.line_ending == "CRLF" else "\n",
            quoting=csv.QUOTE_ALL,
        )
        writer.writerow(header)
        writer.writerows(rows)
        return text.getvalue()


class Jobs:
    """Runs jobs in threads of their own, a chunk at a time under the provider's ``lock``."""

    def __init__(self, options: Options, clock: Clock, dml: Dml, lock: threading.RLock) -> None:
        self.options = options
        self.clock = clock
        self.dml = dml
        self.lock = lock
        self.jobs: dict[str, Job] = {}
        self.closed = False
        self._ids = Ids(options.seed)

    def open(self, **facts: Any) -> Job:
        """A new job."""
        now = self.clock.now()
        job = Job(id=self._ids.new("750"), created=now, stamp=now, **facts)
        self.jobs[job.id] = job
        return job

    def upload(self, job: Job, data: bytes) -> None:
        """Take the CSV. Raises :class:`ApiError`."""
        if job.state != "Open" or job.uploaded:
            message = f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort'"
            raise ApiError(
                "INVALIDJOBSTATE" if job.state != "Open" else "CLIENTINPUTERROR", message
            )
        try:
            text = data.decode("utf-8-sig")
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=self._sign(job)))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ApiError("CLIENTINPUTERROR", f"The CSV cannot be read: {error}") from error
        job.header, job.rows = (rows[0] if rows else []), [row for row in rows[1:] if row]
        job.uploaded = True

    @staticmethod
    def _sign(job: Job) -> str:
        return DELIMITERS[job.delimiter]

    def start(self, job: Job) -> None:
        """The upload is complete: work begins a little later."""
        self._move(job, "UploadComplete")
        worker = threading.Thread(target=self._work, args=(job,), daemon=True)
        worker.start()

    def abort(self, job: Job) -> None:
        """Leave the rest undone."""
        self._move(job, "Aborted")

    def _move(self, job: Job, state: str) -> None:
        job.state, job.stamp = state, self.clock.now()

    def _work(self, job: Job) -> None:
        time.sleep(self.options.bulk.delay_ms / 1000)
        with self.lock:
            if self.closed or job.state != "UploadComplete":
                return
            self._move(job, "InProgress")
            job.began = time.monotonic()
            job.error = problem(job)
            if job.error:
                self._move(job, "Failed")
        while True:
            time.sleep(self.options.bulk.chunk_ms / 1000)
            with self.lock:
                if self.closed or not self._chunk(job):
                    return

    def _chunk(self, job: Job) -> bool:
        """Do the next rows; False when the job has ended."""
        if job.state != "InProgress":
            return False
        start, end = len(job.outcomes), len(job.outcomes) + CHUNK
        stop = self.options.bulk.fail_after
        failing = stop is not None and end >= stop
        if failing and stop is not None:
            end = max(start, int(stop))
        self.dml.store.begin()
        chunk = job.rows[start:end]
        twice = repeated(job, chunk)
        for row in chunk:
            job.outcomes.append(outcome(self.dml, job, row, twice))
        self.dml.store.commit()
        job.took_ms = round((time.monotonic() - job.began) * 1000)
        if failing:
            job.error = "InternalServerError : the job was ended by the sandbox"
            self._move(job, "Failed")
        elif end >= len(job.rows):
            self._move(job, "JobComplete")
        return job.state == "InProgress"
