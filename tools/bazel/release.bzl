"""Everything that is released, in one folder with its sums."""

load("//tools/bazel:cross.bzl", "cross_binary")

def _folder_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        inputs = ctx.files.srcs,
        outputs = [out],
        arguments = [out.path] + [f.path for f in ctx.files.srcs],
        # The names are sorted, so that the sums do not depend on an order.
        command = """
set -eu
out=$1
shift
for file; do cp -L "$file" "$out/"; done
cd "$out"
chmod 0755 *
if command -v sha256sum >/dev/null; then LC_ALL=C sha256sum * >SHA256SUMS.new; else LC_ALL=C shasum -a 256 * >SHA256SUMS.new; fi
mv SHA256SUMS.new SHA256SUMS
chmod 0644 SHA256SUMS
""",
        mnemonic = "Release",
        progress_message = "Gathering %{output}",
    )
    return [DefaultInfo(files = depset([out]))]

_folder = rule(
    implementation = _folder_impl,
    attrs = {"srcs": attr.label_list(allow_files = True, mandatory = True)},
)

def release(name, programs, small):
    """Builds each program for its platforms and gathers them.

    Args:
      name: the folder's name.
      programs: for each binary's label its platforms, each as "goos/goarch".
      small: the binaries that are built with the agent's flags.
    """
    srcs = []
    for binary, platforms in programs.items():
        for platform in platforms:
            goos, goarch = platform.split("/")
            file = "%s_%s_%s%s" % (binary.split("/")[-1], goos, goarch, ".exe" if goos == "windows" else "")
            cross_binary(
                name = file,
                binary = binary,
                goarch = goarch,
                goos = goos,
                small = binary in small,
                visibility = ["//visibility:public"],
            )
            srcs.append(":" + file)
    _folder(
        name = name,
        srcs = srcs,
        visibility = ["//visibility:public"],
    )
