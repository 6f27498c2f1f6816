# regiondrill needs Go and make, and nothing else by hand: make demo.

SHELL := /bin/bash
GO ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 20s
PLATFORMS := darwin/arm64 windows/amd64
DRILL := primary-region-outage

# How tests run that the race detector doesn't watch: built as the program is, so that both come out of one cache.
PLAIN := CGO_ENABLED=0 $(GO) test -trimpath
# Those in real time, with limits at which people lose patience: the race detector makes a second ten. "make nightly"
# lets it watch them too, and all drills of harness/drill. Pages are written by one goroutine alone, and long: of
# harness/report it watches what isn't.
HOUSE := github.com/regiondrill/regiondrill
REAL := $(addprefix $(HOUSE)/,cmd/regiondrill dashboards harness/calibration harness/lab harness/report harness/simulation harness/targets release)
# Browsers want both cores.
ALONE := $(HOUSE)/probes/browser

.DEFAULT_GOAL := help
.PHONY: help build demo test test-real lint platforms schema docs release image image-with-browser bench calibrate fuzz nightly matrix kill-test compose-up compose-down clean

help: ## tell what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## leave bin/regiondrill, linked statically so that it also runs as the fakes of the containers target
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(if $(VERSION),-X main.version=$(VERSION))' -o bin/ ./cmd/regiondrill

demo: build ## run the main drill in the lab and say where its report lies; brings a browser if it can
	@if .ci/browser bin/regiondrill; then flags=; else \
		echo 'No browser could be brought, so this drill runs without one: nobody signs in through Chromium.' >&2; \
		flags=--without-browser; \
	fi; exec bin/regiondrill run $(DRILL) $$flags

test: ## run all tests, with -race what it doesn't slow down too much and where there is a C compiler
	@failed=0; tried="$$($(GO) list ./... | grep -v -x $(ALONE:%=-e %) $(REAL:%=-e %))"; \
	if [ "$$($(GO) env CGO_ENABLED)" = 1 ]; then $(GO) test -race -parallel 4 -timeout 15m $$tried || failed=1; \
		$(GO) test -race -run 'Screen|Frame|Metric|Push' ./harness/report || failed=1; else \
		echo 'no -race: the race detector needs cgo, and there is no C compiler (or CGO_ENABLED=0)' >&2; \
		$(PLAIN) -timeout 15m $$tried || failed=1; \
	fi; $(MAKE) -s test-real || failed=1; exit $$failed

test-real: ## run those that meet browsers, containers and other people's programs, and bulk: without the race detector
	@failed=0; $(PLAIN) -timeout 15m $(REAL) ./harness/drill || failed=1; \
	$(PLAIN) -run 'MemoryIsBounded|LongRecords' ./fakes/identitycenter || failed=1; \
	$(PLAIN) -parallel 2 -timeout 15m $(ALONE) || failed=1; exit $$failed

lint: ## hold the code against gofmt, go vet and golangci-lint
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then printf 'gofmt these:\n%s\n' "$$unformatted" >&2; exit 1; fi
	@CGO_ENABLED=0 $(GO) vet -trimpath ./...
	@CGO_ENABLED=0 GOFLAGS=-trimpath $(GO) run $(GOLANGCI) run --timeout 10m ./...

platforms: ## vet for the systems that this one isn't, the tests too; the tests of release build for all of them
	@for platform in $(PLATFORMS); do \
		export CGO_ENABLED=0 GOFLAGS=-trimpath GOOS=$${platform%/*} GOARCH=$${platform#*/}; began=$$SECONDS; \
		$(GO) vet ./... || { echo "not on $$platform" >&2; exit 1; }; \
		echo "$$platform: $$((SECONDS - began)) s"; \
	done

schema: ## write scenarios/schema.json anew, after a kind or a key changed
	@$(GO) run ./cmd/regiondrill schema > scenarios/schema.json.new && mv scenarios/schema.json.new scenarios/schema.json

docs: ## write docs/scenario.md and docs/faults.md anew, after a kind or a key changed
	@$(GO) run ./cmd/regiondrill explain --markdown > docs/scenario.md.new && mv docs/scenario.md.new docs/scenario.md
	@$(GO) run ./cmd/regiondrill explain --contracts > docs/faults.md.new && mv docs/faults.md.new docs/faults.md

release: ## make archives, bills of materials and sums of VERSION=v1.2.3 in dist
	@rm -rf dist && $(GO) run ./release -version '$(VERSION)' -out dist && ls -l dist

image: ## build the image IMAGE=registry/name:tag of VERSION, for drills without a browser; needs no registry
	@: $${IMAGE:?say which: IMAGE=registry.example.com/regiondrill:v1.2.3}; rm -rf bin/image; \
	mkdir -p bin/image/usr/local/bin bin/image/etc/ssl/certs bin/image/tmp bin/image/drills; \
	chmod 1777 bin/image/tmp bin/image/drills; \
	for roots in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do \
		if [ -r "$$roots" ]; then cp "$$roots" bin/image/etc/ssl/certs/ca-certificates.crt; break; fi; done; \
	CGO_ENABLED=0 GOOS=linux $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' \
		-o bin/image/usr/local/bin/ ./cmd/regiondrill && \
	docker build --force-rm -q -f Dockerfile.static -t "$$IMAGE" bin/image

image-with-browser: ## build the same with a browser; needs a registry, a Go module proxy and a mirror of Debian
	@docker build --build-arg VERSION='$(VERSION)' -t "$${IMAGE:?say which: IMAGE=registry.example.com/regiondrill:v1.2.3}" .

bench: ## measure what BENCHMARKS.md promises, and tell on which machine (some minutes, best on an idle one)
	@printf '%s, %s cores, %s\n' "$$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)" "$$(getconf _NPROCESSORS_ONLN)" "$$($(GO) version)"
	@$(GO) test -run '^$$' -bench 'LabUp|Login' -benchtime 5s ./harness/lab
	@$(GO) test -run '^$$' -bench 'FirstSignIn|SignIn$$' -benchtime 20x ./probes/browser
	@$(GO) test -run '^$$' -bench Herd -benchtime 1x ./harness/lab
	@$(GO) test -run '^$$' -bench TwoSignatures -benchtime 3s ./fakes/idp
	@$(GO) test -run '^$$' -bench Simulation -benchtime 1x ./harness/simulation
	@$(GO) test -run '^$$' -bench ScheduleSlip -benchtime 1x ./harness/lab
	@$(GO) test -run '^$$' -bench Analyze -benchtime 1x ./harness/analysis
	@$(GO) test -run '^$$' -bench Compare -benchtime 5x ./harness/comparison
	@$(GO) test -run '^$$' -bench Read -benchtime 5x ./harness/runs
	@$(GO) test -run '^$$' -bench IndexPage -benchtime 5x ./harness/report
	@$(GO) test -run '^$$' -bench WholeRun -benchtime 1x ./cmd/regiondrill
	@$(GO) test -run '^$$' -bench Heartbeat -benchtime 5x ./harness/heartbeat
	@$(GO) test -run '^$$' -bench ContainersUp -benchtime 5x ./harness/targets
	@$(GO) test -run '^$$' -bench Proof -benchtime 500x ./harness/fabric
	@$(GO) test -run '^$$' -bench Idle -benchtime 1x ./harness/fabric
	@REGIONDRILL_COMPARE=1 $(GO) test -run TestBesideToxiproxy -v ./harness/fabric

calibrate: ## hold a hundred intervals of each kind against the truth, in virtual and in real time, beside busy loops too (two hours)
	@REGIONDRILL_OUTAGES=100 $(GO) test -run TestCalibration -timeout 2h -v ./harness/lab
	@for loops in 0 1 2 4; do echo "beside $$loops busy loops"; REGIONDRILL_BUSY=$$loops \
		$(GO) test -run '^$$' -bench Outages -benchtime 1x -timeout 2h ./harness/calibration || exit; done

fuzz: ## fuzz every parser for FUZZTIME (20s)
	@set -e; for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package; \
		done; \
	done

nightly: build test fuzz ## everything that takes its time: tests, fuzzing, all scenarios in virtual time, drills tagged nightly and those over containers
	@REGIONDRILL_SHIPPED=1 $(GO) test -count=1 -timeout 30m -run 'ShippedScenariosPass|RealDrills' ./harness/drill ./harness/simulation
	@REGIONDRILL_MATRIX=1 $(GO) test -count=1 -timeout 60m -run AGrayFault ./harness/drill
	@REGIONDRILL_RACED=1 $(GO) test -race -p 1 -parallel 2 -timeout 60m ./...
	@if .ci/browser bin/regiondrill; then flags=; else flags=--without-browser; fi; bin/regiondrill run tag:nightly $$flags
	@if docker version >/dev/null 2>&1; then bin/regiondrill run tag:containers --target containers; \
		else echo 'no Docker: what needs containers is not drilled' >&2; fi

matrix: build ## hold every fault to its contract, with every probe in either Region, over containers too; write docs/faults.md
	@set -o pipefail; REGIONDRILL_MATRIX=1 REGIONDRILL_STATIC_BINARY=$(CURDIR)/bin/regiondrill $(GO) test -count=1 -v \
		-timeout 30m -run Matrix ./harness/drill | grep -vE '^=== |--- PASS' && $(MAKE) -s docs

kill-test: ## kill drills, browsers and containers in mid-run, at KILLS (200) instants, and look for what they leave
	@$(GO) test -count=1 -v -run 'Kill|Stop|Still|Keeper|Leave|Vanish|Recover|Panic' \
		./cmd/regiondrill ./harness/engine ./probes/browser ./harness/targets
	@set -o pipefail; REGIONDRILL_KILLS=$${KILLS:-200} $(GO) test -count=1 -parallel 6 -v -run TestKilled'(AtAny|While)' \
		./harness/system ./harness/targets | awk '/ restored,/ {restored += $$2; kills += $$4} \
		/ restored,|^(ok|FAIL|---)|Error/; END {print restored " of " kills " restored"}'

compose-up: ## start LocalStack, Prometheus, Pushgateway and Grafana on loopback (docs/dashboards.md)
	@VERSION='$(VERSION)' .ci/compose up

compose-down: ## stop them and remove what they kept
	@.ci/compose down

clean: ## remove what was built and what drills have left
	@rm -rf bin runs
