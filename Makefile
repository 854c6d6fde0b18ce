# Pressrun's tasks. "make" alone lists them: each is explained by the comment on its line.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Where the end-to-end tests find versitygw and the other pinned tools.
export PRESSRUN_TOOLS_BIN := $(CURDIR)/bin/tools

# For one package, the compile time not counted. The whole suite takes a few minutes;
# this is what a hung test costs.
TEST_TIMEOUT ?= 15m
# What go test is asked to test: make test PACKAGES=./internal/release/... FLAGS='-run Grouping -v'
PACKAGES ?= ./...
FLAGS ?=
# Packages tested at a time. Most tests wait for disks, processes and networks: with one
# package for each CPU, the CPUs would be idle for half of the time.
AT_ONCE ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))))
# A program under the race detector sleeps a second at its end, in case a goroutine that
# nobody waited for still races. Ours are waited for; a tenth of that is enough.
export GORACE ?= atexit_sleep_ms=100

# SQLite's code is C that was translated, and so is what stands in for its libc. Neither
# starts a goroutine, and to watch their every access is half of a test's time: they are
# spared. Their driver and all else is watched, and each pointer is checked (checkptr) but
# those that the driver makes for them. What only a debugger reads (-w) is a third of the
# linker's time, for 140 programs; go vet is a part of make lint.
RACE = -race -ldflags=-w -vet=off -gcflags='modernc.org/sqlite=-d=checkptr=0' -gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/libc/...=-race=false'

# Tests make much that lives shortly. Under the race detector each collection stops every
# goroutine dearly: with fewer of them the tests of deploys take a quarter less CPU time.
TEST_GOGC ?= 400

ROUNDS ?= 3
LOOPS ?= 4
CYCLES ?= 50
DAYS ?= 365
DISPATCHES ?= 2000
PASSES ?= 10000
REPLICA_ROUNDS ?= 2
FUZZTIME ?= 10s
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
IMAGE ?= pressrun:$(VERSION)
# The program that builds images: docker or podman.
CONTAINER ?= $(if $(shell command -v docker),docker,podman)
# podman's own format of images has no health check, and drops ours.
CONTAINER_FORMAT = $(if $(findstring podman,$(CONTAINER)),--format docker)
# Further arguments of demo, bench and the drills: make demo ARGS=--once
ARGS ?=

LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: docs-site
docs-site: ## Build the documentation as a website, into bin/docs
	go run ./tools/docsite -output bin/docs

.PHONY: pictures
pictures: ## The pictures of docs/editors.md anew, by Chromium
	PRESSRUN_PICTURES=$(CURDIR)/docs/images go test -count=1 -run PicturesOfTheDocs ./app/pages

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Everyday

.PHONY: demo build test test-short test-stress e2e-cms lint vet-all fmt
demo: ## Run Pressrun with a small CMS and a site on this machine (ARGS=--once for one release)
	go run ./cmd/pressrun demo $(ARGS)

build: ## Build the static program bin/pressrun
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/pressrun ./cmd/pressrun

test: ## All tests with the race detector; installs first what the end-to-end tests need
	@tools/install versitygw act toxiproxy nfpm
	@tools/packages
	GOGC=$(TEST_GOGC) go test $(RACE) -p $(AT_ONCE) -timeout $(TEST_TIMEOUT) $(FLAGS) $(PACKAGES)

test-short: ## Unit tests only, without the race detector; installs nothing
	go test -short -timeout $(TEST_TIMEOUT) $(FLAGS) $(PACKAGES)

test-stress: ## The tests ROUNDS=3 times beside LOOPS=4 busy loops: none may depend on a quiet machine
	@tools/install versitygw act toxiproxy nfpm
	@tools/packages
	tools/test-stress $(ROUNDS) $(LOOPS) $(RACE) -p $(AT_ONCE) -timeout 45m $(FLAGS) $(PACKAGES)

e2e-cms: ## A real Ghost, which npm installs into bin/ghost (minutes, 460 MB): what its editors publish is released, exported and baked; a WordPress of 300 pages baked
	PRESSRUN_GHOST=$$(tools/ghost) PRESSRUN_E2E_CMS=1 go test -count=1 -v -timeout 30m ./test/e2e -run 'Ghost|LargeWordPress'

.PHONY: test-minio drill-clock
test-minio: ## A real MinIO (minutes to build, 150 MB): the contract of stores, and audits of what its listing leaves out
	@tools/install minio
	PRESSRUN_MINIO=$(CURDIR)/bin/tools/minio go test -count=1 -v -timeout 20m ./internal/deploy/s3 ./internal/deploy/engine -run MinIO

drill-clock: ## The wall clock of a running app is set forth and back by hours: nothing lost, nothing twice, nothing stuck
	PRESSRUN_WALL_CLOCK=1 go test -count=1 -v -timeout 15m -parallel 8 ./test/e2e -run WallClock $(ARGS)

lint: ## golangci-lint, actionlint, formatting, checksums of the modules, SQLite's libc
	@tools/install golangci-lint actionlint
	@unformatted=$$(find . -path ./bin -prune -o -name testdata -prune -o -name '*.go' -print0 | xargs -0 -r gofmt -l); \
	if [[ -n $$unformatted ]]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	tools/check-modules
	bin/tools/actionlint -shellcheck= -pyflakes=
	bin/tools/actionlint -shellcheck= -pyflakes= examples/previews/*.yml
	bin/tools/golangci-lint run $(PACKAGES)
	@$(MAKE) vet-all

vet-all: ## go vet for macOS and Windows too, where the action runs (a minute; seconds once cached)
	GOOS=darwin go vet ./action/... ./app/... ./cmd/... ./internal/...
	GOOS=windows go vet ./action/... ./app/... ./cmd/... ./internal/...

fmt: ## Format the Go code (gofumpt)
	@tools/install golangci-lint
	bin/tools/golangci-lint fmt

##@ Promises: each ends with a line of key=value figures, and fails when a promise is broken

.PHONY: drill-bake drill-kill drill-year drill-deploy drill-dispatch drill-outage drill-schedule drill-hooks drill-watchers fuzz
drill-kill: ## kill -9 of the server under load, CYCLES=50 times: nothing acknowledged is lost
	go run ./test/drill/kill -cycles $(CYCLES) $(ARGS)

drill-year: ## A simulated year of a busy site, DAYS=365: nothing stuck, never two releases at once
	PRESSRUN_DRILL_DAYS=$(DAYS) tools/drill-year

drill-deploy: ## Deploys cut off at every request, racing, on bad networks; nginx over a folder: never torn
	@tools/install versitygw toxiproxy
	go test -count=1 -v -timeout 30m ./test/drill/deploy -drill.all $(ARGS)

drill-dispatch: ## kill -9 of the app while GitHub loses answers, DISPATCHES=2000: every release is built by one run
	go run ./test/drill/dispatch -dispatches $(DISPATCHES) $(ARGS)

drill-schedule: ## 10,000 random schedules, crashes and clocks that jump: each slot is asked for once
	go run ./test/drill/schedule $(ARGS)

drill-hooks: ## All dialects of CMSs, valid, forged, cut, replayed and doubled, 2,000 a second, and kill -9: none lost or doubled
	go run ./test/drill/hooks $(ARGS)

drill-watchers: ## 1,000 pages open during releases: each shows every state within a second, in little memory
	go run ./test/drill/watchers $(ARGS)

drill-bake: ## A CMS on bad days, baked 60 times: cut off, errors, "not found", login pages, bakes killed: nothing wrong is published
	go run ./test/drill/bake $(ARGS)

.PHONY: drill-replicas drill-guards
drill-replicas: ## Three replicas on PostgreSQL under load: killed, stopped, cut off, clocks off, the primary dies (REPLICA_ROUNDS=2)
	@tools/install toxiproxy
	go test ./test/drill/replicas -count=1 -v -timeout 30m -run TestReplicas -drill.rounds=$(REPLICA_ROUNDS) $(ARGS) | tee /dev/stderr | grep '^acknowledged='

drill-guards: ## Each guard of replicas is needed: what it is against happens with it, and without it
	@tools/install toxiproxy
	go test ./test/drill/replicas -count=1 -v -timeout 30m -run TestEachGuardIsNeeded -drill.guards $(ARGS) | tee /dev/stderr | grep '^guard='

.PHONY: drill-export
drill-export: ## PASSES=10000 copies of a CMS under saves, faults and kills: each is what the CMS was, no deletion is missed
	go test ./test/drill/export -count=1 -v -timeout 60m -args -drill.passes=$(PASSES) $(ARGS) | tee /dev/stderr | grep '^passes='

.PHONY: drill-previews
drill-previews: ## 1,000 pushes, closes, expiries and sweeps of previews, with kills, beside deploys: nothing left, touched or leaked
	go run ./test/drill/previews $(ARGS)

drill-outage: ## GitHub's bad days in fake time: nothing lost, no false reset, state right within 60 s
	PRESSRUN_DRILL_FULL=1 go test ./test/drill/outage -count=1 -v -timeout 15m | tee /dev/stderr | grep -E '^(outage|webhooks|storm)=' | paste -sd ' '

fuzz: ## Every fuzz target of the tree for FUZZTIME=10s each
	tools/fuzz $(FUZZTIME)

##@ Figures

.PHONY: bench bench-bake bench-deploy
bench: ## Intake, dispatch delay, start-up time and memory of the server
	go run ./test/bench $(ARGS)
	go run ./test/bench/github
	go run ./test/bench/hooks
	go run ./test/bench/pages

bench-deploy: ## Deploys to a real S3 server
	@tools/install versitygw
	go run ./test/bench/deploy $(ARGS)

bench-bake: ## 5,000 pages of a local site baked, beside wget --mirror and HTTrack (Debian's) in the same run
	go run ./test/bench/bake $(ARGS)

.PHONY: bench-sites
bench-sites: ## A thousand sites: at rest, schedules of one minute, one busy site, intake on PostgreSQL, pages
	go run ./test/bench/sites $(ARGS)

.PHONY: bench-export
bench-export: ## A copy of 50,000 records beside a plain reader, and after 1 % of them changed
	go run ./test/bench/export $(ARGS)

##@ Shipping and upkeep

.PHONY: image packages checksums rehearse-release vuln tools tool-act clean
image: ## Build the container image IMAGE=pressrun:VERSION with docker or podman
	$(CONTAINER) build $(CONTAINER_FORMAT) --build-arg VERSION=$(VERSION) --tag $(IMAGE) .

packages: ## Build the Debian and RPM packages of RELEASE=1.2.3 into dist
	tools/linux-packages $(RELEASE) dist

checksums: ## Build the programs of RELEASE=1.2.3 and commit their checksums to be, before its tag is made
	tools/release-programs $(RELEASE) dist
	tools/release-programs --write $(RELEASE) dist

rehearse-release: ## The release workflow under act, for one machine, with stand-ins for what signs and publishes
	@tools/install act
	PRESSRUN_REHEARSE=1 go test ./test/act -count=1 -v -run TestTheReleaseIsRehearsed -timeout 30m

vuln: ## Known vulnerabilities in what the program calls (asks vuln.go.dev)
	@tools/install govulncheck
	bin/tools/govulncheck ./...

tools: ## Install the pinned tools into bin/tools
	@tools/install versitygw toxiproxy golangci-lint actionlint

tool-act: ## Install act, which runs workflows on this machine, into bin/tools
	@tools/install act

clean: ## Remove what builds and tests left, but keep bin/tools: it takes minutes to build
	rm -rf bin/pressrun bin/tests bin/tools/.install.* dist coverage.out
