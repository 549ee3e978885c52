#!/bin/sh
# What Bazel stamps into the programs: tools/bazel/binary.bzl. All of it follows
# from the commit, so that two machines build the same bytes.
set -eu
commit=$(git rev-parse HEAD 2>/dev/null) || commit=unknown
built=$(git log -1 --format=%ct 2>/dev/null) || built=0
version=$(git describe --tags --match 'v[0-9]*' --always --dirty 2>/dev/null) || version=0.0.0-dev
echo "STABLE_OSIRIS_VERSION $version"
echo "STABLE_OSIRIS_COMMIT $commit"
echo "STABLE_OSIRIS_BUILT $built"
