package main

import (
	"flag"
	"slices"
)

// commands are those about evidence, sites and agents, in the order of help.
var commands = []command{
	{
		words: "evidence verify", args: "PATH [--trust FINGERPRINT]", count: [2]int{1, 1},
		says: "verify a bundle's folder or an export, from files alone",
		more: func(f *flag.FlagSet, o *options) {
			f.StringVar(&o.trust, "trust", "", "fingerprint of the Central root you trust, 64 digits")
		},
		do: evidenceVerify,
	},
	{
		words: "evidence list", args: "[--site S] [--host H] [--incident I] [--check C]", says: "list bundles, newest first",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			f.StringVar(&o.host, "host", "", "host id")
			f.StringVar(&o.incident, "incident", "", "incident id")
			f.StringVar(&o.check, "check", "", "check id")
		},
		do: evidenceList,
	},
	{
		words: "evidence get", args: "BUNDLE [--site S] [--out DIR]", count: [2]int{1, 1}, says: "fetch a bundle's files with their proof",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			f.StringVar(&o.out, "out", ".", "folder that gets the bundle's folder")
		},
		do: evidenceGet,
	},
	{words: "clients", says: "list clients", do: clients},
	{
		words: "sites", args: "[--client C]", says: "list sites with their appliances",
		more: func(f *flag.FlagSet, o *options) { f.StringVar(&o.client, "client", "", "client id") }, do: sites,
	},
	{words: "hosts", args: "[--site S]", says: "list hosts", more: siteFlag, do: hosts},
	{words: "host", args: "HOST [--site S]", count: [2]int{1, 1}, says: "show a host's checks", more: siteFlag, do: host},
	{
		words: "incidents", args: "[--site S] [--state open|all]", says: "list incidents",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			f.StringVar(&o.state, "state", "open", "open or all")
		},
		do: incidents,
	},
	{
		words: "client create", args: "--name NAME", says: "make a client",
		more: func(f *flag.FlagSet, o *options) { f.StringVar(&o.name, "name", "", "name of the practice") }, do: clientCreate,
	},
	{
		words: "site create", args: "--client C --name NAME [--ceiling TIER]", says: "make a site",
		more: func(f *flag.FlagSet, o *options) {
			f.StringVar(&o.client, "client", "", "client id")
			f.StringVar(&o.name, "name", "", "name of the site")
			f.StringVar(&o.ceiling, "ceiling", "monitor", "highest tier the practice consented to: monitor, heal or full")
		},
		do: siteCreate,
	},
	{
		words: "provision", args: "[--site S] [--valid 720h] [--out FILE]", says: "make a single-use code for an appliance",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			f.DurationVar(&o.valid, "valid", 0, "how long it can be used; default 30 days")
			f.StringVar(&o.out, "out", "", "file to write it to, mode 0600, instead of showing it")
		},
		do: provision,
	},
	{
		words: "policy set", args: "--site S --tier TIER [flags]", says: "sign and publish a site's next policy; what is not named is not in it",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			f.StringVar(&o.tier, "tier", "", "monitor, heal or full")
			f.DurationVar(&o.interval, "interval", 0, "time between two runs of a check; default 1m")
			f.Var(&o.hostTiers, "host-tier", "AGENT=TIER, repeatable")
			f.Var(&o.checks, "check", "check that runs, repeatable; default all")
			f.Var(&o.parameters, "set", "CHECK.PARAMETER=VALUE, repeatable")
			f.Var(&o.standing, "standing", "runbook that an agent may run without a link, repeatable; default none")
		},
		do: policySet,
	},
	{words: "policy show", args: "[--site S]", says: "show a site's newest policy", more: siteFlag, do: policyShow},
	{
		words: "agent list", args: "[--site S] [--held]", says: "list agents, and why one is only watched",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			f.BoolVar(&o.held, "held", false, "only those that are held, revoked or being decided on")
		},
		do: agentList,
	},
	{
		words: "agent approve", args: "AGENT --site S --reason TEXT [--without-directory]", count: [2]int{1, 1},
		says: "end the waiting of an agent that came with a roll-out token and that the site's domain, if there is one, confirms",
		more: func(f *flag.FlagSet, o *options) {
			reasoned(f, o)
			f.BoolVar(&o.withoutDirectory, "without-directory", false, "also when the site's domain does not confirm the agent; that is recorded")
		},
		do: agentApprove,
	},
	{
		words: "agent release", args: "AGENT --site S --reason TEXT", count: [2]int{1, 1},
		says: "end an agent's quarantine; of a clone, believe the one that renewed last", more: reasoned, do: agentRelease,
	},
	{
		words: "agent revoke", args: "AGENT --site S --reason TEXT", count: [2]int{1, 1}, says: "refuse an agent's certificates from now on", more: reasoned, do: agentRevoke,
	},
	{words: "root list", args: "--site S", says: "list a site's live roots of trust", more: siteFlag, do: rootList},
	{
		words: "root rotate", args: "--site S --reason TEXT", says: "make a site's next root of trust; both count until the former is removed",
		more: reasoned, do: rootRotate,
	},
	{
		words: "root remove", args: "FINGERPRINT --site S --reason TEXT [--force]", count: [2]int{1, 1}, says: "end a former root, which strands agents that were off since the rotation",
		more: func(f *flag.FlagSet, o *options) {
			reasoned(f, o)
			f.BoolVar(&o.force, "force", false, "also within 30 days of the rotation, such as when its key was stolen")
		},
		do: rootRemove,
	},
	{
		words: "appliance retire", args: "ID --site S --reason TEXT", count: [2]int{1, 1},
		says: "refuse an appliance from now on, for good; its evidence still proves", more: reasoned, do: applianceRetire,
	},
	{
		words: "runbook list", args: "[--platform P] [--check C]", says: "list the catalogue of fixes that this program was built with",
		more: func(f *flag.FlagSet, o *options) {
			f.StringVar(&o.platform, "platform", "", "windows, darwin or linux")
			f.StringVar(&o.check, "check", "", "check id")
		},
		do: runbookList,
	},
	{words: "runbook show", args: "RUNBOOK", count: [2]int{1, 1}, says: "show a fix with the text of every script", do: runbookShow},
	{
		words: "runbook validate", args: "PATH", count: [2]int{1, 1},
		says: "read a runbook's file, or a folder with catalog and scripts, as a release would", do: runbookValidate,
	},
	{
		words: "runbook run", args: "RUNBOOK --target NAME [--site S] [--dry-run] [--param NAME=VALUE] [--wait 2m]", count: [2]int{1, 1},
		says: "order a fix on a host without an agent, once; with --wait, show what was found and done", more: runFlags, do: runbookRun,
	},
	{
		words: "runbook orders", args: "[ORDER] [--site S] [--wait 2m]", count: [2]int{0, 1}, says: "list a site's orders, or show what became of one",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			waitFlag(f, o)
		},
		do: runbookOrders,
	},
	{
		words: "runbook cancel", args: "ORDER [--site S] [--reason TEXT]", count: [2]int{1, 1},
		says: "withdraw an order that waits; once its appliance was given it, nothing stops it", more: reasoned, do: runbookCancel,
	},
	{words: "version", says: "print the version", do: showVersion},
}

// allCommands are these and those about hosts without an agent.
func allCommands() []command { return slices.Concat(commands, reachCommands) }

func siteFlag(f *flag.FlagSet, o *options) {
	f.StringVar(&o.site, "site", "", "site id, as osirisctl sites lists it")
}

// reasoned are the flags of what is decided about somebody.
func reasoned(f *flag.FlagSet, o *options) {
	siteFlag(f, o)
	f.StringVar(&o.reason, "reason", "", "why, for the record")
}

func waitFlag(f *flag.FlagSet, o *options) {
	f.DurationVar(&o.order.wait, "wait", 0, "how long to wait until it is done; default not at all")
}

// orderedFlags are those of everything that is ordered.
func orderedFlags(f *flag.FlagSet, o *options) {
	reasoned(f, o)
	waitFlag(f, o)
	f.StringVar(&o.order.appliance, "appliance", "", "appliance that does it, when the site has several and the target names none")
	f.DurationVar(&o.order.valid, "valid", 0, "how long it may wait until it begins, an hour at most; default 15m")
}

func runFlags(f *flag.FlagSet, o *options) {
	orderedFlags(f, o)
	f.StringVar(&o.order.target, "target", "", "name of the host, as target list has it")
	f.StringVar(&o.order.check, "check", "", "check whose verdict is told; default the runbook's first")
	f.Var(&o.order.params, "param", "NAME=VALUE, repeatable")
	f.BoolVar(&o.order.dryRun, "dry-run", false, "detect and say what would be done, change nothing")
}
