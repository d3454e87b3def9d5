"""A process sees a wrong time of day, and its other clocks are right."""

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tools.cluster.kubelet.wrong_clock import ahead_by

DAYS = timedelta(days=100).total_seconds()
ASKED = """
import datetime, json, time
now = datetime.datetime.now(datetime.UTC).timestamp()
print(json.dumps([time.time(), now, time.monotonic()]))
"""


@pytest.mark.parametrize("seconds", [DAYS, -DAYS, 0.0], ids=["ahead", "behind", "right"])
def test_only_the_time_of_day_is_wrong(seconds: float, tmp_path: Path) -> None:
    before = time.time(), time.monotonic()
    variables = ahead_by(seconds, tmp_path)
    command = [sys.executable, "-c", ASKED]
    said = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    after = time.time(), time.monotonic()

    assert said.stderr == ""
    of_time, of_datetime, monotonic = json.loads(said.stdout)
    for found in (of_time, of_datetime):
        # The time of day has whole seconds of difference.
        assert before[0] + seconds - 1 <= found <= after[0] + seconds + 1
    assert before[1] <= monotonic <= after[1]
