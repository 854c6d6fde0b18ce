#!/bin/sh
# Makes the service's user, and starts nothing: there is no configuration yet, and an
# upgrade must not end what runs.
set -e

if ! getent passwd pressrun >/dev/null; then
	if command -v systemd-sysusers >/dev/null; then
		systemd-sysusers pressrun.conf
	else
		useradd --system --user-group --home-dir /var/lib/pressrun --no-create-home --shell /usr/sbin/nologin pressrun
	fi
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
if [ ! -e /etc/pressrun/pressrun.yaml ]; then
	cat <<'NEXT'
Pressrun is installed, and not started. Next:
  sudo pressrun init --file /etc/pressrun/pressrun.yaml --state /var/lib/pressrun --save-token ~/operator.token
  sudo chmod 644 /etc/pressrun/pressrun.yaml
  sudo systemctl enable --now pressrun
NEXT
elif [ -d /run/systemd/system ] && systemctl is-active --quiet pressrun; then
	echo "Pressrun goes on as the version of before: sudo systemctl restart pressrun"
fi
