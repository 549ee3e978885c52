package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/osiriscare/osiris/e2e/stack"
)

// telling says how an event of a log reads to a person; {key} is a fact of the
// line. An empty text hides the event: it stays in the log file. Events that
// are not here are shown with all their facts, so that a new one is never lost.
type telling struct{ colour, text string }

var tellings = map[string]telling{
	"central: listening":         {dim, ""},
	"central: ready":             {plain, "ready"},
	"central: stopped":           {dim, "stopped"},
	"central: appliance claimed": {dim, ""},
	"central: evidence taken":    {dim, "verified {entries} new evidence on arrival, cosigned the log at size {size}"},

	"appliance: listening":             {dim, "listening for {name} on {addr}"},
	"appliance: appliance claimed":     {plain, "claimed for {site}"},
	"appliance: ready":                 {plain, "ready"},
	"appliance: stopped":               {dim, "stopped"},
	"appliance: agent enrolled":        {plain, "agent enrolled on {hostname}"},
	"appliance: session opened":        {plain, "agent on {hostname} connected"},
	"appliance: session closed":        {dim, "agent disconnected"},
	"appliance: signed settings taken": {plain, "signed policy {policy_version} taken"},
	"appliance: state received":        {dim, "full state of {verdicts} checks of {hostname} received"},
	"appliance: drift received":        {dim, "received: {check} {status}"},
	"appliance: incident opened":       {yellow, "incident opened ({severity}): {check_id} on {hostname}"},
	"appliance: incident resolved":     {green, "incident resolved: {check_id} on {hostname}"},
	"appliance: repair ordered":        {blue, "rule {rule_id} orders runbook {runbook_id}"},
	"appliance: command sent":          {blue, "signed command sent"},
	"appliance: command result":        {blue, "result: {outcome}. {message}"},
	"appliance: escalated":             {red, "escalated to a person: {check_id} on {hostname}. {reason}"},
	"appliance: scan failed":           {yellow, "{hostname} could not be asked: {error}"},
	"appliance: scan missed":           {yellow, "{hostname} was not asked: {reason}"},
	"appliance: order carried out":     {blue, "order carried out on {target}: {outcome}"},
	"appliance: runbook ended":         {dim, ""},
	"appliance: signature list taken":  {plain, "signed list {version} of {products} products taken"},
	"appliance: target offered":        {plain, "release {version} of the agent judged and offered"},
	"appliance: agent update told":     {plain, "agent {agent_version} tells of its update: {state} {reason}"},
	"appliance: evidence logged":       {dim, "evidence {index} signed and logged: {kind} {check}"},
	"appliance: evidence witnessed":    {dim, "log witnessed at size {size}"},

	"agent: agent started":          {plain, "started"},
	"agent: agent stopped":          {dim, "stopped"},
	"agent: connected":              {plain, "connected to {peer}"},
	"agent: policy applied":         {plain, "signed policy {policy_version} applied, tier {tier}"},
	"agent: update offered":         {plain, "version {version} offered, {bytes} bytes"},
	"agent: update staged":          {plain, "version {version} downloaded, verified and staged"},
	"agent: signature list applied": {plain, "signed list of products applied"},
	"agent: command received":       {blue, "command received: {runbook}"},
	"agent: phase done":             {blue, "  {phase}: {detail}"},
	"agent: command finished":       {blue, "command finished: {outcome}. {message}"},
	"agent: queue reconciled":       {dim, ""},
}

var fact = regexp.MustCompile(`\{[a-z_]+\}`)

// tell gives the colour and the sentence of a line, no sentence to hide it.
func tell(l stack.Line) (colour, text string) {
	switch l.Level {
	case "DEBUG":
		return "", ""
	case "ERROR":
		return red, everything(l)
	}
	// Agents are numbered in tests, what they say is the same.
	program, _, _ := strings.Cut(l.Source, " ")
	switch program + ": " + l.Message {
	case "agent: verdict changed":
		return verdict(l)
	case "appliance: sweep ended":
		return sweep(l)
	case "appliance: state received":
		if l.Get("cause") == "heartbeat" {
			return "", "" // nothing new
		}
	}
	if t, ok := tellings[program+": "+l.Message]; ok {
		return t.colour, strings.TrimSpace(fact.ReplaceAllStringFunc(t.text, func(key string) string {
			return l.Get(strings.Trim(key, "{}"))
		}))
	}
	if l.Level == "WARN" {
		return yellow, everything(l)
	}
	return plain, everything(l)
}

// verdict tells a verdict in the colour of what it means.
func verdict(l stack.Line) (colour, text string) {
	text = fmt.Sprintf("%s is %s", l.Get("check"), l.Get("status"))
	if actual := l.Get("actual"); actual != "" {
		text += ": " + actual
	}
	switch l.Get("status") {
	case "pass":
		return green, text
	case "fail":
		return yellow, text
	}
	return dim, text
}

// kinds are the cycles of scanning, for people.
var kinds = map[string]string{"windows": "Windows servers", "linux": "Linux servers", "workstation": "workstations"}

// sweep tells how hosts without an agent were asked, if there are any.
func sweep(l stack.Line) (colour, text string) {
	if l.Get("targets") == "0" {
		return "", ""
	}
	kind := kinds[l.Get("cycle")]
	if kind == "" {
		kind = "hosts of " + l.Get("cycle")
	}
	text = fmt.Sprintf("%s of %s %s answered", l.Get("answered"), l.Get("targets"), kind)
	for _, part := range [][2]string{{"failed", "did not"}, {"missed", "were not asked"}, {"watched", "have an agent"}} {
		if n := l.Get(part[0]); n != "0" && n != "" {
			text += ", " + n + " " + part[1]
		}
	}
	return plain, text
}

// again are events that come with every scan; they are shown when the sentence is
// another than the last of the same host or cycle.
var again = map[string]string{"sweep ended": "cycle", "scan failed": "hostname", "scan missed": "hostname"}

// everything puts a line's facts behind its message.
func everything(l stack.Line) string {
	words := []string{l.Message}
	for _, f := range l.Fields {
		if f.Value == "" || f.Key == "component" || strings.HasPrefix(f.Value, "{") {
			continue
		}
		value := f.Value
		if len(value) > 200 {
			value = value[:197] + "..."
		}
		if strings.ContainsAny(value, " \t") {
			value = fmt.Sprintf("%q", value)
		}
		words = append(words, f.Key+"="+value)
	}
	return strings.Join(words, " ")
}
