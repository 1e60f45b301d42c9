#!/usr/bin/env python3
"""Which adapter passed which suite, from the output of `cargo test -- --show-output`.

Usage: scripts/suites.py LOG OUT.json

Prints the table and every test that says it was skipped; writes the table as JSON. Fails where a
suite did not run at all, so that one cannot disappear unnoticed.
"""
import json
import re
import sys

# Adapter, suite, and the tests that are the suite.
SUITES = [
    ("memory", "store", r"process::suite::tests::"),
    ("memory", "blobs", r"blobs::tests::"),
    ("memory", "cache", r"cache::tests::"),
    ("embedded", "store", r"contract::"),
    ("embedded", "blobs", r"blobs::"),
    ("mongodb", "store", r"the_store_passes_every_clause$"),
    ("mongodb", "blobs", r"blobs_pass_every_clause"),
    ("mongodb", "commands", r"commands::every_command_carries_its_concern$"),
    ("mongodb", "security", r"security::a_password"),
    ("mongodb", "trouble", r"trouble::"),
    ("mongodb", "same log as memory and file", r"memory_a_file_and_a_database"),
    ("stripe", "payment", r"conformance::stripe(_with_tax_inside)?::"),
    ("stripe", "specification", r"spec::every_request"),
    ("stripe", "webhooks", r"webhooks::"),
    ("stripe", "life of an invoice", r"life::"),
    ("bank transfer", "payment", r"conformance::transfer(_in_a_file)?::"),
    ("bank transfer", "statements and matching", r"(bank|matching)::"),
    ("models", "language model", r"^conformance::(openai|vllm|llama_cpp|ollama|anthropic)_"),
    ("models", "specification", r"^specification::"),
    ("models", "real model", r"local::a_small_model"),
    ("smtp", "each answer at each step", r"^smtp::"),
    ("smtp", "postfix, greylist, signature", r"^postfix::"),
    ("memory", "inbox", r"mail::inbox::tests::the_kit"),
    ("imap", "inbox", r"^imap::"),
    ("sendgrid", "requests and webhooks", r"^providers::sendgrid::|^providers::signed::sendgrid"),
    ("mandrill", "requests and webhooks", r"^providers::mandrill::|^providers::signed::mandrill"),
    ("smtp, imap", "a round by the program", r"^an_answer_a_bounce_and_a_complaint"),
    ("system", "data-subject rights", r"^who_is_forgotten|^a_person_has_what_is_kept"),
    ("http", "routes", r""),
    ("web", "lead source", r"leads::tests::lg_1_conformance::"),
    ("web", "signal source", r"feed::tests::conformance::"),
]
# The test binary in which a suite's tests stand, where names alone are not enough.
BINARY = {
    ("memory", "blobs"): "dealwright_core",
    ("memory", "cache"): "dealwright_core",
    ("embedded", "store"): "it",
    ("embedded", "blobs"): "it",
    ("http", "routes"): "front",
    ("stripe", "webhooks"): "it",
    ("stripe", "life of an invoice"): "it",
    ("stripe", "specification"): "it",
    ("bank transfer", "statements and matching"): "it",
}


def read(path):
    """Tests with their binary and outcome, and what the passed ones said of being skipped."""
    tests, skipped = [], {}
    binary = said_by = None
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            line = line.rstrip("\n")
            if found := re.search(r"Running .*/deps/(\w+)-[0-9a-f]+\)", line):
                binary, said_by = found.group(1), None
            elif found := re.match(r"test (\S+)(?: - .*)? \.\.\. (\w+)", line):
                tests.append((binary, found.group(1), found.group(2)))
            elif found := re.match(r"---- (\S+) stdout ----", line):
                said_by = found.group(1)
            elif line.startswith("skipped:") and said_by:
                skipped[(binary, said_by)] = line.removeprefix("skipped:").strip()
    return tests, skipped


def main():
    log, out = sys.argv[1], sys.argv[2]
    tests, skipped = read(log)
    rows, wrong = [], False
    for adapter, suite, pattern in SUITES:
        wanted = BINARY.get((adapter, suite))
        mine = [
            (binary, name, outcome)
            for binary, name, outcome in tests
            if re.match(pattern, name) and wanted in (None, binary)
        ]
        reasons = {skipped[(b, n)] for b, n, _ in mine if (b, n) in skipped}
        failed = [name for _, name, outcome in mine if outcome == "FAILED"]
        if not mine:
            status, reason, wrong = "missing", "none of its tests ran", True
        elif failed:
            status, reason = "failed", ", ".join(failed)
        elif all((b, n) in skipped for b, n, _ in mine):
            status, reason = "skipped", "; ".join(sorted(reasons))
        else:
            ran = sum((b, n) not in skipped for b, n, _ in mine)
            status, reason = "passed", f"{ran} tests"
            if reasons:
                reason += f", {len(mine) - ran} skipped: " + "; ".join(sorted(reasons))
        rows.append(
            {"adapter": adapter, "suite": suite, "status": status, "reason": reason}
        )
    with open(out, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
        file.write("\n")
    for row in rows:
        print(f"{row['adapter']:<10} {row['suite']:<28} {row['status']:<8} {row['reason']}")
    for (_, name), reason in sorted(skipped.items()):
        print(f"SKIPPED: {name}: {reason}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
