# Every target is one script or one command. `make run` and `make test` need nothing to be set up by hand.

.PHONY: run demo test check bench panel

# Builds the server with its panel inside and starts it on SQLite in plinth_data/.
run: panel
	PLINTH_REQUIRE_PANEL=1 cargo build --locked --release --bin plinth
	target/release/plinth serve $(ARGS)

# Loads real data into a server and leaves it running to look at.
demo: panel
	PLINTH_REQUIRE_PANEL=1 cargo build --locked --release --bin plinth
	cd tests/demo && npm ci --no-audit --no-fund --silent && node demo.js $(ARGS)

# Installs what the tests need and runs all of them, on SQLite and on Postgres.
test:
	tests/run.sh

# Formatting, lints, documentation and types, without running anything.
check:
	tests/check.sh

# Prints the table of speed, side by side with PocketBase.
bench: panel
	tests/bench/run.sh $(ARGS)

# The admin panel's files, which the server embeds.
panel:
	@.ci/need cargo cc node npm
	cd sdk/typescript && npm ci --no-audit --no-fund --silent && npm run --silent build
	cd admin-ui && npm ci --no-audit --no-fund --silent && npm run --silent build
