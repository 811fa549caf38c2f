#!/bin/sh
# Drives the simulator with the platform's official JavaScript SDK. Needs Go,
# Node 20 or newer with npm, and an npm registry for the first time.
set -eu
cd "$(dirname "$0")/../.."
EXITPLAN_JSSDK=1 exec go test -count=1 -v -run '^TestJavaScriptSDK$' ./internal/simulator
