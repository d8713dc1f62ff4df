# Each target installs what it needs and this machine lacks, and says so.
.PHONY: help run test bench docs fuzz install

help:
	@echo "make run      build porthole and diagnose this host, or a demo where no engine answers"
	@echo "make test     everything that must hold before a change goes in (root)"
	@echo "make bench    measure porthole beside the tools it replaces (root)"
	@echo "make docs     write docs/cli.md, docs/checks and docs/schema anew"
	@echo "make fuzz     fuzz everything that reads bytes from outside, a minute each"
	@echo "make install  install porthole, its man page, completions and docker's plugin (PREFIX=/usr/local)"

run test bench docs fuzz:
	@scripts/$@

install:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install
