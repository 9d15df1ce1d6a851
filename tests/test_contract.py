"""Contracts are refused as the app refuses them: by the same golden file."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import contract_for

from kit import KitError
from kit.contract import KEY, Contract

GOLDEN = json.loads((Path(__file__).parents[1] / "mobile" / "golden" / "contracts.json").read_text())


@pytest.mark.parametrize("case", GOLDEN, ids=[f"{number} {case['fault']}" for number, case in enumerate(GOLDEN)])
def test_a_contract_is_read_where_the_app_reads_it_and_refused_by_the_same_field(case: dict[str, Any]) -> None:
    if case["fault"] is None:
        contract = Contract.from_json(case["text"], "here")
        assert all(getattr(contract, key) in (value, tuple(value) if isinstance(value, list) else value)
                   for key, value in json.loads(case["text"]).items() if key != "new")  # fmt: skip
        return
    with pytest.raises(KitError, match=r"^here: its contract .*: export it again$") as caught:
        Contract.from_json(case["text"], "here")
    assert case["fault"] in ("JSON", "version") or f"damaged, {case['fault']}" in str(caught.value)


def test_a_contract_comes_back_as_it_was_written() -> None:
    contract = contract_for(settings="ab" * 32, weights="cd" * 32, format="onnx", computation="ef" * 32)
    assert Contract.of_metadata({KEY: contract.to_json()}, "here") == contract
    with pytest.raises(KitError, match="here: there is no contract in this model"):
        Contract.of_metadata({}, "here")
    with pytest.raises(KitError, match="its contract is damaged or of another version of kit"):
        Contract.from_json(json.dumps({"version": 1, "x": "y" * 2**20}), "here")
