"""Reads tokens with PyJWT as a program would that trusts the box.

Takes JSON: {"jwks", "issuer", "audience", "tokens": {name: token}}. Answers for each name the claims
under "claims", or the name of PyJWT's error under "error".
"""

import json
import sys

import jwt

asked = json.load(sys.stdin)
keys = jwt.PyJWKSet.from_dict(asked["jwks"])


def read(token):
    head = jwt.get_unverified_header(token)
    claims = jwt.decode(
        token,
        key=keys[head["kid"]],
        algorithms=["EdDSA"],
        audience=asked["audience"],
        issuer=asked["issuer"],
        options={"require": ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"]},
    )
    return {"claims": claims, "typ": head["typ"]}


answers = {}
for name, token in asked["tokens"].items():
    try:
        answers[name] = read(token)
    except (jwt.PyJWTError, KeyError) as error:
        answers[name] = {"error": type(error).__name__}
print(json.dumps(answers))
