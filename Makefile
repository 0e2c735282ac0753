# `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)
GOLANGCI_VERSION := v2.15.0
DEADCODE_VERSION := v0.52.0
NFPM_VERSION := v2.43.0
TOOLS := bin/tools

# Files that are shipped with the binary: the README, everything it links to, and the scripts.
SHIPPED := README.md CHANGELOG.md CONTRIBUTING.md LICENSE docs scripts
# Tests in the root package that are not rules, and tests that make quick leaves out because
# they mostly wait. The other Lua tests wait, too: hence more workers than cores.
NOT_RULES := ^(TestLua|TestDocumentsRun)$$
SLOW_GO := core/(cmd|control|fleet/.*|process|terminal|harness/.*)|internal/(differential|fleettest)|lualib/(suite|syntax)|cmd/(avescript|avelab)
SLOW_LUA := attack broker% cmd% completion daemon equipment hickup memory remote restart scripts service session tls
PREFIX ?= /usr/local
DOCDIR := $(DESTDIR)$(PREFIX)/share/doc/avescript

CHAOSTIME ?= 60s
PROGRAMS ?= 10000
FUZZTIME ?= 60s
SOAKTIME ?= 10m
N ?= 30
DIR ?= $$(go list -m -f '{{.Dir}}' github.com/yuin/gopher-lua)/_lua5.1-tests

.PHONY: help build test quick lint ci generate bench compat official differential chaos fuzz flaky soak picture dist packages packages-test install clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the static binaries bin/avescript and bin/avelab.
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/avescript ./cmd/avelab

test: ## Run all tests, with the race detector.
	go test -race ./...

quick: ## Run the rules and the fast tests: half a minute.
	go test -skip '$(NOT_RULES)' $$(go list ./... | grep -vE '^avescript/($(SLOW_GO))$$')
	go run ./cmd/avescript test -j 4 $(filter-out $(SLOW_LUA:%=tests/test_%.lua),$(wildcard tests/test_*.lua))

# The rules of the repository are tests at its root. The linters do what "go vet" does.
# deadcode reads the program as it is for arm64, and fails if it does not compile there.
lint: $(TOOLS)/golangci-lint $(TOOLS)/deadcode ## Run the linters and the rules of the repository.
	go test -skip '$(NOT_RULES)' .
	cd bench && go vet ./...
	GOARCH=arm64 .ci/deadcode $(TOOLS)/deadcode
	$(TOOLS)/golangci-lint run ./...
	@if command -v luacheck > /dev/null; then luacheck -q lualib packages scripts tests trials; \
	else echo "luacheck is not installed (Debian: lua-check); Lua was not linted"; fi

$(TOOLS)/golangci-lint:
	GOBIN=$(abspath $(TOOLS)) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

$(TOOLS)/deadcode:
	GOBIN=$(abspath $(TOOLS)) go install golang.org/x/tools/cmd/deadcode@$(DEADCODE_VERSION)

ci: ## Run what CI runs; as root on Debian it installs the packages it needs.
	.ci/run

generate: ## Compile the embedded Lua modules again, after a change of them or of the compiler.
	go test ./lualib -run TestModulesAreCompiled -update

bench: ## Compare the speed with other programs, as ratios.
	cd bench && go run .

compat: build ## Run suites of others, checked out in DIR, under busted or lua5.1 and here; COMPAT=NAME chooses.
	bin/avescript bench/compat.lua $(abspath $(DIR)) --program $(abspath bin/avescript) $(COMPAT)

picture: build ## Draw docs/terminal.svg, the picture in the README, again.
	PATH=$(abspath bin):$$PATH bin/avescript docs/terminal.lua docs/terminal.svg

chaos: build ## Break services and brokers at random for CHAOSTIME (60s); CHAOS='--seed=1' repeats a run.
	trials/chaos/previous bin/previous
	bin/avescript trials/chaos/chaos.lua --time $(CHAOSTIME) --previous=bin/previous/avescript $(CHAOS)

differential: ## Compare PROGRAMS (10000) generated programs, and the written ones, with lua5.1.
	go test ./internal/differential -count 1 -timeout 60m -v -run Programs -args -programs $(PROGRAMS)

fuzz: build ## Run each fuzz target for FUZZTIME (60s).
	bin/avescript trials/fuzz.lua --time $(FUZZTIME)

flaky: build ## Run all tests N times (30), half of the runs on a busy machine.
	bin/avescript trials/flaky.lua --runs $(N)

soak: build ## Work for SOAKTIME (10m), and fail if memory or any other resource grows.
	bin/avescript trials/soak.lua --time $(SOAKTIME)

official: build ## Run the official test suite of Lua 5.1 in DIR (gopher-lua's copy of it).
	bin/avescript trials/official.lua $(DIR)

dist: ## Build release archives for linux/amd64 and linux/arm64 in dist/.
	@mkdir -p dist
	@for arch in amd64 arm64; do \
		name=avescript-$(VERSION)-linux-$$arch; \
		mkdir -p dist/$$name && \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS)' -o dist/$$name/ ./cmd/avescript ./cmd/avelab && \
		cp -r $(SHIPPED) dist/$$name/ && \
		tar -C dist -czf dist/$$name.tar.gz $$name && rm -r dist/$$name && echo dist/$$name.tar.gz; \
	done

packages: $(TOOLS)/nfpm ## Build .deb and .rpm packages for amd64 and arm64 in dist/.
	packages/build $(TOOLS)/nfpm '$(VERSION)' '$(LDFLAGS)'

packages-test: $(TOOLS)/nfpm ## Install, upgrade and remove the package on a plain Debian; needs root and debootstrap.
	packages/test $(TOOLS)/nfpm '$(LDFLAGS)'

$(TOOLS)/nfpm:
	GOBIN=$(abspath $(TOOLS)) go install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)

install: bin/avescript bin/avelab ## Install the binaries, scripts and documents in PREFIX (/usr/local).
	install -D -t $(DESTDIR)$(PREFIX)/bin bin/avescript bin/avelab
	install -D -t $(DESTDIR)$(PREFIX)/share/avescript/scripts scripts/*.lua
	install -d $(DOCDIR)
	cp -r $(filter-out scripts,$(SHIPPED)) $(DOCDIR)

bin/avescript bin/avelab &:
	$(MAKE) build

clean: ## Remove everything that was built.
	rm -rf bin dist
