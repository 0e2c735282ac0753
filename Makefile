# `make help` says what there is.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)
GOLANGCI_VERSION := v2.15.0
TOOLS := bin/tools

.PHONY: help build test lint bench dist clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Make the static binary bin/avescript.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/avescript ./cmd/avescript

test: ## Run all tests, with the race detector.
	go test -race ./...

lint: $(TOOLS)/golangci-lint ## Run the linters for Go and, where luacheck is installed, for Lua.
	go vet ./...
	$(TOOLS)/golangci-lint run ./...
	@if command -v luacheck > /dev/null; then luacheck -q lualib scripts tests; \
	else echo "luacheck is not installed (Debian: lua-check); Lua was not linted"; fi

$(TOOLS)/golangci-lint:
	GOBIN=$(abspath $(TOOLS)) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

bench: ## Measure beside other programs, in ratios.
	cd bench && go run .

dist: ## Make release archives for linux/amd64 and linux/arm64 in dist/.
	@mkdir -p dist
	@for arch in amd64 arm64; do \
		name=avescript-$(VERSION)-linux-$$arch; \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS)' -o dist/$$name/avescript ./cmd/avescript && \
		cp README.md LICENSE CHANGELOG.md dist/$$name/ && \
		tar -C dist -czf dist/$$name.tar.gz $$name && rm -r dist/$$name && echo dist/$$name.tar.gz; \
	done

clean: ## Remove what was built.
	rm -rf bin dist
