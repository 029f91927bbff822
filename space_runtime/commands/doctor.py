"""``space-runtime doctor``: what works on this machine, and what to do about what does not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from engine_bridge.protocol.arkit import DEFAULT_ADDRESS
from space_runtime.arguments import in_range
from space_runtime.commands.shared_options import BundleFolder, Debug, DeviceName
from space_runtime.diagnostics.doctor import CHECKS, Finding, Setup, Verdict, examine
from space_runtime.errors import one_line
from space_runtime.inference.device import AUTO, checked_name
from space_runtime.server.keys import check_bind
from space_runtime.server.observability.status_address import DEFAULT_PORT


def doctor_command(
    bind: Annotated[str, typer.Option(help="Address that the server shall listen on.")] = DEFAULT_ADDRESS,
    http: Annotated[int, typer.Option(help="Port of its status page; 0: none.")] = DEFAULT_PORT,
    out: Annotated[Path, typer.Option(help="Folder for baked clips.")] = Path("out"),
    bundle: BundleFolder = None,
    device: DeviceName = AUTO,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Check versions, models, speed, ports and folders; exit with 1 when something fails."""
    check_bind(bind, None, insecure=True)
    in_range("--http", http, 0, 65_535)
    findings = examine(Setup(bind, http, bundle, out, checked_name(device)))
    failed = _print_json(findings) if as_json else _print(findings)
    if failed:
        raise typer.Exit(1)


def _print(findings: Iterable[Finding]) -> bool:
    failed = 0
    wide = max(map(len, CHECKS))
    for found in findings:
        failed += found.verdict is Verdict.FAIL
        advice = f"; {found.advice}" if found.advice else ""
        print(f"{found.verdict:<4}  {found.name:<{wide}}  {one_line(found.text + advice)}", flush=True)
    print(f"{failed} of {len(CHECKS)} checks failed" if failed else "everything needed works")
    return bool(failed)


def _print_json(findings: Iterable[Finding]) -> bool:
    found = list(findings)
    ok = all(finding.verdict is not Verdict.FAIL for finding in found)
    print(json.dumps({"ok": ok, "findings": [asdict(finding) for finding in found]}, indent=1))
    return not ok
