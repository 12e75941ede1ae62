#!/bin/sh
# Brings back a Holdfast backup without Holdfast: restore.sh BASE_DIR KIT OUT_DIR
# Needs: age, zstd, tar, sha256sum, sqlite3.
set -eu

if [ $# -ne 3 ]; then
    echo "usage: restore.sh BASE_DIR KIT OUT_DIR" >&2
    exit 2
fi
base=$1 kit=$2 out=$3

for tool in age zstd tar sha256sum sqlite3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing; install it first." >&2; exit 2; }
done
[ -f "$base/COMMIT.json" ] || { echo "$base has no COMMIT.json: it was never finished." >&2; exit 1; }
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || { echo "$out is not empty." >&2; exit 1; }
mkdir -p "$out"
chmod 700 "$out"

# The parts as COMMIT.json names them, in its order, with their hashes.
tr ',{}[]' '\n\n\n\n\n' <"$base/COMMIT.json" | sed -n \
    -e 's/^"name":"\(part-[0-9]*\.tar\.zst\.age\)"$/\1/p' \
    -e 's/^"sha256":"\([0-9a-f]*\)"$/\1/p' >"$out/.parts"
[ -s "$out/.parts" ] || { echo "COMMIT.json names no parts." >&2; exit 1; }
: >"$out/.sums"
while read -r name && read -r sum; do
    echo "$sum  $name" >>"$out/.sums"
done <"$out/.parts"
(cd "$base" && sha256sum -c --quiet -) <"$out/.sums"

# A failure anywhere in the pipe counts: age ends with an error when a part is damaged.
{
    sed 's/^[0-9a-f]*  //' "$out/.sums" | while read -r name; do cat "$base/$name"; done |
        { age -d -i "$kit" || echo failed >"$out/.failed"; } | zstd -dq | tar -xf - -C "$out"
}
[ ! -e "$out/.failed" ] || { echo "age could not open the backup." >&2; exit 1; }
rm "$out/.parts" "$out/.sums"
(cd "$out" && sha256sum -c --quiet SHA256SUMS)

for file in "$out"/system.db "$out"/workspaces/*.db; do
    [ -e "$file" ] || continue
    said=$(sqlite3 "$file" 'PRAGMA integrity_check; PRAGMA foreign_key_check;')
    [ "$said" = ok ] || { echo "$file is damaged: $said" >&2; exit 1; }
done
echo "Restored into $out. system.db and workspaces/*.db are plain SQLite files."
