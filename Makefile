# The targets that people and CI use; each works on a fresh clone with Go and make.

.PHONY: build test race lint demo bench clean

build: ## the program, as .bin/exitplan
	go build -o .bin/exitplan ./cmd/exitplan

test: ## every test
	go test -timeout 20m ./...

race: ## the tests under the race detector, without the longest; of the program those in which much happens at once
	go test -race -short -timeout 20m $$(go list ./... | grep -v /cmd/)
	go test -race -short -timeout 20m -run '$(AT_ONCE)' ./cmd/...

AT_ONCE = Exactly|Fault|AlwaysComesShort|WholeCatalogue|MidRun|Interrupt|Signal|AllLosses|PullAndBulk|Calendar|Killed|Progress|StillGoesOn|Archived

lint: ## formatting, vet, staticcheck; the import rules are a test (internal/structure_test.go)
	@test -z "$$(gofmt -l cmd exporter manifest internal bench)" || { gofmt -l cmd exporter manifest internal bench; exit 1; }
	go vet ./...
	go build -C tools -o ../.bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	.bin/staticcheck ./...

demo: ## simulate an organization, export it to a real S3 server, verify
	tools/demo.sh

bench: ## the benchmarks; see bench/README.md for the comparisons
	go test -run '^$$' -bench . ./exporter ./manifest ./internal/...

clean:
	rm -rf .bin demo demo-s3
