"""One program for one platform.

Each platform has at most two configurations, one with the agent's flags and one
without, so that its standard library and its modules are compiled once in each.
rules_go's own way, goos and goarch on each go_binary, cannot say -gcflags=all=-l.
"""

_CONFIG = "@io_bazel_rules_go//go/config:"

def _platform_impl(_settings, attr):
    return {
        "//command_line_option:platforms": "@io_bazel_rules_go//go/toolchain:%s_%s" % (attr.goos, attr.goarch),
        _CONFIG + "gc_goopts": ["-l"] if attr.small else [],
        _CONFIG + "pure": True,
        _CONFIG + "race": False,
        _CONFIG + "tags": ["osiris_agent"] if attr.small else [],
    }

_platform = transition(
    implementation = _platform_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"] + [_CONFIG + name for name in ["gc_goopts", "pure", "race", "tags"]],
)

def _cross_binary_impl(ctx):
    built = ctx.attr.binary[0][DefaultInfo].files_to_run.executable
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = out, target_file = built, is_executable = True)
    return [DefaultInfo(files = depset([out]), executable = out)]

cross_binary = rule(
    implementation = _cross_binary_impl,
    doc = "Builds binary for goos and goarch, in pure Go; the file has the target's name.",
    attrs = {
        "binary": attr.label(mandatory = True, cfg = _platform),
        "goos": attr.string(mandatory = True),
        "goarch": attr.string(mandatory = True),
        "small": attr.bool(doc = "No inlining in any package (DESIGN D19), and the tag osiris_agent."),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    executable = True,
)
