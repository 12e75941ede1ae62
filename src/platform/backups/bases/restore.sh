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

# The parts and packs as COMMIT.json names them, in its order, with their hashes.
tr ',{}[]' '\n\n\n\n\n' <"$base/COMMIT.json" | sed -n \
    -e 's/^"name":"\(part-[0-9]*\.tar\.zst\.age\)"$/\1/p' \
    -e 's/^"name":"\(pack-[0-9TZ-]*\.tar\.age\)"$/\1/p' \
    -e 's/^"sha256":"\([0-9a-f]*\)"$/\1/p' >"$out/.parts"
[ -s "$out/.parts" ] || { echo "COMMIT.json names no parts." >&2; exit 1; }
: >"$out/.sums"
: >"$out/.packs"
while read -r name && read -r sum; do
    case $name in
    pack-*) echo "$sum  $name" >>"$out/.packs" ;;
    *) echo "$sum  $name" >>"$out/.sums" ;;
    esac
done <"$out/.parts"
(cd "$base" && sha256sum -c --quiet -) <"$out/.sums"

# A failure anywhere in the pipe counts: age ends with an error when a part is damaged.
{
    sed 's/^[0-9a-f]*  //' "$out/.sums" | while read -r name; do cat "$base/$name"; done |
        { age -d -i "$kit" || echo failed >"$out/.failed"; } | zstd -dq | tar -xf - -C "$out"
}
[ ! -e "$out/.failed" ] || { echo "age could not open the backup." >&2; exit 1; }
(cd "$out" && sha256sum -c --quiet SHA256SUMS)

# Pictures and documents lie in packs beside the folder of the bases, or below this one.
packs=$base/../../blobs
[ ! -d "$base/blobs" ] || packs=$base/blobs
[ ! -s "$out/.packs" ] || (cd "$packs" && sha256sum -c --quiet -) <"$out/.packs"
sed 's/^[0-9a-f]*  //' "$out/.packs" | while read -r name; do
    { age -d -i "$kit" "$packs/$name" || echo failed >"$out/.failed"; } | tar -xf - -C "$out"
done
[ ! -e "$out/.failed" ] || { echo "age could not open a pack." >&2; exit 1; }
# One member of the list a line, however it was written.
tr '{,' '\n\n' <"$out/MANIFEST.json" |
    sed -n 's/^ *"path": *"\(blobs\/.*\/\([0-9a-f]*\)\)".*$/\2  \1/p' >"$out/.blobs"
[ ! -s "$out/.blobs" ] || (cd "$out" && sha256sum -c --quiet .blobs)
rm "$out/.parts" "$out/.sums" "$out/.packs" "$out/.blobs"

for file in "$out"/system.db "$out"/workspaces/*.db; do
    [ -e "$file" ] || continue
    said=$(sqlite3 "$file" 'PRAGMA integrity_check; PRAGMA foreign_key_check;')
    [ "$said" = ok ] || { echo "$file is damaged: $said" >&2; exit 1; }
done
echo "Restored into $out. system.db and workspaces/*.db are plain SQLite files."
