# VM Orchestrator: two commands matter, and each works as the first one on a fresh clone.
#
#   make run     builds and opens the app (without a display: the demo on the command line)
#   make test    every check there is, counted
#
# Needs git, Go, Node.js and make; build/setup.sh sees to the rest.

.NOTPARALLEL:
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# For all that is compiled here, tests and tools too: a library that is built with one set of flags is built once.
export GOFLAGS := $(strip $(filter-out -trimpath,$(GOFLAGS)) -trimpath)
LDFLAGS := -s -w -X main.version=$(VERSION)
OS := $(shell uname -s)
TAGS := desktop,production
EXE :=
ifeq ($(OS),Linux)
TAGS := $(TAGS),webkit2_41
else ifeq ($(OS),Darwin)
export CGO_LDFLAGS := -framework UniformTypeIdentifiers
else
WINDOWLDFLAGS := -H windowsgui
EXE := .exe
endif

LINT := dist/tools/golangci-lint
NFPM := dist/tools/nfpm

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: ## build the app and open it; ARGS=--demo opens it on the demo fleet
	@ARGS="$(ARGS)" build/run.sh

.PHONY: test
test: ## every check: linters, Go with -race, vitest, bindings, Playwright, smoke test of the window
	@build/test.sh

.PHONY: test-root
test-root: ## what needs root: logins of other accounts, root's processes, other login shells; TESTS=PATTERN picks
	@build/setup.sh test
	@build/test-root.sh $(if $(TESTS),'$(TESTS)')

.PHONY: bench
bench: vmo ## the figures of the product against ssh, taking turns
	@build/setup.sh test
	go run ./bench $(ARGS)

.PHONY: bench-window
bench-window: window vmo ## the window's own speed, from inside it: a flood, opening, jumping, scrolling ten million lines
	build/bench-window.sh

.PHONY: bench-data
bench-data: ## a history of 100,000 jobs and 20 M lines in dist/bench-data; ARGS="-jobs 1000 -lines 100000" makes a small one
	go run ./bench/data $(ARGS)

.PHONY: bench-actions
bench-actions: window ## 50 actions in the window on the history of bench-data, cold and warm
	build/bench-actions.sh $(ARGS)

.PHONY: screenshots
screenshots: ## pictures of the main screens, both themes, into docs/screenshots
	@build/setup.sh test
	@$(MAKE) --no-print-directory dev vmo
	build/with-display.sh npm --prefix frontend run --silent screenshots

.PHONY: package
package: window vmo $(NFPM) ## the installer for this system, into dist (Linux: .deb)
	VERSION="$(VERSION)" build/package.sh $(NFPM)

# Parts.

.PHONY: setup setup-web
setup:
	@build/setup.sh window
setup-web:
	@build/setup.sh web

frontend/dist/index.html: $(shell find frontend -type f -not -path '*/node_modules/*' -not -path 'frontend/dist/*' -not -path '*/e2e/*' -not -path '*/test-results/*' 2>/dev/null)
	npm --prefix frontend run --silent build
	@touch frontend/dist/.gitkeep $@

.PHONY: window
window: setup frontend/dist/index.html ## the desktop app, bin/vm-orchestrator
	go build -tags $(TAGS) -ldflags '$(LDFLAGS) $(WINDOWLDFLAGS)' -o bin/vm-orchestrator$(EXE) .

.PHONY: vmo
vmo: ## the command line, bin/vmo; needs Go alone
	CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o bin/vmo$(EXE) ./app/cli

# Wails without its window. No file of a downloaded module can be replaced in a build, so it is a copy.
WINDOWLESS := dist/windowless/go.mod
$(WINDOWLESS): go.mod go.sum build/_windowless/desktop.go
	go mod download github.com/wailsapp/wails/v2
	rm -rf $(@D) && mkdir -p $(@D)
	cp -r "$$(go list -m -f '{{.Dir}}' github.com/wailsapp/wails/v2)" $(@D)/wails
	chmod -R u+w $(@D)/wails
	cp build/_windowless/desktop.go $(@D)/wails/internal/frontend/desktop/desktop_$$(go env GOOS).go
	cp go.sum $(@D)
	{ cat go.mod && echo "replace github.com/wailsapp/wails/v2 => ./$(@D)/wails"; } >$@

.PHONY: dev
dev: setup-web frontend/dist/index.html $(WINDOWLESS) ## the app for a browser: bin/vm-orchestrator-dev, for Playwright
	CGO_ENABLED=0 go build -modfile=$(WINDOWLESS) -tags dev -o bin/vm-orchestrator-dev$(EXE) .

.PHONY: bindings
bindings: ## write frontend/wailsjs anew from app/desktop
	build/bindings.sh

.PHONY: lint-tool
lint-tool: $(LINT)

.PHONY: lint-go
lint-go: $(LINT)
	$(LINT) run ./...
	@! go list -deps -tags $(TAGS) . | grep devserver || { echo "a release must not hold the development server"; exit 1; }

# A tool is built once per version; tools.mod pins it with all it stands on.
$(LINT): tools.mod tools.sum
	@mkdir -p $(@D)
	go build -modfile=tools.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(NFPM): tools.mod tools.sum
	@mkdir -p $(@D)
	go build -modfile=tools.mod -o $@ github.com/goreleaser/nfpm/v2/cmd/nfpm

.PHONY: clean
clean: ## throw away what was built
	rm -rf bin dist frontend/dist/* frontend/node_modules
	touch frontend/dist/.gitkeep
