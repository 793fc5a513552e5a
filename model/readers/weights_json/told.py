# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Which format a JSON file is in, by the keys that stand in it; of those that are not read what they are."""

from __future__ import annotations

from typing import NamedTuple

from model.errors import NoModelError, UserError
from model.readers.weights_json.document import Object

NEITHER = (
    "is JSON without a trained model; those of RTNeural and AIDA-X have in_shape and layers, those of GuitarML "
    "model_data and state_dict or conv1d, lstm and dense, of Neural Amp Modeler architecture and weights; of Keras "
    "give model.save('{stem}.keras')"
)


SMARTAMP, SMARTAMP_KEYS = "smartamp", ("conv1d", "lstm", "dense")  # what is read, and built as windows


class Other(NamedTuple):
    """A format that is not read."""

    keys: tuple[str, ...]  # that stand in such a file
    what: str  # it is, and the way out
    recurrent: bool = False  # whether there is a recurrent network in it, which a reader could learn
    says: tuple[str, str] | None = None  # a key and its text, by which it is told from what else has these keys


# the first that fits
OTHERS = (
    Other(
        ("architecture", "config", "weights"),
        "is of Neural Amp Modeler and no recurrent network; train it with its architecture LSTM",
    ),
    Other(
        ("modelTopology",),
        "is a graph of TensorFlow.js; give the Keras model that it was converted from: model.save('{stem}.keras')",
        recurrent=True,
        says=("format", "graph-model"),
    ),
    Other(
        ("modelTopology",),
        "is a model of TensorFlow.js; make a file that is read by tensorflowjs_converter "
        "--input_format=tfjs_layers_model --output_format=keras {stem}.json {stem}.h5",
        recurrent=True,
    ),
    Other(
        ("class_name", "config"),
        "is the structure of a Keras model without its weights; give it them by keras.models.model_from_json(text) and "
        "load_weights, and save it whole: model.save('{stem}.keras')",
    ),
    Other(("residual_channels", "dilations"), "is a WaveNet, which is no recurrent network; train an LSTM or GRU"),
    Other(
        ("model_data",), "holds settings and no weights; save the network with save_state=True, its state_dict and all"
    ),
)
STATE_DICT = (
    "is a state_dict, which does not tell what is computed with it; give safetensors.torch.save_file("
    "model.state_dict(), '{stem}.safetensors') and a {stem}.toml that lists the layers (docs/your-model.md)"
)
# networks of CoreAudioML that are not read
NETWORKS = {
    "RecNet": (UserError, "whose file does not tell which blocks add their input; train a SimpleRNN"),
    "GatedConvNet": (NoModelError, "which is no recurrent network; train a SimpleRNN"),
}


def _fits(other: Other, document: Object) -> bool:
    key, text = other.says or ("", "")
    return all(each in document for each in other.keys) and (not key or document.get(key) == text)


def _refusal(document: Object, stem: str) -> UserError:
    for other in OTHERS:
        if _fits(other, document):
            return (UserError if other.recurrent else NoModelError)(other.what.format(stem=stem))
    if any(key.endswith("weight_hh_l0") for key in document):
        return UserError(STATE_DICT.format(stem=stem))
    return NoModelError(NEITHER.format(stem=stem))


def told(document: Object, stem: str) -> str:
    """rtneural, guitarml, nam or smartamp; raises ``UserError``, which does not name the file, for all else."""
    if "in_shape" in document and "layers" in document:
        return "rtneural"
    if document.get("architecture") == "LSTM" and "weights" in document:
        return "nam"
    if all(key in document for key in SMARTAMP_KEYS):
        return SMARTAMP
    if "model_data" not in document or "state_dict" not in document:
        raise _refusal(document, stem)
    data = document["model_data"]
    network = data.get("model") if isinstance(data, dict) else None
    if isinstance(network, str) and network in NETWORKS:
        kind, why = NETWORKS[network]
        raise kind(f"is a {network} of CoreAudioML, {why}")
    return "guitarml"
