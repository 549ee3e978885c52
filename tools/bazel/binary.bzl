"""How Osiris's programs are built: stripped, and stamped with where they came from.

Gazelle writes these two in place of go_binary (map_kind in BUILD.bazel files).
"""

load("@io_bazel_rules_go//go:def.bzl", "go_binary")

# The variables of package main that the programs print as their version;
# tools/bazel/status.sh gives the values.
_STAMPS = {
    "main.built": "{STABLE_OSIRIS_BUILT}",
    "main.commit": "{STABLE_OSIRIS_COMMIT}",
    "main.releaseRoots": "{STABLE_OSIRIS_RELEASE_ROOTS}",
    "main.signatureKeys": "{STABLE_OSIRIS_SIGNATURE_KEYS}",
    "main.version": "{STABLE_OSIRIS_VERSION}",
}

def osiris_binary(name, **kwargs):
    """A go_binary without symbol table and debug information."""
    go_binary(
        name = name,
        gc_linkopts = ["-s", "-w"],
        x_defs = _STAMPS,
        **kwargs
    )

def agent_binary(name, **kwargs):
    """The agent: functions are not aligned, for which agent/README.md gives the bytes saved.

    Its other flag, no inlining, concerns every package and so is a part of the
    configuration that cross.bzl builds it in.
    """
    go_binary(
        name = name,
        gc_linkopts = ["-s", "-w", "-funcalign=1"],
        x_defs = _STAMPS,
        **kwargs
    )
