"""What a new connector's package has beside its code: project file, test, page. `sprout` stands for its name."""

PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "kehub-sprout"
version = "0.1.0"
description = "Connects Sprout to KeHub"
requires-python = ">=3.11"
dependencies = ["kehub", "pydantic>=2.11,<3"]

[project.entry-points.kehub]
sprout = "kehub_sprout"

[dependency-groups]
dev = ["kehub[testing]", "ruff>=0.11", "mypy>=1.15"]

[tool.setuptools]
packages = ["kehub_sprout"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
addopts = "-m 'not slow'"
markers = ["slow: every pair of a fault and a check (pytest -m slow)"]

[tool.ruff]
line-length = 120
target-version = "py311"

[tool.ruff.lint]
select = ["E", "F", "I", "B", "UP", "SIM", "RUF"]

[tool.mypy]
strict = true
packages = ["kehub_sprout"]
"""

TEST = '''\
"""Sprout keeps the contract of a connector: alone, and under every fault that can break it."""

from hub.testing.contract import contract

from kehub_sprout.twin import STAND

test_sprout = contract(STAND)
'''

PAGE = """\
# Sprout

The members of one account, both ways: they are read, changed, and made where the connection says `create: true`.

    connections:
      sprout:
        type: sprout
        url: https://api.sprout.example
        key: ${SPROUT_KEY}

## Account and scopes

One key with the right to list and to change members. `kehub doctor` lists one member with it.

## Settings

| setting | default | meaning |
|---|---|---|
| `url` | required | the address of the interface |
| `key` | required | the account's key, from the environment only |
| `page_size` | 100 | members a call lists, at most 500 |

## What is read

`customers`: all members the first time and once a day, else those that changed since. A member that two complete reads
do not show is gone. The listing goes by id and tells its total, so that a page that is missing is noticed.

## What can be written

Members, up to 50 a call, after they were read again. A new one carries the hub's key in `external_key`, which is unique
there. The mapping is the table in `fields.py`.

## Quirks

Errors may come under status 200, with a code in `error`.

## Limits

Five calls a second; a name or city has at most 200 characters.

## What is unconfirmed

All of it: this package was made by `kehub connectors new` for a system that was invented. Put in the calls, fields and
limits of the real one, first in the twin and then in the connector, and play the contract after each step.
"""
