package config

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Template is the commented exitplan.yaml that init writes. Values fill in
// keys, by dotted path, as text that a flag would take. A value of a key that
// the template does not have, or that is an object, is left out.
//
// What must be filled in before the file loads: contract.time_zone,
// subscription_start and termination_date, source.region and client_id, a
// secret, and destination.url.
func Template(values map[string]string) string {
	doc, def := defaults(), defaults()
	kinds := map[string]reflect.Kind{}
	for _, k := range keysOf(&doc, &def) {
		kinds[k.path] = k.value.Kind()
	}
	text := template
	for _, path := range slices.Sorted(maps.Keys(values)) {
		switch kinds[path] {
		case reflect.Struct, reflect.Invalid:
		case reflect.Slice:
			text = fill(text, path, flow(values[path]))
		default:
			text = fill(text, path, quote(values[path]))
		}
	}
	return text
}

// Fill is [Template] with values that a person gave: one that cannot be
// filled in is an error.
func Fill(values map[string]string) (string, error) {
	if err := CheckKeys(values); err != nil {
		return "", err
	}
	doc, def := defaults(), defaults()
	d := &decoder{problems: newProblems(), keys: keysOf(&doc, &def)}
	for _, k := range d.keys {
		if _, given := values[k.path]; given && k.value.Kind() == reflect.Struct {
			d.add(k.path, "has keys of its own; set each of them, such as %s", join(k.path, tagOf(k.value.Type().Field(0))))
		}
	}
	return Template(values), d.err()
}

// slot is a line of the template: indent, key, value, and a comment.
var slot = regexp.MustCompile(`^( *)([a-z_]+): ?([^#]*?)( *)(#.*)?$`)

// fill replaces the value of one key. The template indents by two spaces, so
// the depth of a line tells which section it belongs to.
func fill(text, path, value string) string {
	lines := strings.Split(text, "\n")
	var at []string
	for i, line := range lines {
		m := slot.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		at = append(at[:min(len(at), len(m[1])/2)], m[2])
		if strings.Join(at, ".") != path {
			continue
		}
		lines[i] = m[1] + m[2] + ": " + value
		if m[5] != "" {
			lines[i] = fmt.Sprintf("%-34s%s", lines[i]+" ", m[5])
		}
		break
	}
	return strings.Join(lines, "\n")
}

// plain is text that YAML takes as it is, without quotes.
var plain = regexp.MustCompile(`^[A-Za-z0-9/][A-Za-z0-9_./%+-]*(:[A-Za-z0-9_./%+-]+)*$`)

// quote writes a value so that YAML reads back the same text.
func quote(s string) string {
	if plain.MatchString(s) && !slices.Contains([]string{"null", "Null", "NULL"}, s) {
		return s
	}
	return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD")) // Go's escapes are all YAML's
}

// flow writes a list on one line. What is no YAML list (words separated by
// commas, or a mistake that Load will report) is written as text.
func flow(s string) string {
	var root yaml.Node
	if yaml.Unmarshal([]byte(s), &root) != nil || len(root.Content) == 0 || root.Content[0].Kind != yaml.SequenceNode {
		return quote(s)
	}
	var inline func(n *yaml.Node)
	inline = func(n *yaml.Node) {
		n.HeadComment, n.LineComment, n.FootComment = "", "", ""
		n.Style |= yaml.FlowStyle
		for _, child := range n.Content {
			inline(child)
		}
	}
	inline(root.Content[0])
	text, err := yaml.Marshal(root.Content[0])
	if err != nil {
		return quote(s)
	}
	return oneLine(strings.TrimSpace(string(text)))
}

const template = `# exitplan.yaml: one export of one Genesys Cloud organization.
#
# Every key may also be set by an environment variable, such as
# EXITPLAN_SOURCE_REGION for source.region; flags win over the environment, the
# environment over this file. "" stands for the default. Relative paths are
# relative to this file. Check the result with: exitplan check

# What the contract says. It decides when each class of data may be exported;
# see the result with: exitplan window
contract:
  customer: ""                    # as it should read in the report
  time_zone: ""                   # required: where the dates below hold, such as Asia/Tokyo
  subscription_start: ""          # required: a date (2021-04-01) or RFC 3339 instant
  exit_started: ""                # notice of termination received; opens reporting metrics
  cause: notice                   # notice | expiry
  termination_date: ""            # required: the last day, or an RFC 3339 instant (exclusive)
  extension_notice: 0             # days before an end by which an extension must be requested
  # Extensions, also those that are only requested (leave granted out), such as
  #   - {requested: 2026-12-10, granted: 2026-12-15, until: 2027-01-31,
  #      classes: [metrics, recordings], reference: SO-1234, approver: Jo Doe}
  # An extension for recordings must be requested before the contract ends.
  # Those of 'exitplan extension' stand in the ledger, and need not be repeated here.
  extensions: []

# The organization that is exported.
source:
  region: ""                      # required: AWS region (ap-northeast-1) or host (mypurecloud.jp)
  client_id: ""                   # required: OAuth client, grant type client credentials
  client_secret_file: ""          # required (chmod 600), or set EXITPLAN_SOURCE_CLIENT_SECRET
  api_url: ""                     # only for the simulator and private gateways
  login_url: ""                   # likewise
  interval:
    from: ""                      # default: subscription_start
    to: ""                        # default: the close of the window
  datasets: [all]                 # names, "globs" or classes; a leading - excludes
  granularity: PT30M              # of aggregates: PT15M | PT30M | PT1H | PT12H | P1D
  requests_per_minute: 300        # per client
  headroom: 20%                   # of it left to the live operation
  clients: []                     # further ones: {client_id: ..., client_secret_file: ...}

export_id: ""                     # directory in the destination; default: the organization id

recordings:
  method: pull                    # pull: batch requests | bulk: the platform writes to the bucket
  metadata: full                  # full: one call per conversation | derived: from details and the retention query
  integration_id: ""              # required for bulk: the organization's S3 integration
  sensitive: true                 # for bulk: false leaves out what holds sensitive data

# Where the export goes. AWS credentials come from the default chain.
destination:
  url: ""                         # required: s3://bucket/prefix or file:///directory
  region: ""                      # the bucket's AWS region
  allow_cross_region: false       # true: write although the organization lives elsewhere
  endpoint: ""                    # only for S3-compatible servers
  path_style: false
  sse: AES256                     # AES256 | aws:kms
  kms_key_id: ""                  # required for aws:kms
  expected_bucket_owner: ""       # AWS account id; a bucket of another is refused
  storage_class: ""               # default: that of the bucket; not GLACIER or DEEP_ARCHIVE
  object_lock:
    mode: ""                      # GOVERNANCE | COMPLIANCE
    retain_until: ""              # a date means the end of that day

state: .exitplan                  # directory of the journal; keep it between runs

concurrency:
  api: 8                          # requests at once
  transfers: 32                   # recordings at once

# What is left to others on the same line, and to the live operation.
pace:
  bandwidth: ""                   # of media from the platform, such as 200Mbit/s; default: no cap
  live_operation:                 # less than usual in these hours; 0 of either: nothing is taken
    hours: ""                     # such as "Mon-Fri 08:00-20:00, Sat 09:00-13:00"
    time_zone: ""                 # default: contract.time_zone
    requests_per_minute: ""       # per client
    bandwidth: ""

# Who is told when an export is at risk, stands still, or has ended (docs/notify.md).
notify:
  webhook: ""                     # https://... that is sent a POST
  secret_file: ""                 # signs it (chmod 600); or set EXITPLAN_NOTIFY_SECRET
  command: ""                     # a program and its arguments, run without a shell
  closing_within: 72h             # before a window closes
  stalled_after: 30m              # without any progress
`
