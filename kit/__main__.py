"""`kit`, and `python -m kit`: whenever a signal comes, the command ends without a traceback."""

from kit.cli import endings


def main() -> None:
    """Runs the command line, which takes a tenth of a second to import."""
    endings.on_signals(endings.end_at_once)
    from kit.cli.main import main

    with endings.in_order():
        main()


if __name__ == "__main__":
    main()
