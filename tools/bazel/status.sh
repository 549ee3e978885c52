#!/bin/sh
# What Bazel stamps into the programs: tools/bazel/binary.bzl. All of it follows
# from the commit and from the public keys that the release is made for, so that
# two machines build the same bytes. Without keys a program takes no updates and
# no signed lists (docs/updates.md).
set -eu
commit=unknown built=0 version=0.0.0-dev
if [ -e .git ]; then
  # git asks who owns the checkout: root builds a person's own with sudo.
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
  commit=$(git rev-parse HEAD)
  built=$(git log -1 --format=%ct)
  version=$(git describe --tags --match 'v[0-9]*' --always --dirty)
else
  echo "status.sh: no git checkout: the programs will not tell their commit" >&2
fi
echo "STABLE_OSIRIS_VERSION $version"
echo "STABLE_OSIRIS_COMMIT $commit"
echo "STABLE_OSIRIS_BUILT $built"
echo "STABLE_OSIRIS_RELEASE_ROOTS ${OSIRIS_RELEASE_ROOTS:-}"
echo "STABLE_OSIRIS_SIGNATURE_KEYS ${OSIRIS_SIGNATURE_KEYS:-}"
