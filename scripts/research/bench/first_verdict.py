"""Wall time and peak memory of a whole `edge-runtime screen`, from process start to its end."""

import os
import subprocess
import sys
import time

program, model, image = sys.argv[1:]
best, peak = float("inf"), 0
for _ in range(10):
    start = time.perf_counter()
    child = subprocess.Popen([program, "screen", "--threads", "1", "--model", model, image], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    best = min(best, time.perf_counter() - start)
    peak = max(peak, usage.ru_maxrss / 1024)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"edge-runtime ended with {os.waitstatus_to_exitcode(status)}")
print(f"{best:.2f} s, {peak:.0f} MB; model {os.path.getsize(model) / 1e6:.1f} MB.")
