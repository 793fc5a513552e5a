# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which format a JSON file is in, by the keys that stand in it; of those that are not read what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from model.errors import NoModelError, UserError
from model.readers.weights_json.document import Object

READ = (
    "RTNeural's ('in_shape' and 'layers', which AIDA-X has too) and GuitarML's ('model_data' and 'state_dict') are read"
)
_KERAS = "save the Keras model that it was made from: model.save('{stem}.keras')"


class Other(NamedTuple):
    """A format that is not read."""

    keys: tuple[str, ...]  # that stand in such a file
    what: str  # it is, and the way out
    recurrent: Callable[[Object], bool] = lambda document: False  # whether a reader could ever build it


# the first whose keys are all there
OTHERS = (
    Other(
        ("architecture", "config", "weights"),
        "is a Neural Amp Modeler file ({architecture}), which is not read: its LSTMs start from a state of their own, "
        "others are no recurrent networks; train an LSTM with GuitarML's or AIDA-X's trainer, which save JSON that is",
        lambda document: document["architecture"] == "LSTM",
    ),
    Other(
        ("format", "modelTopology"),
        "is a model of TensorFlow.js: tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras "
        "{stem}.json {stem}.h5 makes a file that is read",
        lambda document: True,
    ),
    Other(
        ("class_name", "config"),
        "is a Keras model's structure without its weights: keras.models.model_from_json(text), load them into it, "
        "model.save('{stem}.keras')",
    ),
    Other(
        ("conv1d", "lstm", "dense"),
        f"is GuitarML's SmartAmpPro, whose windows of samples are not read: {_KERAS}",
        lambda document: True,
    ),
    Other(("residual_channels", "dilations"), "is a WaveNet, which is no recurrent network; train an LSTM or GRU"),
    Other(
        ("model_data",),
        "holds settings and no weights: save the network with save_state = True, so that it has a 'state_dict'",
    ),
)
_NOT_RNN = {
    "RecNet": "does not tell whether its blocks add their input: train a SimpleRNN",
    "GatedConvNet": "is no recurrent network: train a SimpleRNN",
}


def _other(document: Object, stem: str) -> UserError:
    for other in OTHERS:
        if all(key in document for key in other.keys):
            names = {"stem": stem, "architecture": str(document.get("architecture"))[:40]}
            kind = UserError if other.recurrent(document) else NoModelError
            return kind(other.what.format(**names))
    if any(key.endswith("weight_hh_l0") for key in document):
        return UserError(
            f"is a state_dict, which tells no structure: save_file(model.state_dict(), '{stem}.safetensors') of "
            f"safetensors.torch, and list the layers in {stem}.toml (docs/your-model.md)"
        )
    return NoModelError(f"is JSON, but no trained model: {READ}; of Keras: model.save('{stem}.keras')")


def told(document: Object, stem: str) -> str:
    """rtneural or guitarml; raises ``UserError``, which does not name the file, for all else."""
    if "in_shape" in document and "layers" in document:
        return "rtneural"
    if "model_data" not in document or "state_dict" not in document:
        raise _other(document, stem)
    data = document["model_data"]
    model = data.get("model") if isinstance(data, dict) else None
    if isinstance(model, str) and model in _NOT_RNN:
        kind = UserError if model == "RecNet" else NoModelError
        raise kind(f"is CoreAudioML's {model}, which {_NOT_RNN[model]}")
    return "guitarml"
