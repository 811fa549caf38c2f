#!/bin/sh
# Exports a simulated organization and runs the export's own queries with
# DuckDB. Needs Go, Node 20 or newer with npm, and an npm registry for the
# first time.
set -eu
cd "$(dirname "$0")/../.."
EXITPLAN_DUCKDB=1 exec go test -count=1 -v -run '^TestDuckDB' ./cmd/exitplan
