"""The repositories that gazelle's go_repository rule needs.

This stands in for gazelle_dependencies() of @bazel_gazelle//:deps.bzl, which
builds gazelle's programs in GOPATH mode from a vendor folder. The module proxy
serves gazelle without that folder, so they are built in module mode here, under
the sums of gazelle's own go.sum.
"""

load("@bazel_gazelle//internal:go_repository_cache.bzl", "go_repository_cache", "read_cache_env")
load("@bazel_gazelle//internal:go_repository_config.bzl", "go_repository_config")
load("@bazel_gazelle//internal:is_bazel_module.bzl", "is_bazel_module")

_PROGRAMS = ["gazelle", "fetch_repo", "generate_repo_config"]

def _gazelle_programs_impl(ctx):
    env = read_cache_env(ctx, str(ctx.path(ctx.attr.go_cache)))
    env.update({"CGO_ENABLED": "0", "GO111MODULE": "on", "GOFLAGS": "-mod=mod -modcacherw", "GOWORK": "off"})
    for name in ["GOPROXY", "GOSUMDB", "HOME", "PATH"]:
        if name in ctx.os.environ:
            env[name] = ctx.os.environ[name]
    suffix = ".exe" if "windows" in ctx.os.name else ""
    ctx.report_progress("building gazelle")
    for program in _PROGRAMS:
        done = ctx.execute(
            [env["GOROOT"] + "/bin/go" + suffix, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(ctx.path("bin/" + program + suffix)), "./cmd/" + program],
            environment = env,
            timeout = 900,
            working_directory = str(ctx.path(Label("@bazel_gazelle//:WORKSPACE")).dirname),
        )
        if done.return_code:
            fail("building gazelle's %s: %s%s" % (program, done.stdout, done.stderr))
    ctx.file("BUILD.bazel", 'exports_files(glob(["bin/*"]) + ["ROOT"], visibility = ["//visibility:public"])\n', False)
    ctx.file("ROOT", "", False)

_gazelle_programs = repository_rule(
    implementation = _gazelle_programs_impl,
    attrs = {"go_cache": attr.label(mandatory = True, allow_single_file = True)},
    environ = ["GO_REPOSITORY_USE_HOST_CACHE"],
)

def gazelle_repositories():
    """Declares what go_repository needs besides gazelle itself."""
    go_repository_cache(
        name = "bazel_gazelle_go_repository_cache",
        go_sdk_name = "go_sdk",
    )
    _gazelle_programs(
        name = "bazel_gazelle_go_repository_tools",
        go_cache = "@bazel_gazelle_go_repository_cache//:go.env",
    )
    go_repository_config(
        name = "bazel_gazelle_go_repository_config",
        config = "@//:WORKSPACE",
    )
    is_bazel_module(
        name = "bazel_gazelle_is_bazel_module",
        is_bazel_module = False,
    )
