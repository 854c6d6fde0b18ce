#!/bin/sh
# Ends the service when the package goes, and not when another version replaces it:
# dpkg says "remove" or "upgrade", rpm how many versions are left.
set -e

case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now pressrun || true # it may never have been enabled
	fi
	;;
esac
