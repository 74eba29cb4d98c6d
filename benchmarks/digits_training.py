"""Epochs per second on the digits: the loop of `nnspec train` against a well-written PyTorch loop.

Both train the same model from the same weights, in batches of the same size, with the same optimizer and
schedule, and both validate, log and save after each epoch. The peer is what a careful person writes: a
`DataLoader` over a `TensorDataset`, `set_to_none`, no synchronisation in the loop. To reach: at least 1.0.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

import torch
from pairs import paired
from rich.console import Console
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from nnspec.source import Source
from nnspec.training.progress import Display
from nnspec.training.run import Run
from nnspec.training.start import prepare
from nnspec.training.train import _EventLog

SPEC = Path(__file__).parent.parent / "specs/digits.nn"
EPOCHS, TURNS = 3, 15
THREADS = torch.get_num_threads()


def main() -> None:
    job = prepare(Source(SPEC.read_text(), SPEC.name), "DigitsCNN", {"epochs": EPOCHS}, ".")
    folder = Path(tempfile.mkdtemp())
    splits = job.splits
    parts = {name: split.fields for name, split in splits.items()}
    batch_size = job.plan.settings["batch_size"]

    def ours() -> None:
        torch.set_num_threads(job.threads)
        trainer = job.trainer(Run.new(folder, "ours"))
        display = Display(Console(file=io.StringIO()), EPOCHS, 0, trainer.monitor, batch_size)
        log = _EventLog(trainer.run_folder, display)
        with display:
            trainer.train(log)
        log.close()

    def peer() -> None:
        torch.set_num_threads(THREADS)
        model, _ = job.build()
        torch.set_num_threads(THREADS)
        model = model.to(memory_format=torch.contiguous_format)
        train, val = (TensorDataset(*parts[name].values()) for name in ("train", "val"))
        loader = DataLoader(train, batch_size, shuffle=True)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * len(loader))
        with open(folder / "peer.jsonl", "w") as log:
            for epoch in range(EPOCHS):
                model.train()
                total = torch.zeros(())
                for image, label in loader:
                    loss = F.cross_entropy(model(image), label)
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    optimizer.step()
                    scheduler.step()
                    total += loss.detach() * len(image)
                model.eval()
                right = 0
                with torch.inference_mode():
                    for image, label in DataLoader(val, 256):
                        right += int((model(image).argmax(1) == label).sum())
                log.write(json.dumps([epoch, float(total) / len(train), right / len(val)]))
                torch.save([model.state_dict(), optimizer.state_dict()], folder / "peer.pt")

    ours(), peer()
    own, theirs, ratio = paired(ours, peer, TURNS)
    print(
        f"epochs per second: ours {EPOCHS / own:.1f}, the loop {EPOCHS / theirs:.1f}, "
        f"ours / the loop {ratio:.2f} ({job.threads} and {THREADS} threads)"
    )


if __name__ == "__main__":
    main()
