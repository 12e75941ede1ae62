"""Makes tokens with PyJWT: assertions of a program with its own key, and forgeries.

Takes JSON: {"claims": {name: claims}, "jwk": the box's public key}. Answers {"public": PEM, "assertions":
{name: token}, "forged": {name: token}}; the forgeries carry the first claims.
"""

import json
import sys

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

asked = json.load(sys.stdin)
own = Ed25519PrivateKey.generate()
public = own.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
assertions = {
    name: jwt.encode(claims, own, algorithm="EdDSA") for name, claims in asked["claims"].items()
}
claims = asked["forged"]
head = {"typ": "at+jwt", "kid": asked["jwk"]["kid"]}
forged = {
    "none": jwt.encode(claims, None, algorithm="none", headers=head),
    "confused": jwt.encode(claims, asked["jwk"]["x"], algorithm="HS256", headers=head),
    "of another key": jwt.encode(claims, own, algorithm="EdDSA", headers=head),
}
print(json.dumps({"public": public.decode(), "assertions": assertions, "forged": forged}))
