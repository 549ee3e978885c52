"""A repository that is one Go module, as the module proxy serves it."""

def _go_module_impl(ctx):
    wanted = "%s@%s" % (ctx.attr.module, ctx.attr.version)
    done = ctx.execute(
        ["go", "mod", "download", "-json", wanted],
        # The sum is in this rule, so no sum database is asked; no go.mod is read.
        environment = {"GO111MODULE": "on", "GOFLAGS": "-modcacherw", "GONOSUMDB": "*", "GONOSUMCHECK": "1", "GOSUMDB": "off", "GOWORK": "off"},
        timeout = 900,
    )
    if done.return_code:
        fail("go mod download %s: %s%s" % (wanted, done.stdout, done.stderr))
    info = json.decode(done.stdout)
    if info["Sum"] != ctx.attr.sum:
        fail("%s has sum %s, and %s was expected" % (wanted, info["Sum"], ctx.attr.sum))
    # A module's zip keeps no executable bits, and Bazel runs scripts by theirs.
    done = ctx.execute(["sh", "-c", "cp -R \"$1\"/. . && chmod -R u+w . && find . -name '*.sh' -exec chmod +x {} +", "sh", info["Dir"]])
    if done.return_code:
        fail("copying %s: %s" % (wanted, done.stderr))

go_module = repository_rule(
    implementation = _go_module_impl,
    doc = "Fetches one Go module with `go mod download` and compares its h1: sum.",
    attrs = {
        "module": attr.string(mandatory = True),
        "version": attr.string(mandatory = True),
        "sum": attr.string(mandatory = True),
    },
    environ = ["GOMODCACHE", "GOPATH", "GOPROXY", "PATH"],
)
