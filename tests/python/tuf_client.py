"""What python-tuf, the reference of The Update Framework, says of feeds: a line of JSON for each.

    tuf_client.py CASES

CASES holds a folder for each case: root.json, the feeds `seen` and `feed`, and the file `now`. The
client takes over what it has `seen` and then looks at `feed` when it is `now`. A line names the
case and the error, or null.
"""

import datetime
import json
import pathlib
import sys
import tempfile
import urllib.parse

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater


class Folder(FetcherInterface):
    """Reads files of a folder as if they were fetched."""

    def __init__(self, folder):
        self.folder = folder

    def _fetch(self, url):
        path = self.folder / urllib.parse.urlparse(url).path.lstrip("/")
        if not path.is_file():
            raise DownloadHTTPError("it is not there", 404)
        yield path.read_bytes()


def look(state, root, feed, now):
    base = "memory:///metadata/"
    updater = Updater(str(state), base, fetcher=Folder(feed), bootstrap=root)
    updater._trusted_set.reference_time = datetime.datetime.fromisoformat(now)
    updater.refresh()


for case in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    root = (case / "root.json").read_bytes()
    error = None
    with tempfile.TemporaryDirectory() as state:
        look(state, root, case / "seen", "2026-11-22T10:00:00+00:00")
        try:
            look(state, root, case / "feed", (case / "now").read_text().strip())
        except Exception as raised:  # whatever it is, the feed was not taken
            error = type(raised).__name__
    print(json.dumps({"case": case.name, "error": error}))
