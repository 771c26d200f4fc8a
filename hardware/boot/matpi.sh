#!/bin/sh
# Installs matpi on a new card without anybody at a keyboard; docs/build.md has how it gets there.
#
# matpi.sh          leaves a service behind, which runs `matpi.sh install` at every boot until that has succeeded
# matpi.sh now      the same, and starts it at once
# matpi.sh install  installs, then takes that service away and restarts the computer
#
# MATPI_ROOT puts every path under another folder, for the tests.
set -eu
umask 022

# Where matpi is cloned from: the one place where this stands.
REPOSITORY=""

ROOT="${MATPI_ROOT:-}"
SOURCE="$ROOT/usr/local/src/matpi"
BOOT="$ROOT/boot/firmware"
KEPT="$ROOT/usr/local/lib/matpi-card.sh"
SERVICE=matpi-card.service
UNIT="$ROOT/etc/systemd/system/$SERVICE"

hand_over() {
  mkdir -p "$(dirname "$KEPT")" "$(dirname "$UNIT")"
  cp "$0" "$KEPT"
  cat >"$UNIT" <<END
[Unit]
Description=Installs matpi on this card
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh $KEPT install
# No network yet, or a clock so wrong that no certificate is valid: once more.
Restart=on-failure
RestartSec=60s
# 2 is a mistake on the card: it stays wrong however often it is tried.
RestartPreventExitStatus=2
# Can be read in any computer the card is put in.
StandardOutput=truncate:$BOOT/matpi.log
StandardError=inherit

[Install]
WantedBy=multi-user.target
END
  systemctl enable --quiet "$SERVICE"
}

fetch() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git make
  [ ! -d "$SOURCE" ] || return 0
  # Under another name until it is whole.
  rm -rf "$SOURCE.half"
  git clone --quiet "$REPOSITORY" "$SOURCE.half"
  mv "$SOURCE.half" "$SOURCE"
}

speed_up() { # the panel's bus, from the next boot on
  grep -q '^dtparam=i2c_arm_baudrate=' "$BOOT/config.txt" ||
    printf '\n[all]\ndtparam=i2c_arm_baudrate=400000\n' >>"$BOOT/config.txt"
}

install_matpi() {
  if [ -z "$REPOSITORY" ]; then
    echo "matpi: There is no address to install from; write it into REPOSITORY in $KEPT and restart." >&2
    exit 2
  fi
  fetch
  speed_up
  # The first user reads the log without sudo, as if that one had called it.
  SUDO_USER="$(id -nu 1000 2>/dev/null || echo root)" I2C=on make -C "$SOURCE" install
  systemctl disable --quiet "$SERVICE"
  rm -f "$UNIT" "$KEPT"
  systemctl --no-block reboot
}

case "${1:-}" in
  "") hand_over ;;
  now)
    hand_over
    systemctl start --no-block "$SERVICE"
    ;;
  install) install_matpi ;;
  *)
    echo "matpi: Say matpi.sh, matpi.sh now or matpi.sh install." >&2
    exit 2
    ;;
esac
