"""How a run or an exported model reads labelled photographs: accuracy and false alarms by kind, as a table.

    python benchmarks/photographs.py PACKAGE FOLDER [crop|pad]

FOLDER is laid out as digits/KIND/LABEL/… and background/KIND/…. A package is computed by NumPy, so these are the
figures of what the phone runs. A thousand photographs take some seconds.
"""

import sys

from kit.reading.labelled_photographs import judge, sentences, table_of_backgrounds, table_of_digits
from kit.reading.reader import open_reader


def main(name: str, folder: str, fit: str = "crop") -> None:
    found = judge(open_reader(name), folder, fit=fit)
    for headings, *rows in (table_of_digits(found), table_of_backgrounds(found)):
        print(f"| {' | '.join(headings)} |\n|---|{'---:|' * (len(headings) - 1)}")
        for row in rows:
            print(f"| {' | '.join(row)} |")
        print()
    print("\n".join([*sentences(found), *found.problems]))


if __name__ == "__main__":
    main(*sys.argv[1:])
