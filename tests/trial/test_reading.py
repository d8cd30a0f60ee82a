"""Reading and writing OpenSCENARIO: ASAM's schemas and checker as oracles; nothing is left out silently."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from jinyun.trial.catalogue.items import scenarios
from jinyun.trial.fault import TrialError, Unsupported
from jinyun.trial.scenario.compact import compile
from jinyun.trial.scenario.expressions import ExpressionError, evaluate, resolve
from jinyun.trial.scenario.reading import read_text
from tests.trial.support import at_time, event, group, placed, scenario, speed_action

SPEC = find_spec("qc_openscenario")
SCHEMA = None if SPEC is None or SPEC.origin is None else Path(SPEC.origin).parent / "schema/1.2.0/OpenSCENARIO.xsd"
needs_asam = pytest.mark.skipif(SCHEMA is None, reason="ASAM's checker is not installed")
SLOW = speed_action('<AbsoluteTargetSpeed value="0"/>')


@needs_asam
def test_every_scenario_of_the_catalogue_is_valid_by_asams_schema() -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    for form in scenarios().values():
        root = etree.fromstring(compile(form).xosc)
        assert schema.validate(root), f"{form.id}: {schema.error_log}"


@needs_asam
def test_asams_checker_completes_all_its_checks_of_every_file_we_write_and_complains_of_none(tmp_path: Path) -> None:
    from qc_baselib import Configuration, Result
    from qc_openscenario.main import run_checks

    for name, form in scenarios().items():
        made = compile(form)
        (tmp_path / f"{name}.xosc").write_bytes(made.xosc)
        (tmp_path / f"{name}.xodr").write_bytes(made.xodr)
        config = tmp_path / "config.xml"
        config.write_text(
            f'<Config><Param name="InputFile" value="{tmp_path}/{name}.xosc"/>'
            f'<CheckerBundle application="xoscBundle"><Param name="resultFile" value="{tmp_path}/r.xqar"/>'
            "</CheckerBundle></Config>"
        )
        asked, result = Configuration(), Result()
        asked.load_from_file(str(config))
        result.register_checker_bundle(name="xoscBundle", description="", version="1.0.0", summary="")
        result.set_result_version("1.0.0")
        run_checks(asked, result)
        checks = [check for bundle in result.get_checker_bundle_results() for check in bundle.checkers]
        assert len(checks) >= 17
        assert {check.status.name for check in checks} == {"COMPLETED"}, name
        assert not [issue.description for check in checks for issue in check.issues], name


def test_an_action_that_is_not_played_is_refused_by_its_name_and_place() -> None:
    unknown = "<ControllerThing><Something/></ControllerThing>"
    text = scenario(placed("Ego", -1, 0, 10), group("Ego", event("Odd", unknown, at_time(1.0))))
    with pytest.raises(Unsupported) as refused:
        read_text(text, "odd.xosc", Path())
    assert refused.value.names == ["Storyboard/Story[Story]/Act[Act]/ManeuverGroup[Group Ego]/Maneuver[Maneuver]/Event[Odd]/"
                                   "Action[Odd action]/PrivateAction/ControllerThing: this action"]  # fmt: skip


def test_every_element_that_nobody_reads_is_named_and_all_at_once() -> None:
    text = scenario(placed("Ego", -1, 0, 10), group("Ego", event("Slow", SLOW, at_time(1.0))))
    text = text.replace(b"<Entities>", b"<Entities><Ghost/>").replace(b"</Storyboard>", b"<Weather/></Storyboard>")
    with pytest.raises(Unsupported) as refused:
        read_text(text, "odd.xosc", Path())
    assert refused.value.names == ["Entities/Ghost", "Storyboard/Weather"]


def test_what_has_no_effect_is_noted() -> None:
    weather = "<Environment name='E'><Weather cloudState='free'/></Environment>"
    weather = f"<GlobalAction><EnvironmentAction>{weather}</EnvironmentAction></GlobalAction>"
    text = scenario(weather + placed("Ego", -1, 0, 10), group("Ego", event("Slow", SLOW, at_time(1.0))))
    assert "EnvironmentAction: has no effect here" in read_text(text, "x.xosc", Path()).notes


def test_parameters_given_from_outside_stand_in_place_of_the_files_own() -> None:
    declared = '<ParameterDeclaration name="v" parameterType="double" value="10"/>'
    init = placed("Ego", -1, 0, 10).replace('value="10"', 'value="${$v * 2}"')
    text = scenario(init, group("Ego", event("Slow", SLOW, at_time(1.0))), parameters=declared)
    speeds = [
        action.value for _, action in read_text(text, "x", Path(), {"v": "7"}).init if hasattr(action, "dynamics")
    ]
    assert speeds == [14.0]
    with pytest.raises(TrialError, match="no parameter w"):
        read_text(text, "x", Path(), {"w": "7"})


@pytest.mark.parametrize(("text", "value"), [
    ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9.0), ("-2^2", -4.0), ("7 % 4", 3.0), ("round(2.5)", 3.0), ("max(1, 4, 2)", 4.0),
    ("sqrt(16) / pow(2, 2)", 1.0), ("not (1 > 2) and 3 >= 3", True), ("$a / 3.6", 10.0), ("Name + _ + $b", "Name_0.7"),
])  # fmt: skip
def test_expressions_have_the_values_of_arithmetic(text: str, value: object) -> None:
    assert evaluate(text, {"a": "36", "b": "0.7"}) == value


@pytest.mark.parametrize("text", ["1 / 0", "1 +", "(1", "$nobody", "__import__('os')", "1 2", "sqrt(-1)", "10^400"])
def test_an_expression_without_value_is_an_error_and_never_code(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, {})


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_brings_expressions_down(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        resolve("${" + text + "}", {"a": "1"})


@pytest.mark.parametrize(
    "text", [b"", b"<a>", b"<OpenSCENARIO/>", b"<!DOCTYPE x><OpenSCENARIO/>", b"<OpenDRIVE/>", b"\x00\x01"]
)
def test_what_is_no_scenario_is_an_error_that_names_the_file(text: bytes) -> None:
    with pytest.raises(TrialError, match=r"bad\.xosc"):
        read_text(text, "bad.xosc", Path())
