/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#define VALUE int8_t
#define BIAS int32_t
#define REQUANTIZE arm_nn_stand_in_requantize
#define LOW INT8_MIN
#define HIGH INT8_MAX
#define LSTM arm_lstm_unidirectional_s8
#include "lstm.inc"
