"""`kehub rules test`: which cases there are, what came of each, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hub.cli.show import Facts, cell
from hub.cli.why import clause_told
from hub.errors import SettingsError
from hub.settings.cases import Case, read_cases
from hub.settings.load import LoadedRules
from sync.trial import Answer, Trial

_USUAL = ("rules_tests*.yaml", "tests/rules*.yaml")


def found(folder: Path, files: Sequence[Path]) -> list[Path]:
    """The files that are asked for, or those that lie where they usually do."""
    usual = [path for pattern in _USUAL for path in sorted(folder.glob(pattern))]
    if not files and not usual:
        remedy = "write rules_tests.yaml beside the configuration, see docs/rules.md"
        raise SettingsError("there are no cases to test", where=str(folder), remedy=remedy)
    return list(files) or usual


def tried(loaded: LoadedRules, files: Sequence[Path]) -> Facts:
    """What came of all cases; nothing is tried before all files have been read."""
    cases = [case for path in files for case in read_cases(path, loaded)]
    with Trial(loaded) as trial:
        told = [_case(case, trial.answers(case)) for case in cases]
    failed = [case["name"] for case in told if not case["passed"]]
    return {
        "files": [str(path) for path in files], "passed": len(told) - len(failed), "failed": len(failed), "cases": told,
    }  # fmt: skip


def _case(case: Case, answers: Sequence[Answer]) -> Facts:
    return {
        "name": case.name, "where": case.where, "passed": all(answer.passed for answer in answers),
        "answers": [
            {
                "of": answer.expected.of, "expected": answer.expected.value, "found": answer.found,
                "passed": answer.passed, "facts_alone": answer.alone,
                "clauses": [vars(clause) | {"missing": clause.missing} for clause in answer.clauses],
            }
            for answer in answers
        ],
    }  # fmt: skip


def tell(facts: Facts, currency: str) -> None:
    """Print each case in a line, what is not as expected below it, and a line of sums."""
    for case in facts["cases"]:
        print(f"{'passed' if case['passed'] else 'FAILED'}  {cell(case['name'])}", end="")
        print("" if case["passed"] else f"  ({case['where']})")
        for answer in case["answers"]:
            for line in _why(answer, currency) if not answer["passed"] else ():
                print(f"        {line}")
    alone = sorted({a["of"] for case in facts["cases"] for a in case["answers"] if a["facts_alone"]})
    if alone:
        print(f"Tested as what the facts alone earn that day, without memory and grants: {', '.join(alone)}.")
    asked = sum(len(case["answers"]) for case in facts["cases"])
    count = facts["passed"] + facts["failed"]
    print(f"{count} case{'s' * (count != 1)}, {asked} answers: {facts['passed']} passed, {facts['failed']} failed.")


def _why(answer: Facts, currency: str) -> Iterator[str]:
    yield f"{answer['of']} is {cell(answer['found'])}, {cell(answer['expected'])} was expected"
    for clause in answer["clauses"]:
        state = "unknown" if clause["holds"] is None else "holds" if clause["holds"] else "fails"
        yield f"  {cell(clause['value'])}: {state}: {cell(clause_told(clause, currency))}"
