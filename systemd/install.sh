#!/bin/sh
# matpi as a service: install.sh install|upgrade|uninstall. `sudo make install` calls it; docs/build.md has what it does.
#
# PYTHON      the interpreter, /usr/bin/python3 unless set: the one that sees the packages of apt
# I2C=on      also switches the panel's bus on
# MATPI_ROOT  puts every path under another folder, for the tests; so does MATPI_SOURCE with what is installed
set -eu
umask 022

ROOT="${MATPI_ROOT:-}"
SOURCE="$(cd "${MATPI_SOURCE:-$(dirname "$0")/..}" && pwd)"
PYTHON="${PYTHON:-/usr/bin/python3}"
OPT="$ROOT/opt/matpi"
RELEASES="$OPT/releases"
CURRENT="$OPT/current"
CONFIG="$ROOT/etc/matpi/matpi.toml"
DATA="$ROOT/var/lib/matpi"
COMMAND="$ROOT/usr/local/bin/matpi"
SERVICE=matpi.service
UNIT="$ROOT/etc/systemd/system/$SERVICE"
BACKOFF="$UNIT.d/10-backoff.conf"
PAGE=matpi-page.service
PAGE_UNIT="$ROOT/etc/systemd/system/$PAGE"
PAGE_DATA="$ROOT/var/lib/matpi-page"
SYSUSERS="$ROOT/etc/sysusers.d/matpi.conf"
TMPFILES="$ROOT/etc/tmpfiles.d/matpi.conf"
UDEV="$ROOT/etc/udev/rules.d/60-matpi.rules"
# Where this was started may be a home, which the service's user may not enter: find and Python run as that user below.
cd /
# A little over the watchdog's 20 s, so that a version that hangs at once is seen.
SETTLE_S="${MATPI_SETTLE_S:-25}"
# The page has loaded its parts by then, or ended. Chosen.
PAGE_SETTLE_S="${MATPI_SETTLE_S:-5}"
# A release takes 89 MB (du, x86-64), and pip unpacks beside it.
ROOM_KB=200000

# building: `new` is half made; stopped: nothing is changed yet; switching: `new` takes the place of `old`
phase=resting
new=""
old=""

say() { printf '%s\n' "$*"; }
warn() { printf 'matpi: %s\n' "$*" >&2; }
refuse() {
  warn "$*"
  exit 1
}

as_it_was() {
  if [ -e "$CURRENT" ]; then
    printf 'The version that is installed was not touched'
  else
    printf 'Nothing was installed'
  fi
}

tidy() {
  code=$?
  trap '' INT TERM HUP
  trap - EXIT
  case $phase in
    building) rm -rf "$new" ;;
    stopped)
      rm -rf "$new"
      systemctl start "$SERVICE" || warn "The service did not start again; see: journalctl -u $SERVICE"
      start_page
      ;;
    switching)
      code=1
      go_back
      ;;
  esac
  exit "$code"
}

# -- what must be there ------------------------------------------------------------------------------------------------

check_root() {
  [ "$(id -u)" -eq 0 ] || refuse "This changes the system and so needs root; run: sudo make $1"
}

check_systemd() {
  command -v systemctl >/dev/null ||
    refuse "There is no systemd here, and the service needs it; use Raspberry Pi OS, 64-bit. Nothing was changed."
  # "offline" in a chroot too, where systemctl does nothing and reports success.
  case $(systemctl is-system-running 2>/dev/null || true) in
    "" | offline | unknown)
      refuse "systemd does not run here, as in a container or a chroot, and only it can start and stop the service;" \
        "run this on the booted system. Nothing was changed."
      ;;
  esac
}

lock() { # until this process ends
  mkdir -p "$ROOT/run"
  exec 9>"$ROOT/run/matpi-install.lock"
  flock -n 9 || refuse "Another install, upgrade or uninstall is under way; wait for its end. Nothing was changed."
}

probe() {
  "$PYTHON" -c 'import sys, struct, importlib.util as u
print(*sys.version_info[:2], 8 * struct.calcsize("P"))
print(*(n for n, m in (("python3-venv", "ensurepip"), ("python3-lgpio", "lgpio")) if not u.find_spec(m)))
print(*(n for n, m in (("python3-spidev", "spidev"),) if not u.find_spec(m)))' 2>/dev/null
}

line() { printf '%s\n' "$1" | sed -n "$2p"; }

check_machine() {
  found=$(probe) || found=""
  # shellcheck disable=SC2046  # three words
  set -- $(line "$found" 1)
  if [ $# -ne 3 ] || [ "$1" -ne 3 ] || [ "$2" -lt 11 ]; then
    refuse "$PYTHON is not Python 3.11 or newer, which matpi needs; Raspberry Pi OS has it since Bookworm."
  fi
  [ "$3" -eq 64 ] ||
    warn "This is a 32-bit system: matpi is made for the 64-bit one, here it is best effort and a wheel may be missing."
  needed=$(line "$found" 2)
  useful=$(line "$found" 3)
  [ -n "$needed$useful" ] || return 0
  say "Installing with apt: $needed $useful"
  apt-get update -qq || true
  # shellcheck disable=SC2086  # a list of packages
  if [ -n "$needed" ] && ! apt_install $needed; then
    refuse "apt could not install $needed; look at the network, and use Raspberry Pi OS. $(as_it_was)."
  fi
  if [ -n "$useful" ] && ! apt_install "$useful"; then
    warn "apt could not install $useful; only driver = \"spi\" in [scale] needs it."
  fi
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; }

check_room() {
  mkdir -p "$RELEASES"
  free_kb=$(df -Pk "$RELEASES" | awk 'NR == 2 { print $4 }')
  [ "$free_kb" -ge "$ROOM_KB" ] || refuse "There are only $((free_kb / 1000)) MB free and a version needs" \
    "$((ROOM_KB / 1000)) while it is installed; make room. $(as_it_was)."
}

# -- a release: an environment of its own under releases/, with the system files it wants --------------------------------

fingerprint() {
  (
    cd "$SOURCE"
    "$PYTHON" --version
    find matpi systemd pyproject.toml constraints.txt -type f ! -name '*.pyc' ! -path '*/.*' -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
  ) | sha256sum | cut -d ' ' -f 1
}

version() {
  "$PYTHON" -c 'import sys, tomllib; print(tomllib.load(open(sys.argv[1], "rb"))["project"]["version"])' \
    "$SOURCE/pyproject.toml"
}

last_number() {
  for release in "$RELEASES"/*-*; do
    [ ! -d "$release" ] || printf '%s\n' "${release##*-}"
  done | sort -n | tail -n 1
}

is_current() { [ -e "$CURRENT/.made-from" ] && [ "$(cat "$CURRENT/.made-from")" = "$(fingerprint)" ]; }

build() {
  check_room
  number=$(last_number)
  new="$RELEASES/$(version)-$((${number:-0} + 1))"
  phase=building
  say "Building $(basename "$new") in $new; this takes some minutes on a small Pi."
  mkdir "$new" "$new/tmp"
  # --ignore-installed: what apt has of gpiozero, Pillow and the like is older, and changes without us. Only wheels, so
  # that nothing is compiled; the temporary files lie on the disk, because /tmp may be in memory.
  if ! "$PYTHON" -m venv --system-site-packages "$new" >"$new/tmp/log" 2>&1 ||
    ! TMPDIR="$new/tmp" PYTHONNOUSERSITE=1 "$new/bin/python" -m pip install --progress-bar off \
      --disable-pip-version-check --no-input --no-cache-dir --only-binary=:all: --ignore-installed \
      -c "$SOURCE/constraints.txt" "$SOURCE" >"$new/tmp/log" 2>&1; then
    tail -n 12 "$new/tmp/log" >&2
    refuse "The version could not be built, for the reason above; look at the network and the disk. $(as_it_was)."
  fi
  "$new/bin/matpi" --version >/dev/null || refuse "The version that was built does not run. $(as_it_was)."
  rm -rf "$new/tmp"
  cp -R "$SOURCE/systemd" "$new/systemd"
  cp "$SOURCE/docs/build.md" "$new/build.md" # Documentation= of the units
  fingerprint >"$new/.made-from"
}

point() { # $1 becomes the current release, in one step
  ln -sfn "releases/$(basename "$1")" "$OPT/.current"
  mv -T "$OPT/.current" "$CURRENT"
}

lay() { # the system files of release $1
  install -D -m 644 "$1/systemd/matpi.service" "$UNIT"
  if [ -e "$1/systemd/backoff.conf" ] && [ "$(systemd_version)" -ge 254 ]; then
    install -D -m 644 "$1/systemd/backoff.conf" "$BACKOFF"
  else
    remove_backoff
  fi
  install -D -m 644 "$1/systemd/sysusers.conf" "$SYSUSERS"
  install -D -m 644 "$1/systemd/tmpfiles.conf" "$TMPFILES"
  install -D -m 644 "$1/systemd/udev.rules" "$UDEV"
  systemd-sysusers "$SYSUSERS"
  # After an uninstall the log is root's, and so is a file that was copied there as root.
  [ ! -d "$DATA" ] || chown -R -h matpi:matpi "$DATA"
  systemd-tmpfiles --create "$TMPFILES"
  # A log of a version before the group could read it. Not as root: the service might have laid a link there.
  [ ! -d "$DATA" ] || runuser -u matpi -- find "$DATA" -maxdepth 1 -type f -name 'matpi.db*' -exec chmod g+r {} +
  readers
  if ! udevadm control --reload ||
    ! udevadm trigger --subsystem-match=gpio --subsystem-match=i2c-dev --subsystem-match=spidev; then
    warn "The rules for the devices hold from the next boot on."
  fi
  [ -e "$CONFIG" ] || install -D -m 644 "$1/systemd/matpi.toml" "$CONFIG"
  mkdir -p "$(dirname "$COMMAND")"
  ln -sfn "$CURRENT/bin/matpi" "$COMMAND"
  if [ -e "$1/systemd/$PAGE" ]; then
    install -D -m 644 "$1/systemd/$PAGE" "$PAGE_UNIT"
  else
    remove_page # a version before the page
  fi
  systemctl daemon-reload
  systemctl enable --quiet "$SERVICE"
  [ ! -e "$PAGE_UNIT" ] || systemctl enable --quiet "$PAGE"
}

remove_page() {
  [ -e "$PAGE_UNIT" ] || return 0
  systemctl disable --now --quiet "$PAGE" || warn "The page could not be stopped; it ends with the next shutdown."
  rm -f "$PAGE_UNIT"
}

systemd_version() { systemctl --version | sed -n '1s/^systemd \([0-9][0-9]*\).*/\1/p' | grep . || echo 0; }

remove_backoff() { # and its folder, unless it has changes of yours
  rm -f "$BACKOFF"
  rmdir "$UNIT.d" 2>/dev/null || true
}

runs() { # by its own word: in a chroot the exit code is 0 whatever is asked
  [ "$(systemctl is-active "$SERVICE" 2>/dev/null || true)" = active ]
}

readers() { # the user who installs reads the log without sudo
  [ "${SUDO_USER:-root}" != root ] || return 0
  case " $(id -nG "$SUDO_USER") " in *" matpi "*) return 0 ;; esac
  if usermod -a -G matpi "$SUDO_USER"; then
    say "$SUDO_USER reads the log without sudo after the next login: group matpi."
  else
    warn "$SUDO_USER could not be added to the group matpi; read the log with: sudo -u matpi matpi sessions"
  fi
}

starts() { # whether the service starts and is still the same one after a while
  systemctl reset-failed "$SERVICE" 2>/dev/null || true
  systemctl start "$SERVICE" || return 1
  sleep "$SETTLE_S"
  runs && [ "$(systemctl show -p NRestarts --value "$SERVICE")" = 0 ]
}

stop_page() { systemctl stop "$PAGE" 2>/dev/null || true; } # which an older version does not have

start_page() { # never a reason to go back: the device needs no page
  [ -e "$PAGE_UNIT" ] || return 0
  port=$(page_port)
  if [ -z "$port" ]; then
    say "Its page is switched off, in [page] of $CONFIG."
    return
  fi
  systemctl reset-failed "$PAGE" 2>/dev/null || true
  systemctl start "$PAGE" || true
  sleep "$PAGE_SETTLE_S"
  if [ "$(systemctl is-active "$PAGE" 2>/dev/null || true)" = active ]; then
    say "Its page, for this network: http://$(uname -n | cut -d . -f 1 | tr A-Z a-z).local:$port"
  else
    warn "The page does not start, and the device runs without it; the reason: journalctl -u $PAGE"
  fi
}

page_port() { # none when the page is switched off
  "$PYTHON" -c 'import sys, tomllib
page = tomllib.load(open(sys.argv[1], "rb")).get("page", {})
print(page.get("port", 8377) if page.get("enabled", True) else "")' "$CONFIG" 2>/dev/null || echo 8377
}

last_words() { journalctl -u "$SERVICE" -n 5 -o cat --no-pager >&2 || true; }

log_keeper() { # as the service's own user: root does not write where that user might have laid a link
  runuser -u matpi -- "$new/bin/python" -I "$new/systemd/keep_log.py" "$1" "$CONFIG" "$(basename "$new")"
}

# -- the verbs ---------------------------------------------------------------------------------------------------------

set_up() {
  if [ -e "$CURRENT" ] && ! is_current; then
    say "matpi is installed already; this upgrades it."
    upgrade
    return
  fi
  if [ ! -e "$CURRENT" ]; then
    build
    # From here on what was made is good, and a second install goes on from it.
    phase=resting
    point "$new"
  fi
  lay "$CURRENT"
  say "matpi $(basename "$(readlink "$CURRENT")") is installed. Settings of the hardware: $CONFIG; the log: $DATA."
  if runs; then
    say "It runs. How it is: systemctl status matpi"
  elif i2c_is_on; then
    starts || {
      last_words
      refuse "The service does not start, for the reason above; correct it, then: sudo systemctl restart matpi"
    }
    say "It runs, and starts at every boot. How it is: systemctl status matpi"
  else
    say "It will start after a reboot: the panel's bus, I2C, is off."
    say "To do: sudo raspi-config nonint do_i2c 0, then sudo reboot"
  fi
  ! runs || start_page
  say "To do once: the speed of the panel's bus, docs/build.md, Install by hand."
}

i2c_is_on() {
  [ ! -e "$ROOT/dev/i2c-1" ] || return 0
  [ "${I2C:-}" = on ] || return 1
  say "Switching I2C on."
  raspi-config nonint do_i2c 0 || warn "raspi-config could not switch I2C on; see docs/build.md, Install by hand."
  [ -e "$ROOT/dev/i2c-1" ]
}

upgrade() {
  [ -e "$CURRENT" ] || refuse "matpi is not installed here, so there is nothing to upgrade; run: sudo make install"
  if is_current; then
    say "matpi $(basename "$(readlink "$CURRENT")") is this very version; there is nothing to upgrade."
    return
  fi
  old="$RELEASES/$(basename "$(readlink "$CURRENT")")"
  build
  say "Stopping $(basename "$old"). A session under way goes on after the start if somebody still lies there."
  phase=stopped
  stop_page
  systemctl stop "$SERVICE"
  log_keeper backup || refuse "No change without a copy of the session log. $(as_it_was)."
  phase=switching
  log_keeper fit || exit 1 # tidy goes back
  point "$new"
  lay "$new"
  if ! starts; then
    exit 1 # tidy goes back
  fi
  phase=resting
  for release in "$RELEASES"/*-*; do
    [ "$release" = "$new" ] || [ "$release" = "$old" ] || rm -rf "$release"
  done
  say "$(basename "$new") runs. $(basename "$old") is kept beside it."
  start_page
}

go_back() { # nothing here may keep the old version from starting
  set +e
  warn "$(basename "$new") did not come up. Its last words:"
  last_words
  stop_page
  systemctl stop "$SERVICE"
  log_keeper restore || warn "The copy of the session log from before lies beside it."
  point "$old"
  lay "$old"
  if starts; then
    warn "Went back: $(basename "$old") runs again, with the session log it had. Report the words above."
    start_page
  else
    warn "Went back to $(basename "$old"), but it does not start either; look at: journalctl -u matpi"
  fi
  rm -rf "$new"
}

uninstall() {
  if [ ! -e "$OPT" ] && [ ! -e "$UNIT" ]; then
    say "matpi is not installed here."
    return
  fi
  remove_page
  systemctl disable --now --quiet "$SERVICE" || warn "The service could not be stopped; it ends with the next shutdown."
  rm -f "$UNIT" "$SYSUSERS" "$TMPFILES" "$UDEV"
  remove_backoff
  [ ! -L "$COMMAND" ] || rm -f "$COMMAND"
  systemctl daemon-reload
  udevadm control --reload || true
  # The number of a user that is gone may be given to another, who should not get the log with it.
  [ ! -d "$DATA" ] || chown -R -h root:root "$DATA"
  userdel matpi-page 2>/dev/null || true
  userdel matpi 2>/dev/null || true
  groupdel matpi 2>/dev/null || true # it stays behind when others are members of it
  # The tokens of paired browsers are no diary, and open nothing any more.
  rm -rf "$OPT" "$PAGE_DATA"
  say "matpi is uninstalled. Two things are left, because they are yours:"
  say "  $DATA  every session; export it with a matpi, or remove it: sudo rm -r $DATA"
  say "  $(dirname "$CONFIG")  the settings of the hardware"
  for changes in "$UNIT.d" "$PAGE_UNIT.d"; do
    [ ! -e "$changes" ] || say "  $changes  your changes to the service"
  done
}

case "${1:-}" in
  install | upgrade | uninstall) ;;
  *)
    warn "Say what to do: install.sh install, upgrade or uninstall."
    exit 2
    ;;
esac
check_root "$1"
check_systemd
lock
trap tidy EXIT
trap 'exit 130' INT TERM HUP
case $1 in
  install)
    check_machine
    set_up
    ;;
  upgrade)
    check_machine
    upgrade
    ;;
  uninstall) uninstall ;;
esac
