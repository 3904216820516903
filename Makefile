# SPDX-License-Identifier: GPL-2.0-or-later
# The front door: everything a user or CI calls. The build itself is Meson's.
# Recipes stay thin; what needs more than a line or two is a script in tools/.
.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-full soak bench lint format clean

help:     ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup:    ## install what is missing (apt; asks for sudo where needed)
	@tools/setup

build: setup ## everything into build/bin/, programs that run inside into build/ports/
	@tools/build/all

demo: build ## boot a guest and watch it from outside: netstat inside and outside, side by side
	@tools/demo

test: build ## what CI runs: lint, unit tests, sanitizers, short fuzzing, VM tests (pairwise)
	@tools/test/run

test-full: build ## the same with the whole matrices and longer fuzzing (hours); result in docs/results/
	@BARTIZAN_TEST_FULL=1 tools/test/run

soak: build ## a million lies of the host and changed records: refused or harmless; result in docs/results/
	@tools/test/soak

bench: build ## measurements, as ratios within one run
	@tools/test/bench

lint: setup ## house rules, clang-format, clang-tidy
	@tools/build/configure && tools/lint

format: setup ## format the sources
	@tools/lint --fix

clean:    ## remove what was built (the cache stays)
	rm -rf build build-sanitize build-fuzz
