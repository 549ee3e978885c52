#!/usr/bin/env bash
# Makes the stand-in for Windows that the Wine tests run in, once, in a cache:
#
#   setup.sh FOLDER
#
# FOLDER/ready/prefix is a fresh Wine prefix as Windows 10 with two DLLs that
# Wine 8.0 lacks: bcryptprimitives.dll, 4 KB of our own, and winsqlite3.dll,
# cross-built from the SQLite sources of this Debian. apt checks the signature
# of the index and the hash of the source; the same tools give the same bytes.
# FOLDER/ready/key says what it was made from; it is made again when that
# changes. Nothing outside FOLDER changes, and root is not needed. The packages
# must be installed (tools/debian-packages.txt).
set -euo pipefail

readonly here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
readonly wine=/usr/lib/wine/wine64 server=/usr/lib/wine/wineserver64
readonly cc=x86_64-w64-mingw32-gcc
[[ $# == 1 && $1 == /* ]] || { echo "usage: setup.sh FOLDER, an absolute path" >&2; exit 2; }
readonly folder=$1 ready=$1/ready
mkdir -p "$folder"

# One at a time; the lock goes with the process.
exec 9>"$folder/lock"
flock 9

for tool in "$wine" "$server" "$cc" tclsh make gcc xz apt-get flock; do
  command -v "$tool" >/dev/null || { echo "setup.sh: $tool is missing; install what tools/debian-packages.txt lists" >&2; exit 1; }
done

# key names all that the result depends on.
key() {
  sha256sum "$here/setup.sh" "$here"/shim/*.c | cut -d' ' -f1
  "$wine" --version
  "$cc" --version | head -n1
}
readonly want=$(key)
if [[ -f $ready/key && $(<"$ready/key") == "$want" ]]; then
  exit 0
fi

readonly work=$folder/work
rm -rf "$work" "$ready"
mkdir -p "$work/apt/lists/partial" "$work/dll" "$work/src"

# apt with source indexes of the same places that the machine's packages come
# from, and with lists of its own.
sources() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    sort -u | sed 's/^/deb-src /'
}
sources >"$work/apt/sources.list"
[[ -s $work/apt/sources.list ]] || { echo "setup.sh: apt has no Debian index; run apt-get update as root first" >&2; exit 1; }
apt() {
  apt-get -qq -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=- \
    -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt" -o APT::Sandbox::User= "$@"
}
apt update
(cd "$work/src" && apt source --download-only sqlite3)
echo "setup.sh: building SQLite from $(cd "$work/src" && ls ./*.dsc)"

# SQLite's own make joins its sources into one file, with a compiler of this
# machine; the DLL is that file for Windows.
tar -xJf "$work"/src/sqlite3_*.orig.tar.xz -C "$work/src" --one-top-level=sqlite --strip-components=1
(cd "$work/src/sqlite" && ./configure -q >/dev/null && make -s sqlite3.c >/dev/null)
readonly plain=(-s -Wl,--no-insert-timestamp)
readonly link=(-shared "${plain[@]}")
"$cc" -O1 "${link[@]}" -DSQLITE_API='__declspec(dllexport)' -DSQLITE_THREADSAFE=1 \
  -o "$work/dll/winsqlite3.dll" "$work/src/sqlite/sqlite3.c"
"$cc" -O2 -nostdlib "${link[@]}" -o "$work/dll/bcryptprimitives.dll" "$here/shim/bcryptprimitives.c" \
  -Wl,-e,DllMainCRTStartup -ladvapi32
"$cc" -O1 "${plain[@]}" -o "$work/dll/idle.exe" "$here/shim/idle.c" -luser32

# The prefix. mscoree and mshtml would ask for downloads; winemenubuilder would
# write into the user's home.
export WINEPREFIX=$work/prefix WINEARCH=win64 WINEDEBUG=-all HOME=$work
export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'
unset DISPLAY WAYLAND_DISPLAY
"$wine" wineboot -i
cp "$work"/dll/*.dll "$work"/dll/idle.exe "$WINEPREFIX/drive_c/windows/system32/"
"$wine" winecfg /v win10
"$server" -w

# Drive Z: is the machine's root; the programs under test are there. What Wine
# links into the user's home is made plain.
find "$WINEPREFIX/drive_c/users" -type l -delete
mkdir "$work/ready"
mv "$work/prefix" "$work/dll" "$work/ready/"
printf '%s' "$want" >"$work/ready/key"
mv "$work/ready" "$ready"
rm -rf "$work"
(cd "$ready/dll" && sha256sum ./*)
