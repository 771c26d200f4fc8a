"""`python -m matpi`, and the command `matpi`."""

import sys


def main() -> None:
    """Run the commands. Ctrl-C is no accident, not even while the program is still being loaded."""
    try:
        from matpi.cli import main as commands

        commands()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
