#!/usr/bin/env python3
"""What `ostracon plan` costs at every size, as a Markdown table.

    cargo build --release && cargo bench --bench scale --no-run
    benches/scale.py                          # 1k, 10k, 100k: some minutes
    benches/scale.py --million --shapes mixed
    benches/scale.py --ostracon PATH --scale PATH --sizes 1000

Builds nothing. Each round runs every command once, with the reference R among them, so that a busy
machine spoils all alike; figures are medians of the rounds, R the CPU of `scale parse`.
"""

import argparse
import glob
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BUILT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "target", "release")
PARSE, CONVERGED, EMPTY = "R: `serde_yaml`, one file", "plan", "plan, empty state"
ROWS = [PARSE, CONVERGED, EMPTY]
QUIET = b"Plan: 0 to impose, 0 to renew, 0 to amend, 0 to lift, 0 to kick, 0 to forget."


def run(command, out=os.devnull):
    """CPU seconds, wall seconds and peak MB. A peak below Python's own, some 10 MB, is not seen."""
    with open(out, "wb") as stdout:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=stdout)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"exit {process.returncode}: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


class Workspace:
    """A generated workspace with a converged state."""

    def __init__(self, programs, directory, size, shape):
        self.ostracon, self.scale = programs
        self.path = os.path.join(directory, f"{shape}-{size}")
        run([self.scale, "generate", self.path, str(size), shape])
        run([self.scale, "reference", self.path])
        # Kicks are due 15 minutes after this.
        run([self.scale, "converge", self.path])

    def plan(self, *arguments, out=os.devnull):
        return run([self.ostracon, "-C", self.path, "plan", *arguments], out)

    def round(self):
        """Every command once."""
        figures = {PARSE: run([self.scale, "parse", self.path + ".reference.yaml"])}
        figures[CONVERGED] = self.plan(out=self.path + ".said")
        with open(self.path + ".said", "rb") as said:
            if QUIET not in said.read():
                sys.exit(f"{self.path}: a kick or a renewal has come due meanwhile")
        figures[EMPTY] = self.plan("--state", f"sqlite:{self.path}.none")
        return figures


def measure(programs, directory, size, shape):
    """The medians of several rounds: `{row: (CPU, wall, MB)}`."""
    workspace = Workspace(programs, directory, size, shape)
    count = 9 if size <= 10_000 else 5 if size <= 100_000 else 3
    rounds = [workspace.round() for _ in range(count)]
    shutil.rmtree(workspace.path)
    columns = {row: zip(*(figures[row] for figures in rounds)) for row in ROWS}
    return {row: tuple(map(statistics.median, figures)) for row, figures in columns.items()}


def table(shape, sizes, found):
    """Markdown; `growth` is the exponent from the size before: 1 is linear."""
    print(f"\n### {shape}\n\n| plan | restrictions | CPU s | in R | wall s | peak MB | growth |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for row in ROWS:
        before = None
        for size in sizes:
            cpu, wall, peak = found[size][row]
            unit = cpu / found[size][PARSE][0]
            growth = math.log(cpu / before[1]) / math.log(size / before[0]) if before else None
            growth = "" if growth is None else f"{growth:.2f}"
            figures = f"{cpu:.3f} | {unit:.2f} | {wall:.3f} | {peak:.0f}"
            print(f"| {row} | {size:,} | {figures} | {growth} |")
            before = size, cpu
    sys.stdout.flush()


def newest(pattern):
    """The executable that was built last."""
    found = [path for path in glob.glob(pattern) if os.access(path, os.X_OK)]
    return max(found, key=os.path.getmtime, default=None)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--ostracon", default=f"{BUILT}/ostracon")
    options.add_argument("--scale", default=newest(f"{BUILT}/deps/scale-*"))
    options.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options.add_argument("--million", action="store_true", help="1,000,000 too")
    options.add_argument("--shapes", nargs="+", default=["single", "fifty"],
                         choices=["single", "fifty", "mixed"])
    options = options.parse_args()
    if options.scale is None or not os.access(options.ostracon, os.X_OK):
        sys.exit("nothing to run: the first lines of this script say how to build it")
    programs = os.path.abspath(options.ostracon), os.path.abspath(options.scale)
    sizes = options.sizes + ([1_000_000] if options.million else [])
    print(time.strftime("%Y-%m-%d"), f"{os.cpu_count()} cores", " ".join(sys.argv[1:]), sep=", ")
    with tempfile.TemporaryDirectory() as directory:
        for shape in options.shapes:
            table(shape, sizes, {size: measure(programs, directory, size, shape) for size in sizes})


if __name__ == "__main__":
    main()
