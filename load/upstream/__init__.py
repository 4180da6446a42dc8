"""The benchmark's carrier: nginx answers orders in SF's and UPS's own shape, each answer with a waybill of its own.

Knows how to write the server's configuration, start it pinned to a core and end it. It refuses to know orders: nothing of
what is sent comes back, so its speed does not depend on the sender. For a carrier that checks, see `carriers/sandbox.py`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

HERE = Path(__file__).parent
SF_WAYBILL = "SF${line}${turn}"
UPS_WAYBILL = "1Z999AA1${turn}00"


def sf_reply() -> str:
    """SF's answer to EXP_RECE_CREATE_ORDER: a JSON document in a JSON string. No order reference, for nginx reads none."""
    label = {
        "waybillNo": SF_WAYBILL,
        "sourceTransferCode": "755W",
        "sourceCityCode": "755",
        "destCityCode": "028",
        "destDeptCode": "028AB",
        "destTransferCode": "028W",
        "destRouteLabel": "028W-AB",
        "limitTypeCode": "T4",
        "expressTypeCode": "B1",
        "codingMapping": "K35",
        "printFlag": "000000000",
        "proCode": "特快",
        "checkCode": "3c9d05e7",
    }
    inner = {
        "success": True,
        "errorCode": "S0000",
        "errorMsg": None,
        "msgData": {
            "originCode": "755",
            "destCode": "028",
            "filterResult": 2,
            "remark": "",
            "waybillNoInfoList": [{"waybillType": 1, "waybillNo": SF_WAYBILL}],
            "routeLabelInfo": [{"code": "1000", "routeLabelData": label, "message": ""}],
        },
    }
    outer = {
        "apiErrorMsg": "",
        "apiResponseID": "${request_id}",
        "apiResultCode": "A1000",
        "apiResultData": _compact(inner),
    }
    return _compact(outer)


def ups_reply() -> str:
    """UPS's answer to a shipment, without label artwork."""
    response = {"ResponseStatus": {"Code": "1", "Description": "Success"}}
    results = {
        "ShipmentIdentificationNumber": UPS_WAYBILL,
        "PackageResults": [{"TrackingNumber": UPS_WAYBILL}],
    }
    return _compact({"ShipmentResponse": {"Response": response, "ShipmentResults": results}})


def ups_token() -> str:
    """UPS's OAuth2 answer; it lasts four hours, longer than any run."""
    return _compact({"token_type": "Bearer", "access_token": "benchmark-token", "expires_in": "14399"})


def configuration(folder: Path, port: int) -> str:
    """The server's configuration. A backslash and a quote are what nginx's quoted strings need escaped."""
    words = {
        "@FOLDER@": str(folder),
        "@PORT@": str(port),
        "@SF_REPLY@": _quoted(sf_reply()),
        "@UPS_REPLY@": _quoted(ups_reply()),
        "@UPS_TOKEN@": _quoted(ups_token()),
    }
    text = (HERE / "nginx.conf.in").read_text("utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def find_nginx() -> str | None:
    """Debian keeps it in sbin, which a plain user's PATH may lack."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def running(folder: Path, port: int, pin: list[str]) -> Iterator[str]:
    """Run the server for the length of a `with`; `pin` is a command prefix such as taskset's. Gives its base URL."""
    nginx = find_nginx()
    if nginx is None:
        raise SystemExit("nginx is not here: the benchmark needs it (Debian: apt-get install nginx-light)")
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nginx.conf"
    config.write_text(configuration(folder, port), "utf-8")
    log = folder / "nginx-error.log"
    server = subprocess.Popen([*pin, nginx, "-e", str(log), "-p", str(folder), "-c", str(config)])
    try:
        base = f"http://127.0.0.1:{port}"
        wait_ready(f"{base}/ready", server)
        yield base
    finally:
        server.terminate()
        server.wait(10)


def wait_ready(url: str, server: subprocess.Popen[bytes], within: float = 15.0) -> None:
    """Return once the URL answers 2xx; a server that ended, or takes longer, ends the run."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"the server behind {url} ended with {server.returncode}")
        try:
            with urlopen(url, timeout=1) as answer:
                if answer.status < 300:
                    return
        except (URLError, OSError):
            time.sleep(0.05)
    raise SystemExit(f"{url} did not answer within {within:.0f} s")


def _compact(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
