#!/usr/bin/env python3
"""Verifies an exported audit log of Holdfast against a checkpoint that you trust.

    verify_audit.py BUNDLE --checkpoint FILE

Needs Python 3 and nothing else, and shares no code with Holdfast: it follows
docs/formats/audit.md. Exits 0 when the log is the one that was signed, and 5 when it is not;
then it names the first entry that does not fit.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys

FORMAT = "holdfast-audit-bundle/1"
NO_HASH = bytes(32)


class Bad(Exception):
    """An entry that does not fit, by its number."""

    def __init__(self, seq, detail):
        super().__init__(detail)
        self.seq = seq
        self.detail = detail


# Ed25519 as RFC 8032 section 6 defines it: slow, and without a library.

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(factor, point):
    result = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = add(result, point)
        point = add(point, point)
        factor >>= 1
    return result


def is_equal(one, other):
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % P == 0


def find_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = find_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def decompress(data):
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = find_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def is_signed(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, r = decompress(public_key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    h = int.from_bytes(digest, "little") % Q
    return is_equal(multiply(s, BASE), add(r, multiply(h, key)))


# Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).


def key_id(name, public_key):
    return hashlib.sha256(name.encode() + b"\n\x01" + public_key).digest()[:4]


def read_key(text):
    """Name and bytes of a key as verifiers of signed notes take it."""
    name, identity, encoded = text.split("+", 2)
    kind_and_key = base64.b64decode(encoded, validate=True)
    public_key = kind_and_key[1:]
    is_good = kind_and_key[:1] == b"\x01" and len(public_key) == 32
    if not is_good or key_id(name, public_key).hex() != identity:
        raise ValueError("the key is not an Ed25519 key with its id")
    return name, public_key


class Note:
    """A signed note that holds a checkpoint."""

    def __init__(self, text):
        body, separator, signatures = text.rpartition("\n\n")
        lines = body.split("\n")
        if not separator or len(lines) < 3 or not all(lines):
            raise ValueError("this is no checkpoint")
        size = lines[1]
        if not size.isascii() or not size.isdigit() or str(int(size)) != size:
            raise ValueError("the checkpoint names no size")
        self.text = body + "\n"
        self.origin = lines[0]
        self.size = int(size)
        self.root = base64.b64decode(lines[2], validate=True)
        self.signatures = []
        if not signatures.endswith("\n"):
            raise ValueError("the checkpoint is not whole")
        for line in signatures[:-1].split("\n"):
            dash, name, encoded = line.split(" ")
            data = base64.b64decode(encoded, validate=True)
            if dash != "\u2014" or len(self.root) != 32 or len(data) < 5:
                raise ValueError("the checkpoint has no signature")
            self.signatures.append((name, data[:4], data[4:]))

    def is_signed_by(self, public_key):
        known = (self.origin, key_id(self.origin, public_key))
        own = [data for name, identity, data in self.signatures if (name, identity) == known]
        return bool(own) and all(is_signed(public_key, self.text.encode(), one) for one in own)


# The log.


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + canonical(leaf).encode()).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def unhex(text):
    data = bytes.fromhex(text)
    if len(data) != 32 or data.hex() != text:
        raise ValueError("no hash")
    return data


class Verifier:
    """Walks a log from its first entry and raises `Bad` at the first that does not fit."""

    def __init__(self, log, origin, public_key, trusted):
        self.log = log
        self.origin = origin
        self.public_key = public_key
        self.trusted = trusted
        self.size = 0
        self.head = NO_HASH
        # Complete subtrees of the tree so far: number of leaves and root, largest first.
        self.edge = []
        self.vouched = 0
        self.checkpoints = 0

    def copy(self):
        other = Verifier(self.log, self.origin, self.public_key, self.trusted)
        other.size, other.head, other.edge = self.size, self.head, list(self.edge)
        other.vouched, other.checkpoints = self.vouched, self.checkpoints
        return other

    def entry(self, line):
        following = self.size + 1
        try:
            leaf, stored = line["leaf"], unhex(line["hash"])
            seq, prev = leaf["seq"], unhex(leaf["prev"])
        except (KeyError, TypeError, ValueError):
            raise Bad(following, f"what follows entry {self.size} is no entry") from None
        if leaf.get("log") != self.log:
            raise Bad(following, f"what follows entry {self.size} belongs to another log")
        if type(seq) is not int or seq < following:
            raise Bad(following, f"entry {seq} stands twice")
        if seq > following:
            raise Bad(following, f"entry {following} is missing")
        if prev != self.head:
            raise Bad(seq, f"entry {seq} does not follow the one before it")
        if leaf_hash(leaf) != stored:
            raise Bad(seq, f"entry {seq} was altered")
        if "personal" in line and not self.is_committed(leaf, line["personal"]):
            raise Bad(seq, f"the personal values beside entry {seq} were altered")
        self.head = stored
        self.push(stored)
        if self.trusted.size == self.size:
            self.compare(self.trusted.size, self.trusted.root, "the trusted checkpoint")

    @staticmethod
    def is_committed(leaf, personal):
        try:
            salt = unhex(personal["salt"])
            made = {
                name: hashlib.sha256(salt + name.encode() + b"\x00" + value.encode()).hexdigest()
                for name, value in personal["values"].items()
            }
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        return made == leaf.get("personal")

    def push(self, one):
        leaves, root = 1, one
        while self.edge and self.edge[-1][0] == leaves:
            root = node_hash(self.edge.pop()[1], root)
            leaves *= 2
        self.edge.append((leaves, root))
        self.size += 1

    def root(self):
        if not self.edge:
            return hashlib.sha256().digest()
        root = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            root = node_hash(left, root)
        return root

    def compare(self, size, root, source):
        if size != self.size or root != self.root():
            first = self.vouched + 1
            raise Bad(
                first,
                f"entries between {first} and {size} are not those of {source}: "
                "they were written anew",
            )
        self.vouched = size

    def checkpoint(self, text):
        try:
            note = Note(text)
        except (ValueError, TypeError, AttributeError):
            raise Bad(self.size + 1, f"what follows entry {self.size} is no checkpoint") from None
        if note.origin != self.origin or not note.is_signed_by(self.public_key):
            raise Bad(note.size, f"the checkpoint of {note.size} entries is not ours")
        self.compare(note.size, note.root, "a signed checkpoint")
        self.checkpoints += 1

    def line(self, line):
        """Takes any line but the first and the last."""
        if not isinstance(line, dict):
            raise Bad(self.size + 1, f"what follows entry {self.size} is of no known kind")
        if "checkpoint" in line:
            self.checkpoint(line["checkpoint"])
        else:
            self.entry(line)

    def finish(self, promised):
        promised = max(promised, self.trusted.size)
        if self.size < promised:
            missing = self.size + 1
            raise Bad(missing, f"entry {missing} is missing: there were {promised}")


def unique(pairs):
    """The members of an object. Which of two with one name counts, readers do not agree on."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice in an object")
    return members


def read_json(text):
    return json.loads(text, object_pairs_hook=unique)


def begin(header, trusted):
    """The verifier of a bundle, by its first line. Raises ValueError when they do not fit."""
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError("this is no bundle of an audit log, or one of a newer release")
    origin, log = header["origin"], header["log"]
    name, public_key = read_key(header["key"])
    if name != origin or not origin.endswith("/" + log):
        raise ValueError("the bundle names another key or another log than its own")
    if trusted.origin != origin:
        raise ValueError(f"the checkpoint is of {trusted.origin}, and the bundle of {origin}")
    if not trusted.is_signed_by(public_key):
        raise ValueError("the checkpoint is not signed with the key of the bundle")
    return Verifier(log, origin, public_key, trusted)


def verify(lines, trusted):
    """Verifies the lines of a bundle; gives the verifier when all of them fit."""
    lines = iter(lines)
    header = read_json(next(lines, "null"))
    verifier = begin(header, trusted)
    ended = False
    for text in lines:
        try:
            line = read_json(text)
        except ValueError:
            detail = f"what follows entry {verifier.size} cannot be read"
            raise Bad(verifier.size + 1, detail) from None
        if ended:
            raise Bad(verifier.size + 1, "something stands behind the end")
        if isinstance(line, dict) and "end" in line:
            if line["end"] != verifier.size:
                detail = f"the end names {line['end']} entries"
                raise Bad(verifier.size + 1, f"after entry {verifier.size}: {detail}")
            ended = True
        else:
            verifier.line(line)
    verifier.finish(header["size"])
    if not ended:
        raise Bad(verifier.size + 1, "the end of the bundle is missing")
    return verifier


def main():
    parser = argparse.ArgumentParser(description="Verifies an exported audit log of Holdfast.")
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument("--checkpoint", metavar="FILE", required=True)
    arguments = parser.parse_args()
    try:
        with open(arguments.checkpoint, encoding="utf-8", newline="") as file:
            trusted = Note(file.read())
        with open(arguments.bundle, encoding="utf-8", newline="\n") as file:
            verifier = verify(file, trusted)
    except Bad as bad:
        print(f"BAD  first bad entry {bad.seq}: {bad.detail}")
        return 5
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        print(f"BAD  {error}")
        return 5
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    counts = f"{verifier.size} entries, {verifier.checkpoints} checkpoints"
    print(f"ok   {verifier.origin}: {counts}, head {verifier.head.hex()}")
    if verifier.size > trusted.size:
        print(f"     entries from {trusted.size + 1} on are newer than the trusted checkpoint")
    return 0


if __name__ == "__main__":
    sys.exit(main())
