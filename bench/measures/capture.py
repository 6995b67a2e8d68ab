"""What the capture of changes costs a write, in one process, with our hooks and without them.

Each figure is the time of one write with its flush and commit, over the same without the hooks: 200
mapped partners in one `write()`, one partner as a user saves it, and a record of a model that
nobody maps. Checked: every partner has a message in the outbox. How each is measured, and what is
overstated, is in `bench/inside/capture.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..contract import Contender, Measure, Sample, Target, require
from ..shell import Done, Shell
from ..stage import Stage

RECORDS = 200


@dataclass
class Pairs:
    """The three comparisons of a round; both sides of each come from one call."""

    shell: Shell
    records: list[int]
    blocks: int
    known: dict[tuple[int, str], Done] = field(default_factory=dict)

    def pair(self, round: int, name: str) -> Done:
        if (round, name) not in self.known:
            values = {} if name == "unmapped" else {"records": self.records}
            self.known[round, name] = self.shell.call(name, blocks=self.blocks, **values)
        return self.known[round, name]


@contextmanager
def prepare(stage: Stage) -> Iterator[Pairs]:
    with stage.ours(partners=RECORDS) as world, world.shell("capture") as shell:
        records = [partner for partner, _remote in world.partners][:RECORDS]
        yield Pairs(shell, records, stage.size(20, quick=4))


def sample(prepared: Pairs, round: int, side: str) -> Sample:
    """The CPU of Odoo for the batch; the others as extras."""
    done = {name: prepared.pair(round, name) for name in ("batch", "one", "unmapped")}
    if side == "ours":
        count = prepared.shell.call("captured", records=prepared.records).result
        require(count == len(prepared.records), f"{count} of {len(prepared.records)} were captured")
    figures = {name: one.result[side] for name, one in done.items()}
    return done["batch"].sample(
        figures["batch"]["cpu_ms"],
        batch_wall_ms=figures["batch"]["wall_ms"],
        one_ms=figures["one"]["cpu_ms"],
        one_wall_ms=figures["one"]["wall_ms"],
        unmapped_ms=figures["unmapped"]["cpu_ms"],
    )


def ours(prepared: Pairs, round: int) -> Sample:
    return sample(prepared, round, "ours")


def without(prepared: Pairs, round: int) -> Sample:
    return sample(prepared, round, "without")


MEASURE = Measure(
    key="capture",
    title=f"A write of {RECORDS} mapped partners, with its commit: CPU of Odoo",
    unit="ms",
    better="lower",
    prepare=prepare,
    contenders=(
        Contender("ours", "with the capture", ours),
        Contender("without", "the same without the hooks", without),
    ),
    targets=(
        Target(
            "at most 5 % of a write of mapped records",
            over="without",
            at_most=1.05,
            explanation="Two statements a transaction: which of the records are linked, and the"
            " insert of their messages.",
        ),
        Target(
            "at most 0.5 % of a write of an unmapped model",
            figure="unmapped_ms",
            over="without",
            at_most=1.005,
            explanation="Two look-ups in a dictionary a write.",
        ),
    ),
    bound="For one record alone (`one_ms`) it is two statements and the wake of the workers after"
    " the commit, against the dozen statements of Odoo's own write.",
)
