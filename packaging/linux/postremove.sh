#!/bin/sh
# The configuration, the state and its user stay: they hold who asked for what, and a
# site is files that need no Pressrun.
set -e

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
