"""`python -m wpsync`."""

from wpsync.cli import main

if __name__ == "__main__":
    main()
