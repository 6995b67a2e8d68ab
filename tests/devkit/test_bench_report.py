"""The report shows every target, and text stays text in Markdown and in SVG."""

import json
from contextlib import nullcontext
from xml.etree import ElementTree

import pytest

from bench import plots, report, results, tables
from bench.contract import Contender, Measure, Sample, Target, WrongWork, require
from bench.runner import Outcome, _has_time, rotated, rounds_of, run_all
from devkit.problems import Problem

NASTY = 'A <b> & "c" | d*e_f'


def outcome(**changes):
    contenders = (
        Contender("ours", "saas_sync", run=None),
        Contender("floor", NASTY, run=None),
    )
    targets = (
        Target("half the floor", over="floor", at_least=0.5),
        Target("twice the floor", over="floor", at_least=2, explanation="It goes to the disk."),
        Target("of another", over="other/ours", at_least=1),
    )
    fields = {"key": "m", "title": NASTY, "unit": "1/s", "better": "higher", "prepare": None}
    measure = Measure(**fields | changes, contenders=contenders, targets=targets)
    samples = {
        "ours": [Sample(80, 1.25, 0.5, None, {"p99_ms": 12.0}), Sample(90, 1.2, 0.4, None)],
        "floor": [Sample(100, 1.0, 0.5, 0.25), Sample(100, 1.0, 0.5, 0.25)],
    }
    return Outcome(measure, samples, seconds=3.0)


@pytest.fixture
def run():
    machine = {"processor": "one | two", "commit": "abc"}
    return tables.of(
        {"m": outcome()}, machine, begun="2026-11-21T10:00:00+00:00", quick=True, seconds=61
    )


def test_every_target_is_there_with_what_became_of_it(run):
    text = "\n".join(report.lines(run))
    assert "✓ half the floor: reached, 0.85 (0.8–0.9) ×" in text
    assert "✗ twice the floor: not reached, 0.85 (0.8–0.9) ×\n      It goes to the disk." in text
    assert "· of another: not measured" in text
    assert text.endswith("1 of 3 targets reached, 1 not measured; 1.0 minutes, quick.")


def test_a_cost_that_is_unknown_is_no_zero(run):
    ours = next(line for line in report.lines(run) if line.startswith("    saas_sync"))
    assert " ".join(ours.split()) == "saas_sync 85.0 (80.0–90.0) 1.23 0.45 – p99_ms 12.0"


def test_the_sentence_of_a_target_that_was_reached_is_left_out(run):
    assert report.markdown(run, "plots").count("It goes to the disk.") == 1


def test_markdown_has_as_many_cells_in_every_row_whatever_the_titles_hold(run):
    rows = [line for line in report.markdown(run, "plots").splitlines() if line[:1] == "|"]
    counts = {row.replace("\\|", "").count("|") for row in rows}
    assert counts == {3, 6, 7}
    assert "<b>" not in report.markdown(run, "plots")


def test_a_plot_is_xml_that_holds_the_titles_as_they_are(run):
    root = ElementTree.fromstring(plots.bars(run.measures[0]))
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count(NASTY) == 2
    assert root.get("aria-label") == NASTY
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 4


def test_no_bar_of_a_plot_leaves_it(run):
    root = ElementTree.fromstring(plots.bars(run.measures[0]))
    ends = [
        float(one.get("x", 0)) + float(one.get("width"))
        for one in root.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert max(ends) <= plots.WIDTH


def test_a_plot_follows_the_theme_of_its_reader(run):
    assert "prefers-color-scheme: dark" in plots.bars(run.measures[0])


def test_results_read_again_are_the_same(run):
    data = json.loads(json.dumps(tables.to_json(run)))
    assert report.markdown(tables.from_json(data), "p") == report.markdown(run, "p")


def test_results_of_another_version_are_refused():
    with pytest.raises(tables.UnknownFormat):
        tables.from_json({"format": 0})


def test_a_run_writes_its_three_forms(run, tmp_path):
    path = results.write(tmp_path, run)
    assert path == tmp_path / "2026-11-21-quick.md"
    assert (tmp_path / "2026-11-21-quick" / "m.svg").read_text().startswith("<svg")
    assert json.loads(path.with_suffix(".json").read_text())["quick"] is True
    assert "(2026-11-21-quick/m.svg)" in path.read_text()


def test_the_page_gets_the_last_full_run(run, layout):
    home = results.home(layout)
    full = tables.of({"m": outcome(title="Full")}, {}, begun="2026-11-20", quick=False, seconds=1)
    for one in (run, full):
        results.write(home, one)
    page = layout.checkout / "docs" / "performance.md"
    page.parent.mkdir()
    page.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter\n")
    results.document(layout)
    text = page.read_text()
    assert text.startswith(f"before\n{results.BEGIN}\n") and text.endswith("\nafter\n")
    assert "### Full" in text and "old" not in text
    assert "(../bench/results/2026-11-20/m.svg)" in text


def test_without_a_complete_run_there_is_nothing_to_put_into_the_page(layout):
    with pytest.raises(Problem, match="no complete run"):
        results.document(layout)


def test_a_page_without_markers_is_left_alone():
    with pytest.raises(Problem, match="lost its markers"):
        results.replaced("no markers here", "tables")


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567, "1,234,567"), (99.96, "100.0"), (1.234, "1.23"), (0.01234, "0.0123"), (0, "0.00")],
)
def test_figures_have_three_digits(value, text):
    assert report.number(value) == text


def test_contenders_take_turns_to_be_first():
    everyone = outcome().measure.contenders
    assert [rotated(everyone, number)[0].key for number in range(3)] == ["ours", "floor", "ours"]
    assert set(rotated(everyone, 1)) == set(everyone)


@pytest.mark.parametrize(
    ("asked", "quick", "cap", "rounds"),
    [(None, False, None, 5), (None, True, None, 3), (None, False, 2, 2), (9, False, 2, 9)],
)
def test_rounds_are_as_asked_or_as_usual_within_the_cap(asked, quick, cap, rounds):
    assert rounds_of(outcome(repeats=cap).measure, asked, quick) == rounds


class Stage:
    quick = True

    def end_pair(self):
        pass


def test_wrong_work_costs_its_measure_the_figures_and_leaves_the_others(capsys):
    """A contender that has lost a record must not appear in a table; what else was measured in the
    half hour before is not lost with it."""

    def work(_prepared, _number):
        return Sample(1.0, wall=1.0)

    def lose(_prepared, number):
        require(number == 0, "one partner has its old value")
        return Sample(1.0, wall=1.0)

    def measure(key, run):
        contenders = (Contender("ours", "saas_sync", run),)
        return Measure(key, key, "1/s", "higher", lambda _stage: nullcontext(), contenders)

    outcomes, failures = run_all([measure("bad", lose), measure("good", work)], Stage(), 2)
    assert list(outcomes) == ["good"]
    assert failures == ["bad, saas_sync, round 2: one partner has its old value"]


def test_wrong_work_while_preparing_says_so():
    def prepare(_stage):
        raise WrongWork("199 of 200 contacts were linked")

    measure = Measure("m", "M", "1/s", "higher", prepare, (Contender("ours", "O", None),))
    assert run_all([measure], Stage(), 1)[1] == [
        "M, its preparation: 199 of 200 contacts were linked"
    ]


@pytest.mark.parametrize(
    ("done", "working", "fits"),
    [(0, 0, True), (1, 900, True), (2, 10, True), (2, 12, True), (2, 12.1, False), (4, 15, False)],
)
def test_a_slow_machine_gets_fewer_rounds_but_always_two(done, working, fits):
    """20 s in all, 2 of them for the preparation: a third round of 6 s fits, a longer one not."""
    assert _has_time(done, 5, 2, working, 20) is fits


@pytest.mark.parametrize(("each", "fits"), [(10, True), (20, False)])
def test_short_rounds_after_a_long_preparation_are_all_made(each, fits):
    assert _has_time(2, 5, 160, 2 * each, 100) is fits
