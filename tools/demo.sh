#!/bin/sh
# The main job against a real S3 server: builds versitygw from this module,
# starts it on loopback, and runs "exitplan demo" into a bucket of it, of an
# organization that has lost some recordings.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
dir=${DEMO_DIR:-$top/demo-s3}
port=${DEMO_S3_PORT:-17070}

mkdir -p "$top/.bin" "$dir"
rm -rf "$dir/s3"
mkdir -p "$dir/s3/exit"
dir=$(cd "$dir" && pwd)
echo "Building exitplan and the S3 server ..." >&2
go build -C "$top" -o "$top/.bin/exitplan" ./cmd/exitplan
go build -C "$top/tools" -o "$top/.bin/versitygw" github.com/versity/versitygw/cmd/versitygw

export AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo-secret AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
ROOT_ACCESS_KEY=$AWS_ACCESS_KEY_ID ROOT_SECRET_KEY=$AWS_SECRET_ACCESS_KEY \
	"$top/.bin/versitygw" --port "127.0.0.1:$port" posix "$dir/s3" >"$dir/s3server.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT INT TERM

code=0
"$top/.bin/exitplan" demo --dir "$dir/work" --destination s3://exit/genesys --endpoint "http://127.0.0.1:$port" --gaps 0.05 "$@" || code=$?
# 3: something is missing, as it should be where gaps were planted.
if [ "$code" -eq 3 ]; then code=0; fi
echo "The bucket's files   $dir/s3/exit/genesys" >&2
exit $code
