#!/usr/bin/env python3
"""Lists which test proves which capability or rule: docs/coverage.md.

A test says so by a line `// covers: ID, ID` above it. `--check` fails when the list is stale.
"""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
listed = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.rs"],
    cwd=root, capture_output=True, text=True, check=True,
).stdout.split()
found = {}
for name in sorted(set(listed)):
    path = root / name
    if not path.exists():
        continue
    waiting = []
    for line in path.read_text(encoding="utf-8").splitlines():
        mark = re.match(r"\s*// covers: (.*)$", line)
        if mark:
            waiting += [i.strip() for i in mark.group(1).split(",") if i.strip()]
            continue
        test = re.match(r"\s*(?:pub )?(?:async )?fn (\w+)", line)
        if test and waiting:
            for identifier in waiting:
                identifier = re.match(r"[A-Za-z0-9-]+", identifier).group(0)
                found.setdefault(identifier, set()).add(f"`{name}` · `{test.group(1)}`")
            waiting = []


def order(identifier):
    head, _, tail = identifier.partition("-")
    digits = re.match(r"\d+", tail)
    return (head, int(digits.group(0)) if digits else 0, tail)


lines = ["# Which test proves what", "", "Made by `scripts/coverage.py`; do not edit.", "",
         "| id | tests |", "|---|---|"]
for identifier in sorted(found, key=order):
    lines.append(f"| {identifier} | {'<br>'.join(sorted(found[identifier]))} |")
text = "\n".join(lines) + "\n"
target = root / "docs" / "coverage.md"
if "--check" in sys.argv:
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        print("docs/coverage.md is stale; run scripts/coverage.py")
        sys.exit(1)
    print(f"docs/coverage.md lists {len(found)} ids")
else:
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8")
    print(f"docs/coverage.md: {len(found)} ids")
