"""The library is as good as the command line: a command's options are its function's parameters."""

import inspect
from typing import Any

import pytest
from test_commands import commands
from typer.main import get_command

import kit
from kit.cli.main import app

# What only a command can do: present what came back. And what only a function can: tell its caller on the way.
OF_COMMANDS = {"show", "as_json", "open_page"}
OF_FUNCTIONS = {"notify", "answering", "progress", "inspect", "callbacks", "started", "schedule", "warm_up", "monitor"}
NAMES = {"import": "import_model", "open": "open_run"}  # of functions that Python allows no command's name
# One list of words on the command line, two parameters in Python.
SPLIT = {"predict": {"arguments": {"model", "images"}}}
OTHERWISE_WRITTEN = {("analyze", "focus"), ("analyze", "explain")}  # "4,7,9" for (4, 7, 9); nothing for ()


def options_of(words: list[str]) -> dict[str, Any]:
    """Of a command as it is called: the name of each option and argument, with its default."""
    command: Any = get_command(app)
    for word in words:
        command = command.commands[word]
    return {parameter.name: parameter for parameter in command.params if parameter.name != "help"}


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_options_and_parameters_agree(words: list[str]) -> None:
    function, options = getattr(kit, NAMES.get(words[-1], words[-1])), options_of(words)
    parameters = inspect.signature(function).parameters
    split = SPLIT.get(words[-1], {})
    names = {new for name in options for new in split.get(name, {name})} - OF_COMMANDS
    assert names == parameters.keys() - OF_FUNCTIONS
    for name, option in options.items():
        if name in OF_COMMANDS | split.keys() or (words[-1], name) in OTHERWISE_WRITTEN:
            continue
        default = parameters[name].default
        assert str(option.default) == str(None if default is inspect.Parameter.empty else default), name


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_an_option_is_written_as_its_parameter_is_called(words: list[str]) -> None:
    for name, option in options_of(words).items():
        if option.param_type_name == "argument":
            continue
        written = {"from_run": "--from", "as_json": "--json", "open_page": "--open"}.get(name)
        assert (written or f"--{name.replace('_', '-')}") in option.opts


def test_there_is_a_function_for_every_command_and_each_is_documented() -> None:
    for words in commands():
        name = NAMES.get(words[-1], words[-1])
        function = getattr(kit, name)
        assert inspect.getdoc(function) and name in kit.__all__
        documented = inspect.getdoc(function) or ""
        for name, parameter in inspect.signature(function).parameters.items():
            if name not in OF_FUNCTIONS and parameter.kind is parameter.KEYWORD_ONLY:
                assert f"{name}" in documented, (words, name)
