/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
#include "arm_nnfunctions.h"
#include "support.h"

arm_cmsis_nn_status
arm_fully_connected_per_channel_s8(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *fc_params,
                                   const cmsis_nn_per_channel_quant_params *quant_params,
                                   const cmsis_nn_dims *input_dims, const int8_t *input,
                                   const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                   const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                   const cmsis_nn_dims *output_dims, int8_t *output)
{
#ifdef __ARM_FEATURE_MVE
    const int32_t *starts = ctx->buf; /* as the library does on Helium */
    (void)bias;
#else
    const int32_t *starts = bias;
    (void)ctx;
#endif
    (void)input_dims;
    (void)bias_dims;
    for (int32_t row = 0; row < output_dims->c; ++row) {
        int32_t sum = starts[row];
        for (int32_t k = 0; k < filter_dims->n; ++k) {
            sum += filter[row * filter_dims->n + k] * (input[k] + fc_params->input_offset);
        }
        const int64_t made = arm_nn_stand_in_requantize(sum, quant_params->multiplier[row],
                                                        quant_params->shift[row]);
        output[row] = (int8_t)arm_nn_stand_in_clamp(
            made + fc_params->output_offset, fc_params->activation.min, fc_params->activation.max);
    }
    return ARM_CMSIS_NN_SUCCESS;
}

arm_cmsis_nn_status arm_fully_connected_s16(const cmsis_nn_context *ctx,
                                            const cmsis_nn_fc_params *fc_params,
                                            const cmsis_nn_per_tensor_quant_params *quant_params,
                                            const cmsis_nn_dims *input_dims, const int16_t *input,
                                            const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                            const cmsis_nn_dims *bias_dims, const int64_t *bias,
                                            const cmsis_nn_dims *output_dims, int16_t *output)
{
    (void)ctx;
    (void)input_dims;
    (void)bias_dims;
    for (int32_t row = 0; row < output_dims->c; ++row) {
        int64_t sum = bias[row];
        for (int32_t k = 0; k < filter_dims->n; ++k) {
            sum += filter[row * filter_dims->n + k] * input[k];
        }
        const int32_t made =
            arm_nn_stand_in_requantize_s64(sum, quant_params->multiplier, quant_params->shift);
        output[row] = (int16_t)arm_nn_stand_in_clamp(made, fc_params->activation.min,
                                                     fc_params->activation.max);
    }
    return ARM_CMSIS_NN_SUCCESS;
}
