# make demo            a running Odoo with demo data (DETACH=1: leave it running)
# make test            all tests and lint (ONLY=lint,unit,odoo: some of them, see scripts/test)
# make bench           how fast and how right the match is among 10k, 100k and 1M workers (SIZES, ONLY, ARGS: see scripts/bench)
# make simulate        10,000 tickets through the real engine on a simulated clock (SIZE, SEED, ARGS: see scripts/simulate)
# make story           the main job once more, against the demo server
# make stop            stop everything that was started
# make clean           remove everything that was made
# make lint | format   check, or mend, the form of all files
# make setup           only get what is missing
# make pot             export the texts, bring the translations up to date
# Settings: CONTRIBUTING.md
.PHONY: help demo test bench simulate story stop clean lint format setup pot
help:
	@sed -n 's/^# //p' Makefile
demo:
	@DETACH='$(DETACH)' scripts/demo
test:
	@ONLY='$(ONLY)' scripts/test
lint:
	@ONLY=lint scripts/test
bench:
	@SIZES='$(SIZES)' ONLY='$(ONLY)' ARGS='$(ARGS)' scripts/bench
simulate:
	@SIZE='$(SIZE)' SEED='$(SEED)' ARGS='$(ARGS)' scripts/simulate
setup story stop clean format pot:
	@scripts/$@
