"""Pipelines and their stages.

Promise: stage metadata are strings, as on the wire; the default deal pipeline is HubSpot's.
Weakness: no audit, no stage that is kept because records are in it other than by refusal.
"""

from __future__ import annotations

from typing import Any

from ..core.clock import iso
from .errors import ApiError, NotFound, bad_request
from .kinds import Kind

DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
TICKET_STAGES = (("1", "New"), ("2", "Waiting on contact"), ("3", "Waiting on us"), ("4", "Closed"))


def deal_metadata(probability: str) -> dict[str, str]:
    """``{"isClosed": "false", "probability": "0.2"}``."""
    return {"isClosed": str(float(probability) in (0.0, 1.0)).lower(), "probability": probability}


class Pipelines:
    """Pipelines by object type and id."""

    def __init__(self, now: int) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {"deals": {}, "tickets": {}}
        self._next = 68_000_001
        deals = [
            {"stageId": stage, "label": label, "metadata": deal_metadata(probability)}
            for stage, label, probability in DEAL_STAGES
        ]
        tickets = [
            {"stageId": stage, "label": label, "metadata": {"ticketState": "OPEN"}}
            for stage, label in TICKET_STAGES
        ]
        self.create("deals", {"label": "Sales Pipeline", "displayOrder": 0, "stages": deals}, now)
        support = {"label": "Support Pipeline", "displayOrder": 0, "stages": tickets}
        self.create("tickets", support | {"pipelineId": "0"}, now)

    def of(self, kind: Kind) -> dict[str, dict[str, Any]]:
        """The pipelines of an object type. Raises :class:`NotFound` when it has none."""
        if kind.name not in self.rows:
            raise NotFound()
        return self.rows[kind.name]

    def get(self, kind: Kind, pipeline_id: str) -> dict[str, Any]:
        """One pipeline. Raises :class:`NotFound`."""
        found = self.of(kind).get(pipeline_id)
        if found is None:
            raise NotFound()
        return found

    def stage(self, kind: Kind, pipeline_id: str | None, stage_id: str) -> dict[str, Any] | None:
        """A stage of a pipeline, or of any one when ``pipeline_id`` is None."""
        for pipeline in self.rows.get(kind.name, {}).values():
            if pipeline_id in (None, pipeline["id"]):
                for stage in pipeline["stages"]:
                    if stage["id"] == stage_id:
                        return stage
        return None

    def create(self, kind_name: str, body: dict[str, Any], now: int) -> dict[str, Any]:
        """Add a pipeline with its stages."""
        if not body.get("label") or not body.get("stages"):
            raise bad_request("A pipeline needs a label and at least one stage")
        rows = self.rows[kind_name]
        wanted = body.get("pipelineId") or ("default" if not rows else self._id())
        if wanted in rows or any(row["label"] == body["label"] for row in rows.values()):
            raise ApiError(409, "CONFLICT", f"Pipeline '{body['label']}' already exists")
        pipeline = {
            "label": body["label"],
            "displayOrder": body.get("displayOrder", len(rows)),
            "id": wanted,
            "stages": [],
            "createdAt": iso(now),
            "updatedAt": iso(now),
            "archived": False,
        }
        rows[wanted] = pipeline
        for stage in body["stages"]:
            self.create_stage(kind_name, pipeline, stage, now)
        return pipeline

    def create_stage(
        self, kind_name: str, pipeline: dict[str, Any], body: dict[str, Any], now: int
    ) -> dict[str, Any]:
        """Add a stage; a deal stage needs a probability."""
        metadata = {name: str(value) for name, value in (body.get("metadata") or {}).items()}
        if not body.get("label"):
            raise bad_request("A stage needs a label")
        if kind_name == "deals":
            if "probability" not in metadata:
                raise bad_request("A deal stage needs metadata.probability between 0.0 and 1.0")
            metadata = deal_metadata(metadata["probability"]) | metadata
        stage = {
            "label": body["label"],
            "displayOrder": body.get("displayOrder", len(pipeline["stages"])),
            "metadata": metadata,
            "id": body.get("stageId") or self._id(),
            "createdAt": iso(now),
            "updatedAt": iso(now),
            "archived": False,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }
        pipeline["stages"].append(stage)
        return stage

    def _id(self) -> str:
        self._next += 1
        return str(self._next)
