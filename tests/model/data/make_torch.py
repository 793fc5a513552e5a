# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Make the .safetensors of this folder, and what PyTorch computes with them.

The tests only read the results, so PyTorch is not among the project's requirements:

    pip install torch==2.13.0 safetensors==0.8.0
    python tests/model/data/make_torch.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent
WINDOWS = 6


class Both(nn.Module):
    """Two stacked layers in both directions, their last hidden states to a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(10, 4)

    def forward(self, x: Any) -> Any:
        _, (h_n, _) = self.rnn(x)
        return torch.softmax(self.head(torch.cat([h_n[-2], h_n[-1]], dim=1)), dim=1)


class Every(nn.Module):
    """Readings normalised, every hidden state kept, two linear layers without and with a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 4, batch_first=True)
        self.narrow = nn.Linear(4, 3, bias=False)
        self.out = nn.Linear(5 * 3, 2).to(torch.bfloat16).to(torch.float32)

    def forward(self, x: Any) -> Any:
        out, _ = self.lstm((x - torch.tensor([1.0, -2.0])) / torch.tensor([0.5, 4.0]))
        return torch.tanh(self.out(torch.relu(self.narrow(out)).flatten(1)))


def make(name: str, module: nn.Module, steps: int, features: int) -> None:
    """Write <name>.safetensors and <name>.npz with inputs (N, T, F) and targets (N, ...)."""
    inputs = torch.randn(WINDOWS, steps, features)
    with torch.no_grad():
        for parameter in module.parameters():  # weights that saturate a gate now and then
            parameter.mul_(2.0)
        outputs = module.to(torch.float64)(inputs.to(torch.float64))
    state = {key: value.to(torch.float32).contiguous() for key, value in module.state_dict().items()}
    if name == "torch_every":  # exact in bfloat16, so that this type is read too
        state = {key: value.to(torch.bfloat16) if key.startswith("out.") else value for key, value in state.items()}
    save_file(state, HERE / f"{name}.safetensors")
    np.savez_compressed(HERE / f"{name}.npz", inputs=inputs.numpy(), targets=outputs.numpy())


def main() -> None:
    torch.manual_seed(3)
    make("torch_both", Both(), 6, 3)
    make("torch_every", Every(), 5, 2)


if __name__ == "__main__":
    main()
