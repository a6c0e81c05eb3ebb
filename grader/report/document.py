"""The report as the JSON document of schema 1."""

from __future__ import annotations

import json
from typing import Any

from grader.report.verdict import Check, Report

SCHEMA = 1


def to_document(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    submission = report.submission
    checks = report.checks if report.failure is None else (report.failure, *report.checks)
    return {
        "schema": SCHEMA,
        "kata": report.kata,
        "verdict": report.verdict,
        "score": report.score,
        "stars": report.stars,
        "seed": report.seed,
        "device": report.device,
        "seconds": round(report.seconds, 3),
        "submission": {
            "path": submission.path,
            "sha256": submission.sha256,
            "entry_point": submission.entry_point,
            "notes": list(submission.notes),
        },
        "checks": [_check(check) for check in checks],
        "diagnosis": [
            {
                "pitfall": f.pitfall,
                "title": f.title,
                "explanation": f.explanation,
                "certainty": f.certainty,
            }
            for f in report.diagnosis.findings
        ],
        "budget": None
        if report.budget is None
        else {
            "ratio": report.budget.ratio,
            "limit": report.budget.limit,
            "memory": report.budget.memory,
            "memory_limit": report.budget.memory_limit,
        },
        "evidence": list(report.evidence),
        "output": report.output,
        "confinement": report.confinement,
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "title": check.title,
        "family": check.family,
        "tier": check.tier,
        "verdict": check.verdict,
        "message": check.message,
        "seconds": round(check.seconds, 4),
    }


def to_json(report: Report) -> str:
    """The document as text."""
    return json.dumps(to_document(report), indent=2, ensure_ascii=False)
