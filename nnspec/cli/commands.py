"""The commands, as click reads them. Each is a file of this folder, imported when it is the one that runs."""

from __future__ import annotations

import click

#: command -> what it does, in a line. The module of the same name holds it as `command`.
COMMANDS = {
    "check": "Find the errors of specs; show layers, shapes, parameters, MACs, memory.",
    "explain": "Tell what an error code means, or how a layer's numbers come about.",
    "fmt": "Bring specs into the one layout.",
    "compile": "Write a model as PyTorch source that runs without nnspec.",
    "train": "Train a model as its file says, and write a run folder.",
    "eval": "Measure a trained model.",
    "predict": "Use a trained model on files.",
    "runs": "List runs, or compare them.",
    "plot": "Draw the curves of runs.",
    "export": "Hand a model on: ONNX, an exported program, safetensors.",
    "zoo": "List the specs that come along.",
    "ops": "List the operators, or show one with its settings.",
    "new": "Write a first spec to start from.",
}

EPILOG = (
    "TARGET is a file, file.nn:Name for one model in it, or zoo:resnet50 for one that comes along."
)


class Commands(click.Group):
    """The group that imports a command when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = __import__(f"nnspec.cli.{cmd_name}", fromlist=["command"])
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(_unknown(args[0]), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def context_of(name: str) -> click.Context:
    """What click says the usage of a command from, where the words were read without it."""
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    above = click.Context(commands, info_name="nnspec", **commands.context_settings)
    return click.Context(command, info_name=name, parent=above)


def _unknown(word: str) -> str:
    """What to say of a word that is no command; a file is most likely meant to be checked."""
    from nnspec.diagnostics import nearest

    if word.endswith(".nn") or ".nn:" in word or word.startswith("zoo:"):
        return f"no command `{word}`; to check a spec: nnspec check {word}"
    close = nearest(word, COMMANDS)
    return f"no command `{word}`" + (f"; did you mean `{close}`?" if close else "")


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"nnspec {version('nnspec')}")
        except PackageNotFoundError:
            click.echo("nnspec, run from its source folder")
        ctx.exit()


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
def commands() -> None:
    """Neural networks as specs: checked for every input size, compiled to PyTorch, trained."""
