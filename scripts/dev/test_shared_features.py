"""Tests of shared_features.py."""

import unittest

from shared_features import differences, lines, units


def graph(*packages: tuple[str, list[str], str]) -> dict:
    """A unit graph with these packages: identifier, features, level of optimisation."""
    return {
        "units": [
            {
                "pkg_id": identifier,
                "target": {"kind": ["lib"]},
                "mode": "build",
                "profile": {"opt_level": level},
                "features": features,
            }
            for identifier, features, level in packages
        ]
    }


REGISTRY = "registry+https://example.org/index#"


class Features(unittest.TestCase):
    """How builds are compared."""

    def test_own_crates_and_equal_features_do_not_differ(self) -> None:
        small = units(graph(("path+file:///xray#0.1.0", ["x"], "3"), (REGISTRY + "png@1.0.0", ["std"], "3")))
        whole = units(graph((REGISTRY + "png@1.0.0", ["std"], "3"), (REGISTRY + "zip@2.0.0", [], "3")))
        self.assertEqual(differences(small, whole), [])

    def test_other_features_need_a_line_with_all_of_them(self) -> None:
        small = units(graph((REGISTRY + "png@1.0.0", ["std"], "3"), (REGISTRY + "syn@2.0.0", ["full"], "0")))
        whole = units(graph((REGISTRY + "png@1.0.0", ["std", "simd"], "3"), (REGISTRY + "syn@2.0.0", ["visit"], "0")))
        wanted = [
            "[dependencies]",
            'png = { version = "1.0.0", default-features = false, features = ["simd", "std"] }',
            "[build-dependencies]",
            'syn = { version = "2.0.0", default-features = false, features = ["full", "visit"] }',
        ]
        self.assertEqual(lines(differences(small, whole)), wanted)

    def test_a_crate_that_only_the_small_build_has_differs(self) -> None:
        small = units(graph((REGISTRY + "png@1.0.0", [], "3")))
        self.assertEqual([unit.name for unit, _ in differences(small, {})], ["png"])

    def test_one_of_two_builds_in_the_whole_is_enough(self) -> None:
        small = units(graph((REGISTRY + "png@1.0.0", ["std"], "3")))
        whole = units(graph((REGISTRY + "png@1.0.0", ["std"], "3"), (REGISTRY + "png@1.0.0", [], "3")))
        self.assertEqual(differences(small, whole), [])


if __name__ == "__main__":
    unittest.main()
