"""Alters every entry of a bundle in every way and asks the stand-alone verifier each time.

    mutate.py VERIFIER BUNDLE CHECKPOINT

Walks along with the good log and lets a copy of the verifier go on from the altered place. Prints
how many alterations were tried; any that is not found, or found elsewhere, ends it with an error.
"""

import importlib.util
import json
import sys

_, verifier_path, bundle_path, checkpoint_path = sys.argv
spec = importlib.util.spec_from_file_location("verify_audit", verifier_path)
verify_audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verify_audit)

with open(bundle_path, encoding="utf-8") as file:
    lines = [json.loads(line) for line in file]
with open(checkpoint_path, encoding="utf-8") as file:
    trusted = verify_audit.Note(file.read())
header, body = lines[0], lines[1:-1]
entries = [line for line in body if "leaf" in line]
size = len(entries)


def first_bad(state, rest):
    """The number that is named when these lines follow; reads no further than needed."""
    try:
        for line in rest:
            state.line(line)
        state.finish(header["size"])
    except verify_audit.Bad as bad:
        return bad.seq
    return None


def expect(what, seq, found, wanted):
    if found != wanted:
        sys.exit(f"{what} of entry {seq}: named {found} instead of {wanted}")


def other(value):
    """Another value of the same kind."""
    if isinstance(value, dict):
        return {**value, "x": "y"}
    return value + ("x" if isinstance(value, str) else 1)


def edits(line):
    """The line with each member of its leaf edited in turn, and with its hash edited."""
    for name, value in line["leaf"].items():
        yield name, {**line, "leaf": {**line["leaf"], name: other(value)}}
    first = "0" if line["hash"][0] != "0" else "1"
    yield "hash", {**line, "hash": first + line["hash"][1:]}


state = verify_audit.begin(header, trusted)
tried = 0
at = 0
for index, line in enumerate(body):
    if "leaf" in line:
        seq = at + 1
        is_last = seq == size
        follows = body[index + 1 : index + 4]
        after = next((one for one in follows if "leaf" in one), None)
        between = follows[: follows.index(after)] if after else follows

        for name, edited in edits(line):
            expect(f"edit of {name}", seq, first_bad(state.copy(), [edited]), seq)
            tried += 1
        expect("truncation", seq, first_bad(state.copy(), []), seq)
        double = [line, *between, line] if not is_last else [line, line]
        expect("duplicate", seq, first_bad(state.copy(), double), seq + 1)
        tried += 2
        if not is_last:
            expect("deletion", seq, first_bad(state.copy(), [after]), seq)
            expect("swap", seq, first_bad(state.copy(), [after, line]), seq)
            tried += 2
            if not between:
                # The entry made anew with its hash: the next one does not follow it.
                edited = {**line, "leaf": {**line["leaf"], "action": "x"}}
                edited["hash"] = verify_audit.leaf_hash(edited["leaf"]).hex()
                expect("forgery", seq, first_bad(state.copy(), [edited, after]), seq + 1)
                tried += 1
        at += 1
    state.line(line)
state.finish(header["size"])
print(tried)
