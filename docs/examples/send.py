#!/usr/bin/env python3
"""Sends a file of NDJSON to Deedbook, and trusts nobody: each receipt has to lie in a log that goes on from the one we saw last.

usage: send.py URL SOURCE FILE     with DEEDBOOK_TOKEN, and the log's key (`deedbook key show`) in DEEDBOOK_KEY
needs: pip install cryptography; the last checkpoint is kept in FILE.checkpoint
"""
import base64, hashlib, json, os, pathlib, sys, urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def ask(path, body=None, **headers):
    headers["Authorization"] = "Bearer " + os.environ["DEEDBOOK_TOKEN"]
    request = urllib.request.Request(url + path, data=body, headers=headers)
    return json.load(urllib.request.urlopen(request, timeout=60))


def opened(note):
    """Size and root of a checkpoint, once its signature is right (c2sp.org/signed-note, /tlog-checkpoint)."""
    name, _, key = os.environ["DEEDBOOK_KEY"].split("+", 2)
    text, signatures = note.split("\n\n", 1)
    line = next(line for line in signatures.splitlines() if line.startswith(f"— {name} "))
    signature = base64.b64decode(line.split(" ")[2])[4:]
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:]).verify(signature, (text + "\n").encode())
    origin, size, root = text.split("\n")[:3]
    assert origin == name, f"checkpoint of {origin}"
    return int(size), base64.b64decode(root)


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def goes_on(old, old_root, new, new_root, proof):
    """RFC 9162, 2.1.4.2."""
    if old == new:
        return old_root == new_root
    if old & (old - 1) == 0:
        proof = [old_root] + proof
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for hash in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(hash, fr), node(hash, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, hash)
        fn, sn = fn >> 1, sn >> 1
    return fr == old_root and sr == new_root and sn == 0


url, source, file = sys.argv[1:4]
body = pathlib.Path(file).read_bytes()
key = hashlib.sha256(body).hexdigest()
answer = ask(f"/v1/records?source={source}", body, **{"Idempotency-Key": key})
kept = pathlib.Path(file + ".checkpoint")
seen = answer["checkpoint"]
opened(seen)
if kept.exists():
    old_size, old_root = opened(kept.read_text())
    proof = ask(f"/v1/consistency?from={old_size}")
    seen = proof["checkpoint"]
    size, root = opened(seen)
    assert goes_on(old_size, old_root, size, root, [bytes.fromhex(h) for h in proof["hashes"]]), "the log was rewritten"
kept.write_text(seen)
print(f"{len(answer['records'])} records sealed, {answer['already_known']} of them before; the log has {opened(seen)[0]} leaves")
