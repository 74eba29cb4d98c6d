"""Train parts that share models: a GAN's two, held to a loop written by hand, and what a spec may not say."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rich.console import Console  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from nnspec.elaborate.together import UnknownSetting  # noqa: E402
from nnspec.source import Source  # noqa: E402
from nnspec.training import train  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from nnspec.training.run import Run  # noqa: E402
from nnspec.training.start import prepare  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
SPEC = (ROOT / "specs" / "digits_gan.nn").read_text()


class Silent:
    def batch(self, *_: Any) -> None: ...
    def epoch(self, *_: Any) -> None: ...


def start(folder: Path, **words: Any) -> Run:
    console = Console(file=io.StringIO(), width=200)
    overrides = {"epochs": 2, "batch_size": 256, **words}
    return train.train(Source(SPEC, "gan.nn"), "", overrides, str(ROOT), console, folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return start(tmp_path_factory.mktemp("runs"))


def test_the_two_take_the_steps_of_a_loop_by_hand(tmp_path: Path, one_thread: None) -> None:
    """As in PyTorch's DCGAN tutorial: the discriminator on real and detached fake images, then the generator;
    softplus in place of binary cross entropy with ones and zeros, which it is."""
    words = {"batch_size": 512, "threads": 1}
    job = prepare(Source(SPEC, "gan.nn"), "", words, str(ROOT))
    trainer = job.trainer(Run(tmp_path))
    assert [one.plan.model for one in trainer.together] == ["Discriminator", "Generator"]
    judge, maker = (_copy(one.model) for one in trainer.together)
    optimizers = [
        torch.optim.Adam(model.parameters(), lr, betas=(0.5, 0.999))
        for model, lr in ((judge, 5e-4), (maker, 1e-3))
    ]
    state = torch.get_rng_state()
    trainer.train_batches(Silent())
    torch.set_rng_state(state)
    for batch in trainer.splits["train"].batches(512, trainer.order(1)):
        real = batch["image"]
        z = torch.randn(len(real), 32)
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        found, made = judge(real), judge(maker(z).detach())
        loss = F.binary_cross_entropy_with_logits(found, ones)
        loss = loss + F.binary_cross_entropy_with_logits(made, zeros)
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
        loss = F.binary_cross_entropy_with_logits(judge(maker(z)), ones)
        optimizers[1].zero_grad()
        loss.backward()
        optimizers[1].step()
    for one, model in zip(trainer.together, (judge, maker), strict=True):
        for name, value in model.state_dict().items():
            ours = one.model.state_dict()[name]
            torch.testing.assert_close(ours, value, rtol=1e-3, atol=2e-4)


def _copy(model: Any) -> Any:
    import copy

    return copy.deepcopy(model).train()


def test_both_are_told_and_kept(run: Run) -> None:
    rows = run.metrics()
    for name in ("train_loss", "val_loss", "train_loss_Generator", "val_loss_Generator"):
        assert all(name in row for row in rows)
    names = {name.partition(".")[0] for name in run.weights("best")}
    assert names == {"Discriminator", "Generator"}
    state, _ = run.state("best")
    assert state.epoch == 2  # no figure says which is best: the newest


def test_a_stopped_one_resumes_bit_for_bit(run: Run, tmp_path: Path) -> None:
    whole = start(tmp_path / "whole", epochs=3)
    shutil.copytree(run.folder, tmp_path / "begun")
    console = Console(file=io.StringIO(), width=200)
    again = train.resume(str(tmp_path / "begun"), None, console, overrides={"epochs": 3})
    for name, value in whole.weights("last").items():
        assert torch.equal(value, again.weights("last")[name]), name
    losses = [[v for k, v in r.items() if "loss" in k] for r in again.metrics()]
    assert losses == [[v for k, v in r.items() if "loss" in k] for r in whole.metrics()]


def test_words_name_the_part_that_they_mean(tmp_path: Path) -> None:
    words = {"Generator.optimizer.lr": 1e-4, "Generator.model.width": 8, "epochs": 1}
    made = start(tmp_path, **words)
    resolved = made.settings.resolved
    assert resolved["Generator"]["optimizer"]["lr"] == 1e-4
    assert resolved["Discriminator"]["optimizer"]["lr"] == 5e-4
    assert (32 * 4, 32) in [tuple(weight.shape) for weight in made.weights("last").values()]
    with pytest.raises(UnknownSetting, match=r"did you mean `\w+\.optimizer\.lr`"):
        start(tmp_path, **{"optimizer.lr": 1e-4})


def test_a_checkpoint_without_one_of_them_is_told(run: Run, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(run.folder, tmp_path / "run")
    file = tmp_path / "run" / "last" / "model.safetensors"
    save_file({k: v for k, v in load_file(file).items() if "Generator" not in k}, file)
    with pytest.raises(RunError, match="no weights of `Generator`"):
        train.resume(
            str(tmp_path / "run"), None, Console(file=io.StringIO()), overrides={"epochs": 3}
        )


def test_a_run_loads_nothing_that_takes_longer_than_pytorch(tmp_path: Path) -> None:
    """PyTorch's compiler, torchvision and torchmetrics each take seconds to import, and are not needed."""
    code = (
        "import io, sys; from pathlib import Path; from rich.console import Console\n"
        "from nnspec.source import Source; from nnspec.training.train import train\n"
        "text = Path(sys.argv[1]).read_text()\n"
        "train(Source(text, 'd.nn'), '', {'epochs': 1}, '.', Console(file=io.StringIO()), Path('.'))\n"
        "heavy = 'torch._dynamo torch._inductor sympy torchvision torchmetrics scipy sklearn pandas'\n"
        "print([name for name in heavy.split() if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(ROOT / "specs" / "digits.nn")], cwd=tmp_path,
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr
