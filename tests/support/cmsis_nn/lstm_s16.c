/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#define VALUE int16_t
#define BIAS int64_t
#define REQUANTIZE arm_nn_stand_in_requantize_s64
#define LOW INT16_MIN
#define HIGH INT16_MAX
#define LSTM arm_lstm_unidirectional_s16
#include "lstm.inc"
