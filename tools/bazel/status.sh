#!/bin/sh
# What Bazel stamps into the programs: tools/bazel/binary.bzl. All of it follows
# from the commit and from the public keys that the release is made for, so that
# two machines build the same bytes. Without keys a program takes no updates and
# no signed lists (docs/updates.md).
set -eu
commit=$(git rev-parse HEAD 2>/dev/null) || commit=unknown
built=$(git log -1 --format=%ct 2>/dev/null) || built=0
version=$(git describe --tags --match 'v[0-9]*' --always --dirty 2>/dev/null) || version=0.0.0-dev
echo "STABLE_OSIRIS_VERSION $version"
echo "STABLE_OSIRIS_COMMIT $commit"
echo "STABLE_OSIRIS_BUILT $built"
echo "STABLE_OSIRIS_RELEASE_ROOTS ${OSIRIS_RELEASE_ROOTS:-}"
echo "STABLE_OSIRIS_SIGNATURE_KEYS ${OSIRIS_SIGNATURE_KEYS:-}"
