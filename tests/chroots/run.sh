#!/bin/sh
# matpi's tests in a Debian 13 (Python 3.13) beside this system: run.sh trixie|arm64|homeassistant|card [words for pytest]
# `make test-trixie`, `make test-arm64`, `make test-homeassistant` and `make test-card` call it; docs/dev/testing.md tells what it does.
# run.sh guest makes the system that tests/guest/image.sh turns into the disk of a virtual machine.
#
# MATPI_CHROOTS  where the systems are kept; /var/cache/matpi-chroots, or beside XDG_CACHE_HOME if that is set
# DEBIAN_MIRROR  where they come from; the mirror apt uses here, else debootstrap's own
set -eu
umask 022

PATH="$PATH:/usr/sbin:/sbin" # where su leaves them out
SOURCE="$(cd "$(dirname "$0")/../.." && pwd)"
SELF="$SOURCE/tests/chroots/run.sh"
CHROOTS="${MATPI_CHROOTS:-${XDG_CACHE_HOME:-/var/cache}/matpi-chroots}"
SUITE=trixie
# What a new Debian lacks for the tests. dash, tar, mount and unshare are in every one; git is not needed.
PACKAGES=ca-certificates,python3,python3-venv,tzdata
# The service's files are judged by the tools that read them; what goes to a broker, by a broker.
PACKAGES_TRIXIE="$PACKAGES,make,systemd,udev,mosquitto"
# The installer takes it from apt, see docs/dev/wheels.md; python3-lgpio too, but only Raspberry Pi OS has that.
PACKAGES_ARM64="$PACKAGES,python3-spidev"
# A broker between matpi and the real Home Assistant, one of whose dependencies (lru-dict) has no wheel for 3.13.
PACKAGES_HOMEASSISTANT="$PACKAGES,mosquitto,gcc,libc6-dev,python3-dev"
# The second is a package that debootstrap does not find by the virtual name cloud-init's dependencies have for it.
PACKAGES_CARD="ca-certificates,cloud-init,python3-cffi-backend"
# A machine of its own: kernel, init, what the installer wants there, and a compiler for lgpio and for module/.
PACKAGES_GUEST="$PACKAGES,linux-image-amd64,linux-headers-amd64,systemd-sysv,dbus,udev,make,python3-spidev,gcc,libc6-dev,python3-dev,swig"
BINFMT=/proc/sys/fs/binfmt_misc
# The rule of Debian's own qemu-user-static, under our name.
RULE=/usr/lib/binfmt.d/qemu-aarch64.conf
ENTRY=matpi-aarch64

say() { printf '%s\n' "$*"; }
refuse() {
  printf 'matpi: %s\n' "$*" >&2
  exit 1
}

own_architecture() {
  dpkg --print-architecture 2>/dev/null ||
    refuse "This is not a Debian, and its architecture is unknown without dpkg; run this on a Debian."
}

name="${1:-}"
[ "$#" -eq 0 ] || shift
case $name in
  trixie)
    arch=$(own_architecture)
    packages=$PACKAGES_TRIXIE
    ;;
  arm64)
    arch=arm64
    packages=$PACKAGES_ARM64
    ;;
  homeassistant)
    arch=$(own_architecture)
    packages=$PACKAGES_HOMEASSISTANT
    ;;
  card)
    arch=$(own_architecture)
    packages=$PACKAGES_CARD
    ;;
  guest)
    arch=amd64
    packages=$PACKAGES_GUEST
    ;;
  *) refuse "Say which: run.sh trixie, run.sh arm64, run.sh homeassistant, run.sh card or run.sh guest." ;;
esac

[ "$(id -u)" -eq 0 ] ||
  refuse "This makes and enters another system, which takes root; call it with sudo."

# Everything below has mounts of its own, which end with this process, however it ends.
if [ "${MATPI_CHROOT_OWN_MOUNTS:-}" != yes ]; then
  command -v debootstrap >/dev/null || refuse "debootstrap is missing; apt install debootstrap"
  mkdir -p "$CHROOTS"
  export MATPI_CHROOT_OWN_MOUNTS=yes
  flock -n -E 75 "$CHROOTS/$name.lock" unshare --mount --propagation private sh "$SELF" "$name" "$@" && exit 0
  code=$?
  [ "$code" -ne 75 ] || refuse "$CHROOTS/$name is in use by another run; wait for it."
  exit "$code"
fi

system="$CHROOTS/$name"
registered=""

tidy() {
  code=$?
  trap - EXIT
  [ -z "$registered" ] || echo -1 >"$BINFMT/$ENTRY" || true
  exit "$code"
}
trap tidy EXIT
trap 'exit 130' INT TERM HUP

# --- programs of the other machine -----------------------------------------------------------------------------------

emulate() { # lets this kernel start aarch64 programs through qemu-user, until the end of this run
  [ "$(dpkg --print-architecture)" != arm64 ] || return 0
  if [ ! -e "$BINFMT/register" ]; then
    mount -t binfmt_misc binfmt_misc "$BINFMT" 2>/dev/null ||
      refuse "This kernel has no binfmt_misc, without which aarch64 programs do not start; try another machine."
  fi
  # An entry without F (fixed) would look for its interpreter inside the chroot, where there is none.
  if grep -qs '^flags:.*F' "$BINFMT/qemu-aarch64" "$BINFMT/$ENTRY"; then return 0; fi
  [ -r "$RULE" ] || refuse "qemu-user-static is missing; apt install qemu-user-static"
  sed "s/^:qemu-aarch64:/:$ENTRY:/" "$RULE" >"$BINFMT/register" ||
    refuse "qemu could not be registered with this kernel, for the reason above; try outside the container."
  registered=yes
}

# --- the system ------------------------------------------------------------------------------------------------------

mirror() { # of this machine's apt; nothing when apt knows none of Debian's
  # shellcheck disable=SC2016 # apt's own word
  apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' 2>/dev/null |
    grep -E '^(https?|file):' | head -n 1
}

make_system() {
  wanted="$SUITE $arch $packages"
  [ "$(cat "$system/.made-of" 2>/dev/null)" != "$wanted" ] || return 0
  from="${DEBIAN_MIRROR:-$(mirror)}"
  # wget, which debootstrap calls, does not know apt's proxy.
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  if [ -n "${proxy:-}" ] && [ -z "${http_proxy:-}" ]; then export http_proxy="$proxy"; fi
  say "Making a Debian $SUITE for $arch in $system; it is kept for the next time."
  rm -rf --one-file-system "$system" "$system.new"
  # shellcheck disable=SC2086 # an empty $from is no word
  if ! debootstrap --variant=minbase --arch="$arch" --include="$packages" "$SUITE" "$system.new" $from \
    >"$CHROOTS/$name.log" 2>&1; then
    tail -n 5 "$CHROOTS/$name.log" >&2
    refuse "debootstrap failed, for the reason above; look at the network and at apt's mirror."
  fi
  rm -f "$system.new"/var/cache/apt/archives/*.deb
  say "$wanted" >"$system.new/.made-of"
  mv "$system.new" "$system"
}

# --- what it sees of this machine ------------------------------------------------------------------------------------

show() { # $1, a file or folder of this machine, can be read at the same path inside
  [ -e "$1" ] || return 0
  if [ -d "$1" ]; then
    mkdir -p "$system$1"
  elif [ ! -e "$system$1" ]; then
    mkdir -p "$(dirname "$system$1")"
    : >"$system$1"
  fi
  mount --bind "$(readlink -f "$1")" "$system$1"
  mount -o remount,bind,ro "$system$1"
}

show_network() {
  rm -f "$system/etc/resolv.conf" # may be a link out of the chroot
  show /etc/resolv.conf
  show /etc/hosts
  show /etc/ssl/certs/ca-certificates.crt
}

show_pip() { # pip finds inside what it is told to use outside: its configuration, folders, certificates
  for file in /etc/xdg/pip/pip.conf /etc/pip.conf "$HOME/.pip/pip.conf" "$HOME/.config/pip/pip.conf" \
    "${PIP_CONFIG_FILE:-}"; do
    [ ! -f "$file" ] || show "$file"
  done
  # An index in a folder names its files as ../files: its parent is shown.
  for word in $({
    cat /etc/xdg/pip/pip.conf /etc/pip.conf "$HOME/.pip/pip.conf" "$HOME/.config/pip/pip.conf" \
      "${PIP_CONFIG_FILE:-/dev/null}" 2>/dev/null
    env | grep -E '^(PIP_[A-Z_]*|[A-Z_]*CA_BUNDLE|SSL_CERT_FILE|SSL_CERT_DIR)='
  } | tr '= ' '\n' | grep -E '^(file://)?/' | sort -u); do
    case $word in
      file://*) path=$(dirname "${word#file://}") ;;
      *) path=$word ;;
    esac
    case $path in
      / | /bin | /dev* | /etc | /home | /lib* | /opt | /proc* | /root | /run | /srv | /sys* | /tmp | /usr | /var) ;;
      *) show "$path" ;;
    esac
  done
}

mount_all() {
  mount --bind "$system" "$system"
  mount -t proc proc "$system/proc"
  mount --rbind /sys "$system/sys"
  mount --rbind /dev "$system/dev"
  mount -t tmpfs tmpfs "$system/tmp"
  mount -t tmpfs tmpfs "$system/run"
  mkdir -p "$system$HOME"
  show_network
  show_pip
}

copy_source() { # the tree as it is, changes included, without what was built of it
  rm -rf --one-file-system "$system/srv/matpi"
  mkdir -p "$system/srv/matpi"
  tar -C "$SOURCE" --exclude=./.git --exclude=./.venv --exclude='./.*_cache' --exclude=./.hypothesis \
    --exclude=__pycache__ -cf - . | tar -C "$system/srv/matpi" --no-same-owner -xf -
}

inside() { # $1 is a script, the rest its words; of this machine's environment it gets what pip and pytest are told by it
  (
    for one in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
      case $one in
        PIP_TARGET | PIP_PREFIX | PIP_USER | PIP_REQUIRE_VIRTUALENV) unset "$one" ;;
        PIP_* | *_CA_BUNDLE | SSL_CERT_* | *_proxy | *_PROXY | CI | HOME | TERM) ;;
        *) unset "$one" ;;
      esac
    done
    script="cd /srv/matpi; $1"
    shift
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PIP_ROOT_USER_ACTION=ignore
    export PATH LANG PIP_ROOT_USER_ACTION
    # Not chroot alone: the kernel allows no user namespace in one, and the tests of a full disk want one.
    cd "$system"
    mkdir -p .host
    # shellcheck disable=SC2016 # for the shell that is started
    exec unshare --mount --propagation private sh -euc \
      'pivot_root . .host; exec chroot . /bin/sh -euc "umount -l /.host; $0" sh "$@"' "$script" "$@"
  )
}

# --- the tests -------------------------------------------------------------------------------------------------------

# ruff and mypy are left out: they judge the text, which is the same here.
# shellcheck disable=SC2016 # for the shell inside
TRIXIE='
make --no-print-directory PYTHON=python3 VENV=/opt/venv /opt/venv/.ready
exec /opt/venv/bin/python -m pytest "$@"'

# As systemd/install.sh does it: wheels only, the GPIO and SPI libraries of apt beside them.
# shellcheck disable=SC2016
ARM64='
wanted=$(cat pyproject.toml constraints.txt | cksum)
if [ "$(cat /opt/venv/.made-of 2>/dev/null)" != "$wanted" ]; then
  python3 -m venv --clear --system-site-packages /opt/venv
  wheels="/opt/venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: -c constraints.txt"
  $wheels --ignore-installed .
  $wheels pytest pytest-timeout hypothesis
  echo "$wanted" >/opt/venv/.made-of
fi
/opt/venv/bin/python tests/chroots/import_drivers.py
exec nice /opt/venv/bin/python -m pytest "$@"'

# Home Assistant's own test harness brings Home Assistant, in the version it is made for. matpi runs from the source:
# its other dependencies would fight with Home Assistant's pins, and what is asked here needs none of them.
# shellcheck disable=SC2016
HOMEASSISTANT='
wanted=$(cat tests/chroots/homeassistant/requirements.txt | cksum)
if [ "$(cat /opt/venv/.made-of 2>/dev/null)" != "$wanted" ]; then
  python3 -m venv --clear /opt/venv
  /opt/venv/bin/python -m pip install --quiet --disable-pip-version-check --prefer-binary \
    -r tests/chroots/homeassistant/requirements.txt
  echo "$wanted" >/opt/venv/.made-of
fi
export PYTHONPATH=/srv/matpi PYTHONDONTWRITEBYTECODE=1
exec /opt/venv/bin/python -m pytest -c tests/chroots/homeassistant/pytest.ini tests/chroots/homeassistant "$@"'

[ "$name" != arm64 ] || emulate
make_system
mount_all
copy_source
case $name in
  trixie) inside "$TRIXIE" "$@" ;;
  homeassistant) inside "$HOMEASSISTANT" "$@" ;;
  card) inside 'exec sh tests/chroots/card.sh' ;;
  guest) inside 'exec sh tests/guest/inside.sh' ;;
  *)
    # The tests of time are left out: an emulated processor is some fifty times slower (2.2 s for 0.04 s, measured).
    [ "$#" -gt 0 ] || set -- tests/core -k "not ten_years_in_50_ms and not costs_no_time and not cost_no_time"
    inside "$ARM64" "$@"
    ;;
esac
