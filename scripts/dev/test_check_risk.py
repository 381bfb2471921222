"""Tests of check_risk.py: `python3 -m unittest discover scripts/dev`."""

import unittest

from check_risk import problems

HEAD = "| hazard | test | figure |\n| --- | --- | --- |\n"


class Risks(unittest.TestCase):
    def found(self, rows: str) -> list[str]:
        return problems(HEAD + rows, {"a_test"}, {"scripts/dev/a.sh"})

    def test_functions_and_files_are_tests(self) -> None:
        self.assertEqual(self.found("| fire | `a_test`, `scripts/dev/a.sh` | 1 |\n"), [])

    def test_a_test_that_is_not_there_is_named_with_its_line(self) -> None:
        self.assertEqual(len(self.found("| fire | `a_tset` | 1 |\n")), 1)
        self.assertIn(":3: a_tset", self.found("| fire | `a_tset` | 1 |\n")[0])

    def test_a_control_without_a_test_is_a_problem(self) -> None:
        self.assertEqual(len(self.found("| fire | none yet | 1 |\n")), 1)

    def test_other_tables_do_not_count_and_none_at_all_is_a_problem(self) -> None:
        other = "| word | meaning |\n| --- | --- |\n| `x` | `y` |\n"
        self.assertEqual(self.found("| fire | `a_test` | 1 |\n\n" + other), [])
        self.assertEqual(len(problems(other, set(), set())), 1)


if __name__ == "__main__":
    unittest.main()
