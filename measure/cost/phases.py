# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The parts of a network's work, by the functions that do it."""

from __future__ import annotations

from fnmatch import fnmatchcase

# A call stack is of the first phase here that any of its functions is of. Assembly says its phase itself, by markers
# (callers.py), which come before these; a function of an assembly layer without any is known by its ending.
PHASES = (
    ("activation", "lstmcu_sigmoid* lstmcu_tanh* lstmcu_exp lstmcu_softmax* lstmcu_look_up* lstmcu_relu*"),
    ("activation", "lstmcu_line16 lstmcu_line_s16 lstmcu_table16 lstmcu_table_s16 lstmcu_bend_s16 lstmcu_bent_relu*"),
    ("activation", "lstmcu_elu* lstmcu_selu* lstmcu_gelu* lstmcu_silu* lstmcu_mish* lstmcu_exponential* lstmcu_hard_*"),
    ("activation", "lstmcu_decay* lstmcu_softplus* lstmcu_softsign* lstmcu_leaky_relu* lstmcu_prelu*"),
    ("activation", "arm_nn_activation* arm_softmax*"),
    ("cell", "lstmcu_cell_* lstmcu_candidate lstmcu_kept lstmcu_new_cell lstmcu_hidden lstmcu_clip_f32"),
    ("cell", "lstmcu_product16 lstmcu_gru_memory lstmcu_gru_added lstmcu_gru_share lstmcu_gru_hidden_f32"),
    ("cell", "lstmcu_gru_*_shown lstmcu_simple_rnn_*_shown"),
    ("cell", "arm_elementwise_*"),
    ("dense", "lstmcu_dense_* *_run *_add *_finish arm_fully_connected*"),
    # from one number format to another
    ("requantise", "lstmcu_requantise* lstmcu_saturate* lstmcu_quantise* lstmcu_dequantise* lstmcu_rescale*"),
    ("requantise", "arm_nn_requantize*"),
    ("gates", "lstmcu_lstm_* lstmcu_gru_* lstmcu_simple_rnn_* lstmcu_unit_gates_* *_step *_step_before *_once"),
    ("gates", "arm_lstm_* arm_nn_lstm_*"),
)
NAMES = ("gates", "requantise", "activation", "cell", "dense", "other")  # in the order of the work
_PATTERNS = tuple((phase, tuple(patterns.split())) for phase, patterns in PHASES)


def phase_of(frames: tuple[str, ...], model: str) -> str:
    """The phase of a call stack; the functions of ``model``'s own interface are of none."""
    for frame in reversed(frames):
        if frame.startswith("phase."):
            name = frame.removeprefix("phase.")
            return name if name in NAMES else "other"
    own = {f"{model}_run", f"{model}_step", f"{model}_reset"}
    working = [frame for frame in frames if frame not in own]
    for phase, patterns in _PATTERNS:
        if any(fnmatchcase(frame, pattern) for frame in working for pattern in patterns):
            return phase
    return "other"
