"""Tests of readme_commands.py."""

import unittest

from readme_commands import choose, commands

README = """
Text with `code`.

```sh
# A comment.
cargo run --release -- screen models/samples   # verdicts
cargo test \\
    --release --workspace
```

```toml
cargo test = "no command"
```

```sh
./other
```
"""


class Commands(unittest.TestCase):
    """What is taken from a README."""

    def test_only_commands_of_sh_blocks_without_comments(self) -> None:
        wanted = ["cargo run --release -- screen models/samples", "cargo test --release --workspace", "./other"]
        self.assertEqual(commands(README), wanted)

    def test_the_first_and_the_test_command(self) -> None:
        found = commands(README)
        self.assertEqual(choose("first", found), "cargo run --release -- screen models/samples")
        self.assertEqual(choose("test", found), "cargo test --release --workspace")
        self.assertEqual(choose("all", found), "\n".join(found))

    def test_there_must_be_exactly_one_test_command(self) -> None:
        for found in ([], ["cargo build"], ["cargo test", "cargo test -p x"]):
            with self.assertRaises(SystemExit):
                choose("test", found)


if __name__ == "__main__":
    unittest.main()
