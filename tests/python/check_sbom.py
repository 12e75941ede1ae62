"""Holds a bill of materials against the schema of CycloneDX: 0 it fits, 5 it does not."""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

with open(sys.argv[1], encoding="utf-8") as file:
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read())
if wrong is not None:
    print(wrong)
    sys.exit(5)
